//! Laws of the monitor, and windows that nobody would want.

use drift_stats::{DriftConfig, Monitor, Reference, TooFew, WindowReport};
use proptest::prelude::*;
use task_spec::Served;

use crate::traffic::Traffic;

fn monitor(rows: &[Served]) -> Monitor {
    let config = DriftConfig {
        deals: 19,
        min_window_rows: 1,
        min_reference_rows: 1,
        ..DriftConfig::default()
    };
    Monitor::new(Reference::from_rows(rows), config.check().unwrap())
}

#[test]
fn a_window_equal_to_the_reference_is_no_distance_away_and_no_alarm() {
    let rows = Traffic::new(1).rows(800);
    let report = monitor(&rows).check(&rows);
    let statistics = &report.statistics;
    for distances in [statistics.labels, statistics.words, statistics.skeletons] {
        assert_eq!(distances.jensen_shannon.value, 0.0);
        assert_eq!(distances.population_stability_index.value, 0.0);
    }
    assert_eq!(statistics.novelty.new_word_share, 0.0);
    assert_eq!(statistics.confidence.unwrap().change, 0.0);
    assert!(!report.alarm && report.findings.is_empty(), "{report}");
}

#[test]
fn too_few_rows_are_measured_but_not_tested_and_spend_nothing() {
    let reference = Reference::from_rows(&Traffic::new(1).rows(1_500));
    let mut monitor = Monitor::new(reference, DriftConfig::default().check().unwrap());
    let mut window = Traffic::new(2).rows(199);
    for row in &mut window {
        row.label = "never seen".to_owned();
    }
    let report = monitor.check(&window);
    assert_eq!(
        report.too_few,
        Some(TooFew::Window {
            rows: 199,
            needed: 200
        })
    );
    assert!(!report.alarm && report.findings.is_empty() && report.window.is_none());
    assert_eq!((monitor.windows_tested(), report.alpha), (0, 0.0));
    assert!(report.to_string().contains("too few to tell"), "{report}");
}

#[test]
fn later_windows_need_stronger_evidence_and_a_restart_goes_on() {
    let rows = Traffic::new(1).rows(1_000);
    let mut first = monitor(&rows);
    let window = Traffic::new(2).rows(300);
    let alphas: Vec<f64> = (0..3).map(|_| first.check(&window).alpha).collect();
    assert!(alphas[0] > alphas[1] && alphas[1] > alphas[2]);
    let mut resumed = monitor(&rows).resume(2);
    assert_eq!(resumed.check(&window), monitor(&rows).resume(2).check(&window));
    assert_eq!(resumed.windows_tested(), first.windows_tested());
}

#[test]
fn another_adapter_is_said() {
    let rows = Traffic::new(1).rows(500);
    let mut window = Traffic::new(2).rows(300);
    for row in window.iter_mut().take(120) {
        row.adapter = "a2".to_owned();
    }
    let report = monitor(&rows).check(&window);
    assert_eq!(report.rows_of_other_adapters, 120);
    assert!(
        report.to_string().contains("120 rows are of an adapter"),
        "{report}"
    );
}

#[test]
fn a_flood_of_blank_inputs_is_an_alarm_and_a_counted_problem() {
    let rows = Traffic::new(1).rows(1_000);
    let mut window = Traffic::new(2).rows(400);
    for row in window.iter_mut().take(60) {
        row.input = "  ".to_owned();
        row.confidence = f64::NAN;
    }
    let report = monitor(&rows).check(&window);
    assert!(report.alarm);
    assert_eq!(
        (
            report.problems.blank_inputs,
            report.problems.confidence_not_a_probability
        ),
        (60, 60)
    );
    // NaN is no JSON number: a report that held one would not survive its file.
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<WindowReport>(&text).unwrap(), report);
}

fn hostile() -> impl Strategy<Value = Served> {
    let number = || {
        prop_oneof![
            0.0_f64..=1.0,
            Just(f64::NAN),
            Just(f64::NEG_INFINITY),
            Just(1e300)
        ]
    };
    let input = prop_oneof!["\\PC{0,30}", "[ab9* ]{0,20}", Just("x ".repeat(3_000))];
    (
        0_u8..40,
        any::<i64>(),
        input,
        "\\PC{0,3}",
        number(),
        prop::option::of(number()),
        "[ab]",
    )
        .prop_map(|(id, at, input, label, confidence, outside, adapter)| Served {
            id: id.to_string(),
            at,
            input,
            label,
            confidence,
            outside,
            adapter,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn hostile_rows_never_panic_and_reports_survive_their_file(
        reference in prop::collection::vec(hostile(), 0..50),
        window in prop::collection::vec(hostile(), 0..50),
    ) {
        let report = monitor(&reference).check(&window);
        let text = serde_json::to_string(&report).unwrap();
        prop_assert_eq!(serde_json::from_str::<WindowReport>(&text).unwrap(), report);
    }

    #[test]
    fn the_order_of_rows_changes_no_byte_of_the_report(seed in 0_u64..1000) {
        let reference = Traffic::new(seed).rows(300);
        let mut window = Traffic::new(seed + 1).rows(120);
        Traffic::new(seed + 2).inject(&mut window, 30, "ZEPHYRGO 12", "label-1");
        let report = monitor(&reference).check(&window);
        prop_assert!(!report.findings.is_empty());
        let (mut turned_reference, mut turned) = (reference, window);
        turned_reference.reverse();
        turned.reverse();
        let again = monitor(&turned_reference).check(&turned);
        prop_assert_eq!(serde_json::to_vec(&report).unwrap(), serde_json::to_vec(&again).unwrap());
    }
}
