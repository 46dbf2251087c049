//! From logs of every shape to a training set: the files are those of one memory.

use std::path::{Path, PathBuf};

use distill_data::{
    AnswerFormat, CurateConfig, CurateInput, Curated, LogFile, LogFormat, Manifest, MergedCall,
    PersonalDataMask, QuarantinedLine, RejectedRow, ReviewRow, ReviewedRow, SplitConfig, SplitPart, TrainRow,
    Verdict, curate,
};
use distill_scale::{
    Calls, Engine, ExportConfig, ExportReport, Limits, ReadInput, ReadReport, ScaleConfig, ScaleError,
    ScaleInput, ScaleReport, curate_at_scale, export_examples, export_examples_with, read_logs,
};
use near_texts::GoldRows;
use proptest::prelude::*;
use stage_files::{read_json, read_json_lines};
use task_spec::{Example, GoldRow, Label, Task};

use super::raw;

/// The same settings for both.
pub(crate) fn settings(split: bool) -> CurateConfig {
    CurateConfig {
        max_damaged_share: 0.5,
        split: split.then(|| SplitConfig {
            parts: vec![SplitPart {
                name: "heldout".into(),
                share: 0.2,
            }],
            measure: false,
            ..SplitConfig::default()
        }),
        ..CurateConfig::default()
    }
}

pub(super) fn in_one_memory(
    task: &Task,
    logs: &[LogFile],
    gold: Option<&GoldRows>,
    config: CurateConfig,
    out: &Path,
) -> Curated {
    let mut input = CurateInput::new(task, logs);
    if let Some(gold) = gold {
        input = input.with_gold(gold);
    }
    written(&input, config, out)
}

pub(crate) fn written(input: &CurateInput<'_>, config: CurateConfig, out: &Path) -> Curated {
    let curated = curate(input, &config.check().unwrap()).unwrap();
    curated.write(out).unwrap();
    curated
}

pub(super) fn at_scale(
    task: &Task,
    logs: &[LogFile],
    gold: Option<&GoldRows>,
    how: (CurateConfig, &Limits, u32),
    folder: &Path,
) -> (ReadReport, ScaleReport, ExportReport) {
    at_scale_after_review(task, logs, (gold, &[]), how, folder)
}

/// With what persons have said.
pub(crate) fn at_scale_after_review(
    task: &Task,
    logs: &[LogFile],
    (gold, reviewed): (Option<&GoldRows>, &[ReviewedRow]),
    (config, limits, passes): (CurateConfig, &Limits, u32),
    folder: &Path,
) -> (ReadReport, ScaleReport, ExportReport) {
    let plan = config.check().unwrap();
    let read = read_logs(
        &ReadInput::new(task, logs, &plan).with_threads(limits.partitions),
        &folder.join("read"),
        &|_| {},
    )
    .unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let engine = Engine::here(limits).unwrap();
        let scale = ScaleConfig {
            passes,
            ..ScaleConfig::from(plan.config())
        };
        let mut scale = scale.check().unwrap().with_suspects(plan.suspects().cloned());
        if let Some(split) = &plan.config().split {
            scale = scale.with_split(split.clone().check().unwrap()).unwrap();
        }
        let calls = Calls::at(folder.join("read"));
        let mut input = ScaleInput::new(&calls, task.labels()).with_reviewed(reviewed);
        if let Some(gold) = gold {
            input = input.with_gold(gold);
        }
        let out = folder.join("out");
        let report = curate_at_scale(&engine, &input, &scale, &out).await.unwrap();
        let export = ExportConfig {
            weight_by_calls: plan.config().weight_by_calls,
            merged: Some(calls.clone()),
        };
        let set = folder.join("set");
        let exported = export_examples_with(&engine, &export, task, (&out, &set)).await;
        let exported = exported.unwrap();
        (read, report, exported)
    })
}

fn text(path: PathBuf) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// That what is trained on, held out, asked, rejected and damaged is the same byte for byte.
pub(crate) fn assert_equal(
    curated: &Curated,
    memory: &Path,
    scale: &Path,
    reports: &(ReadReport, ScaleReport, ExportReport),
) {
    let (read, report, exported) = reports;
    let set = scale.join("set");
    for file in exported.outputs.keys() {
        let (expected, found) = (text(memory.join(file)), text(set.join(file)));
        for (expected, found) in expected.lines().zip(found.lines()) {
            assert_eq!(found, expected, "{file}");
        }
        assert_eq!(found.lines().count(), expected.lines().count(), "{file}");
    }
    let mut expected = manifest_of(memory).outputs;
    for elsewhere in ["curation.html", "rejected.jsonl", "quarantine.jsonl"] {
        assert!(expected.remove(elsewhere).is_some());
    }
    assert_eq!(exported.outputs, expected);
    let quarantine: Vec<QuarantinedLine> = read_json_lines(&scale.join("read/quarantine.jsonl")).unwrap();
    assert_eq!(quarantine, curated.quarantine);
    // What is near the gold set is rejected later on.
    let rejected: Vec<RejectedRow> = read_json_lines(&scale.join("read/rejected.jsonl")).unwrap();
    let of_reading = curated
        .rejected
        .iter()
        .filter(|row| row.reason.kind() != "leaks_gold");
    assert!(rejected.iter().eq(of_reading));
    let (account, manifest) = (&read.account, &curated.manifest);
    assert!(account.balances());
    assert_eq!(account.logs, manifest.logs);
    assert_eq!(
        (account.lines, account.calls, &account.confidence),
        (manifest.ledger.lines, manifest.ledger.calls, &manifest.confidence)
    );
    assert_eq!((account.legal(), &report.split), (report.calls, &manifest.split));
    assert_eq!(report.class_limits, manifest.class_limits);
    assert_eq!(report.calls_in_train, manifest.ledger.calls_in_train);
    assert_eq!(report.suspects, manifest.suspects);
    assert_eq!(report.reviewed, manifest.reviewed);
    assert_eq!(
        serde_json::to_value(&report.leakage).unwrap(),
        serde_json::to_value(&manifest.leakage).unwrap()
    );
    assert_eq!(report.teachers.as_ref(), Some(&manifest.teachers));
    assert_eq!(report.review, manifest.review);
    assert_eq!(report.audit, manifest.audit);
}

fn manifest_of(memory: &Path) -> Manifest {
    read_json(&memory.join("manifest.json")).unwrap()
}

/// Gold rows of which some are texts of a curation, word for word or with one letter more.
pub(crate) fn gold(curated: &Curated) -> GoldRows {
    let rows = curated.train.iter().step_by(37).enumerate();
    let rows = rows.map(|(number, row)| GoldRow {
        id: format!("gold-{number}"),
        input: row.example.input().unwrap().to_owned() + ["", "x", " and more of it"][number % 3],
        label: "top-up".into(),
    });
    GoldRows::new(rows.collect())
}

#[test]
fn logs_of_three_shapes_make_the_training_set_that_they_make_in_one_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (task, logs) = (raw::task(), raw::write(folder.path(), 6000, 41));
    let memory = folder.path().join("memory");
    // Rows of two labels that are near one another and both stay, so that clusters are more than a row.
    let config = CurateConfig {
        near_threshold: 0.5,
        conflict_majority: 0.51,
        review: raw::review(1),
        ..settings(true)
    };
    let without = in_one_memory(&task, &logs, None, settings(false), &folder.path().join("first"));
    let gold = gold(&without);
    let curated = in_one_memory(&task, &logs, Some(&gold), config.clone(), &memory);
    let limits = Limits::default();
    let reports = at_scale(&task, &logs, Some(&gold), (config, &limits, 1), folder.path());
    assert_equal(&curated, &memory, folder.path(), &reports);
    // Nothing is equal for want of cases.
    let kept: Vec<TrainRow> = read_json_lines(&folder.path().join("set/train.jsonl")).unwrap();
    let many = |what: &str, least: usize, is: &dyn Fn(&TrainRow) -> bool| {
        let found = kept.iter().filter(|row| is(row)).count();
        assert!(found > least, "{what}: {found} of {}", kept.len());
    };
    many("soft labels", 100, &|row| row.example.probabilities.len() > 1);
    many("in a cluster", 0, &|row| {
        row.example.cluster.as_ref() != Some(&row.example.id)
    });
    many("one of several questions", 50, &|row| {
        let source = row.example.source.as_ref();
        source.is_some_and(|source| source.question.is_some())
    });
    many("by a person", 10, &|row| row.by_person);
    many("of several calls with a time", 10, &|row| {
        row.first_call.is_some() && row.calls > 2
    });
    for kind in ["distribution", "self-reported", "token-logprobs", "votes"] {
        many(kind, 4, &|row| {
            row.reported.is_some_and(|found| found.kind.as_str() == kind)
        });
    }
    assert!(reports.1.rejected["leaks_gold"] > 10);
    let settles_others = curated.review.iter().filter(|row| !row.similar.is_empty());
    assert!(settles_others.count() > 10 && curated.audit.len() > 40);
    assert!(curated.audit.iter().any(|row| !row.similar.is_empty()));
    assert!(reports.1.fates["suspect_label"] > 3, "{}", reports.1);
    let merged: Vec<MergedCall> = read_json_lines(&memory.join("merged.jsonl")).unwrap();
    assert!(merged.iter().filter(|call| !call.exact).count() > 50);
}

#[test]
fn partitions_passes_and_a_memory_that_does_not_do_change_no_byte_of_a_training_set() {
    let folder = tempfile::tempdir().unwrap();
    let (task, logs) = (raw::task(), raw::write(folder.path(), 4000, 12));
    let memory = folder.path().join("memory");
    let curated = in_one_memory(&task, &logs, None, settings(true), &memory);
    for (number, (partitions, passes, limit)) in [(1, 1, 1 << 30), (7, 3, 1 << 30), (2, 1, 24 << 20)]
        .into_iter()
        .enumerate()
    {
        let limits = Limits {
            partitions,
            memory: limit,
            ..Limits::default()
        };
        let own = folder.path().join(number.to_string());
        let reports = at_scale(&task, &logs, None, (settings(true), &limits, passes), &own);
        assert_equal(&curated, &memory, &own, &reports);
    }
}

/// A gold row with an address would not be found among texts in which addresses are masked.
#[test]
fn personal_data_is_masked_in_every_file_and_in_the_gold_set() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.jsonl");
    std::fs::write(
        &log,
        concat!(
            "{\"input\": \"send it to anna@example.org please\", \"answer\": \"top-up\"}\n",
            "{\"input\": \"call +49 30 901820 about my card\", \"answer\": \"arrival\"}\n",
            "{\"input\": \"why is it late\", \"answer\": \"ask bert@example.org\"}\n",
            "{\"input\": \"cut carl@example.org\n",
        ),
    )
    .unwrap();
    let logs = [LogFile::new(log, LogFormat::by_name("jsonl").unwrap())];
    let config = CurateConfig {
        personal_data: PersonalDataMask::all(),
        ..settings(false)
    };
    let gold = GoldRows::new(vec![GoldRow {
        id: "g".into(),
        input: "send it to dora@example.org please".into(),
        label: "top-up".into(),
    }]);
    let (task, memory) = (raw::task(), folder.path().join("memory"));
    let curated = in_one_memory(&task, &logs, Some(&gold), config.clone(), &memory);
    let limits = Limits::default();
    let reports = at_scale(&task, &logs, Some(&gold), (config, &limits, 1), folder.path());
    assert_equal(&curated, &memory, folder.path(), &reports);
    assert_eq!(reports.1.rejected["leaks_gold"], 1);
    for file in ["read/rejected.jsonl", "read/quarantine.jsonl", "set/train.jsonl"] {
        let written = text(folder.path().join(file));
        assert!(
            !written.is_empty() && !written.contains("example.org") && !written.contains("901820"),
            "{written}"
        );
    }
}

/// The repository's own logs, which real clients made.
#[test]
fn fixture_logs_of_every_format_make_the_training_set_that_they_make_in_one_memory() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../distill-data/tests/fixtures/logs");
    let labels = ["card", "top-up", "fees"].map(Label::new);
    let task = Task::of_labels("bank", labels.to_vec()).unwrap();
    let mut kept = 0;
    for (name, format) in [
        ("anthropic-messages.jsonl", "anthropic-messages"),
        ("langsmith.jsonl", "langsmith"),
        ("openai-chat.jsonl", "openai-chat"),
        ("openai-decisions.jsonl", "openai-decisions"),
        ("openai-responses.jsonl", "openai-responses"),
        ("openai-stored.jsonl", "openai-chat"),
        ("streamed.jsonl", "openai-chat"),
        ("system-one.jsonl", "system-one"),
        ("telemetry-current.jsonl", "open-telemetry"),
        ("telemetry-events.jsonl", "open-telemetry"),
        ("telemetry-openllmetry.jsonl", "open-telemetry"),
        ("fine-tune.parquet", "fine-tune"),
        ("langfuse.parquet", "langfuse"),
    ] {
        for answer in [AnswerFormat::Text, AnswerFormat::json()] {
            let folder = tempfile::tempdir().unwrap();
            let path = fixtures.join(name);
            let logs = [LogFile::new(path, LogFormat::by_name(format).unwrap())];
            let config = CurateConfig {
                answer,
                max_damaged_share: 1.0,
                ..settings(false)
            };
            let memory = folder.path().join("memory");
            let curated = in_one_memory(&task, &logs, None, config.clone(), &memory);
            if curated.manifest.confidence.is_empty() {
                let plan = config.check().unwrap();
                let input = ReadInput::new(&task, &logs, &plan);
                let read = read_logs(&input, &folder.path().join("read"), &|_| {});
                assert_eq!(read.unwrap().verdict, Verdict::NothingKept, "{name}");
                continue;
            }
            let limits = Limits::default();
            let reports = at_scale(&task, &logs, None, (config, &limits, 1), folder.path());
            assert_equal(&curated, &memory, folder.path(), &reports);
            kept += curated.train.len();
        }
    }
    assert!(kept > 20, "{kept}");
}

#[test]
fn logs_that_are_mostly_damaged_are_read_with_a_verdict_and_are_not_curated() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.jsonl");
    std::fs::write(
        &log,
        "{\n\u{0}\n{\"input\": \"a\", \"answer\": \"top-up\"}\n[[[[\n",
    )
    .unwrap();
    let logs = [LogFile::new(&log, LogFormat::by_name("jsonl").unwrap())];
    let plan = CurateConfig::default().check().unwrap();
    let read = folder.path().join("read");
    let task = raw::task();
    let report = read_logs(&ReadInput::new(&task, &logs, &plan), &read, &|_| {}).unwrap();
    assert!(matches!(report.verdict, Verdict::TooDamaged { share, .. } if share == 0.75));
    assert!(report.to_string().contains("NOT TO BE USED"), "{report}");
    assert_eq!(report.outputs.len(), 3);
    let again = read_logs(&ReadInput::new(&task, &logs, &plan), &read, &|_| {});
    assert!(matches!(again, Err(ScaleError::NotEmpty { .. })));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let engine = Engine::here(&Limits::default()).unwrap();
        let calls = Calls::at(&read);
        let out = folder.path().join("out");
        let input = ScaleInput::new(&calls, task.labels());
        let refused = curate_at_scale(&engine, &input, &ScaleConfig::default().check().unwrap(), &out).await;
        assert!(
            matches!(refused, Err(ScaleError::NotUsable { .. })),
            "{refused:?}"
        );
        let unfinished = export_examples(&engine, &task, &out, &folder.path().join("set")).await;
        assert!(matches!(unfinished, Err(ScaleError::Unfinished { .. })));
    });
}

#[test]
fn a_log_that_is_gone_leaves_no_account() {
    let folder = tempfile::tempdir().unwrap();
    let read = folder.path().join("read");
    let mut logs = raw::write(folder.path(), 50, 1);
    logs.push(LogFile::new("none.jsonl", LogFormat::OpenaiChat));
    let (task, plan) = (raw::task(), settings(false).check().unwrap());
    let error = read_logs(
        &ReadInput::new(&task, &logs, &plan).with_threads(2),
        &read,
        &|_| {},
    );
    assert!(matches!(error, Err(ScaleError::Read(_))), "{error:?}");
    assert!(!read.join("read.json").exists() && !read.join("rejected.jsonl").exists());
}

/// A table of two columns has no more to say, and is exported all the same; another task's labels are not.
#[test]
fn a_table_of_two_columns_makes_a_training_set_and_another_task_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("calls.jsonl");
    std::fs::write(
        &table,
        concat!(
            "{\"input\": \"my top up failed\", \"answer\": \"top-up\"}\n",
            "{\"input\": \"where is it\", \"answer\": \"arrival\"}\n",
            "{\"input\": \"and now\", \"answer\": \"arrival\"}\n",
            "{\"input\": \"And now?\", \"answer\": \"top-up\"}\n",
        ),
    )
    .unwrap();
    let task = raw::task();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let engine = Engine::here(&Limits::default()).unwrap();
        let calls = Calls::at(&table);
        let out = folder.path().join("out");
        let input = ScaleInput::new(&calls, task.labels());
        let plan = ScaleConfig::default().check().unwrap();
        curate_at_scale(&engine, &input, &plan, &out).await.unwrap();
        let set = folder.path().join("set");
        let report = export_examples(&engine, &task, &out, &set).await.unwrap();
        assert_eq!((report.rows["train.jsonl"], report.rows["review.jsonl"]), (2, 1));
        let asked: Vec<ReviewRow> = read_json_lines(&set.join("review.jsonl")).unwrap();
        assert!(asked[0].source.is_none() && asked[0].calls == 2, "{asked:?}");
        let rows: Vec<Example> = read_json_lines(&set.join("train.jsonl")).unwrap();
        assert!(
            rows.iter()
                .all(|row| row.source.is_none() && row.confidence.is_none())
        );
        let mut found: Vec<_> = rows
            .iter()
            .map(|row| (row.answer(), row.prompt().len()))
            .collect();
        found.sort_unstable();
        assert_eq!(found, [(Some("card-arrival"), 2), (Some("top-up"), 2)]);
        let other = Task::of_labels("other", vec![Label::new("a"), Label::new("top-up")]).unwrap();
        let refused = export_examples(&engine, &other, &out, &folder.path().join("other")).await;
        assert!(matches!(refused, Err(ScaleError::Label { .. })), "{refused:?}");
        assert!(!folder.path().join("other/train.jsonl").exists());
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_logs_make_the_training_set_that_they_make_in_one_memory(
        seed in any::<u64>(),
        calls in 1..300_usize,
        partitions in 1..5_usize,
        passes in 1..3_u32,
        split in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (task, logs) = (raw::task(), raw::write(folder.path(), calls, seed));
        let memory = folder.path().join("memory");
        let config = CurateConfig { max_damaged_share: 1.0, review: raw::review(seed), ..settings(split) };
        let curated = in_one_memory(&task, &logs, None, config.clone(), &memory);
        prop_assume!(!curated.manifest.confidence.is_empty());
        let limits = Limits { partitions, ..Limits::default() };
        let reports = at_scale(&task, &logs, None, (config, &limits, passes), folder.path());
        assert_equal(&curated, &memory, folder.path(), &reports);
    }
}
