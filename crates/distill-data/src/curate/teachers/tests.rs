use serde_json::{Value, json};
use task_spec::Label;

use crate::{
    CurateConfig, CurateInput, FieldMap, LogFile, LogFormat, Manifest, ShiftVerdict, Teachers, curate,
};

use super::*;

fn curated(rows: &[Value]) -> Manifest {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.jsonl");
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let task = Task::of_labels("bank", ["card", "fees"].map(Label::new).to_vec()).unwrap();
    let logs = [LogFile::new(&path, LogFormat::Jsonl(FieldMap::default()))];
    let plan = CurateConfig {
        suspects: None,
        ..CurateConfig::default()
    };
    curate(&CurateInput::new(&task, &logs), &plan.check().unwrap())
        .unwrap()
        .manifest
}

/// A teacher that answers `fees` to texts whose number is below `fees` of ten.
fn calls(model: &str, first_day: u64, texts: u64, fees: u64) -> Vec<Value> {
    let row = |number: u64| {
        let answer = if number % 10 < fees { "fees" } else { "card" };
        json!({"input": format!("question {number}"), "answer": answer, "model": model, "confidence": 0.75,
            "timestamp": 1_780_000_000 + 86_400 * first_day + number})
    };
    (0..texts).map(row).collect()
}

#[test]
fn a_teacher_that_changed_is_compared_with_the_one_before() {
    let mut rows = calls("new", 30, 200, 8);
    rows.extend(calls("old", 0, 200, 3));
    let manifest = curated(&rows);
    let teachers = &manifest.teachers;
    let [old, new] = &teachers.listed[..] else {
        panic!("two teachers: {teachers:?}")
    };
    // By time, although the log has them the other way round.
    assert_eq!(
        (old.model.as_deref(), new.model.as_deref()),
        (Some("old"), Some("new"))
    );
    assert_eq!(
        (old.calls, old.labels["fees"], new.labels["fees"]),
        (200, 60, 160)
    );
    assert_eq!((old.first.line, old.last.line), (201, 400));
    assert_eq!(
        old.first.at.unwrap().to_string(),
        "2026-05-28T20:26:40Z",
        "the first of its calls"
    );
    assert_eq!((old.mean_confidence, old.with_confidence), (Some(0.75), 200));
    let [change] = &teachers.changes[..] else {
        panic!("one change: {teachers:?}")
    };
    assert_eq!((change.from, change.to, change.overlap), (0, 1, false));
    assert_eq!((change.shared_texts, change.disagreements), (200, 100));
    assert_eq!(change.labels.verdict, ShiftVerdict::Moved);
    let again = curated(&rows.iter().rev().cloned().collect::<Vec<_>>()).teachers;
    assert_eq!(
        (&again.changes, &again.listed[0].labels),
        (&teachers.changes, &old.labels)
    );
}

#[test]
fn teachers_that_take_turns_overlap_and_contradict_themselves_or_not() {
    let mut rows = calls("a", 0, 50, 3);
    rows.extend(calls("b", 0, 50, 3));
    rows.extend(calls("a", 1, 50, 5));
    let teachers = curated(&rows).teachers;
    assert!(teachers.changes[0].overlap);
    let a = &teachers.listed[0];
    assert_eq!((a.repeated_texts, a.self_contradicted), (50, 10));
    assert_eq!(teachers.listed[1].repeated_texts, 0);
}

#[test]
fn a_prompt_or_a_fingerprint_makes_another_teacher_and_many_are_not_all_listed() {
    let mut rows: Vec<Value> = (0..Teachers::LISTED + 5)
        .map(|number| json!({"input": format!("q{number}"), "answer": "card", "system": format!("Sort for {number}.")}))
        .collect();
    rows.push(
        json!({"input": "q0", "answer": "card", "system": "Sort for 0.", "system_fingerprint": "fp_2"}),
    );
    rows.push(json!({"input": "q0", "answer": "nonsense", "system": "Sort for 0.", "input_tokens": -3}));
    let manifest = curated(&rows);
    let teachers = manifest.teachers;
    assert_eq!(
        (teachers.count(), teachers.listed.len(), teachers.others),
        (26, 20, 6)
    );
    assert_eq!(
        teachers.calls_of_others + teachers.listed.iter().map(|t| t.calls).sum::<u64>(),
        27
    );
    assert!(teachers.changes.is_empty(), "none has texts enough");
    assert_eq!(
        manifest.malformed_metadata,
        BTreeMap::from([("input_tokens".to_owned(), 1)])
    );
}
