//! Everything that a curation may be told at once: what persons have said, the search for wrong labels, a split and class caps
//! change together what they change together in one memory.

use std::path::Path;

use distill_data::{
    CurateConfig, CurateInput, Curated, LogFile, ReviewedRow, SourceField, SplitBy, WeightByCalls, curate,
};
use distill_scale::{Limits, ScaleReport};
use near_texts::GoldRows;
use proptest::prelude::*;
use task_spec::Task;

use super::{
    bridge::{assert_equal, at_scale_after_review, gold, written},
    parts::{clustered, split},
    raw,
    reviewed::answers,
};

/// All at once.
fn settings(by: SplitBy, class_cap: usize) -> CurateConfig {
    CurateConfig {
        target_precision: Some(0.8),
        class_cap: Some(class_cap),
        class_floor: 2 * class_cap,
        weight_by_calls: WeightByCalls::Sqrt,
        ..clustered(split(by, SourceField::File, 1))
    }
}

/// What persons say of the questions of a first curation and of rows that it keeps.
fn answered(task: &Task, logs: &[LogFile], config: &CurateConfig, seed: u64) -> (Curated, Vec<ReviewedRow>) {
    let first = CurateConfig {
        target_precision: None,
        split: None,
        class_cap: None,
        ..config.clone()
    };
    let curated = curate(&CurateInput::new(task, logs), &first.check().unwrap()).unwrap();
    let reviewed = answers(&curated, 25, seed);
    (curated, reviewed)
}

/// Both ways with answers, compared byte for byte.
fn compared(
    (task, logs): (&Task, &[LogFile]),
    (gold, reviewed): (Option<&GoldRows>, &[ReviewedRow]),
    config: &CurateConfig,
    ways: &[(usize, u32)],
    folder: &Path,
) -> Vec<ScaleReport> {
    let mut input = CurateInput::new(task, logs).with_reviewed(reviewed);
    if let Some(gold) = gold {
        input = input.with_gold(gold);
    }
    let memory = folder.join("memory");
    let curated = written(&input, config.clone(), &memory);
    let mut reports = Vec::new();
    for &(partitions, passes) in ways {
        let limits = Limits {
            partitions,
            ..Limits::default()
        };
        let own = folder.join(format!("{partitions}-{passes}"));
        let how = (config.clone(), &limits, passes);
        let found = at_scale_after_review(task, logs, (gold, reviewed), how, &own);
        assert_equal(&curated, &memory, &own, &found);
        reports.push(found.1);
    }
    reports
}

#[test]
fn answers_suspects_a_split_by_time_and_a_class_cap_make_the_training_set_of_one_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (task, logs) = (raw::task(), raw::write(folder.path(), 8000, 52));
    let config = settings(SplitBy::Time, 400);
    let (first, reviewed) = answered(&task, &logs, &config, 9);
    let gold = gold(&first);
    let given = (Some(&gold), reviewed.as_slice());
    let reports = compared((&task, &logs), given, &config, &[(2, 1), (5, 2)], folder.path());
    // Nothing is equal for want of cases.
    for report in reports {
        for fate in [
            "train",
            "merged",
            "low_confidence",
            "suspect_label",
            "early",
            "late",
            "over_class_cap",
            "leaks_gold",
        ] {
            let rows = report.fates.get(fate).copied().unwrap_or(0);
            assert!(rows > 3, "{fate}: {rows}\n{report}");
        }
        assert_eq!(report.split.unwrap().by, SplitBy::Time);
        assert!(!report.class_limits.over_cap.is_empty());
        let audit = report.audit.unwrap();
        assert!(audit.wrong > 3 && audit.answered > audit.wrong && audit.drawn > audit.answered);
        assert!(audit.rare.is_none() && audit.all.by_calls != audit.all.by_rows);
        let asked = report.fates.iter().filter(|(fate, _)| fate.contains("_")).count();
        assert!(report.review.questions > 100 && asked > 4, "{:?}", report.review);
        let reviewed = report.reviewed.unwrap();
        assert!(
            reviewed.similar > 5 && reviewed.calibration.kinds().count() > 1,
            "{reviewed:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn all_at_once_is_what_it_is_in_one_memory_of_any_logs(
        seed in any::<u64>(),
        calls in 20..400_usize,
        by in prop::sample::select(vec![SplitBy::Cluster, SplitBy::Group, SplitBy::Time, SplitBy::LogOrder]),
        class_cap in 1..40_usize,
        partitions in 1..5_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (task, logs) = (raw::task(), raw::write(folder.path(), calls, seed));
        let config = CurateConfig { max_damaged_share: 1.0, review: raw::review(seed), ..settings(by, class_cap) };
        let (_, reviewed) = answered(&task, &logs, &config, seed ^ 3);
        let input = CurateInput::new(&task, &logs).with_reviewed(&reviewed);
        // Without a legal call, a time where there is to be one, or an answer, there is no outcome.
        let known = curate(&input, &config.clone().check().unwrap());
        prop_assume!(known.is_ok_and(|curated| !curated.manifest.confidence.is_empty()));
        compared((&task, &logs), (None, &reviewed), &config, &[(partitions, 1)], folder.path());
    }
}
