//! Gold sets of fields and of sentences: versions, carried baselines and verdicts, as of labels.

use std::path::PathBuf;

use gold_eval::{
    Baseline, BaselineError, Carry, Case, GateConfig, GoldDiff, GoldError, GoldKind, GoldSet, GradedReport,
    JudgeError, Outcome, PredictedRow, Predictions, PredictionsError, Preset, Reasons, Teacher,
    TeacherAnswer, TrainingRecord, Usage, Verdict, judge,
    narration::{SentenceDetails, SentenceSetError},
};
use serde_json::{Value, json};
use task_spec::{FieldSchema, Prediction, SentenceStyle, Task};

use crate::world::write_lines;

const RECEIPTS: &str = r#"
    name = "receipts"
    output = { kind = "fields", fields = [{ name = "company" }, { name = "total", kind = "money" }, { name = "note" }] }
"#;

const SHOPS: &str = r#"
    name = "shops"

    [output]
    kind = "sentence"

    [output.style]
    ends_with_stop = true

    [output.style.fields.change]
    unit = "%"
"#;

/// A gold file of any kind in a folder of its own.
struct Folder<K: GoldKind> {
    folder: tempfile::TempDir,
    task: Task<K>,
}

impl<K: GoldKind> Folder<K> {
    fn new(task: Task<K>, rows: &[Value]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let folder = Self { folder, task };
        folder.write(rows);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, rows: &[Value]) {
        let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
        write_lines(
            &self.path("gold.jsonl"),
            &lines.iter().map(String::as_str).collect::<Vec<_>>(),
        );
    }

    fn freeze(&self, version: u32) -> Result<GoldSet<K>, GoldError> {
        GoldSet::freeze(&self.path("gold.jsonl"), &self.task, version)
    }

    fn freeze_because(&self, version: u32, reason: &str) -> (GoldSet<K>, GoldDiff) {
        let reasons = Reasons::default().with_every(reason);
        let frozen =
            GoldSet::freeze_because(&self.path("gold.jsonl"), &self.task, version, &reasons).unwrap();
        (frozen.gold, frozen.diff.unwrap())
    }
}

fn teacher() -> Teacher {
    Teacher::new("teacher-2026-05-01", "Answer.")
}

fn raw(id: &str, answer: impl Into<String>) -> TeacherAnswer {
    TeacherAnswer {
        id: id.to_owned(),
        answer: answer.into(),
        confidence: None,
    }
}

fn predicted<K: GoldKind>(gold: &GoldSet<K>, answers: impl IntoIterator<Item = String>) -> Predictions<K> {
    let rows = gold.ids().zip(answers).map(|(id, answer)| PredictedRow {
        id: id.to_owned(),
        prediction: Prediction::new(answer),
    });
    Predictions::new("small", gold, rows).unwrap()
}

fn receipts() -> Vec<Value> {
    vec![
        json!({"id": "a", "input": "ACME 1.50", "fields": {"company": "Acme", "total": "1.50", "note": null}}),
        json!({"id": "b", "input": "BOLT 2.50", "fields": {"company": "Bolt", "total": "2.50"}}),
        json!({"id": "c", "input": "COOP 3.50", "fields": {"company": "Coop", "total": "3.50"}}),
    ]
}

#[test]
fn fields_have_versions_with_what_changed_and_why() {
    let folder = Folder::new(
        toml::from_str::<Task<FieldSchema>>(RECEIPTS).unwrap(),
        &receipts(),
    );
    folder.freeze(1).unwrap();
    let mut rows = receipts();
    rows[0]["fields"] = json!({"company": "Acme", "total": "1.55", "note": "paid"});
    rows[1]["input"] = json!("BOLT LTD 2.50");
    rows.push(json!({"id": "d", "input": "DELI 4.50", "fields": {"total": "4.50"}}));
    folder.write(&rows);
    let refused = folder.freeze(2).unwrap_err();
    assert!(
        matches!(&refused, GoldError::Unexplained { ids, .. } if *ids == ["a", "b"]),
        "{refused}"
    );
    let (gold, diff) = folder.freeze_because(2, "second pass");
    assert_eq!((gold.lock().parts["total"], gold.lock().parts["note"]), (4, 1));
    assert_eq!(
        (diff.relabelled.len(), diff.reworded.len(), diff.added.len()),
        (1, 1, 1)
    );
    // Only what differs.
    assert_eq!(diff.relabelled[0].before, r#"{"note":null,"total":"1.50"}"#);
    assert_eq!(diff.relabelled[0].after, r#"{"note":"paid","total":"1.55"}"#);
    for (field, change) in &diff.parts {
        let after = change.before + change.added + change.gained - change.removed - change.lost;
        assert_eq!(after, change.after, "{field}");
    }
    assert_eq!((diff.parts["note"].gained, diff.parts["total"].added), (1, 1));
    let words = diff.to_string();
    assert!(words.contains("field ") && !words.contains("label "), "{words}");
}

#[test]
fn a_baseline_of_fields_is_carried_over_and_asks_only_for_what_is_new() {
    let folder = Folder::new(
        toml::from_str::<Task<FieldSchema>>(RECEIPTS).unwrap(),
        &receipts(),
    );
    let gold = folder.freeze(1).unwrap();
    let answers =
        ["a", "b", "c"].map(|id| raw(id, r#"{"company": "ACME", "total": "1.50", "note": "paid"}"#));
    let (first, second) = (folder.path("baseline.json"), folder.path("baseline.v2.json"));
    let pinned = Baseline::pin(&gold, teacher(), answers).unwrap();
    pinned.write(&first).unwrap();
    assert_eq!((pinned.correct(), pinned.outside()), (0, 0));

    let mut rows = receipts();
    rows[0]["fields"]["note"] = json!("Paid");
    rows[1]["input"] = json!("BOLT LTD 2.50");
    folder.write(&rows);
    let (gold, _) = folder.freeze_because(2, "second pass");
    let carry = Carry::open(&first, &folder.path("gold.jsonl"), &gold).unwrap();
    assert_eq!((carry.kept(), carry.dropped()), (2, 1));
    assert_eq!(carry.to_ask()[0].input, "BOLT LTD 2.50");
    let bolt = raw("b", r#"Sure: {"company": "Bolt", "total": 2.50}"#);
    let carried = carry.finish(&gold, &teacher(), [bolt]).unwrap();
    carried.write(&second).unwrap();
    // The first is right now, for the gold row is another; so is what was asked anew.
    assert_eq!(Baseline::open(&second, &gold).unwrap().correct(), 2);
    assert!(matches!(
        Baseline::open(&first, &gold),
        Err(BaselineError::OtherGold { .. })
    ));
}

/// Rows of which each says a shop and how its sales changed.
fn shops(rows: usize) -> Vec<Value> {
    let row = |i: usize| {
        let name = ["Alder", "Birch", "Cedar", "Maple", "Rowan"][i % 5];
        let change = 2 + i as i64 % 7;
        json!({
            "id": format!("s{i:03}"),
            "row": {"shop": name, "change": change},
            "references": [format!("Sales at {name} rose by {change}%.")],
        })
    };
    (0..rows).map(row).collect()
}

/// The reference, but for every `each`th row, of which the number is wrong.
fn sentences(gold: &GoldSet<SentenceStyle>, each: usize) -> Vec<String> {
    let rows = gold.rows().iter().enumerate();
    rows.map(|(i, row)| {
        if i % each == 0 {
            row.references[0].replace('%', "0%")
        } else {
            row.references[0].clone()
        }
    })
    .collect()
}

fn sentence_case(
    rows: usize,
    each: usize,
) -> (
    Folder<SentenceStyle>,
    GoldSet<SentenceStyle>,
    Baseline<SentenceStyle>,
) {
    let folder = Folder::new(toml::from_str(SHOPS).unwrap(), &shops(rows));
    let gold = folder.freeze(1).unwrap();
    let answers = sentences(&gold, each);
    let answers: Vec<TeacherAnswer> = gold
        .ids()
        .zip(answers)
        .map(|(id, answer)| raw(id, answer))
        .collect();
    let baseline = Baseline::pin(&gold, teacher(), answers).unwrap();
    (folder, gold, baseline)
}

fn verdict(
    gold: &GoldSet<SentenceStyle>,
    baseline: &Baseline<SentenceStyle>,
    answers: Vec<String>,
    preset: Preset,
) -> GradedReport<SentenceDetails> {
    let candidate = predicted(gold, answers);
    let gate = preset.config().check().unwrap();
    judge(&Case::new(gold, baseline, &candidate, "2026-11-05"), &gate).unwrap()
}

#[test]
fn a_model_that_says_the_rows_better_ships_and_one_that_says_them_worse_is_held() {
    let (_folder, gold, baseline) = sentence_case(120, 4);
    assert_eq!((baseline.correct(), baseline.outside()), (90, 0));
    assert_eq!(
        baseline.rows()[0].meaning.as_deref(),
        Some(["says change".to_owned(), "no other number".to_owned()].as_slice())
    );
    let better = verdict(&gold, &baseline, sentences(&gold, 1000), Preset::ClearTheLine);
    assert_eq!(better.verdict, Verdict::Ship, "{}", better.summary);
    assert_eq!(
        (better.candidate.accuracy.count, better.baseline.accuracy.count),
        (119, 90)
    );
    let overlap = &better.details.overlap[0].compared;
    assert!(overlap.score > overlap.other && overlap.p < 0.01, "{overlap:?}");

    let worse = verdict(&gold, &baseline, sentences(&gold, 2), Preset::Strict);
    assert_eq!(worse.verdict, Verdict::Hold);
    for text in [worse.to_markdown(), worse.to_html(), worse.to_junit()] {
        let text = text.to_lowercase();
        assert!(
            !text.contains("categor") && text.contains("says change"),
            "{text}"
        );
    }
    let read: GradedReport<SentenceDetails> =
        serde_json::from_str(&serde_json::to_string(&worse).unwrap()).unwrap();
    assert_eq!(read, worse);
}

#[test]
fn a_rule_may_name_a_check_and_not_one_that_there_is_none_of() {
    let (_folder, gold, baseline) = sentence_case(60, 4);
    let candidate = predicted(&gold, sentences(&gold, 1000));
    let of = |check: &str| {
        let text = format!("[[rules]]\nrule = \"no_category_regressed\"\ncategories = [{check:?}]");
        let gate = toml::from_str::<GateConfig>(&text).unwrap().check().unwrap();
        judge(&Case::new(&gold, &baseline, &candidate, ""), &gate)
    };
    of("says change").unwrap();
    let error = of("says price").unwrap_err();
    assert!(
        matches!(&error, JudgeError::UnknownCategory { name, .. } if name == "says price"),
        "{error}"
    );
}

#[test]
fn runs_usage_and_near_training_rows_are_reported_of_sentences_too() {
    let (folder, gold, baseline) = sentence_case(60, 4);
    let candidate = predicted(&gold, sentences(&gold, 10));
    let repeats = [
        predicted(&gold, sentences(&gold, 5)),
        predicted(&gold, sentences(&gold, 1000)),
    ];
    write_lines(&folder.path("usage.jsonl"), &vec![r#"{"latency_ms": 40}"#; 60]);
    let usage = Usage::open(&folder.path("usage.jsonl")).unwrap();
    let texts: Vec<String> = gold.inputs().take(10).map(String::from).collect();
    let training = TrainingRecord::default().with_texts(texts);
    let mut case = Case::new(&gold, &baseline, &candidate, "");
    case.repeats = &repeats;
    case.usage = Some(&usage);
    case.training = Some(&training);
    let gate = |max_ms: u32| {
        let text = format!("[[rules]]\nrule = \"latency\"\npercentile = 50\nmax_ms = {max_ms}");
        toml::from_str::<GateConfig>(&text).unwrap().check().unwrap()
    };
    let report = judge(&case, &gate(50)).unwrap();
    assert_eq!(report.rules[0].outcome, Outcome::Pass);
    assert_eq!(judge(&case, &gate(30)).unwrap().rules[0].outcome, Outcome::Fail);
    let runs = report.repeats.as_ref().unwrap();
    // 54, 48 and 59 of 60 are right.
    assert_eq!(runs.accuracies, [54.0 / 60.0, 48.0 / 60.0, 59.0 / 60.0]);
    assert!(report.leakage.leaking_rows() >= 10);
    let apart = report.apart_from_neighbours.as_ref().unwrap();
    assert_eq!(
        apart.candidate.unwrap().of + apart.near_candidate.unwrap().of,
        gold.lock().rows
    );
    assert_eq!(
        report.by_nearness.iter().map(|band| band.rows).sum::<u64>(),
        gold.lock().rows
    );
    case.shipped = Some(&repeats[0]);
    let report = judge(&case, &gate(50)).unwrap();
    let markdown = report.to_markdown();
    for said in [
        "Against the last shipped model",
        "By how near training came",
        "Several runs",
        "latency p50 40",
    ] {
        assert!(
            markdown.contains(said) && report.to_html().contains(said),
            "{said}: {markdown}"
        );
    }
}

#[test]
fn sentences_have_versions_and_their_style_is_frozen_with_them() {
    let (folder, gold, baseline) = sentence_case(20, 4);
    let first = folder.path("baseline.json");
    baseline.write(&first).unwrap();
    let lock = folder.path("gold.lock");
    let mut other = folder.task.clone();
    other.output.max_words = Some(3);
    let refused = GoldSet::open(&folder.path("gold.jsonl"), &lock, &other).unwrap_err();
    assert!(
        matches!(refused, GoldError::OtherStyle { version: 1, .. }),
        "{refused}"
    );

    let mut rows = shops(20);
    rows[0]["row"]["change"] = json!(90);
    rows[1]["references"] = json!(["Birch sold 3% more."]);
    folder.write(&rows);
    let (next, diff) = folder.freeze_because(2, "the number was wrong");
    assert_eq!((diff.reworded.len(), diff.relabelled.len()), (1, 1));
    assert_eq!(diff.reworded[0].after, r#"{"change":90.0,"shop":"Alder"}"#);
    assert_eq!(diff.relabelled[0].id, "s001");
    let carry = Carry::open(&first, &folder.path("gold.jsonl"), &next).unwrap();
    assert_eq!((carry.kept(), carry.to_ask().len()), (19, 1));
    assert_eq!(gold.lock().parts["change"], 20);

    // A pinned reading that the file no longer tells truly.
    let text = std::fs::read_to_string(&first).unwrap();
    let edited = text.replacen("\"says change\",", "", 1);
    assert_ne!(text, edited);
    std::fs::write(&first, edited).unwrap();
    let error = Baseline::open(&first, &gold).unwrap_err();
    assert!(
        matches!(&error, BaselineError::Rescored { id, .. } if id == "s000"),
        "{error}"
    );
}

#[test]
fn each_bad_row_and_style_is_named() {
    let good = json!({"id": "1", "row": {"shop": "Alder", "change": 3}});
    let frozen = |row: Value| {
        let task: Task<SentenceStyle> = toml::from_str(SHOPS).unwrap();
        Folder::new(task, &[good.clone(), row]).freeze(1).unwrap_err()
    };
    let error = frozen(json!({"id": "1", "row": {"shop": "Birch"}}));
    assert!(matches!(error, GoldError::DuplicateId { row: 2, .. }), "{error}");
    let error = frozen(json!({"id": "2", "row": {"shop": null}}));
    assert!(
        matches!(
            error,
            GoldError::Sentences(SentenceSetError::NothingToSay { row: 2, .. })
        ),
        "{error}"
    );
    let error = frozen(json!({"id": "2", "row": {"shop": "Birch"}, "references": [" "]}));
    assert!(
        matches!(
            error,
            GoldError::Sentences(SentenceSetError::BlankReference { row: 2, .. })
        ),
        "{error}"
    );
    let error = frozen(json!({"id": "2", "input": " ", "row": {"shop": "Birch"}}));
    assert!(matches!(error, GoldError::BlankInput { row: 2, .. }), "{error}");
    let mut task: Task<SentenceStyle> = toml::from_str(SHOPS).unwrap();
    task.output.fields.insert("price".to_owned(), Default::default());
    let error = Folder::new(task, &[good]).freeze(1).unwrap_err();
    assert!(matches!(error, GoldError::Style(_)), "{error}");
}

#[test]
fn an_answer_is_text_or_an_object_and_nothing_else() {
    let folder = Folder::new(
        toml::from_str::<Task<FieldSchema>>(RECEIPTS).unwrap(),
        &receipts(),
    );
    let gold = folder.freeze(1).unwrap();
    let path = folder.path("answers.jsonl");
    let open = |second: &str| {
        write_lines(
            &path,
            &[
                r#"{"id":"a","fields":{"total":1.50}}"#,
                second,
                r#"{"id":"c","answer":"none"}"#,
            ],
        );
        Predictions::open(&path, "small", &gold)
    };
    open(r#"{"id":"b","answer":{"total":"2.50"}}"#).unwrap();
    for bad in [
        r#"{"id":"b","answer":null}"#,
        r#"{"id":"b","answer":2.5}"#,
        r#"{"id":"b"}"#,
    ] {
        let error = open(bad).unwrap_err();
        assert!(matches!(&error, PredictionsError::File(_)), "{error}");
        assert!(
            error.to_string().contains("line 2") || error.to_string().contains(":2"),
            "{error}"
        );
    }
    // A distribution is over labels, and there are none.
    let error =
        open(r#"{"id":"b","answer":"{}","probabilities":[{"label":"x","probability":1}]}"#).unwrap_err();
    assert!(
        matches!(&error, PredictionsError::Probability { id, .. } if id == "b"),
        "{error}"
    );
}
