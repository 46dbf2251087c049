use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use distill_data::{
    AnsweredQuestions, CurateConfig, CurateInput, Curated, FieldMap, LogFile, LogFormat, RejectReason,
    ReviewReason, ReviewRow, ReviewedRow, SplitConfig, SplitPart, SuspectConfig, TrainRow, UnknownConfidence,
    curate,
};
use distill_scale::{Calls, Engine, Limits, ScaleConfig, ScaleInput, ScaleReport, curate_at_scale};
use near_texts::{GoldRows, text_hash};
use proptest::prelude::*;
use task_spec::Task;

use super::{
    log,
    outcome::{self, Row},
    raw,
};

/// What a curation may be given beside its log and settings.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) gold: Option<GoldRows>,
    pub(crate) split: Option<SplitConfig>,
    pub(crate) suspects: Option<SuspectConfig>,
    pub(crate) reviewed: Vec<ReviewedRow>,
}

impl Default for Given {
    /// Nothing, and the default search for wrong labels.
    fn default() -> Self {
        Self {
            gold: None,
            split: None,
            suspects: Some(SuspectConfig::default()),
            reviewed: Vec::new(),
        }
    }
}

/// A part of this share and one of half as much.
pub(crate) fn split(share: f64, seed: u64) -> SplitConfig {
    let part = |name: &str, share| SplitPart {
        name: name.to_owned(),
        share,
    };
    SplitConfig {
        parts: vec![part("heldout", share), part("calibration", share / 2.0)],
        seed,
        // Of some it is measured how much a random split would have flattered.
        measure: seed % 2 == 1,
        ..SplitConfig::default()
    }
}

/// The same log curated in one memory.
pub(crate) fn in_one_memory(path: &Path, given: &Given, config: &ScaleConfig) -> Curated {
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
        target_precision: config.target_precision,
        suspects: given.suspects.clone(),
        split: given.split.clone(),
        class_cap: config.class_cap,
        class_floor: config.class_floor,
        review: config.review.clone(),
        ..CurateConfig::default()
    };
    let mut input = CurateInput::new(&task, &logs).with_reviewed(&given.reviewed);
    if let Some(gold) = &given.gold {
        input = input.with_gold(gold);
    }
    curate(&input, &plan.check().unwrap()).unwrap()
}

/// And by the engine.
pub(crate) fn at_scale(
    path: &Path,
    given: &Given,
    config: &ScaleConfig,
    limits: &Limits,
) -> (ScaleReport, BTreeMap<String, Row>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let out = tempfile::tempdir().unwrap();
        let engine = Engine::here(limits).unwrap();
        let suspects = given.suspects.clone().map(|suspects| suspects.check().unwrap());
        let mut plan = config.clone().check().unwrap().with_suspects(suspects);
        if let Some(split) = &given.split {
            plan = plan.with_split(split.clone().check().unwrap()).unwrap();
        }
        let (calls, labels) = (Calls::at(path), log::labels());
        let mut input = ScaleInput::new(&calls, &labels).with_reviewed(&given.reviewed);
        if let Some(gold) = &given.gold {
            input = input.with_gold(gold);
        }
        let report = curate_at_scale(&engine, &input, &plan, out.path()).await.unwrap();
        (report, outcome::read(out.path()).await)
    })
}

/// The rows that are trained on, or kept from it.
type Train = BTreeMap<String, (String, String, u64, [Option<f64>; 2], bool)>;

fn kept_of(rows: &[TrainRow]) -> Train {
    let rows = rows.iter().map(|row| {
        let example = &row.example;
        let (input, label) = (
            example.input().unwrap_or_default(),
            example.answer().unwrap_or_default(),
        );
        let kept = (
            input.to_owned(),
            label.to_owned(),
            row.calls as u64,
            [example.confidence, row.reported.map(|reported| reported.value)],
            row.by_person,
        );
        (example.id.clone(), kept)
    });
    rows.collect()
}

fn kept_at(rows: &BTreeMap<String, Row>, part: &str) -> Train {
    let train = rows.iter().filter(|(_, row)| row.fate == part);
    train
        .map(|(id, row)| {
            let kept = (
                row.input.clone(),
                row.label.clone(),
                row.calls,
                [row.confidence, row.reported],
                row.by_person,
            );
            (id.clone(), kept)
        })
        .collect()
}

/// The texts that are near a gold row, with that row, their similarity and how many calls have the text.
type Leaks = BTreeMap<String, (String, f64, u64)>;

fn leaks_of(curated: &Curated, ids: &[String]) -> Leaks {
    let mut leaks = Leaks::new();
    for rejected in &curated.rejected {
        if let RejectReason::LeaksGold { gold, jaccard } = &rejected.reason {
            let id = ids[rejected.source.line as usize - 1].clone();
            leaks.entry(id).or_insert((gold.clone(), *jaccard, 0)).2 += 1;
        }
    }
    leaks
}

fn leaks_at(rows: &BTreeMap<String, Row>) -> Leaks {
    let leaks = rows.iter().filter(|(_, row)| row.fate == "leaks_gold");
    leaks
        .map(|(id, row)| {
            let gold = row.other.clone().unwrap();
            (id.clone(), (gold, row.jaccard.unwrap(), row.calls))
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
    assert_eq!(kept_at(rows, "train"), kept_of(&curated.train));
    for (part, apart) in &curated.set_apart {
        assert_eq!(kept_at(rows, part), kept_of(apart), "{part}");
    }
    assert_eq!(report.split, curated.manifest.split);
    assert_eq!(report.class_limits, curated.manifest.class_limits);
    assert_same_account(curated, report);
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
    assert_eq!(leaks_at(rows), leaks_of(curated, &ids));
    assert_eq!(
        serde_json::to_string(&report.leakage).unwrap(),
        serde_json::to_string(&curated.manifest.leakage).unwrap()
    );
    let is_merged = |id: &str| rows[id].fate == "merged";
    for (id, row) in rows {
        let behind = merged.get(id);
        match row.fate.as_str() {
            "train" | "leaks_gold" => assert_eq!(behind, None),
            part if curated.set_apart.contains_key(part) => assert_eq!(behind, None),
            "merged" => assert_eq!(behind, row.other.clone().zip(row.jaccard).as_ref(), "{id}"),
            fate if questions.contains(id.as_str()) => {
                let question = curated.review.iter().find(|row| row.id == *id).unwrap();
                assert_eq!(
                    (question.reason.kind(), &question.label, &question.input),
                    (fate, &row.label, &row.input)
                );
                assert_same_reason(&question.reason, row);
                if fate == "suspect_label" && question.similar.iter().all(|row| is_merged(&row.id)) {
                    assert_eq!(question.suggested, row.suggested);
                    assert_same_chance(row.suspicion.unwrap()[2], question, curated);
                }
                if matches!(fate, "near_conflict" | "conflicting_labels") && question.similar.is_empty() {
                    assert_same_chance(1.0 - row.own_share.unwrap(), question, curated);
                }
            }
            _ => assert!(questions.contains(behind.unwrap().0.as_str()), "{id}: {row:?}"),
        }
    }
    let merged_here = rows.values().filter(|row| row.fate == "merged").count();
    assert!(merged_here <= merged.len());
    let mut rejected: BTreeMap<String, u64> = BTreeMap::new();
    for row in &curated.rejected {
        *rejected.entry(row.reason.kind().to_owned()).or_default() += 1;
    }
    assert_eq!(report.rejected, rejected);
    assert_eq!(report.rows, rows.len() as u64);
    assert_eq!(
        report.calls_in_train,
        curated.train.iter().map(|row| row.calls as u64).sum::<u64>()
    );
    assert!(report.balances());
}

/// That what was found of wrong labels and of what persons have said is the same.
fn assert_same_account(curated: &Curated, report: &ScaleReport) {
    let manifest = &curated.manifest;
    assert_eq!(report.suspects, manifest.suspects);
    let classes = manifest
        .labels
        .iter()
        .filter_map(|record| Some((record.label.clone(), record.suspicion?)));
    assert_eq!(report.suspicions, classes.collect());
    assert_eq!(report.reviewed, manifest.reviewed);
    assert_eq!(report.review, manifest.review);
    assert_eq!(report.audit, manifest.audit);
}

/// That a question is as doubtful as a row, but for how earlier questions of its reason fared.
fn assert_same_chance(chance_wrong: f64, question: &ReviewRow, curated: &Curated) {
    let reviewed = curated.manifest.reviewed.as_ref();
    let answered = reviewed.and_then(|reviewed| reviewed.questions.get(question.reason.kind()));
    let corrected = chance_wrong * answered.map_or(1.0, AnsweredQuestions::correction);
    // There it has been multiplied by the calls and divided by them again.
    assert!((corrected.clamp(0.0, 1.0) - question.chance_wrong).abs() < 1e-12);
}

fn assert_same_reason(reason: &ReviewReason, row: &Row) {
    let neighbour = match reason {
        ReviewReason::NearConflict {
            neighbour, jaccard, ..
        } => Some((neighbour, *jaccard)),
        _ => None,
    };
    assert_eq!(neighbour, row.other.as_ref().zip(row.jaccard));
    let suspicion = match reason {
        ReviewReason::SuspectLabel {
            suggested,
            suggested_probability,
            given_probability,
        } => Some((suggested, *suggested_probability, *given_probability)),
        _ => None,
    };
    let found = row.suggested.as_ref().zip(row.suspicion);
    let found = found.map(|(suggested, [one, other, _])| (suggested, one, other));
    assert_eq!(suspicion, found);
}

/// What comes of calls at scale, which is what comes of them in one memory.
pub(crate) fn compared(
    path: &Path,
    given: &Given,
    config: &ScaleConfig,
    limits: &Limits,
) -> (ScaleReport, BTreeMap<String, Row>) {
    let (report, rows) = at_scale(path, given, config, limits);
    assert_equal(path, &in_one_memory(path, given, config), &report, &rows);
    (report, rows)
}

fn assert_equal_under(
    (calls, gold, seed): (usize, usize, u64),
    split: Option<SplitConfig>,
    config: &ScaleConfig,
    limits: &Limits,
) -> BTreeMap<String, Row> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    log::write(&path, calls, seed);
    let gold = (gold > 0).then(|| log::gold(&path, gold, seed));
    let given = Given {
        gold,
        split,
        ..Given::default()
    };
    compared(&path, &given, config, limits).1
}

#[test]
fn every_row_ends_as_in_one_memory() {
    let rows = assert_equal_under((6000, 0, 26), None, &ScaleConfig::default(), &Limits::default());
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
fn what_is_near_the_gold_set_is_rejected_and_certified_as_in_one_memory() {
    for near_threshold in [0.6, 0.8] {
        let config = ScaleConfig {
            near_threshold,
            ..ScaleConfig::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.jsonl");
        log::write(&path, 6000, 9);
        let given = Given {
            gold: Some(log::gold(&path, 120, 9)),
            ..Given::default()
        };
        let (report, _) = compared(&path, &given, &config, &Limits::default());
        // Nothing is equal for want of cases.
        let leakage = report.leakage.unwrap();
        assert!(
            leakage.log.exact > 20 && leakage.log.leaking_rows > 80,
            "{:?}",
            leakage.log
        );
        assert!(leakage.train.is_clean() && leakage.log.at_0_9 > leakage.log.exact);
        assert_eq!(leakage.train.nearest.is_empty(), near_threshold < 0.7);
    }
}

#[test]
fn a_split_keeps_the_rows_from_training_that_it_keeps_in_one_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    log::write(&path, 6000, 17);
    // Rows of two labels that are near one another and both stay, so that clusters are more than a row.
    let config = ScaleConfig {
        near_threshold: 0.5,
        conflict_majority: 0.51,
        ..ScaleConfig::default()
    };
    for seed in [0, 3] {
        let given = Given {
            gold: Some(log::gold(&path, 50, 17)),
            split: Some(split(0.2, seed)),
            ..Given::default()
        };
        let (report, _) = compared(&path, &given, &config, &Limits::default());
        let split = report.split.unwrap();
        let clustered = split.parts.iter().map(|part| part.rows).sum::<usize>() - split.units;
        assert!(clustered > 3 && split.largest_unit > 1, "{split:?}");
        assert_eq!(split.flattery.is_some(), seed == 3);
        if let Some(flattery) = split.flattery {
            assert!(
                flattery.here.rows > 100 && flattery.here.near == 0 && flattery.random.near > 3,
                "{flattery:?}"
            );
        }
    }
}

#[test]
fn partitions_passes_and_a_memory_that_does_not_do_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    log::write(&path, 6000, 5);
    let given = Given {
        gold: Some(log::gold(&path, 100, 5)),
        split: Some(split(0.2, 5)),
        ..Given::default()
    };
    let config = ScaleConfig::default();
    let (whole, expected) = at_scale(&path, &given, &config, &Limits::default());
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
        assert_eq!(report.leakage, whole.leakage, "{partitions} {passes} {memory}");
        assert_eq!(report.split, whole.split, "{partitions} {passes} {memory}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_row_ends_as_in_one_memory_under_any_settings(
        seed in any::<u64>(),
        calls in 1..400_usize,
        gold in 0..40_usize,
        share in 0.0..0.5_f64,
        near_threshold in 0.5..=1.0_f64,
        conflict_majority in 0.51..=1.0_f64,
        min_confidence in 0.0..=1.0_f64,
        review_unknown in any::<bool>(),
        class_cap in prop::option::of(1..20_usize),
        passes in 1..4_u32,
        partitions in 1..5_usize,
    ) {
        let config = ScaleConfig {
            near_threshold,
            conflict_majority,
            min_confidence,
            review_unknown,
            class_cap,
            review: raw::review(seed),
            passes,
            ..ScaleConfig::default()
        };
        let limits = Limits { partitions, ..Limits::default() };
        let split = (share > 0.1).then(|| split(share, seed % 7));
        assert_equal_under((calls, gold, seed), split, &config, &limits);
    }
}
