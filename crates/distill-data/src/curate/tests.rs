use std::fmt::Write;

use proptest::prelude::*;
use serde_json::{Value, json};
use stage_files::ContentHash;
use task_spec::{GoldRow, Label};

use super::*;
use crate::{
    CurateConfig, Duplicates, FieldMap, LogFormat, MergedCall, OVER_CLASS_CAP, ReviewReason, SplitBy,
    SplitConfig, TrainRow, UnknownConfidence, VariablePart, Verdict, WeightByCalls,
};

fn task() -> Task {
    let labels = ["card", "top-up", "fees"].map(Label::new).to_vec();
    Task::of_labels("bank", labels)
        .unwrap()
        .with_system("Sort the question.")
}

/// Curates the lines of one JSONL log.
fn run_lines(
    lines: &[String],
    gold: Option<&GoldRows>,
    reviewed: &[ReviewedRow],
    config: CurateConfig,
) -> Curated {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.jsonl");
    std::fs::write(&path, lines.join("\n")).unwrap();
    let task = task();
    let logs = [LogFile::new(&path, LogFormat::Jsonl(FieldMap::default()))];
    let mut input = CurateInput::new(&task, &logs).with_reviewed(reviewed);
    if let Some(gold) = gold {
        input = input.with_gold(gold);
    }
    let curated = curate(&input, &config.check().unwrap()).unwrap();
    check_balance(&curated, lines.len());
    curated
}

fn run(rows: &[Value]) -> Curated {
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    run_lines(&lines, None, &[], CurateConfig::default())
}

/// Every line has exactly one end: by the ledger, and by the sources in the outputs.
fn check_balance(curated: &Curated, lines: usize) {
    let ledger = &curated.manifest.ledger;
    assert!(ledger.balances(), "{ledger:#?}");
    assert_eq!(ledger.lines, lines as u64);
    let mut ends: Vec<u64> = curated
        .train
        .iter()
        .map(|row| row.example.source.as_ref().unwrap().line)
        .collect();
    let set_apart = curated.set_apart.values().flatten();
    ends.extend(
        set_apart
            .clone()
            .map(|row| row.example.source.as_ref().unwrap().line),
    );
    ends.extend(curated.review.iter().map(|row| row.source.as_ref().unwrap().line));
    ends.extend(curated.rejected.iter().map(|row| row.source.line));
    ends.extend(curated.quarantine.iter().map(|line| line.line));
    ends.extend(curated.merged.iter().map(|call| call.source.line));
    ends.sort_unstable();
    assert_eq!(ends, (1..=lines as u64).collect::<Vec<_>>());
    // What calls are merged into is there.
    for call in &curated.merged {
        let mut kept = curated.train.iter().chain(set_apart.clone());
        let is_kept = kept.any(|row| row.example.id == call.into);
        assert!(
            is_kept || curated.review.iter().any(|row| row.id == call.into),
            "{call:?}"
        );
    }
}

fn call(input: &str, answer: &str, confidence: f64) -> Value {
    json!({"input": input, "answer": answer, "confidence": confidence})
}

fn gold(input: &str) -> GoldRows {
    GoldRows::new(vec![GoldRow {
        id: "g1".into(),
        input: input.into(),
        label: "card".into(),
    }])
}

#[test]
fn a_row_carries_the_prompt_the_answer_and_where_it_came_from() {
    let curated = run(&[call("Where is my card?", "CARD", 0.9)]);
    let [
        TrainRow {
            example, calls: 1, ..
        },
    ] = &curated.train[..]
    else {
        panic!("{curated:?}")
    };
    assert_eq!(example.prompt(), task().prompt("Where is my card?"));
    assert_eq!(example.answer(), Some("card"));
    assert_eq!((example.weight, example.confidence), (1.0, Some(0.9)));
    assert_eq!(example.source.as_ref().unwrap().line, 1);
    assert_eq!(curated.manifest.verdict, Verdict::Usable);
}

#[test]
fn equal_texts_become_one_row_that_remembers_them() {
    let config = CurateConfig {
        weight_by_calls: WeightByCalls::Sqrt,
        ..CurateConfig::default()
    };
    let mut lines = vec![call("where is my card", "card", 0.8).to_string(); 3];
    lines.push(call("Where is my CARD?!", "card", 0.9).to_string());
    let curated = run_lines(&lines, None, &[], config);
    let [row] = &curated.train[..] else {
        panic!("{curated:?}")
    };
    // The most confident spelling stays; its confidence is the mean of all.
    assert_eq!(
        (row.example.input(), row.calls, row.example.weight),
        (Some("Where is my CARD?!"), 4, 2.0)
    );
    assert!((row.example.confidence.unwrap() - 0.825).abs() < 1e-12);
    assert_eq!(curated.manifest.ledger.merged_exact, 3);
}

/// Curates two logs of one call each, the first with the given weight.
fn run_weighted((first, weight): (&Value, f64), second: &Value) -> Result<Curated, CurateError> {
    let folder = tempfile::tempdir().unwrap();
    let log = |name: &str, call: &Value| {
        let path = folder.path().join(name);
        std::fs::write(&path, call.to_string()).unwrap();
        LogFile::new(path, LogFormat::Jsonl(FieldMap::default()))
    };
    let logs = [
        log("new.jsonl", first).with_weight(weight),
        log("old.jsonl", second),
    ];
    curate(&CurateInput::new(&task(), &logs), &CuratePlan::default())
}

#[test]
fn a_row_counts_what_the_weightiest_of_its_logs_says() {
    let weights = |second: &Value| -> BTreeMap<String, f64> {
        let curated = run_weighted((&call("where is my card", "card", 0.9), 3.5), second).unwrap();
        assert_eq!(
            [3.5, 1.0],
            [curated.manifest.logs[0].weight, curated.manifest.logs[1].weight]
        );
        let rows = curated.train.iter();
        rows.map(|row| (row.example.input().unwrap().to_owned(), row.example.weight))
            .collect()
    };
    let apart = weights(&call("what does it cost", "fees", 0.9));
    assert_eq!(
        (apart["where is my card"], apart["what does it cost"]),
        (3.5, 1.0)
    );
    // The spelling that stays is the second log's, the weight the first one's.
    let together = weights(&call("Where is my card?", "card", 0.95));
    assert_eq!(together, BTreeMap::from([("Where is my card?".to_owned(), 3.5)]));
}

#[test]
fn a_weight_that_is_none_names_its_log() {
    for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let other = call("what does it cost", "fees", 0.9);
        let error = run_weighted((&call("where is my card", "card", 0.9), weight), &other).unwrap_err();
        assert!(error.to_string().contains("new.jsonl"), "{error}");
    }
}

#[test]
fn a_clear_majority_decides_and_a_tie_goes_to_review() {
    let curated = run(&[
        call("where is my card", "card", 0.9),
        call("where is my card", "card", 0.9),
        call("where is my card", "fees", 0.5),
        call("what does it cost", "fees", 0.9),
        call("what does it cost", "top-up", 0.9),
    ]);
    let [row] = &curated.train[..] else {
        panic!("{curated:?}")
    };
    assert_eq!((row.example.answer(), row.calls), (Some("card"), 3));
    // Two of three calls gave the label, each with 0.9.
    assert!((row.example.confidence.unwrap() - 0.6).abs() < 1e-12);
    let [doubt] = &curated.review[..] else {
        panic!("{curated:?}")
    };
    assert_eq!(
        (&doubt.reason, doubt.calls, doubt.chance_wrong),
        (&ReviewReason::ConflictingLabels, 2, 0.5)
    );
    assert_eq!(doubt.value, 1.0);
}

#[test]
fn near_duplicates_stand_behind_the_strongest_and_contradictions_are_reviewed() {
    let curated = run(&[
        call("my card has not arrived in the mail yet", "card", 0.9),
        call("my card has not arrived in the mail yet", "card", 0.9),
        call("my cards has not arrived in the mail yet", "card", 0.95),
        call("my card had not arrived in the mail yet", "fees", 0.6),
    ]);
    let [row] = &curated.train[..] else {
        panic!("{curated:?}")
    };
    assert_eq!(
        (row.example.input(), row.calls),
        (Some("my card has not arrived in the mail yet"), 3)
    );
    let near: Vec<&MergedCall> = curated.merged.iter().filter(|call| !call.exact).collect();
    assert!(
        near.len() == 1 && near[0].jaccard >= 0.8 && near[0].into == row.example.id,
        "{near:?}"
    );
    let [doubt] = &curated.review[..] else {
        panic!("{curated:?}")
    };
    let ReviewReason::NearConflict { neighbour_label, .. } = &doubt.reason else {
        panic!("{doubt:?}")
    };
    assert_eq!((doubt.label.as_str(), neighbour_label.as_str()), ("fees", "card"));
}

#[test]
fn gold_rows_and_their_neighbours_never_reach_the_training_file() {
    let gold = gold("Where is my new card?");
    let lines: Vec<String> = [
        call("where is my new card", "card", 0.9),
        call("where is my new cards", "card", 0.9),
        call("top up failed", "top-up", 0.9),
    ]
    .iter()
    .map(Value::to_string)
    .collect();
    let curated = run_lines(&lines, Some(&gold), &[], CurateConfig::default());
    assert_eq!(
        curated.manifest.ledger.rejected,
        BTreeMap::from([("leaks_gold".into(), 2)])
    );
    let leakage = curated.manifest.leakage.unwrap();
    assert_eq!((leakage.log.exact, leakage.log.leaking_rows), (1, 2));
    assert_eq!(leakage.log.gold_at(0.8).collect::<Vec<_>>(), ["g1"]);
    assert!(leakage.train.is_clean());
    assert_eq!(leakage.train.train_rows, 1);
}

#[test]
fn the_unsure_and_the_unknown_go_to_review_as_told() {
    let rows = [
        call("where is my card", "card", 0.4),
        json!({"input": "top up failed", "answer": "top-up"}),
        call("what does it cost", "fees", 0.6),
    ];
    let curated = run(&rows);
    assert_eq!(
        curated.manifest.ledger.review,
        BTreeMap::from([("low_confidence".into(), 1)])
    );
    assert_eq!(curated.manifest.confidence["unknown"].calls, 1);
    assert_eq!(curated.manifest.confidence["self-reported"].tenths[4], 1);
    let config = CurateConfig {
        unknown_confidence: UnknownConfidence::Review,
        ..CurateConfig::default()
    };
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    let curated = run_lines(&lines, None, &[], config);
    assert_eq!(curated.manifest.ledger.review["unknown_confidence"], 1);
    // The row with the higher chance of being wrong comes first.
    assert_eq!(curated.review[0].reason, ReviewReason::LowConfidence);
}

#[test]
fn answers_outside_the_task_are_counted_by_name() {
    let curated = run(&[
        call("a question", "crypto", 0.9),
        call("another one", "crypto", 0.9),
        call("a third", "", 0.9),
        call("  ", "card", 0.9),
    ]);
    assert_eq!(
        curated.manifest.unknown_labels,
        BTreeMap::from([("crypto".into(), 2)])
    );
    let expected = [("empty_answer", 1), ("empty_input", 1), ("unknown_label", 2)];
    assert_eq!(
        curated.manifest.ledger.rejected,
        expected.map(|(k, n)| (k.to_owned(), n)).into()
    );
    assert_eq!(curated.manifest.verdict, Verdict::NothingKept);
}

#[test]
fn a_log_that_is_mostly_damaged_is_not_believed() {
    let lines = vec![
        call("where is my card", "card", 0.9).to_string(),
        "{\"inp".into(),
        "null".into(),
    ];
    let curated = run_lines(&lines, None, &[], CurateConfig::default());
    assert_eq!(curated.manifest.ledger.damaged(), 2);
    assert!(matches!(curated.manifest.verdict, Verdict::TooDamaged { share, .. } if share > 0.66));
    assert_eq!(curated.quarantine[0].raw, "{\"inp");
    let folder = tempfile::tempdir().unwrap();
    curated.write(folder.path()).unwrap();
    assert!(
        folder.path().join("manifest.json").exists(),
        "the files are written all the same"
    );
}

#[test]
fn a_person_overrides_the_teacher_and_calibrates_it() {
    // A teacher that always says 0.95 and is right on three of four.
    let question = |i: usize| {
        format!(
            "question {} about {}",
            "abcdefghijklmnopqrstuvwxyz".repeat(2).split_at(i).1,
            i * 7919
        )
    };
    let mut lines: Vec<String> = Vec::new();
    let mut reviewed = Vec::new();
    for i in 0..40 {
        let answer = if i % 4 == 0 { "fees" } else { "card" };
        lines.push(call(&question(i), answer, 0.95).to_string());
        reviewed.push(ReviewedRow::new(question(i), "card"));
    }
    lines.push(call("the row that nobody has reviewed", "top-up", 0.95).to_string());
    let config = CurateConfig {
        duplicates: Duplicates::MergeExact,
        suspects: None,
        min_confidence: 0.7,
        ..CurateConfig::default()
    };
    let curated = run_lines(&lines, None, &reviewed, config.clone());
    let record = curated.manifest.reviewed.unwrap();
    assert_eq!(
        (record.rows, record.found, record.checked, record.right),
        (40, 40, 40, 30)
    );
    assert!(
        curated
            .train
            .iter()
            .filter(|row| row.by_person)
            .all(|row| row.example.answer() == Some("card"))
    );
    let other = curated.train.iter().find(|row| !row.by_person).unwrap();
    assert_eq!(
        (other.example.confidence, other.reported.unwrap().value),
        (Some(0.75), 0.95)
    );
    // No confidence reaches 0.9, so that only what a person has seen is kept.
    let config = CurateConfig {
        target_precision: Some(0.9),
        ..config
    };
    let curated = run_lines(&lines, None, &reviewed, config);
    assert_eq!((curated.train.len(), curated.review.len()), (40, 1));
}

#[test]
fn inputs_that_cannot_be_used_are_errors() {
    let task = task();
    let missing = [LogFile::new("/nowhere/log.jsonl", LogFormat::OpenaiChat)];
    let input = CurateInput::new(&task, &missing);
    let plan = CuratePlan::default();
    assert!(matches!(curate(&input, &plan), Err(CurateError::Log(_))));
    let empty = GoldRows::new(Vec::new());
    assert!(matches!(
        curate(&input.with_gold(&empty), &plan),
        Err(CurateError::EmptyGold)
    ));
    let reviewed = [ReviewedRow::new("q", "bananas")];
    let input = CurateInput::new(&task, &[]).with_reviewed(&reviewed);
    assert!(matches!(
        curate(&input, &plan),
        Err(CurateError::ReviewedLabel { row: 1, .. })
    ));
    let plan = CurateConfig {
        target_precision: Some(0.9),
        ..CurateConfig::default()
    };
    let input = CurateInput::new(&task, &[]);
    assert!(matches!(
        curate(&input, &plan.check().unwrap()),
        Err(CurateError::NoReviewedRows)
    ));
}

#[test]
fn what_is_written_is_what_is_read_and_hashed() {
    let curated = run(&[
        call("where is my card", "card", 0.9),
        call("top up failed", "top-up", 0.3),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let manifest = curated.write(folder.path()).unwrap();
    let train: Vec<TrainRow> = stage_files::read_json_lines(&folder.path().join("train.jsonl")).unwrap();
    assert_eq!(train, curated.train);
    let review: Vec<crate::ReviewRow> =
        stage_files::read_json_lines(&folder.path().join("review.jsonl")).unwrap();
    assert_eq!(review, curated.review);
    let read: crate::Manifest = stage_files::read_json(&folder.path().join("manifest.json")).unwrap();
    assert_eq!(read, manifest);
    for (name, hash) in &manifest.outputs {
        assert_eq!(
            &ContentHash::of_file(&folder.path().join(name)).unwrap(),
            hash,
            "{name}"
        );
    }
    assert_eq!(manifest.outputs.len(), 10);
    let page = std::fs::read_to_string(folder.path().join("curation.html")).unwrap();
    assert_eq!(
        page,
        read.to_html(),
        "the page is that of the manifest, as read again"
    );
    // Other readers see a plain example.
    let examples: Vec<task_spec::Example> =
        stage_files::read_json_lines(&folder.path().join("train.jsonl")).unwrap();
    assert_eq!(examples[0], curated.train[0].example);
}

/// Questions that have nothing in common, of three labels in turn.
fn unlike(rows: usize) -> Vec<String> {
    let line = |number: usize| {
        let text = ContentHash::of_bytes(number.to_string().as_bytes());
        let label = ["card", "card", "fees"][number % 3];
        call(&text.as_str()[..30], label, 0.5 + number as f64 / 1000.0).to_string()
    };
    (0..rows).map(line).collect()
}

#[test]
fn what_is_set_apart_is_an_end_of_its_own_and_has_a_file() {
    let config = CurateConfig {
        suspects: None,
        split: Some(SplitConfig::held_out(0.1)),
        class_cap: Some(20),
        class_floor: 19,
        ..CurateConfig::default()
    };
    let curated = run_lines(&unlike(90), None, &[], config);
    let (held_out, over) = (&curated.set_apart["heldout"], &curated.set_apart[OVER_CLASS_CAP]);
    // 6 of 60 and 3 of 30 are held out, then 34 of the 54 that are left are over the cap, and 7 of 27.
    assert_eq!((held_out.len(), over.len(), curated.train.len()), (9, 41, 40));
    let manifest = &curated.manifest;
    assert_eq!(
        manifest.ledger.set_apart,
        BTreeMap::from([("heldout".into(), 9), (OVER_CLASS_CAP.into(), 41)])
    );
    assert_eq!(
        (
            &manifest.class_limits.over_cap,
            &manifest.class_limits.below_floor
        ),
        (
            &BTreeMap::from([("card".to_owned(), 34), ("fees".to_owned(), 7)]),
            &BTreeMap::from([("top-up".to_owned(), 19)])
        )
    );
    let card = &manifest.labels[0];
    assert_eq!(
        (card.label.as_str(), card.train, card.set_apart),
        ("card", 20, 40)
    );
    assert_eq!(manifest.split.as_ref().unwrap().parts[1].rows, 9);
    let folder = tempfile::tempdir().unwrap();
    let manifest = curated.write(folder.path()).unwrap();
    let read: Vec<TrainRow> = stage_files::read_json_lines(&folder.path().join("heldout.jsonl")).unwrap();
    assert_eq!(&read, held_out);
    assert!(manifest.outputs.contains_key("over_class_cap.jsonl") && manifest.outputs.len() == 12);
}

#[test]
fn the_certificate_is_of_the_rows_that_are_trained_on() {
    let config = CurateConfig {
        split: Some(SplitConfig::held_out(0.2)),
        ..CurateConfig::default()
    };
    let curated = run_lines(&unlike(60), Some(&gold("where is my card")), &[], config);
    let texts: Vec<&str> = curated
        .train
        .iter()
        .filter_map(|row| row.example.input())
        .collect();
    let certificate = curated.manifest.leakage.unwrap().train;
    assert_eq!(certificate.train, crate::texts_hash(&texts));
    assert!(texts.len() < 50);
}

fn held_out_by(by: SplitBy) -> CurateConfig {
    CurateConfig {
        suspects: None,
        split: Some(SplitConfig {
            by,
            ..SplitConfig::held_out(0.25)
        }),
        ..CurateConfig::default()
    }
}

/// Lines of which the first are the latest, two of each minute.
fn timed(rows: usize) -> Vec<String> {
    let at = |(line, number): (String, usize)| {
        let mut call: Value = serde_json::from_str(&line).unwrap();
        call["timestamp"] = json!(1_790_000_000 - 60 * (number / 2));
        call.to_string()
    };
    unlike(rows).into_iter().zip(0..).map(at).collect()
}

#[test]
fn by_time_the_latest_calls_are_held_out_in_whatever_order_the_lines_are() {
    let lines = timed(40);
    let ids = |curated: &Curated| -> Vec<String> {
        let rows = curated.set_apart["heldout"].iter();
        rows.map(|row| row.example.id.clone()).collect()
    };
    let curated = run_lines(&lines, None, &[], held_out_by(SplitBy::Time));
    let sources = curated.set_apart["heldout"].iter();
    let held_out: std::collections::BTreeSet<u64> = sources
        .map(|row| row.example.source.as_ref().unwrap().line)
        .collect();
    assert_eq!(held_out, (1..=10).collect());
    for shift in [1, 7, 20] {
        let mut shuffled = lines.clone();
        shuffled.rotate_left(shift);
        shuffled.swap(3, 30);
        assert_eq!(
            ids(&run_lines(&shuffled, None, &[], held_out_by(SplitBy::Time))),
            ids(&curated)
        );
    }
}

#[test]
fn a_text_that_comes_again_counts_from_its_first_call() {
    let mut lines = timed(40);
    // The latest text was asked an hour before all others too.
    let mut again: Value = serde_json::from_str(&lines[0]).unwrap();
    again["timestamp"] = json!("2026-01-01T00:00:00Z");
    lines.push(again.to_string());
    let curated = run_lines(&lines, None, &[], held_out_by(SplitBy::Time));
    let twice = curated.train.iter().find(|row| row.calls == 2).unwrap();
    assert_eq!(twice.first_call.unwrap().to_string(), "2026-01-01T00:00:00Z");
}

#[test]
fn calls_without_a_time_are_trained_on_and_told_of() {
    let mut lines = timed(40);
    lines[0] = unlike(1).remove(0);
    let curated = run_lines(&lines, None, &[], held_out_by(SplitBy::Time));
    assert!(curated.train.iter().any(|row| row.first_call.is_none()));
    assert_eq!(curated.manifest.split.as_ref().unwrap().without_time, 1);
    let account = curated.manifest.to_string();
    assert!(
        account.contains("1 of 40 rows say nothing of when they were asked"),
        "{account}"
    );
    assert!(
        curated
            .manifest
            .to_html()
            .contains("say nothing of when they were asked")
    );
}

#[test]
fn a_log_without_times_is_not_split_by_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.jsonl");
    std::fs::write(&path, unlike(4).join("\n")).unwrap();
    let task = task();
    let logs = [LogFile::new(&path, LogFormat::Jsonl(FieldMap::default()))];
    let plan = held_out_by(SplitBy::Time).check().unwrap();
    let error = curate(&CurateInput::new(&task, &logs), &plan).unwrap_err();
    assert!(matches!(error, CurateError::NoCallTimes), "{error}");
    // A log without calls has no other fault.
    assert!(curate(&CurateInput::new(&task, &[]), &plan).is_ok());
}

#[test]
fn by_log_order_what_the_log_says_last_is_held_out() {
    let config = held_out_by(SplitBy::LogOrder);
    let curated = run_lines(&unlike(40), None, &[], config);
    let lines = |rows: &[TrainRow]| -> std::collections::BTreeSet<u64> {
        rows.iter()
            .map(|row| row.example.source.as_ref().unwrap().line)
            .collect()
    };
    assert_eq!(lines(&curated.set_apart["heldout"]), (31..=40).collect());
    assert_eq!(lines(&curated.train), (1..=30).collect());
}

#[test]
fn progress_names_each_stage_once_and_in_order() {
    let task = task();
    let mut stages = Vec::new();
    curate_with_progress(
        &CurateInput::new(&task, &[]),
        &CuratePlan::default(),
        &mut |event| stages.push(event.stage),
    )
    .unwrap();
    use Stage::{Certificate, Finished, GoldJoin, NearDuplicates, Suspects};
    assert_eq!(
        stages,
        [GoldJoin, NearDuplicates, Suspects, Certificate, Finished]
    );
}

/// A line of a log with everything that goes wrong in logs: few texts, so that they repeat and conflict.
fn any_line() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        "(where|were) is my (card|cards)( please)?",
        "[ab]{0,3}",
        "the top up of my account has (failed|faild|not failed)",
        Just("  ".to_owned()),
    ];
    let answer = prop_oneof![4 => "card|top-up|fees", 1 => "crypto|CARD|", 1 => "[a-z\"{}]{0,5}"];
    let confidence = prop_oneof![3 => (0..=10_u32).prop_map(|t| json!(f64::from(t) / 10.0)), 1 => Just(Value::Null), 1 => Just(json!("high"))];
    let good = (text, answer, confidence, 0..1000_u32, any::<bool>()).prop_map(|(input, answer, confidence, id, reviewed)| {
        json!({"id": id, "input": input, "answer": answer, "confidence": confidence, "reviewed": reviewed && id % 5 == 0})
            .to_string()
    });
    let cut = (good.clone(), 1..30_usize).prop_map(|(line, cut)| line[..cut.min(line.len() - 1)].to_owned());
    prop_oneof![8 => good, 1 => cut, 1 => Just("[]".to_owned())]
}

fn any_config() -> impl Strategy<Value = CurateConfig> {
    let duplicates = prop::sample::select(vec![
        Duplicates::Keep,
        Duplicates::MergeExact,
        Duplicates::MergeNear,
    ]);
    let unknown = prop::sample::select(vec![UnknownConfidence::Keep, UnknownConfidence::Review]);
    let by = prop::sample::select(vec![SplitBy::Cluster, SplitBy::Group]);
    let split = prop::option::of((by, 0.05..0.5_f64).prop_map(|(by, share)| SplitConfig {
        by,
        ..SplitConfig::held_out(share)
    }));
    let cap = prop::option::of(1..4_usize);
    (duplicates, unknown, 0.0..=1.0_f64, any::<bool>(), (split, cap)).prop_map(
        |(duplicates, unknown_confidence, min, suspects, (split, class_cap))| {
            let default = CurateConfig::default();
            CurateConfig {
                duplicates,
                unknown_confidence,
                min_confidence: min,
                suspects: default.suspects.clone().filter(|_| suspects),
                split,
                class_cap,
                ..default
            }
        },
    )
}

/// Outputs without line numbers, which a shuffle changes.
fn content(curated: &Curated) -> String {
    let mut text = String::new();
    let set_apart = curated.set_apart.values().flatten();
    for row in curated.train.iter().chain(set_apart) {
        let mut example = row.example.clone();
        example.source.as_mut().unwrap().line = 0;
        writeln!(text, "{} {}", serde_json::to_string(&example).unwrap(), row.calls).unwrap();
    }
    for row in curated.review.iter().chain(&curated.audit) {
        let mut row = row.clone();
        row.source.as_mut().unwrap().line = 0;
        writeln!(text, "{}", serde_json::to_string(&row).unwrap()).unwrap();
    }
    let mut ends: Vec<String> = curated
        .rejected
        .iter()
        .map(|row| format!("{:?} {:?}", row.source.call, row.reason))
        .chain(
            curated
                .merged
                .iter()
                .map(|call| format!("{:?} {} {}", call.source.call, call.into, call.jaccard)),
        )
        .collect();
    ends.sort_unstable();
    writeln!(text, "{ends:#?}\n{:#?}", curated.manifest.ledger).unwrap();
    // The file's name and hash differ, the certificate must not.
    writeln!(
        text,
        "{:#?} {:#?} {:#?} {:#?}",
        curated.manifest.labels, curated.manifest.leakage, curated.manifest.review, curated.manifest.audit
    )
    .unwrap();
    text.lines()
        .map(|line| format!("{}\n", mask_file(line)))
        .collect()
}

/// The log lies in a folder of its own for each run.
fn mask_file(line: &str) -> String {
    line.split("\"file\":\"")
        .enumerate()
        .map(|(i, part)| {
            if i == 0 {
                part
            } else {
                part.split_once('"').unwrap().1
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_ledger_balances_under_random_faults(lines in prop::collection::vec(any_line(), 0..40), config in any_config()) {
        // `run_lines` checks the balance.
        let gold = gold("where is my card");
        let curated = run_lines(&lines, Some(&gold), &[], config);
        prop_assert!(curated.manifest.leakage.unwrap().train.is_clean());
    }

    #[test]
    fn answers_are_kept_to_and_the_ledger_balances_with_them(
        lines in prop::collection::vec(any_line(), 0..40),
        config in any_config(),
        said in prop::collection::vec(prop::option::of(0..3_usize), 60),
    ) {
        let first = run_lines(&lines, None, &[], config.clone());
        let questions = crate::reading_order(&first.review, &first.audit);
        let answers: Vec<ReviewedRow> = questions.iter().zip(said).filter_map(|(row, said)| {
            Some(ReviewedRow {
                id: Some(row.id[..16].to_owned()),
                given: Some(row.label.clone()),
                similar: row.similar.iter().map(|text| text.id.clone()).collect(),
                ..ReviewedRow::new(&row.input, ["card", "top-up", "fees"][said?])
            })
        }).collect();
        // `run_lines` checks the balance.
        let second = run_lines(&lines, None, &answers, config);
        // Where duplicates are kept, several rows may be about one text: the last answer counts.
        let by_text: BTreeMap<&str, &str> = answers.iter().map(|row| (row.id.as_deref().unwrap(), row.label.as_str())).collect();
        for row in &second.train {
            if let Some(label) = by_text.get(&row.example.id[..16]) {
                prop_assert_eq!(row.example.answer(), Some(*label));
            }
        }
        let mut asked_again = second.review.iter().chain(&second.audit);
        prop_assert!(asked_again.all(|row| !by_text.contains_key(&row.id[..16])));
    }

    #[test]
    fn neither_the_order_of_lines_nor_threads_matter(
        (lines, shuffled) in prop::collection::vec(any_line(), 0..40)
            .prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
        config in any_config(),
    ) {
        let gold = gold("where is my card");
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let one = pool(1).install(|| run_lines(&lines, Some(&gold), &[], config.clone()));
        let other = pool(3).install(|| run_lines(&shuffled, Some(&gold), &[], config));
        prop_assert_eq!(content(&one), content(&other));
    }
}

#[test]
fn rows_that_differ_in_ignored_parts_alone_are_merged_under_one_label_and_not_across_labels() {
    let lines: Vec<String> = [
        ("SHELL OIL 5744", "fees"),
        ("SHELL OIL 12003", "fees"),
        ("SHELL OIL 917 on 2026-11-26", "fees"),
        ("SHELL OIL 3001", "card"),
        ("raise my limit to 500", "fees"),
        ("raise my limit to 900", "fees"),
    ]
    .map(|(input, answer)| json!({"input": input, "answer": answer, "confidence": 0.9}).to_string())
    .to_vec();
    let rows = |ignored_parts: &[VariablePart]| {
        let config = CurateConfig {
            ignored_parts: ignored_parts.iter().copied().collect(),
            suspects: None,
            ..CurateConfig::default()
        };
        let curated = run_lines(&lines, None, &[], config);
        let mut rows: Vec<(String, usize)> = curated
            .train
            .iter()
            .map(|row| (row.example.input().unwrap()[..5].to_owned(), row.calls))
            .collect();
        rows.sort();
        rows
    };
    let row = |text: &str, calls| (text.to_owned(), calls);
    assert_eq!(rows(&[]).len(), 6);
    assert_eq!(
        rows(&[VariablePart::StoreNumbers]),
        [row("SHELL", 1), row("SHELL", 1), row("SHELL", 2), row("raise", 2)]
    );
    // The date is a part of its own.
    assert_eq!(rows(&[VariablePart::Dates]).len(), 6);
}
