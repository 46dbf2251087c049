use std::time::Duration;

use super::pauses::{asked_for, backoff, is_for_now};

#[test]
fn pauses_double_up_to_the_longest_and_requests_spread() {
    for attempt in 1..=40 {
        let whole = 0.5 * 2_f64.powi(attempt as i32 - 1);
        let pauses: Vec<f64> = (0..100)
            .map(|request| backoff(0.5, 60.0, attempt, request).as_secs_f64())
            .collect();
        let whole = whole.min(60.0);
        assert!(
            pauses
                .iter()
                .all(|pause| *pause <= whole && *pause >= 0.75 * whole),
            "{pauses:?}"
        );
        let (low, high) = pauses
            .iter()
            .fold((f64::MAX, 0.0_f64), |(low, high), p| (low.min(*p), high.max(*p)));
        assert!(high - low > 0.2 * whole, "{low} to {high} of {whole}");
    }
}

#[test]
fn a_pause_is_seconds_or_a_date_against_the_servers_own() {
    let date = |second: u32| format!("Thu, 26 Nov 2026 10:00:{second:02} GMT");
    assert_eq!(asked_for(Some("7"), None), Some(Duration::from_secs(7)));
    assert_eq!(asked_for(Some(" 0.5 "), None), Some(Duration::from_millis(500)));
    assert_eq!(
        asked_for(Some(&date(42)), Some(&date(12))),
        Some(Duration::from_secs(30))
    );
    assert_eq!(asked_for(Some(&date(12)), Some(&date(42))), Some(Duration::ZERO));
    for none in ["-1", "NaN", "1e300", "soon", ""] {
        assert_eq!(asked_for(Some(none), Some(&date(1))), None, "{none}");
    }
    assert_eq!(asked_for(Some(&date(1)), None), None);
    assert_eq!(asked_for(None, Some(&date(1))), None);
}

#[test]
fn only_what_may_pass_is_repeated() {
    let repeated: Vec<u16> = (100..600).filter(|status| is_for_now(*status)).collect();
    assert_eq!(repeated[..3], [408, 425, 429]);
    assert_eq!(repeated[3..], (500..600).collect::<Vec<u16>>());
}
