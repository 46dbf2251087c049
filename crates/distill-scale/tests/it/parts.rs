//! What is kept from training is what is kept from it in one memory: parts of a split of every kind, and what is more than a
//! class may have.

use std::path::Path;

use datafusion::{
    dataframe::DataFrameWriteOptions,
    prelude::{ParquetReadOptions, SessionContext, col, lit, when},
};
use distill_data::{
    CurateConfig, CurateError, CurateInput, Curated, LogFile, LogFormat, SourceField, SplitBy, SplitConfig,
    SplitReport, curate,
};
use distill_scale::{
    Calls, Engine, Limits, ReadInput, ScaleConfig, ScaleError, ScaleInput, curate_at_scale, read_logs,
};
use proptest::prelude::*;
use task_spec::Task;

use super::{
    bridge::{assert_equal, at_scale, in_one_memory, settings},
    raw,
};

/// Two parts.
pub(super) fn split(by: SplitBy, group: SourceField, seed: u64) -> SplitConfig {
    SplitConfig {
        parts: vec!["early=0.15".parse().unwrap(), "late=0.1".parse().unwrap()],
        by,
        group,
        seed,
        // Of some it is measured how much a random split would have flattered.
        measure: seed % 2 == 1,
        ..SplitConfig::default()
    }
}

/// Rows of two labels that are near one another and both stay, so that clusters are more than a row.
pub(super) fn clustered(split: SplitConfig) -> CurateConfig {
    CurateConfig {
        near_threshold: 0.5,
        conflict_majority: 0.51,
        split: Some(split),
        ..settings(false)
    }
}

/// Both ways, compared byte for byte; the account of the split.
fn compared(
    task: &Task,
    logs: &[LogFile],
    (config, limits, passes): (CurateConfig, &Limits, u32),
    folder: &Path,
) -> (Curated, Option<SplitReport>) {
    let memory = folder.join("memory");
    let curated = in_one_memory(task, logs, None, config.clone(), &memory);
    let reports = at_scale(task, logs, None, (config, limits, passes), folder);
    assert_equal(&curated, &memory, folder, &reports);
    (curated, reports.1.split)
}

#[test]
fn by_time_and_by_log_order_the_last_rows_are_held_out_as_in_one_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (task, logs) = (raw::task(), raw::write(folder.path(), 6000, 8));
    for by in [SplitBy::Time, SplitBy::LogOrder] {
        let own = folder.path().join(format!("{by:?}"));
        let config = clustered(split(by, SourceField::File, 1));
        let (_, split) = compared(&task, &logs, (config, &Limits::default(), 1), &own);
        // Nothing is equal for want of cases.
        let split = split.unwrap();
        assert!(
            split.parts.iter().all(|part| part.rows > 50)
                && split.largest_unit > 1
                && split.later_than_their_part > 0,
            "{split:?}"
        );
        assert_eq!(split.without_time > 100, by == SplitBy::Time, "{split:?}");
    }
}

#[test]
fn groups_are_held_out_whole_as_in_one_memory() {
    let folder = tempfile::tempdir().unwrap();
    let task = raw::task();
    // Many logs are many groups.
    let logs: Vec<LogFile> = (0..30)
        .flat_map(|number| {
            let own = folder.path().join(number.to_string());
            std::fs::create_dir(&own).unwrap();
            raw::write(&own, 20 + 7 * number, number as u64)
        })
        .collect();
    for (group, seed) in [
        (SourceField::File, 0),
        (SourceField::File, 5),
        (SourceField::Question, 0),
    ] {
        let own = folder.path().join(format!("{group:?}-{seed}"));
        let config = clustered(split(SplitBy::Group, group, seed));
        let (_, split) = compared(&task, &logs, (config, &Limits::default(), 1), &own);
        let split = split.unwrap();
        let rows: usize = split.parts.iter().map(|part| part.rows).sum();
        // Near-duplicates in several groups are not kept together.
        let flattery = split.flattery.as_ref();
        assert_eq!(
            flattery.map(|found| found.here.near > 0),
            (seed == 5).then_some(true)
        );
        assert!(
            split.parts.iter().all(|part| part.rows > 20) && split.largest_unit > 15,
            "{split:?}"
        );
        match group {
            SourceField::File => assert!((60..=90).contains(&split.units), "{split:?}"),
            // One question is a group, and rows without one are each alone.
            SourceField::Question => assert_eq!(split.units + split.largest_unit, rows + 1),
        }
    }
}

#[test]
fn what_is_more_than_a_class_may_have_is_what_it_is_in_one_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (task, logs) = (raw::task(), raw::write(folder.path(), 12_000, 15));
    // Of a class of more than 1,024 rows each of several blocks gives its part; by 60 not even all persons' rows stay.
    for (cap, with_split) in [(2000, false), (700, true), (60, false), (1, true)] {
        let own = folder.path().join(cap.to_string());
        let config = CurateConfig {
            class_cap: Some(cap),
            class_floor: 800,
            split: with_split.then(|| split(SplitBy::Cluster, SourceField::File, 0)),
            ..settings(false)
        };
        let (curated, _) = compared(&task, &logs, (config, &Limits::default(), 1), &own);
        let limits = &curated.manifest.class_limits;
        assert_eq!(limits.over_cap.is_empty(), cap == 2000, "{limits:?}");
        assert_eq!(limits.below_floor.is_empty(), cap == 2000, "{limits:?}");
        let largest = curated.set_apart["over_class_cap"].len();
        assert!(cap == 2000 || largest > 50, "{largest} for {cap}");
        if cap == 60 {
            let persons = curated.set_apart["over_class_cap"]
                .iter()
                .filter(|row| row.by_person);
            assert!(persons.count() > 10);
        }
    }
}

#[test]
fn partitions_passes_and_a_memory_that_does_not_do_change_nothing_of_what_is_held_out() {
    let folder = tempfile::tempdir().unwrap();
    let (task, logs) = (raw::task(), raw::write(folder.path(), 4000, 21));
    for (number, by) in [SplitBy::Time, SplitBy::LogOrder, SplitBy::Group]
        .into_iter()
        .enumerate()
    {
        let memory = folder.path().join(format!("memory-{number}"));
        let config = CurateConfig {
            class_cap: Some(200),
            ..clustered(split(by, SourceField::Question, 2))
        };
        let curated = in_one_memory(&task, &logs, None, config.clone(), &memory);
        for (partitions, passes, limit) in [(1, 1, 1 << 30), (7, 3, 1 << 30), (2, 1, 24 << 20)] {
            let limits = Limits {
                partitions,
                memory: limit,
                ..Limits::default()
            };
            let own = folder.path().join(format!("{number}-{partitions}"));
            let reports = at_scale(&task, &logs, None, (config.clone(), &limits, passes), &own);
            assert_equal(&curated, &memory, &own, &reports);
        }
    }
}

/// The error of a curation at scale by a split, of a table of this kind.
fn refused(calls: &Path, task: &Task, by: SplitBy, out: &Path) -> ScaleError {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let engine = Engine::here(&Limits::default()).unwrap();
        let plan = ScaleConfig::default().check().unwrap();
        let split = split(by, SourceField::File, 0).check().unwrap();
        let calls = Calls::at(calls);
        let input = ScaleInput::new(&calls, task.labels());
        let done = curate_at_scale(&engine, &input, &plan.with_split(split).unwrap(), out).await;
        assert!(!out.join("scale.json").exists());
        done.unwrap_err()
    })
}

#[test]
fn a_log_without_times_and_a_table_without_lines_are_not_split_by_what_they_lack() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.jsonl");
    std::fs::write(
        &log,
        "{\"input\": \"where is it\", \"answer\": \"arrival\"}\n{\"input\": \"top up\", \"answer\": \"top-up\"}\n",
    )
    .unwrap();
    let task = raw::task();
    let logs = [LogFile::new(&log, LogFormat::by_name("jsonl").unwrap())];
    let config = clustered(split(SplitBy::Time, SourceField::File, 0));
    let plan = config.check().unwrap();
    let in_memory = curate(&CurateInput::new(&task, &logs), &plan);
    assert!(matches!(in_memory, Err(CurateError::NoCallTimes)));
    let read = folder.path().join("read");
    read_logs(&ReadInput::new(&task, &logs, &plan), &read, &|_| {}).unwrap();
    let out = |name: &str| folder.path().join(name);
    let error = refused(&read, &task, SplitBy::Time, &out("time"));
    assert!(matches!(error, ScaleError::NoCallTimes), "{error:?}");
    // A table of two columns says neither.
    let error = refused(&log, &task, SplitBy::LogOrder, &out("order"));
    assert!(matches!(error, ScaleError::NoCallPlaces), "{error:?}");
}

/// Times that no log has, as another tool's table may have them, are unknown.
#[test]
fn a_time_that_is_not_believed_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.jsonl");
    // The last line has the text of the first one.
    let line = |number: u64| {
        let time = 1_750_000_000 + number;
        // Multiples alone would be near one another, 16 times one being its digits moved by a place.
        let text = (number % 40 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let text = (text ^ (text >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        format!("{{\"input\": \"{text:x}\", \"answer\": \"arrival\", \"timestamp\": {time}}}\n")
    };
    std::fs::write(&log, (0..41).map(line).collect::<String>()).unwrap();
    let task = raw::task();
    let logs = [LogFile::new(&log, LogFormat::by_name("jsonl").unwrap())];
    let plan = settings(false).check().unwrap();
    let read = folder.path().join("read");
    read_logs(&ReadInput::new(&task, &logs, &plan), &read, &|_| {}).unwrap();
    let table = folder.path().join("table.parquet");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let report = runtime.block_on(async {
        let context = SessionContext::new();
        let [calls, table] = [&read.join("calls"), &table].map(|path| path.display().to_string());
        let calls = context.read_parquet(calls, ParquetReadOptions::default());
        let time = when(col("line").lt_eq(lit(20)), col("line") - lit(10)).otherwise(col("time_ms"));
        let calls = calls
            .await
            .unwrap()
            .with_column("time_ms", time.unwrap())
            .unwrap();
        let written = calls.write_parquet(&table, DataFrameWriteOptions::new(), None);
        written.await.unwrap();
        let engine = Engine::here(&Limits::default()).unwrap();
        let plan = ScaleConfig::default().check().unwrap();
        let split = SplitConfig {
            by: SplitBy::Time,
            ..SplitConfig::held_out(0.25)
        };
        let plan = plan.with_split(split.check().unwrap()).unwrap();
        let calls = Calls::at(&table);
        let input = ScaleInput::new(&calls, task.labels());
        curate_at_scale(&engine, &input, &plan, &folder.path().join("out")).await
    });
    let split = report.unwrap().split.unwrap();
    assert_eq!(split.without_time, 19);
    assert_eq!(split.parts[1].rows, split.parts[0].rows / 3, "{split:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn any_logs_are_split_and_capped_as_in_one_memory(
        seed in any::<u64>(),
        calls in 1..300_usize,
        by in prop::sample::select(vec![SplitBy::Cluster, SplitBy::Group, SplitBy::Time, SplitBy::LogOrder]),
        group in prop::sample::select(vec![SourceField::File, SourceField::Question]),
        class_cap in prop::option::of(1..40_usize),
        near_threshold in 0.5..=1.0_f64,
        partitions in 1..5_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (task, logs) = (raw::task(), raw::write(folder.path(), calls, seed));
        let config = CurateConfig {
            max_damaged_share: 1.0,
            class_cap,
            near_threshold,
            ..clustered(split(by, group, seed % 5))
        };
        // Without a legal call, or a time where there is to be one, there is no outcome.
        let known = curate(&CurateInput::new(&task, &logs), &config.clone().check().unwrap());
        prop_assume!(known.is_ok_and(|curated| !curated.manifest.confidence.is_empty()));
        let limits = Limits { partitions, ..Limits::default() };
        compared(&task, &logs, (config, &limits, 1), folder.path());
    }
}
