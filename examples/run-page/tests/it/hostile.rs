//! Texts that would be markup and numbers that are none.

use proptest::prelude::*;
use run_page::{DayView, RelabelledView, RunPage, ServingView, render};

use crate::{content::bare, markup};

const ATTACK: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";

#[test]
fn text_from_outside_stays_text() {
    let days = [DayView {
        day: 1,
        date: ATTACK.to_owned(),
        rows: 10,
        right_first: 9,
        right_second: None,
        new_merchant_rows: 1,
        new_format_rows: 1,
        alarm: true,
        note: Some(ATTACK.to_owned()),
    }];
    let html = render(&RunPage {
        title: ATTACK,
        days: &days,
        stages: &[(ATTACK.to_owned(), 1.0)],
        files: &[(ATTACK.to_owned(), ATTACK.to_owned())],
        ..bare()
    });
    assert!(!html.contains("<script") && !html.contains("<img"));
    assert!(html.contains("&lt;script&gt;"));
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(0.0),
        Just(-1.0),
        any::<f64>()
    ]
}

fn small_or_any() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..500, any::<u64>().prop_map(|number| number >> 12)]
}

prop_compose! {
    fn any_day()(
        day in any::<u32>(), rows in small_or_any(), right_first in small_or_any(),
        right_second in proptest::option::of(small_or_any()), new_merchant_rows in small_or_any(),
        new_format_rows in small_or_any(), alarm: bool, date in ".{0,12}", note in proptest::option::of(".{0,40}"),
    ) -> DayView {
        DayView { day, date, rows, right_first, right_second, new_merchant_rows, new_format_rows, alarm, note }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_the_numbers_the_page_is_whole_and_places_are_numbers(
        days in proptest::collection::vec(any_day(), 0..12),
        numbers in proptest::array::uniform8(number()),
        counts in proptest::array::uniform4(any::<u64>()),
        stages in proptest::collection::vec((".{0,20}", number()), 0..5),
    ) {
        let html = render(&RunPage {
            days: &days,
            stages: &stages,
            relabelled: Some(RelabelledView {
                rows: counts[0], findings_rows: counts[1], unsure_rows: counts[2], random_rows: counts[3],
                agreement: Some((numbers[5], numbers[6], numbers[7])),
            }),
            serving: ServingView {
                p50_ms: numbers[0], p90_ms: numbers[1], p99_ms: numbers[2], rows_per_second: numbers[3],
                threads: 1, answers: counts[3],
            },
            ..bare()
        });
        prop_assert!(html.len() < 1_000_000);
        for attribute in ["x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height", "points"] {
            for value in html.split(&format!(" {attribute}=\"")).skip(1) {
                let value = value.split('"').next().unwrap_or_default();
                prop_assert!(!value.contains("NaN") && !value.contains("inf"), "{attribute}={value}");
            }
        }
        if days.iter().all(|day| !day.date.contains('<')) {
            markup::check(&html);
        }
    }
}
