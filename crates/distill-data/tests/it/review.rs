//! Questions to a person and what becomes of the answers, from one curation to the next.

use std::collections::BTreeMap;

use distill_data::{
    CurateConfig, CurateError, CurateInput, Curated, Duplicates, FieldMap, LogFile, LogFormat, ReviewConfig,
    ReviewRow, ReviewedRow, ReviewedRows, UnknownConfidence, curate,
};
use serde_json::{Value, json};
use task_spec::{Label, Task};

use crate::support::INTENTS;

fn task() -> Task {
    Task::of_labels("bank", INTENTS.map(Label::new).to_vec()).unwrap()
}

fn config() -> CurateConfig {
    CurateConfig {
        suspects: None,
        ..CurateConfig::default()
    }
}

fn run(calls: &[Value], reviewed: &[ReviewedRow], config: CurateConfig) -> Result<Curated, CurateError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.jsonl");
    let lines: Vec<String> = calls.iter().map(Value::to_string).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let task = task();
    let logs = [LogFile::new(&path, LogFormat::Jsonl(FieldMap::default()))];
    let input = CurateInput::new(&task, &logs).with_reviewed(reviewed);
    let curated = curate(&input, &config.check().unwrap())?;
    assert!(
        curated.manifest.ledger.balances(),
        "{:?}",
        curated.manifest.ledger
    );
    Ok(curated)
}

fn call(input: &str, answer: &str, confidence: f64) -> Value {
    json!({"input": input, "answer": answer, "confidence": confidence})
}

/// A cluster of three unsure texts, and an unsure text of its own.
fn unsure() -> Vec<Value> {
    let mut calls = vec![call("my card has not arrived in the mail yet", "fees", 0.2); 5];
    calls.extend([
        call("my cards has not arrived in the mail yet", "fees", 0.3),
        call("my card had not arrived in the mail yet", "fees", 0.1),
        call("how do i add money to this account", "top-up", 0.4),
    ]);
    calls
}

/// The answer of a person who has read a question in a file of the given name.
fn answered(curated: &Curated, file: &str, answer: &str) -> Vec<ReviewedRow> {
    let folder = tempfile::tempdir().unwrap();
    curated.write(folder.path()).unwrap();
    let path = folder.path().join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut table = csv::Writer::from_path(&path).unwrap();
    for (n, row) in rows.records().enumerate() {
        let row = row.unwrap();
        let cells = row.iter().enumerate();
        let cells = cells.map(|(column, cell)| if n == 1 && column == 3 { answer } else { cell });
        table.write_record(cells).unwrap();
    }
    table.flush().unwrap();
    ReviewedRows::read(&path, &task()).unwrap().rows
}

#[test]
fn nearly_equal_rows_in_review_are_one_question() {
    let curated = run(&unsure(), &[], config()).unwrap();
    let [cluster, other] = &curated.review[..] else {
        panic!("{:#?}", curated.review)
    };
    assert_eq!((cluster.calls, cluster.similar.len()), (7, 2));
    // Five calls are wrong with 0.8, one with 0.7, one with 0.9.
    assert!(
        (cluster.value - 5.6).abs() < 1e-9 && (cluster.chance_wrong - 0.8).abs() < 1e-9,
        "{cluster:?}"
    );
    assert_eq!((other.calls, other.similar.len()), (1, 0));
    let ledger = &curated.manifest.ledger;
    assert_eq!(
        (ledger.merged_exact, ledger.merged_near, ledger.calls_in_review),
        (4, 2, 8)
    );
    assert!(curated.merged.iter().all(|call| call.into == cluster.id));
    let review = &curated.manifest.review;
    assert_eq!(review.questions, 2);
    assert!((review.wrong_calls - 6.2).abs() < 1e-9, "{review:?}");
}

#[test]
fn an_answer_settles_what_the_person_was_told_about() {
    let first = run(&unsure(), &[], config()).unwrap();
    let answers = answered(&first, "review.csv", "card");
    assert_eq!((answers.len(), answers[0].similar.len()), (1, 2));
    let second = run(&unsure(), &answers, config()).unwrap();
    let [row] = &second.train[..] else {
        panic!("{:#?}", second.train)
    };
    assert_eq!(
        (row.example.answer(), row.calls, row.by_person),
        (Some("card"), 7, true)
    );
    assert_eq!(second.review.len(), 1);
    let record = second.manifest.reviewed.unwrap();
    // Only the text that was read says how often the teacher is right.
    assert_eq!(
        (record.found, record.similar, record.checked, record.right),
        (1, 2, 5, 0)
    );
    assert!(second.manifest.ledger.balances());
}

#[test]
fn a_label_that_is_no_longer_what_the_person_saw_is_not_settled() {
    let answers = answered(&run(&unsure(), &[], config()).unwrap(), "review.csv", "card");
    // The log has grown: the teacher now says something else of one of the texts, and there is a new one.
    let mut grown = unsure();
    grown.extend(vec![
        call("my card had not arrived in the mail yet", "top-up", 0.9);
        9
    ]);
    grown.push(call("my card hat not arrived in the mail yet", "fees", 0.1));
    let second = run(&grown, &answers, config()).unwrap();
    let record = second.manifest.reviewed.as_ref().unwrap();
    assert_eq!((record.similar, record.similar_changed), (1, 1));
    let by_person: Vec<_> = second.train.iter().filter(|row| row.by_person).collect();
    assert!(
        by_person.iter().all(|row| row.example.answer() == Some("card")),
        "{by_person:#?}"
    );
    let is_asked = |text: &str| second.review.iter().any(|row| row.input == text);
    assert!(
        is_asked("my card hat not arrived in the mail yet"),
        "nobody was told about it"
    );
}

#[test]
fn what_stands_behind_a_question_already_is_settled_with_it() {
    // The second text stands behind the first, which is then found to be unsure.
    let calls = [
        call("my card has not arrived in the mail yet", "fees", 0.2),
        call("my cards has not arrived in the mail yet", "fees", 0.2),
    ];
    let config = || CurateConfig {
        min_confidence: 0.4,
        ..config()
    };
    let first = run(&calls, &[], config()).unwrap();
    assert_eq!(
        (
            first.review.len(),
            first.review[0].similar.len(),
            first.review[0].calls
        ),
        (1, 1, 2)
    );
    let second = run(&calls, &answered(&first, "review.csv", "ok"), config()).unwrap();
    assert_eq!(
        (second.train.len(), second.train[0].calls, second.review.len()),
        (1, 2, 0)
    );
}

#[test]
fn a_costly_confusion_is_asked_about_first() {
    let calls = [
        json!({"input": "the rate was wrong", "answer": "fees", "confidence": 0.3}),
        json!({"input": "it was not delivered", "answer": "card", "confidence": 0.3}),
    ];
    let asked = |given: &str| {
        let costs = BTreeMap::from([(given.to_owned(), BTreeMap::from([("top-up".to_owned(), 9.0)]))]);
        let review = ReviewConfig {
            costs,
            ..ReviewConfig::default()
        };
        let found = run(&calls, &[], CurateConfig { review, ..config() }).unwrap();
        (found.review[0].label.clone(), found.review[0].value)
    };
    // Which other label is right nobody knows: 9 or 1.
    assert_eq!(asked("fees"), ("fees".to_owned(), 0.7 * 5.0));
    assert_eq!(asked("card"), ("card".to_owned(), 0.7 * 5.0));
    let review = ReviewConfig {
        costs: BTreeMap::from([("crypto".to_owned(), BTreeMap::from([("card".to_owned(), 2.0)]))]),
        ..ReviewConfig::default()
    };
    let error = run(&calls, &[], CurateConfig { review, ..config() }).unwrap_err();
    assert!(error.to_string().contains("\"crypto\""), "{error}");
}

#[test]
fn the_audit_is_of_rows_that_are_trained_on_and_no_end_of_a_call() {
    let calls: Vec<Value> = (0..200)
        .map(|n| call(&format!("{:x}", (n + 1) * 2_654_435_761_987_u64), "card", 0.9))
        .collect();
    let config = || CurateConfig {
        duplicates: Duplicates::MergeExact,
        ..config()
    };
    let first = run(&calls, &[], config()).unwrap();
    assert_eq!((first.train.len(), first.review.len()), (200, 0));
    let is_trained_on = |row: &ReviewRow| first.train.iter().any(|kept| kept.example.id == row.id);
    assert!(first.audit.len() == 60 && first.audit.iter().all(is_trained_on));
    let mut other_way: Vec<Value> = calls.clone();
    other_way.reverse();
    let ids = |curated: &Curated| curated.audit.iter().map(|row| row.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&run(&other_way, &[], config()).unwrap()), ids(&first));
    // What is answered is not asked again, and the others keep their order.
    let answers: Vec<ReviewedRow> = first.audit[..20]
        .iter()
        .map(|row| ReviewedRow::new(&row.input, "card"))
        .collect();
    let second = run(&calls, &answers, config()).unwrap();
    assert_eq!(ids(&second), ids(&first)[20..]);
    let audit = second.manifest.audit.unwrap();
    assert_eq!(
        (
            audit.drawn,
            audit.answered,
            audit.wrong,
            audit.all.by_rows.passed_over
        ),
        (60, 20, 0, 0)
    );
}

#[test]
fn chances_are_corrected_by_how_earlier_questions_fared() {
    // A teacher that does not say how sure it is, and is right.
    let calls: Vec<Value> = (0..60_u64)
        .map(|n| json!({"input": format!("{:x}", (n + 1) * 2_654_435_761_987), "answer": "card"}))
        .collect();
    let config = || CurateConfig {
        duplicates: Duplicates::MergeExact,
        unknown_confidence: UnknownConfidence::Review,
        ..config()
    };
    let first = run(&calls, &[], config()).unwrap();
    assert_eq!((first.review.len(), first.review[0].chance_wrong), (60, 0.5));
    let answer = |answered: usize| -> Curated {
        let answers: Vec<ReviewedRow> = first.review[..answered]
            .iter()
            .map(|row| ReviewedRow::new(&row.input, "card"))
            .collect();
        run(&calls, &answers, config()).unwrap()
    };
    assert_eq!(
        answer(19).review[0].chance_wrong,
        0.5,
        "so few answers correct nothing"
    );
    let second = answer(39);
    // None of 39 was wrong where 19.5 were expected.
    assert!((second.review[0].chance_wrong - 0.5 / 20.5).abs() < 1e-12);
    let questions = second.manifest.reviewed.unwrap().questions["unknown_confidence"];
    assert_eq!(
        (questions.answered, questions.expected, questions.wrong),
        (39, 19.5, 0)
    );
}
