use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use distill_data::{
    CurateConfig, CurateInput, Curated, FieldMap, LogFile, LogFormat, ReviewReason, UnknownConfidence, curate,
};
use distill_scale::{Calls, Engine, Limits, ScaleConfig, ScaleReport, curate_at_scale};
use near_texts::text_hash;
use proptest::prelude::*;
use task_spec::Task;

use super::{
    log,
    outcome::{self, Row},
};

/// The same log curated in one memory.
fn in_one_memory(path: &Path, config: &ScaleConfig) -> Curated {
    let task = Task::of_labels("demo", log::labels().labels().to_vec()).unwrap();
    let logs = [LogFile::new(path, LogFormat::Jsonl(FieldMap::default()))];
    let plan = CurateConfig {
        near_threshold: config.near_threshold,
        conflict_majority: config.conflict_majority,
        min_confidence: config.min_confidence,
        unknown_confidence: match config.review_unknown {
            true => UnknownConfidence::Review,
            false => UnknownConfidence::Keep,
        },
        suspects: None,
        ..CurateConfig::default()
    };
    curate(&CurateInput::new(&task, &logs), &plan.check().unwrap()).unwrap()
}

/// And by the engine.
fn at_scale(path: &Path, config: &ScaleConfig, limits: &Limits) -> (ScaleReport, BTreeMap<String, Row>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let out = tempfile::tempdir().unwrap();
        let engine = Engine::here(limits).unwrap();
        let plan = config.clone().check().unwrap();
        let report = curate_at_scale(&engine, &Calls::at(path), &log::labels(), &plan, out.path())
            .await
            .unwrap();
        (report, outcome::read(out.path()).await)
    })
}

/// The rows that are trained on.
type Train = BTreeMap<String, (String, String, u64, Option<f64>, bool)>;

fn train_of(curated: &Curated) -> Train {
    let rows = curated.train.iter().map(|row| {
        let example = &row.example;
        let (input, label) = (
            example.input().unwrap_or_default(),
            example.answer().unwrap_or_default(),
        );
        let kept = (
            input.to_owned(),
            label.to_owned(),
            row.calls as u64,
            example.confidence,
            row.by_person,
        );
        (example.id.clone(), kept)
    });
    rows.collect()
}

fn train_at(rows: &BTreeMap<String, Row>) -> Train {
    let train = rows.iter().filter(|(_, row)| row.fate == "train");
    train
        .map(|(id, row)| {
            let kept = (
                row.input.clone(),
                row.label.clone(),
                row.calls,
                row.confidence,
                row.by_person,
            );
            (id.clone(), kept)
        })
        .collect()
}

/// That every row ended as it does in one memory, and why.
pub(crate) fn assert_equal(
    path: &Path,
    curated: &Curated,
    report: &ScaleReport,
    rows: &BTreeMap<String, Row>,
) {
    assert_eq!(train_at(rows), train_of(curated));
    // Which row each text stands behind. Questions that join another are in the same file, and are no merged rows here.
    let text = std::fs::read_to_string(path).unwrap();
    let ids: Vec<String> = text
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            text_hash(line["input"].as_str().unwrap()).as_str()[..16].to_owned()
        })
        .collect();
    let questions: BTreeSet<&str> = curated.review.iter().map(|row| row.id.as_str()).collect();
    let mut merged = BTreeMap::new();
    for call in curated.merged.iter().filter(|call| !call.exact) {
        merged.insert(
            ids[call.source.line as usize - 1].clone(),
            (call.into.clone(), call.jaccard),
        );
    }
    for (id, row) in rows {
        let behind = merged.get(id);
        match row.fate.as_str() {
            "train" => assert_eq!(behind, None),
            "merged" => assert_eq!(behind, row.other.clone().zip(row.jaccard).as_ref(), "{id}"),
            fate if questions.contains(id.as_str()) => {
                let question = curated.review.iter().find(|row| row.id == *id).unwrap();
                assert_eq!(
                    (question.reason.kind(), &question.label, &question.input),
                    (fate, &row.label, &row.input)
                );
                if let ReviewReason::NearConflict {
                    neighbour, jaccard, ..
                } = &question.reason
                {
                    assert_eq!(
                        (Some(neighbour), Some(*jaccard)),
                        (row.other.as_ref(), row.jaccard)
                    );
                }
                if matches!(fate, "near_conflict" | "conflicting_labels") && question.similar.is_empty() {
                    // There it has been multiplied by the calls and divided by them again.
                    let chance_wrong = 1.0 - row.own_share.unwrap();
                    assert!((chance_wrong - question.chance_wrong).abs() < 1e-12);
                }
            }
            _ => assert!(questions.contains(behind.unwrap().0.as_str()), "{id}: {row:?}"),
        }
    }
    let merged_here = rows.values().filter(|row| row.fate == "merged").count();
    assert!(merged_here <= merged.len());
    assert_eq!(
        report.rejected.values().sum::<u64>(),
        curated.rejected.len() as u64
    );
    assert_eq!(report.rows, rows.len() as u64);
    assert_eq!(
        report.calls_in_train,
        curated.train.iter().map(|row| row.calls as u64).sum::<u64>()
    );
    assert!(report.balances());
}

fn assert_equal_under(
    calls: usize,
    seed: u64,
    config: &ScaleConfig,
    limits: &Limits,
) -> BTreeMap<String, Row> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    log::write(&path, calls, seed);
    let (report, rows) = at_scale(&path, config, limits);
    assert_equal(&path, &in_one_memory(&path, config), &report, &rows);
    rows
}

#[test]
fn every_row_ends_as_in_one_memory() {
    let rows = assert_equal_under(6000, 26, &ScaleConfig::default(), &Limits::default());
    // Nothing is equal for want of cases.
    for fate in [
        "train",
        "merged",
        "conflicting_labels",
        "near_conflict",
        "low_confidence",
    ] {
        let of_fate = rows.values().filter(|row| row.fate == fate).count();
        assert!(of_fate > 20, "{fate}: {of_fate}");
    }
}

#[test]
fn partitions_passes_and_a_memory_that_does_not_do_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    log::write(&path, 6000, 5);
    let config = ScaleConfig::default();
    let (_, expected) = at_scale(&path, &config, &Limits::default());
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
        assert_eq!(
            at_scale(&path, &config, &limits).1,
            expected,
            "{partitions} {passes} {memory}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_row_ends_as_in_one_memory_under_any_settings(
        seed in any::<u64>(),
        calls in 1..400_usize,
        near_threshold in 0.5..=1.0_f64,
        conflict_majority in 0.51..=1.0_f64,
        min_confidence in 0.0..=1.0_f64,
        review_unknown in any::<bool>(),
        passes in 1..4_u32,
        partitions in 1..5_usize,
    ) {
        let config = ScaleConfig { near_threshold, conflict_majority, min_confidence, review_unknown, passes };
        let limits = Limits { partitions, ..Limits::default() };
        assert_equal_under(calls, seed, &config, &limits);
    }
}
