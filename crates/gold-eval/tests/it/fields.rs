//! Documents with fields from outside: gold records, baseline and answers as files, a verdict, reports.
//!
//! `RECEIPTS=receipts.jsonl cargo test --release -p gold-eval fields -- --nocapture` also reads the receipts of SROIE (Huang
//! et al. 2019, arXiv:2103.10213), which are not part of this repository.

use std::path::Path;

use gold_eval::{
    Baseline, BaselineError, Case, ExtractionCounts, FieldDetails, FieldOutcome, FieldValue, Gate, GoldError,
    GoldSet, GradedReport, History, JoinError, JudgeError, LooksBefore, PredictedRow, Predictions,
    PredictionsError, Preset, Teacher, TeacherAnswer, TrainingRecord, Verdict, judge, token_f1,
};
use serde::Deserialize;
use serde_json::{Value, json};
use task_spec::{DateOrder, DecimalMark, Field, FieldKind, FieldSchema, GoldRecord, Prediction, Task};

use crate::world::write_lines;

const TASK: &str = r#"
    name = "receipts"

    [output]
    kind = "fields"
    fields = [
        { name = "company", required = true },
        { name = "date", kind = "date", aliases = ["invoice date"] },
        { name = "total", kind = "money" },
        { name = "note" },
    ]
"#;

fn task() -> Task<FieldSchema> {
    toml::from_str(TASK).unwrap()
}

fn gate() -> Gate {
    Preset::ClearTheLine.config().check().unwrap()
}

fn teacher() -> Teacher {
    Teacher::new("teacher-2026-05-01", "Pull the fields off the receipt.")
}

/// Rows `r000`, `r001`, ...: every third has no date, none says anything of the note.
fn rows(count: usize) -> Vec<GoldRecord> {
    (0..count)
        .map(|i| GoldRecord {
            id: format!("r{i:03}"),
            input: format!("ACME {i} SDN BHD 2{}/05/2018 TOTAL RM {i}.50", i % 9),
            fields: [
                ("company".to_owned(), Some(format!("ACME {i} Sdn. Bhd."))),
                (
                    "date".to_owned(),
                    (i % 3 != 0).then(|| format!("2{}/05/2018", i % 9)),
                ),
                ("total".to_owned(), Some(format!("{i}.50"))),
            ]
            .into(),
        })
        .collect()
}

struct Receipts {
    folder: tempfile::TempDir,
    gold: GoldSet<FieldSchema>,
}

/// What a model wrote to a row.
#[derive(Clone)]
struct Answer {
    id: String,
    answer: String,
}

impl From<Answer> for TeacherAnswer {
    fn from(Answer { id, answer }: Answer) -> Self {
        Self {
            id,
            answer,
            confidence: None,
        }
    }
}

impl From<Answer> for PredictedRow {
    fn from(Answer { id, answer }: Answer) -> Self {
        Self {
            id,
            prediction: Prediction::new(answer),
        }
    }
}

impl Receipts {
    fn new(count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gold.jsonl");
        stage_files::write_json_lines(&path, rows(count)).unwrap();
        let gold = GoldSet::freeze(&path, &task(), 1).unwrap();
        Self { folder, gold }
    }

    /// The right answers as JSON, changed where `change` says so.
    fn answers(&self, change: impl Fn(usize, &mut Value)) -> Vec<Answer> {
        let rows = self.gold.rows().iter().enumerate();
        rows.map(|(i, row)| {
            let mut answer = json!(row.fields);
            change(i, &mut answer);
            Answer {
                id: row.id.clone(),
                answer: answer.as_str().map_or_else(|| answer.to_string(), str::to_owned),
            }
        })
        .collect()
    }

    fn baseline(&self, answers: Vec<Answer>) -> Baseline<FieldSchema> {
        let answers = answers.into_iter().map(TeacherAnswer::from);
        Baseline::pin(&self.gold, teacher(), answers).unwrap()
    }

    fn predictions(&self, answers: Vec<Answer>) -> Predictions<FieldSchema> {
        Predictions::new("small", &self.gold, answers.into_iter().map(PredictedRow::from)).unwrap()
    }

    fn report(&self, baseline: &Baseline<FieldSchema>, candidate: Vec<Answer>) -> GradedReport<FieldDetails> {
        let candidate = self.predictions(candidate);
        judge(
            &Case::new(&self.gold, baseline, &candidate, "2026-11-05"),
            &gate(),
        )
        .unwrap()
    }
}

/// Wrong in the total of every eighth row.
fn teacher_answers(i: usize, answer: &mut Value) {
    if i.is_multiple_of(8) {
        answer["total"] = json!("0.00");
    }
}

#[test]
fn an_extractor_that_is_better_in_every_field_ships_however_it_writes_its_values() {
    let receipts = Receipts::new(120);
    let baseline = receipts.baseline(receipts.answers(teacher_answers));
    assert_eq!((baseline.correct(), baseline.outside()), (105, 0));
    let candidate = receipts.answers(|i, answer| {
        let total = i as f64 + 0.5;
        *answer = json!(format!(
            "```json\n{}\n```",
            json!({
                "Company": format!("ACME {i} SDN BHD"),
                "invoice date": answer["date"].as_str().map(|date| date.replace('/', "-")),
                "total": total,
            })
        ));
    });
    let report = receipts.report(&baseline, candidate);
    assert_eq!(report.verdict, Verdict::Ship, "{}", report.summary);
    assert_eq!(report.candidate.accuracy.count, 120);
    assert_eq!(report.against_baseline.counts.gains, 15);
    assert_eq!(report.without_rows, ["note"]);
    let total = &report.details.fields[2];
    assert_eq!(
        (total.exact.unwrap().count, total.normalised.unwrap().count),
        (0, 120)
    );
    let company = &report.details.fields[0];
    assert_eq!(
        (company.exact.unwrap().count, company.normalised.unwrap().count),
        (0, 120)
    );
    let form = &report.details.candidate.form;
    assert_eq!((form.surrounded, form.not_text, form.unreadable), (120, 120, 0));
}

#[test]
fn a_gain_on_whole_records_that_loses_one_field_is_held_and_the_field_is_named() {
    let receipts = Receipts::new(200);
    let baseline = receipts.baseline(receipts.answers(|i, answer| {
        if i % 3 == 1 {
            answer["total"] = json!("0.00");
        }
    }));
    let report = receipts.report(
        &baseline,
        receipts.answers(|i, answer| {
            if i % 9 == 2 {
                answer["date"] = json!(null);
            }
        }),
    );
    assert_eq!(report.verdict, Verdict::Hold);
    assert!(report.against_baseline.p_better < 0.001);
    assert_eq!(report.aspects[0].name, "date");
    assert!(
        report.summary.contains("The worst field is “date”"),
        "{}",
        report.summary
    );
}

#[test]
fn what_is_wrong_is_told_apart_and_shown() {
    let receipts = Receipts::new(12);
    let baseline = receipts.baseline(receipts.answers(|_, _| {}));
    let report = receipts.report(
        &baseline,
        receipts.answers(|i, answer| match i {
            0 => answer["date"] = json!("01/01/2001"),
            1 => answer["date"] = json!("not said"),
            2 => answer["date"] = json!("n/a"),
            3 => *answer = json!("I cannot read this receipt."),
            4 => answer["note"] = json!("nobody knows whether this is right"),
            _ => {}
        }),
    );
    let date = &report.details.fields[1];
    // Row 3 has no date, and its answer cannot be read: that is wrong, and not rightly absent.
    let expected = ExtractionCounts {
        correct: 6,
        absent: 2,
        wrong: 1,
        missing: 1,
        invented: 1,
        unreadable: 1,
    };
    assert_eq!(date.counts, expected);
    assert_eq!(
        date.errors
            .iter()
            .map(|error| (error.id.as_str(), error.outcome))
            .collect::<Vec<_>>(),
        [
            ("r000", FieldOutcome::Invented),
            ("r001", FieldOutcome::Wrong),
            ("r002", FieldOutcome::Missing),
            ("r003", FieldOutcome::Unreadable),
        ]
    );
    // Six of the eight values that are given, and of the eight that there are.
    assert_eq!(
        (date.precision, date.recall, date.f1),
        (Some(0.75), Some(0.75), Some(0.75))
    );
    assert_eq!(date.of_other_kind, 1);
    assert_eq!(report.candidate.accuracy.count, 8);
    // Nothing is annotated of the note, so that nothing in it is wrong.
    assert_eq!(report.details.fields[3].counts.invented, 0);
    for text in [report.to_markdown(), report.to_html()] {
        assert!(
            text.contains("not said") && text.contains("without a JSON object"),
            "{text}"
        );
    }
}

#[test]
fn the_order_of_answers_does_not_matter_and_the_same_case_gives_the_same_bytes() {
    let receipts = Receipts::new(40);
    let (forth, mut back) = (
        receipts.answers(teacher_answers),
        receipts.answers(teacher_answers),
    );
    back.reverse();
    let bytes = |answers: Vec<Answer>| {
        let out = receipts.folder.path().join("out");
        let report = receipts.report(&receipts.baseline(answers.clone()), answers);
        report.write(&out).unwrap();
        ["report.json", "report.md", "report.html", "junit.xml"]
            .map(|name| std::fs::read(out.join(name)).unwrap())
    };
    let (one, other) = (bytes(forth), bytes(back));
    assert!(one == other);
    let read: GradedReport<FieldDetails> = serde_json::from_slice(&one[0]).unwrap();
    assert_eq!(serde_json::to_vec_pretty(&read).unwrap(), one[0].trim_ascii_end());
}

#[test]
fn a_frozen_set_that_was_edited_or_whose_fields_changed_is_refused() {
    let receipts = Receipts::new(5);
    let (path, lock) = (
        receipts.folder.path().join("gold.jsonl"),
        receipts.folder.path().join("gold.lock"),
    );
    GoldSet::open(&path, &lock, &task()).unwrap();
    // An alias changes where a value is found, not which one is right.
    let aliased: Task<FieldSchema> = toml::from_str(&TASK.replace("\"invoice date\"", "\"day\"")).unwrap();
    GoldSet::open(&path, &lock, &aliased).unwrap();
    let other: Task<FieldSchema> =
        toml::from_str(&TASK.replace("kind = \"money\"", "kind = \"money\", tolerance = 0.05")).unwrap();
    let error = GoldSet::open(&path, &lock, &other).unwrap_err();
    assert!(
        matches!(error, GoldError::OtherFields { version: 1, .. }),
        "{error}"
    );
    assert!(matches!(
        GoldSet::freeze(&path, &other, 1),
        Err(GoldError::AlreadyFrozen { .. })
    ));
    GoldSet::freeze(&path, &other, 2).unwrap();
    let text = std::fs::read_to_string(&path).unwrap().replace("4.50", "4.51");
    std::fs::write(&path, text).unwrap();
    assert!(matches!(
        GoldSet::open(&path, &lock, &other),
        Err(GoldError::Edited { version: 2, .. })
    ));
}

#[test]
fn each_bad_gold_row_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gold.jsonl");
    let good = r#"{"id":"1","input":"a","fields":{"company":"A"}}"#;
    let refused = [
        (
            r#"{"id":"1","input":"b","fields":{"company":"B"}}"#,
            "gold row 2 has the id \"1\" of row 1",
        ),
        (
            r#"{"id":" ","input":"b","fields":{"company":"B"}}"#,
            "gold row 2 has a blank id",
        ),
        (
            r#"{"id":"2","input":"","fields":{"company":"B"}}"#,
            "has a blank input",
        ),
        (r#"{"id":"2","input":"b","fields":{}}"#, "has no fields"),
        (
            r#"{"id":"2","input":"b","fields":{"firm":"B"}}"#,
            "\"firm\", which is none of the task's",
        ),
        (
            r#"{"id":"2","input":"b","fields":{"invoice date":"B"}}"#,
            "\"invoice date\", which is none",
        ),
        (
            r#"{"id":"2","input":"b","fields":{"company":" "}}"#,
            "is blank: write null",
        ),
        (
            r#"{"id":"2","input":"b","fields":{"company":null}}"#,
            "the task requires one",
        ),
        (r#"{"id":"2","input":"b","fields":{"company":3}}"#, "line 2"),
        (r#"{"id":"2","input":"b","label":"x"}"#, "line 2"),
    ];
    for (line, part) in refused {
        write_lines(&path, &[good, line]);
        let error = GoldSet::freeze(&path, &task(), 1).unwrap_err();
        let text = format!(
            "{error} {}",
            std::error::Error::source(&error).map_or_else(String::new, ToString::to_string)
        );
        assert!(text.contains(part), "{line}: {text}");
        assert!(!path.with_extension("lock").exists(), "a bad set was frozen");
    }
    std::fs::write(&path, "").unwrap();
    assert!(matches!(
        GoldSet::freeze(&path, &task(), 1),
        Err(GoldError::Empty { .. })
    ));
}

#[test]
fn a_baseline_is_pinned_once_for_one_gold_set_and_one_reading() {
    let receipts = Receipts::new(6);
    let path = receipts.folder.path().join("baseline.json");
    let baseline = receipts.baseline(receipts.answers(teacher_answers));
    baseline.write(&path).unwrap();
    baseline.write(&path).unwrap();
    assert_eq!(
        Baseline::open(&path, &receipts.gold).unwrap().correct(),
        baseline.correct()
    );
    let other = receipts.baseline(receipts.answers(|_, _| {}));
    assert!(matches!(
        other.write(&path),
        Err(BaselineError::AlreadyPinned { .. })
    ));
    let edited = std::fs::read_to_string(&path)
        .unwrap()
        .replacen("1.50\"", "7.50\"", 1);
    std::fs::write(&path, edited).unwrap();
    let error = Baseline::open(&path, &receipts.gold).unwrap_err();
    assert!(
        matches!(&error, BaselineError::Rescored { id, .. } if id == "r001"),
        "{error}"
    );
    let larger = Receipts::new(7);
    baseline
        .write(&larger.folder.path().join("baseline.json"))
        .unwrap();
    let error = Baseline::open(&larger.folder.path().join("baseline.json"), &larger.gold).unwrap_err();
    assert!(matches!(error, BaselineError::OtherGold { .. }), "{error}");
    let answers = receipts.answers(|_, _| {}).into_iter().map(TeacherAnswer::from);
    let blank = Baseline::pin(&receipts.gold, Teacher::new(" ", ""), answers);
    assert!(matches!(blank, Err(BaselineError::BlankModel)));
}

#[test]
fn answers_are_joined_by_id_and_come_as_text_or_as_objects() {
    let receipts = Receipts::new(3);
    let path = receipts.folder.path().join("answers.jsonl");
    write_lines(
        &path,
        &[
            r#"{"id":"r002","fields":{"company":"ACME 2 SDN BHD","date":"22/05/2018","total":2.50}}"#,
            r#"{"id":"r000","answer":{"company":"ACME 0 SDN BHD","total":"0.50"},"latency_ms":12}"#,
            r#"{"id":"r001","answer":"{\"company\":\"ACME 1 SDN BHD\",\"date\":\"2018-05-21\",\"total\":\"RM1.50\"}"}"#,
        ],
    );
    let answers = Predictions::open(&path, "small", &receipts.gold).unwrap();
    let baseline = receipts.baseline(receipts.answers(|_, _| {}));
    let report = judge(&Case::new(&receipts.gold, &baseline, &answers, ""), &gate()).unwrap();
    assert_eq!(report.candidate.accuracy.count, 3);
    let join = |rows: Vec<PredictedRow>| match Predictions::new("small", &receipts.gold, rows) {
        Err(PredictionsError::Join(error)) => error,
        other => panic!("{other:?}"),
    };
    let answer = |id: &str| PredictedRow {
        id: id.to_owned(),
        prediction: Prediction::new("{}"),
    };
    assert!(matches!(
        join(vec![answer("r001")]),
        JoinError::Missing { others: 1, .. }
    ));
    assert!(matches!(
        join(vec![answer("r001"), answer("r001")]),
        JoinError::Duplicate { .. }
    ));
    assert!(matches!(join(vec![answer("r009")]), JoinError::Extra { .. }));
    // Its rows have the shape of answers, and would all be right.
    let gold_itself = Predictions::open(
        &receipts.folder.path().join("gold.jsonl"),
        "small",
        &receipts.gold,
    );
    assert!(matches!(gold_itself, Err(PredictionsError::GoldItself { .. })));
    let larger = Receipts::new(4);
    let error = judge(&Case::new(&larger.gold, &baseline, &answers, ""), &gate()).unwrap_err();
    assert!(
        matches!(
            error,
            JudgeError::OtherGold {
                part: "the baseline",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn looks_are_counted_and_documents_that_were_trained_on_are_found() {
    let receipts = Receipts::new(30);
    let path = receipts.folder.path().join("history.jsonl");
    let baseline = receipts.baseline(receipts.answers(teacher_answers));
    let candidate = receipts.predictions(receipts.answers(|_, _| {}));
    let record = TrainingRecord::default().with_texts([receipts.gold.rows()[3].input.clone()]);
    let mut case = Case::new(&receipts.gold, &baseline, &candidate, "");
    case.training = Some(&record);
    let report = judge(&case, &gate()).unwrap();
    assert!(report.leakage.leaking_rows() > 0);
    assert_ne!(report.verdict, Verdict::Ship);
    History::append(&path, &report.look()).unwrap();
    let history = History::open(&path).unwrap();
    case.history = Some(&history);
    let before = judge(&case, &gate()).unwrap().looks_before;
    assert!(
        matches!(
            before,
            Some(LooksBefore {
                looks: 1,
                candidates: 1,
                ..
            })
        ),
        "{before:?}"
    );
}

#[test]
fn hostile_values_stay_text_and_pages_stay_small() {
    let receipts = Receipts::new(20);
    let baseline = receipts.baseline(receipts.answers(|_, _| {}));
    let huge = format!(
        "<script>alert(1)</script>|{}\u{202e}\n# @all",
        "x".repeat(10 << 20)
    );
    let report = receipts.report(
        &baseline,
        receipts.answers(|i, answer| {
            if i < 2 {
                answer["company"] = json!(huge);
                answer["total"] = json!(huge);
                answer["date"] = json!("\u{0}\u{7}[x](http://a.b)");
            }
        }),
    );
    let (markdown, html) = (report.to_markdown(), report.to_html());
    assert!(
        html.len() < 1_000_000 && markdown.len() < 65_536,
        "{} and {}",
        html.len(),
        markdown.len()
    );
    for text in [&markdown, &html] {
        assert!(
            !text.contains("<script") && !text.contains('\u{202e}') && !text.contains('\u{0}'),
            "unescaped"
        );
    }
    assert!(serde_json::to_string(&report).unwrap().len() < 100_000);
}

#[test]
fn what_is_public_crosses_threads() {
    fn check<T: Send + Sync + Clone + std::fmt::Debug>() {}
    check::<GoldSet<FieldSchema>>();
    check::<Baseline<FieldSchema>>();
    check::<Predictions<FieldSchema>>();
    check::<Case<'_, FieldSchema>>();
    check::<FieldValue>();
    check::<GradedReport<FieldDetails>>();
}

#[derive(Deserialize)]
struct Fixture {
    token_f1: Vec<TokenF1>,
    numbers: Vec<Number>,
    dates: Vec<Date>,
}

#[derive(Deserialize)]
struct TokenF1 {
    gold: String,
    answer: String,
    f1: f64,
}

#[derive(Deserialize)]
struct Number {
    locale: String,
    kind: FieldKind,
    decimal: DecimalMark,
    text: String,
    value: String,
}

#[derive(Deserialize)]
struct Date {
    locale: String,
    order: DateOrder,
    text: String,
    day: String,
}

/// Made by `tests/oracle/fields.py`, which states the versions; seed 20261126.
fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../oracle/fields.json")).unwrap()
}

#[test]
fn token_f1_is_that_of_the_squad_script() {
    for case in fixture().token_f1 {
        // The same operations in the same order: the last digit is the same.
        let f1 = token_f1(&case.gold, &case.answer);
        assert!(
            (f1 - case.f1).abs() < 1e-15,
            "{:?} {:?}: {f1} is not {}",
            case.gold,
            case.answer,
            case.f1
        );
    }
}

#[test]
fn numbers_of_twelve_locales_are_read() {
    for case in fixture().numbers {
        let mut field = Field::new("n", case.kind);
        field.decimal = case.decimal;
        let plain = case.value.replace(
            '.',
            if case.decimal == DecimalMark::Comma {
                ","
            } else {
                "."
            },
        );
        let (read, value) = (
            FieldValue::read(&field, &case.text),
            FieldValue::read(&field, &plain),
        );
        assert!(read.is_of_kind(&field), "{} {:?}", case.locale, case.text);
        assert!(
            read.is_same(&value, &field),
            "{} {:?} became {}",
            case.locale,
            case.text,
            read.written(&field)
        );
    }
}

#[test]
fn dates_of_fifteen_locales_are_read() {
    for case in fixture().dates {
        let mut field = Field::new("d", FieldKind::Date);
        field.dates = case.order;
        let read = FieldValue::read(&field, &case.text);
        assert_eq!(read.written(&field), case.day, "{} {:?}", case.locale, case.text);
    }
}

/// What is said of real receipts: the file is read, its odd values are found, and it equals itself.
#[test]
fn the_receipts_of_sroie_are_graded() {
    let Some(path) = std::env::var_os("RECEIPTS") else {
        println!("skipped: RECEIPTS does not name the file of receipts");
        return;
    };
    #[derive(Deserialize)]
    struct Receipt {
        id: String,
        text: String,
        fields: std::collections::BTreeMap<String, String>,
    }
    let receipts: Vec<Receipt> = stage_files::read_json_lines(Path::new(&path)).unwrap();
    let task: Task<FieldSchema> =
        toml::from_str(include_str!("../../benches/peers/sroie/task.toml")).unwrap();
    for receipt in &receipts {
        for field in task.output.fields() {
            let Some(value) = receipt.fields.get(&field.name).filter(|value| !value.is_empty()) else {
                println!("{}: no {}", receipt.id, field.name);
                continue;
            };
            let read = FieldValue::read(field, value);
            assert!(read.is_same(&read, field) && !receipt.text.is_empty());
            if !read.is_of_kind(field) {
                println!("{}: {} is no {}: {value:?}", receipt.id, field.name, field.kind);
            }
        }
    }
}
