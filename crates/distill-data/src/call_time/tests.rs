use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(value: &Value) -> Option<String> {
    CallTime::from_json(value).map(|at| at.to_string())
}

/// 1780000001 is 2026-05-28T20:26:41Z by `date -u -d @1780000001`.
#[test]
fn one_time_is_written_in_many_ways() {
    let expected = Some("2026-05-28T20:26:41Z".to_owned());
    for value in [
        json!(1_780_000_001),
        json!(1_780_000_001.0),
        json!(1_780_000_001_000_i64),
        json!(1_780_000_001_000_000_i64),
        json!(1_780_000_001_000_000_000_i64),
        json!("1780000001"),
        json!("2026-05-28T20:26:41Z"),
        json!("2026-05-28T22:26:41+02:00"),
        json!("2026-05-28 20:26:41"),
        json!("2026-05-28 20:26:41 UTC"),
        json!("2026-05-28T20:26:41.000000"),
    ] {
        assert_eq!(read(&value), expected, "{value}");
    }
    assert_eq!(
        read(&json!("2026-05-28")).as_deref(),
        Some("2026-05-28T00:00:00Z")
    );
    assert_eq!(
        read(&json!("2026-05-28T20:26:41.25Z")).as_deref(),
        Some("2026-05-28T20:26:41.250Z")
    );
}

#[test]
fn what_is_no_time_of_this_century_is_none() {
    for value in [
        json!(0),
        json!(-1_780_000_001),
        json!(1e300),
        json!("9999-12-31T23:59:59Z"),
        json!("1999-12-31T23:59:59Z"),
        json!("2026-13-01T00:00:00Z"),
        json!("yesterday"),
        json!("täglich um vier"),
        json!(""),
        json!(null),
        json!(true),
        json!([1_780_000_001]),
    ] {
        assert_eq!(read(&value), None, "{value}");
    }
}

#[test]
fn days_are_those_of_utc() {
    let at = CallTime::from_json(&json!("2026-01-01T01:00:00+02:00")).unwrap();
    assert_eq!(at.date(), "2025-12-31");
    assert_eq!(CallTime::of_day(at.day()).unwrap().date(), "2025-12-31");
}

proptest! {
    #[test]
    fn a_time_survives_being_written(unix_ms in FIRST * 1000..END * 1000) {
        let at = CallTime::from_unix_ms(unix_ms).unwrap();
        let written = serde_json::to_string(&at).unwrap();
        prop_assert_eq!(serde_json::from_str::<CallTime>(&written).unwrap(), at);
    }

    #[test]
    fn no_text_is_too_odd(text in any::<String>(), number in any::<f64>()) {
        let _ = (CallTime::from_json(&json!(text)), CallTime::from_number(number));
    }
}
