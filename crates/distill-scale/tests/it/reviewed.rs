//! What persons have said changes at scale what it changes in one memory.

use std::{collections::BTreeMap, path::Path};

use distill_data::{
    CurateConfig, CurateError, CurateInput, Curated, LEAST_REVIEWED, ReviewConfig, ReviewedRow, TrainRow,
};
use distill_scale::{Calls, Engine, Limits, ScaleConfig, ScaleError, ScaleInput, curate_at_scale};
use proptest::prelude::*;

use super::{
    bridge,
    equal::{Given, assert_equal, at_scale, in_one_memory, split},
    log::{self, Random},
    raw,
};

const LABELS: [&str; 3] = ["card-arrival", "top-up", "exchange rate"];

/// Answers to a curation's questions and about rows that it keeps, mostly that the label is right; some about what is not in
/// the log, some twice, some with an id alone, and some that name similar texts.
pub(crate) fn answers(curated: &Curated, share: usize, seed: u64) -> Vec<ReviewedRow> {
    let mut random = Random::of(seed);
    let kept = curated.train.iter().map(|row| {
        let example = &row.example;
        (
            example.id.clone(),
            example.input().unwrap_or_default().to_owned(),
            example.answer().unwrap_or_default().to_owned(),
        )
    });
    let asked = curated
        .review
        .iter()
        .map(|row| (row.id.clone(), row.input.clone(), row.label.clone()));
    let rows: Vec<(String, String, String)> = kept.chain(asked).collect();
    let mut answers = Vec::new();
    for (id, input, label) in &rows {
        if random.below(100) >= share {
            continue;
        }
        let right = match random.below(4) {
            0 => LABELS[random.below(3)].to_owned(),
            _ => label.clone(),
        };
        let mut answer = ReviewedRow::new(input.to_uppercase(), right);
        match random.below(4) {
            0 => {}
            1 => answer.id = Some(format!("{id}-2")),
            2 => (answer.id, answer.input) = (Some(id.clone()), "rewritten by a spreadsheet".into()),
            _ => answer.id = Some(id.clone()),
        }
        let question = curated.review.iter().find(|row| row.id == *id);
        if let Some(question) = question {
            answer.given = Some(label.clone());
            answer.similar = question.similar.iter().map(|row| row.id.clone()).collect();
        }
        // As a person's table may have it: texts of other labels, texts that somebody has read, and what is no id.
        if random.below(3) == 0 {
            answer.given = Some(LABELS[random.below(3)].to_owned());
            let others = (0..3).map(|_| rows[random.below(rows.len())].0.clone());
            answer.similar.extend(others);
            answer
                .similar
                .push(["0123456789abcdef", "+00000000000000a", "é"][random.below(3)].into());
        }
        answers.push(answer);
    }
    if let Some(first) = answers.first().cloned() {
        let again = LABELS[random.below(3)].to_owned();
        answers.push(ReviewedRow {
            label: again,
            ..first
        });
        answers.push(ReviewedRow::new("nobody has asked this", "top-up"));
        answers.push(ReviewedRow::new("", "top-up"));
    }
    answers
}

/// Curates a log without answers, answers, and holds what then comes of it at scale against one memory.
fn assert_equal_after_answers(
    path: &Path,
    (mut given, share, seed): (Given, usize, u64),
    config: &ScaleConfig,
    limits: &Limits,
) -> distill_scale::ScaleReport {
    let first = ScaleConfig {
        target_precision: None,
        ..config.clone()
    };
    given.reviewed = answers(&in_one_memory(path, &given, &first), share, seed);
    let config = match given.reviewed.is_empty() {
        true => &first,
        false => config,
    };
    let (report, rows) = at_scale(path, &given, config, limits);
    assert_equal(path, &in_one_memory(path, &given, config), &report, &rows);
    report
}

#[test]
fn answers_override_the_teacher_and_calibrate_it_as_in_one_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    log::write_telling(&path, 6000, 31);
    // Confidence says little here, and is calibrated to about how often the teacher is right.
    for (target_precision, min_confidence) in [(None, 0.8), (Some(0.85), 0.5)] {
        let given = Given {
            gold: Some(log::gold(&path, 60, 31)),
            split: Some(split(0.2, 3)),
            ..Given::default()
        };
        let config = ScaleConfig {
            target_precision,
            min_confidence,
            ..ScaleConfig::default()
        };
        let report = assert_equal_after_answers(&path, (given, 20, 5), &config, &Limits::default());
        // Nothing is equal for want of cases.
        let reviewed = report.reviewed.unwrap();
        assert!(
            reviewed.found > 200 && reviewed.found < reviewed.rows,
            "{reviewed:?}"
        );
        assert!(
            reviewed.checked > 100 && reviewed.right < reviewed.checked,
            "{reviewed:?}"
        );
        assert!(
            reviewed.similar > 10 && reviewed.similar_changed > 10,
            "{reviewed:?}"
        );
        assert!(
            reviewed
                .calibration
                .kinds()
                .all(|(_, rows)| rows >= LEAST_REVIEWED)
        );
        assert_eq!(reviewed.calibration.kinds().count(), 1);
        for reason in [
            "conflicting_labels",
            "near_conflict",
            "low_confidence",
            "suspect_label",
        ] {
            let fared = reviewed.questions[reason];
            assert!(
                fared.answered > 5 && fared.expected > 0.0,
                "{reason}: {reviewed:?}"
            );
        }
        assert_eq!(reviewed.cuts.len(), usize::from(target_precision.is_some()));
        assert!(report.fates["low_confidence"] > 20 && report.fates["suspect_label"] > 20);
    }
}

/// With soft labels, and confidence of four kinds that are each calibrated by themselves.
#[test]
fn answers_to_questions_about_logs_make_the_training_set_that_they_make_in_one_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (task, logs) = (raw::task(), raw::write(folder.path(), 6000, 77));
    let config = CurateConfig {
        target_precision: Some(0.8),
        ..bridge::settings(true)
    };
    let first = CurateConfig {
        target_precision: None,
        ..config.clone()
    };
    let input = CurateInput::new(&task, &logs);
    let reviewed = answers(
        &bridge::written(&input, first, &folder.path().join("first")),
        25,
        7,
    );
    let memory = folder.path().join("memory");
    let curated = bridge::written(&input.with_reviewed(&reviewed), config.clone(), &memory);
    for (number, (partitions, passes)) in [(2, 1), (5, 2)].into_iter().enumerate() {
        let limits = Limits {
            partitions,
            ..Limits::default()
        };
        let own = folder.path().join(number.to_string());
        let how = (config.clone(), &limits, passes);
        let reports = bridge::at_scale_after_review(&task, &logs, (None, &reviewed), how, &own);
        bridge::assert_equal(&curated, &memory, &own, &reports);
        let record = reports.1.reviewed.unwrap();
        assert_eq!(record.calibration.kinds().count(), 4, "{record:?}");
        assert!(record.cuts.len() == 4 && record.similar > 5, "{record:?}");
    }
    let is_calibrated = |row: &&TrainRow| {
        let reported = row.reported.map(|reported| reported.value);
        reported != row.example.confidence
    };
    assert!(curated.train.iter().filter(is_calibrated).count() > 50);
}

#[test]
fn a_label_of_another_task_and_a_precision_without_answers_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    log::write(&path, 20, 1);
    let refused = |reviewed: &[ReviewedRow], target_precision| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let engine = Engine::here(&Limits::default()).unwrap();
            let (calls, labels) = (Calls::at(&path), log::labels());
            let input = ScaleInput::new(&calls, &labels).with_reviewed(reviewed);
            let config = ScaleConfig {
                target_precision,
                ..ScaleConfig::default()
            };
            let out = folder.path().join("out");
            let refused = curate_at_scale(&engine, &input, &config.check().unwrap(), &out).await;
            assert!(!out.exists());
            match refused {
                Err(ScaleError::Read(error)) => error.to_string(),
                other => panic!("{other:?}"),
            }
        })
    };
    let bananas = refused(&[ReviewedRow::new("q", "bananas")], None);
    assert!(
        bananas.contains("reviewed row 1 has the label \"bananas\""),
        "{bananas}"
    );
    let nothing = refused(&[], Some(0.9));
    assert!(
        nothing.contains("target_precision needs reviewed rows"),
        "{nothing}"
    );
}

#[test]
fn a_cost_of_a_label_of_another_task_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    log::write(&path, 20, 1);
    let costs = BTreeMap::from([("bananas".to_owned(), BTreeMap::from([("top-up".to_owned(), 2.0)]))]);
    let config = ScaleConfig {
        review: ReviewConfig {
            costs,
            ..ReviewConfig::default()
        },
        ..ScaleConfig::default()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let engine = Engine::here(&Limits::default()).unwrap();
        let (calls, labels) = (Calls::at(&path), log::labels());
        let out = folder.path().join("out");
        let input = ScaleInput::new(&calls, &labels);
        let refused = curate_at_scale(&engine, &input, &config.check().unwrap(), &out).await;
        assert!(!out.exists());
        assert!(
            matches!(&refused, Err(ScaleError::Read(CurateError::CostLabel { label })) if label == "bananas"),
            "{refused:?}"
        );
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_answers_change_what_they_change_in_one_memory(
        seed in any::<u64>(),
        calls in 1..400_usize,
        share in 1..60_usize,
        gold in 0..20_usize,
        telling in any::<bool>(),
        target in 0.0..1.0_f64,
        near_threshold in 0.5..=1.0_f64,
        conflict_majority in 0.51..=1.0_f64,
        min_confidence in 0.0..=1.0_f64,
        review_unknown in any::<bool>(),
        partitions in 1..5_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.jsonl");
        log::write_either(&path, telling, calls, seed);
        let given = Given { gold: (gold > 0).then(|| log::gold(&path, gold, seed)), ..Given::default() };
        let config = ScaleConfig {
            near_threshold,
            conflict_majority,
            min_confidence,
            review_unknown,
            target_precision: (target > 0.3).then_some(target),
            review: raw::review(seed),
            ..ScaleConfig::default()
        };
        let limits = Limits { partitions, ..Limits::default() };
        assert_equal_after_answers(&path, (given, share, seed ^ 1), &config, &limits);
    }
}
