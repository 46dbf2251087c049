use std::{error::Error, path::Path};

use distill_scale::{Calls, Engine, Limits, ScaleError, ScaleInput, ScalePlan, ScaleReport, curate_at_scale};
use near_texts::GoldRows;

use super::log;

fn curated(calls: &Path, out: &Path) -> Result<ScaleReport, ScaleError> {
    curated_without(None, calls, out)
}

fn curated_without(gold: Option<&GoldRows>, calls: &Path, out: &Path) -> Result<ScaleReport, ScaleError> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let engine = Engine::here(&Limits::default()).unwrap();
        let (calls, labels) = (Calls::at(calls), log::labels());
        let mut input = ScaleInput::new(&calls, &labels);
        if let Some(gold) = gold {
            input = input.with_gold(gold);
        }
        curate_at_scale(&engine, &input, &ScalePlan::default(), out).await
    })
}

/// The report, or the chain of errors in one line.
fn outcome(lines: &str) -> Result<ScaleReport, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    std::fs::write(&path, lines).unwrap();
    let out = folder.path().join("out");
    let outcome = curated(&path, &out).map_err(|error| said(&error));
    assert_eq!(outcome.is_ok(), out.join("scale.json").exists());
    outcome
}

fn said(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        said = format!("{said}: {error}");
        source = error.source();
    }
    said
}

#[test]
fn a_damaged_line_ends_the_run_and_leaves_no_account() {
    let good = r#"{"input": "where is my card", "answer": "arrival"}"#;
    for bad in [
        "{\"input\": \"cut",
        "[1]",
        "{\"input\": {\"a\": 1}, \"answer\": \"arrival\"}",
    ] {
        let error = outcome(&format!("{good}\n{bad}\n")).unwrap_err();
        assert!(
            error.starts_with("the engine failed at the stage read"),
            "{error}"
        );
    }
}

#[test]
fn calls_without_text_or_label_are_counted_by_reason() {
    let report = outcome(concat!(
        r#"{"input": "where is my card", "answer": "arrival"}"#,
        "\n",
        r#"{"input": "  ", "answer": "arrival"}"#,
        "\n",
        r#"{"answer": "arrival"}"#,
        "\n",
        r#"{"input": "where is it", "answer": "elsewhere"}"#,
        "\n",
        r#"{"input": "where is it"}"#,
        "\n",
        r#"{"input": "where is it", "answer": null, "unknown": [1]}"#,
        "\n",
    ));
    let report = report.unwrap();
    assert_eq!((report.calls, report.rows), (6, 1));
    assert_eq!(
        report.rejected,
        [("empty_input".to_owned(), 2), ("unknown_label".to_owned(), 3)].into()
    );
}

#[test]
fn a_confidence_that_is_no_probability_is_unknown() {
    let report = outcome(concat!(
        r#"{"input": "where is my card", "answer": "arrival", "confidence": 17}"#,
        "\n",
        r#"{"input": "my top up failed", "answer": "top-up", "confidence": -0.25}"#,
        "\n",
    ));
    assert_eq!(report.unwrap().fates, [("train".to_owned(), 2)].into());
}

#[test]
fn a_log_without_a_row_has_an_empty_outcome() {
    for lines in ["", "\n", "{\"input\": \"where\", \"answer\": \"elsewhere\"}\n"] {
        let report = outcome(lines).unwrap();
        assert_eq!(
            (report.rows, report.pairs, report.fates.len()),
            (0, 0, 0),
            "{lines:?}"
        );
    }
}

#[test]
fn an_empty_gold_set_is_refused_and_one_that_is_all_of_the_log_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    std::fs::write(
        &path,
        "{\"input\": \"where is my card\", \"answer\": \"arrival\"}\n",
    )
    .unwrap();
    let out = folder.path().join("out");
    let refused = curated_without(Some(&GoldRows::new(Vec::new())), &path, &out);
    assert!(matches!(refused, Err(ScaleError::EmptyGold)));
    assert!(!out.exists());
    let texts = ["Where is my card?", "", "where is my card"];
    let row = |(number, text): (usize, &&str)| task_spec::GoldRow {
        id: format!("g{number}"),
        input: (*text).to_owned(),
        label: "arrival".into(),
    };
    let gold = GoldRows::new(texts.iter().enumerate().map(row).collect());
    let report = curated_without(Some(&gold), &path, &out).unwrap();
    assert_eq!(report.fates, [("leaks_gold".to_owned(), 1)].into());
    assert_eq!(report.rejected, [("leaks_gold".to_owned(), 1)].into());
    let leakage = report.leakage.as_ref().unwrap();
    assert_eq!((leakage.log.exact, leakage.log.leaking_rows), (2, 1));
    assert_eq!((leakage.train.train_rows, leakage.train.exact), (0, 0));
    assert!(report.balances());
}

#[test]
fn a_table_without_answers_and_a_file_of_another_kind_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.csv");
    std::fs::write(&path, "input,answer\n").unwrap();
    let out = folder.path().join("out");
    assert!(matches!(curated(&path, &out), Err(ScaleError::Format { .. })));
    assert!(matches!(
        curated(&folder.path().join("none"), &out),
        Err(ScaleError::Format { .. })
    ));
    let other = tempfile::tempdir().unwrap();
    std::fs::write(other.path().join("kept"), "").unwrap();
    std::fs::write(folder.path().join("calls.jsonl"), "").unwrap();
    let refused = curated(&folder.path().join("calls.jsonl"), other.path());
    assert!(matches!(refused, Err(ScaleError::NotEmpty { .. })));
}
