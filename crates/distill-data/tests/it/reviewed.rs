//! What people's tools make of the questions, and what is read of their answers.
//!
//! `tests/fixtures/reviewed` holds what Label Studio 1.23.2 exported of the tasks that this crate writes, by the script beside it.
//! With `WRITE_LABEL_STUDIO_TASKS=1` the tasks are written anew, for the script to be run again.

use std::{collections::BTreeMap, path::PathBuf};

use distill_data::{
    AnswerProblem, ReviewReason, ReviewRow, ReviewedRows, SimilarText, label_studio_config,
    label_studio_tasks,
};
use task_spec::{Label, Source, Task};

const LABELS: [&str; 3] = ["card", "fees & rates", "\"quoted\" <label>"];

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/reviewed")
        .join(name)
}

fn task() -> Task {
    Task::of_labels("bank", LABELS.map(Label::new).to_vec()).unwrap()
}

/// Six questions with what may be hard to write and to read.
fn questions() -> Vec<ReviewRow> {
    let texts = [
        "=1+1 what does it cost",
        "Größe <b>neu</b> & \"alt\", 'wo'?\nzweite Zeile",
        "where is my card",
        "12/05",
        "$given_label is no variable",
        "nobody has come to this",
    ];
    let rows = texts.iter().enumerate().map(|(n, text)| ReviewRow {
        id: format!("{n:016x}"),
        input: (*text).to_owned(),
        label: LABELS[n % 3].to_owned(),
        suggested: (n < 3).then(|| LABELS[(n + 1) % 3].to_owned()),
        reason: if n < 3 {
            ReviewReason::LowConfidence
        } else {
            ReviewReason::Audit
        },
        calls: n + 1,
        chance_wrong: 0.25,
        value: 0.25 * (n + 1) as f64,
        minutes: 0.125,
        similar: (0..n)
            .map(|other| SimilarText {
                id: format!("{:016x}", 16 * (n + 1) + other),
                input: format!("{text}, {other}"),
            })
            .collect(),
        confidence: None,
        support: BTreeMap::new(),
        source: Some(Source {
            file: "log.jsonl".to_owned(),
            line: 1,
            call: None,
            question: None,
        }),
    });
    rows.collect()
}

#[test]
fn label_studio_was_given_what_is_written_today() {
    let questions = questions();
    let rows: Vec<&ReviewRow> = questions.iter().collect();
    if std::env::var_os("WRITE_LABEL_STUDIO_TASKS").is_some() {
        stage_files::write_json(&fixture("tasks.json"), &label_studio_tasks(&rows)).unwrap();
        stage_files::write_whole(&fixture("config.xml"), label_studio_config(LABELS)).unwrap();
    }
    let tasks: serde_json::Value = stage_files::read_json(&fixture("tasks.json")).unwrap();
    let mut written = label_studio_tasks(&rows);
    // The version is that of the crate which wrote the fixture.
    for (task, old) in written
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .zip(tasks.as_array().unwrap())
    {
        task["predictions"][0]["model_version"] = old["predictions"][0]["model_version"].clone();
    }
    assert_eq!(written, tasks);
    assert_eq!(
        label_studio_config(LABELS),
        std::fs::read_to_string(fixture("config.xml")).unwrap()
    );
}

#[test]
fn label_studio_s_exports_tell_of_the_same_answers() {
    for name in ["export.json", "export-min.json", "export.csv"] {
        let found = ReviewedRows::read(&fixture(name), &task()).unwrap();
        let questions = questions();
        let rows: Vec<_> = found
            .rows
            .iter()
            .map(|row| (row.id.as_deref(), row.input.as_str(), row.label.as_str()))
            .collect();
        let expected = [(0, "fees & rates"), (1, "card"), (4, "card")];
        let expected = expected.map(|(n, label): (usize, &str)| {
            (Some(questions[n].id.as_str()), questions[n].input.as_str(), label)
        });
        assert_eq!(rows, expected, "{name}");
        let similar: Vec<&String> = questions[4].similar.iter().map(|text| &text.id).collect();
        assert_eq!(
            found.rows[2].similar.iter().collect::<Vec<_>>(),
            similar,
            "{name}"
        );
        assert_eq!(found.rows[2].given.as_deref(), Some("fees & rates"));
        assert!(
            matches!(&found.set_aside[0].problem, AnswerProblem::Disagreement { answers } if answers.len() == 2),
            "{name}"
        );
        // Only the first says which task was skipped; the others leave it out.
        let skipped = usize::from(name == "export.json");
        assert_eq!((found.skipped, found.blank), (skipped, 1), "{name}");
    }
}
