//! The teachers of the logs are told apart and compared as in one memory.

use std::{fmt::Write, path::Path};

use distill_data::{CurateConfig, FieldMap, LogFile, LogFormat, ShiftVerdict, Teachers};
use distill_scale::Limits;
use proptest::prelude::*;
use serde_json::json;

use super::{
    bridge::{assert_equal, at_scale, in_one_memory, settings},
    log::{Random, sentence},
    raw,
};

/// Logs of calls by teachers that change with the lines and take turns; some calls are refused, and with `timed` all say when
/// they were made, else some.
fn write(folder: &Path, calls: usize, teachers: usize, timed: bool, seed: u64) -> Vec<LogFile> {
    let mut random = Random::of(seed);
    let texts: Vec<String> = (0..calls / 20 + 1).map(|_| sentence(&mut random)).collect();
    let mut logs = [String::new(), String::new()];
    for number in 0..calls {
        let number_of_teacher = (number * teachers / calls + random.below(2)) % teachers;
        let label = match random.below(10) {
            0 | 1 => random.below(4),
            _ => number_of_teacher % 3,
        };
        let answer = ["arrival", "top-up", "exchange_rate", "no such label"][label];
        let mut line = json!({"input": texts[random.below(texts.len())], "answer": answer});
        match number_of_teacher % 4 {
            0 => {}
            1 => line["model"] = json!(format!("model-{}", number_of_teacher % 7)),
            2 => line["system"] = json!(format!("Sort for customer {number_of_teacher}.")),
            _ => {
                line["model"] = json!("m".repeat(300));
                line["system_fingerprint"] = json!(format!("fp_{number_of_teacher}"));
            }
        }
        if timed || random.below(3) > 0 {
            line["timestamp"] = json!(1_750_000_000 + random.below(50) + 20 * number_of_teacher);
        }
        if random.below(3) > 0 {
            line["confidence"] = json!(random.below(1001) as f64 / 1000.0);
        }
        writeln!(logs[random.below(2)], "{line}").unwrap();
    }
    let named = ["june.jsonl", "july.jsonl"].iter().zip(&logs);
    named
        .map(|(name, lines)| {
            let path = folder.join(name);
            std::fs::write(&path, lines).unwrap();
            LogFile::new(path, LogFormat::Jsonl(FieldMap::default()))
        })
        .collect()
}

/// Both ways, compared; the account of one memory.
fn compared(folder: &Path, logs: &[LogFile], limits: &Limits) -> Teachers {
    let memory = folder.join("memory");
    let config = CurateConfig {
        max_damaged_share: 1.0,
        ..settings(false)
    };
    let curated = in_one_memory(&raw::task(), logs, None, config.clone(), &memory);
    let reports = at_scale(&raw::task(), logs, None, (config, limits, 1), folder);
    assert_equal(&curated, &memory, folder, &reports);
    curated.manifest.teachers
}

#[test]
fn teachers_that_change_are_compared_as_in_one_memory() {
    for (teachers, timed) in [(3, true), (3, false), (60, true), (60, false)] {
        let folder = tempfile::tempdir().unwrap();
        let logs = write(folder.path(), 6000, teachers, timed, teachers as u64);
        let found = compared(folder.path(), &logs, &Limits::default());
        // Nothing is equal for want of cases.
        assert_eq!(found.listed.len(), teachers.min(Teachers::LISTED));
        assert_eq!(found.others > 10, teachers == 60, "{}", found.others);
        let changes = &found.changes;
        assert!(
            changes
                .iter()
                .any(|change| change.shared_texts > change.disagreements)
        );
        assert!(
            changes
                .iter()
                .any(|change| change.disagreements > 5 && change.overlap)
        );
        assert!(
            changes
                .iter()
                .any(|change| change.labels.verdict != ShiftVerdict::TooFew)
                || teachers == 60
        );
        assert!(found.listed.iter().any(|teacher| teacher.self_contradicted > 5));
        let rejected = found
            .listed
            .iter()
            .any(|teacher| teacher.labels.values().sum::<u64>() < teacher.calls);
        assert!(rejected && found.listed.iter().all(|teacher| teacher.with_confidence > 20));
    }
}

#[test]
fn partitions_and_a_memory_that_does_not_do_change_no_teacher() {
    let folder = tempfile::tempdir().unwrap();
    let logs = write(folder.path(), 3000, 25, false, 9);
    for (partitions, memory) in [(1, 1 << 30), (7, 1 << 30), (2, 24 << 20)] {
        let limits = Limits {
            partitions,
            memory,
            ..Limits::default()
        };
        compared(&folder.path().join(partitions.to_string()), &logs, &limits);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_teachers_are_compared_as_in_one_memory(
        seed in any::<u64>(),
        calls in 4..400_usize,
        teachers in 1..40_usize,
        timed in any::<bool>(),
        partitions in 1..5_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let logs = write(folder.path(), calls, teachers, timed, seed);
        let lines = std::fs::read_to_string(folder.path().join("june.jsonl")).unwrap();
        prop_assume!(lines.contains("arrival") || lines.contains("top-up"));
        compared(folder.path(), &logs, &Limits { partitions, ..Limits::default() });
    }
}
