//! The search for wrong labels finds at scale what it finds in one memory.

use std::collections::BTreeMap;

use distill_data::{ClassBasis, IssueMethod, SuspectConfig};
use distill_scale::{Limits, ScaleConfig};
use proptest::prelude::*;

use super::{
    equal::{Given, at_scale, compared, split},
    log,
    outcome::Row,
};

fn of_fate(rows: &BTreeMap<String, Row>, fate: &str) -> usize {
    rows.values().filter(|row| row.fate == fate).count()
}

#[test]
fn labels_that_a_model_contradicts_are_those_of_one_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    log::write_telling(&path, 6000, 26);
    let given = Given {
        gold: Some(log::gold(&path, 60, 26)),
        split: Some(split(0.2, 3)),
        ..Given::default()
    };
    let config = ScaleConfig::default();
    let (report, rows) = compared(&path, &given, &config, &Limits::default());
    // Nothing is equal for want of cases.
    let suspects = report.suspects.unwrap();
    assert!(suspects.suspects > 50 && suspects.agreement > 0.8, "{suspects:?}");
    assert_eq!(suspects.suspects, of_fate(&rows, "suspect_label"));
    assert_eq!(report.suspicions.len(), 3);
    assert!(of_fate(&rows, "heldout") > 100);
    for row in rows.values() {
        let is_suspect = row.fate == "suspect_label";
        assert_eq!(row.suggested.is_some(), is_suspect, "{row:?}");
        assert_eq!(row.suspicion.is_some(), is_suspect, "{row:?}");
        assert!(!(is_suspect && row.by_person), "{row:?}");
    }
}

#[test]
fn without_the_search_nothing_is_suspected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    log::write_telling(&path, 1500, 4);
    let given = Given {
        suspects: None,
        ..Given::default()
    };
    let config = ScaleConfig::default();
    let (report, rows) = compared(&path, &given, &config, &Limits::default());
    assert_eq!((report.suspects, of_fate(&rows, "suspect_label")), (None, 0));
    assert!(report.seconds.iter().all(|(stage, _)| *stage != "settled"));
}

#[test]
fn partitions_passes_and_a_memory_that_does_not_do_change_no_suspicion() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    log::write_telling(&path, 5000, 8);
    // Rows that are near one another and both stay must share a fold.
    let config = ScaleConfig {
        near_threshold: 0.5,
        conflict_majority: 0.51,
        ..ScaleConfig::default()
    };
    let given = Given::default();
    let (whole, expected) = compared(&path, &given, &config, &Limits::default());
    assert!(of_fate(&expected, "suspect_label") > 10);
    for (partitions, passes, memory) in [(1, 1, 1 << 30), (7, 3, 1 << 30), (2, 1, 24 << 20)] {
        let limits = Limits {
            partitions,
            memory,
            ..Limits::default()
        };
        let config = ScaleConfig {
            passes,
            ..config.clone()
        };
        let (report, rows) = at_scale(&path, &given, &config, &limits);
        assert_eq!(rows, expected, "{partitions} {passes} {memory}");
        assert_eq!(
            (report.suspects, report.suspicions),
            (whole.suspects.clone(), whole.suspicions.clone()),
            "{partitions} {passes} {memory}"
        );
    }
}

#[test]
fn a_log_of_one_text_and_one_without_a_row_have_nothing_to_suspect() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    let call = "{\"input\": \"where is my card\", \"answer\": \"arrival\"}\n";
    for (lines, rows) in [(String::new(), 0), (call.repeat(3), 1)] {
        std::fs::write(&path, lines).unwrap();
        let (config, given) = (ScaleConfig::default(), Given::default());
        let (report, _) = compared(&path, &given, &config, &Limits::default());
        let suspects = report.suspects.unwrap();
        assert_eq!((suspects.judged, suspects.suspects), (rows, 0));
        let bases = report.suspicions.values().map(|class| class.basis);
        assert!(bases.eq((0..rows).map(|_| ClassBasis::None)));
    }
}

prop_compose! {
    /// Settings under which much is suspected, and some under which nothing is.
    fn any_search()(
        folds in 2..5_usize,
        repeats in 1..4_usize,
        method in prop::sample::select(IssueMethod::ALL.to_vec()),
        least_suspicion in 0.01..=1.0_f64,
        pooled_rows in 0.0..20.0_f64,
        max_class_share in 0.0..=1.0_f64,
        min_agreement in 0.0..0.6_f64,
    ) -> SuspectConfig {
        SuspectConfig { folds, repeats, method, least_suspicion, pooled_rows, max_class_share, min_agreement }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_search_finds_what_it_finds_in_one_memory(
        seed in any::<u64>(),
        calls in 1..400_usize,
        gold in 0..20_usize,
        telling in any::<bool>(),
        share in 0.0..0.5_f64,
        suspects in any_search(),
        near_threshold in 0.5..=1.0_f64,
        conflict_majority in 0.51..=1.0_f64,
        min_confidence in 0.0..0.5_f64,
        passes in 1..3_u32,
        partitions in 1..5_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.jsonl");
        log::write_either(&path, telling, calls, seed);
        let given = Given {
            gold: (gold > 0).then(|| log::gold(&path, gold, seed)),
            split: (share > 0.1).then(|| split(share, seed % 7)),
            suspects: Some(suspects),
            ..Given::default()
        };
        let config = ScaleConfig { near_threshold, conflict_majority, min_confidence, passes, ..ScaleConfig::default() };
        let limits = Limits { partitions, ..Limits::default() };
        compared(&path, &given, &config, &limits);
    }
}
