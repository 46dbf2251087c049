use std::{fs, path::PathBuf};

use super::*;

/// Files that the tools themselves wrote; `make.sh` beside them says how.
fn fixture(name: &str, kind: AnswerFile) -> Result<Vec<TimedRow>, AnswerFileError> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/answers");
    read_answers(&folder.join(name), kind)
}

fn of_text(text: &str, kind: AnswerFile) -> Result<Vec<TimedRow>, AnswerFileError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers");
    fs::write(&path, text).unwrap();
    read_answers(&path, kind)
}

fn answers(rows: &[TimedRow]) -> Vec<(&str, &str)> {
    rows.iter()
        .map(|row| (row.row.id.as_str(), row.row.prediction.answer.as_str()))
        .collect()
}

#[test]
fn promptfoos_output_is_joined_by_the_tests_id_whether_it_passed_or_not() {
    let rows = fixture("promptfoo.json", AnswerFile::Promptfoo).unwrap();
    assert_eq!(
        answers(&rows),
        [
            ("g0000", "fuel"),
            ("g0001", "fuel"),
            ("17", r#"{"label":"media"}"#)
        ]
    );
    assert!(rows.iter().all(|row| row.latency_ms.is_some()));
}

#[test]
fn the_harness_samples_are_joined_by_the_documents_id() {
    let rows = fixture("lm_eval_generation.jsonl", AnswerFile::LmEval).unwrap();
    let expected = [("g0000", "fuel"), ("g0001", "fuel"), ("17", "media")];
    assert_eq!(answers(&rows), expected);
    let rows = fixture("lm_eval_choice.jsonl", AnswerFile::LmEval).unwrap();
    assert_eq!(answers(&rows), expected);
    // Log-likelihoods -1.5, -1.25 and -6: exp(0) / (1 + exp(-0.25) + exp(-4.75)).
    let second = &rows[1].row.prediction;
    let expected = 1.0 / (1.0 + (-0.25_f64).exp() + (-4.75_f64).exp());
    assert!((second.confidence.unwrap() - expected).abs() < 1e-12);
    let sum: f64 = second.probabilities.iter().map(|entry| entry.probability).sum();
    assert!((sum - 1.0).abs() < 1e-12);
    assert_eq!(second.probabilities[1].label, "groceries");
}

#[test]
fn a_batchs_answers_have_their_tokens_probability_and_refusals_are_answers() {
    let rows = fixture("openai_batch.jsonl", AnswerFile::OpenaiBatch).unwrap();
    assert_eq!(
        answers(&rows),
        [("g0001", "groceries"), ("g0000", "I cannot help with that.")]
    );
    assert!((rows[0].row.prediction.confidence.unwrap() - (-0.25_f64).exp()).abs() < 1e-12);
    assert_eq!(rows[1].row.prediction.confidence, None);
}

#[test]
fn a_table_has_its_columns_in_any_order_and_cells_of_any_text() {
    let table = "\u{feff}answer,note,confidence,id\r\n\"a, \"\"b\"\"\nc\",x,0.5,1\r\nfuel,,,2\r\n";
    let rows = of_text(table, AnswerFile::Csv).unwrap();
    assert_eq!(answers(&rows), [("1", "a, \"b\"\nc"), ("2", "fuel")]);
    let confidences: Vec<Option<f64>> = rows.iter().map(|row| row.row.prediction.confidence).collect();
    assert_eq!(confidences, [Some(0.5), None]);
}

#[test]
fn what_an_answer_took_is_kept_where_a_file_says_it() {
    let took = |text: &str, kind| {
        let rows = of_text(text, kind).unwrap();
        let took = rows.iter().map(|row| (row.latency_ms, row.cost_usd));
        took.collect::<Vec<_>>()
    };
    let expected = [(Some(12.5), Some(0.002)), (None, None)];
    let table = "id,answer,cost_usd,latency_ms\n1,a,0.002,12.5\n2,a,,\n";
    assert_eq!(took(table, AnswerFile::Csv), expected);
    let lines = "{\"id\":\"1\",\"answer\":\"a\",\"latency_ms\":12.5,\"cost_usd\":0.002}\n{\"id\":\"2\",\"answer\":\"a\"}\n";
    assert_eq!(took(lines, AnswerFile::Jsonl), expected);
    // promptfoo has a cost of 0 for what it knows no price of.
    let outcomes = r#"{"results":{"results":[
        {"vars":{"id":1},"response":{"output":"a"},"latencyMs":12.5,"cost":0.002},
        {"vars":{"id":2},"response":{"output":"a"},"cost":0}]}}"#;
    assert_eq!(took(outcomes, AnswerFile::Promptfoo), expected);
}

#[test]
fn a_table_that_is_none_is_named_with_its_line() {
    let error = of_text("id,label\n1,fuel\n", AnswerFile::Csv).unwrap_err();
    assert!(
        matches!(
            error,
            AnswerFileError::Column {
                column: "answer",
                found: 0,
                ..
            }
        ),
        "{error}"
    );
    for endless in ["nan", "inf", "1e400"] {
        let error = of_text(
            &format!("id,answer,confidence\n1,fuel,{endless}\n"),
            AnswerFile::Csv,
        )
        .unwrap_err();
        assert!(
            matches!(error, AnswerFileError::Number { line: 2, .. }),
            "{error}"
        );
    }
    let error = of_text("id,answer,id\n1,fuel,2\n", AnswerFile::Csv).unwrap_err();
    assert!(
        matches!(
            error,
            AnswerFileError::Column {
                column: "id",
                found: 2,
                ..
            }
        ),
        "{error}"
    );
    let error = of_text("id,answer,confidence\n1,a,0.5\n2,b,high\n", AnswerFile::Csv).unwrap_err();
    assert!(
        matches!(&error, AnswerFileError::Number { line: 3, value, .. } if value == "high"),
        "{error}"
    );
    let error = of_text("id,answer\n1\n", AnswerFile::Csv).unwrap_err();
    assert!(matches!(error, AnswerFileError::Csv { .. }), "{error}");
}

#[test]
fn rows_without_an_id_or_an_answer_are_named() {
    let by = |text: &str, kind: AnswerFile| of_text(text, kind).unwrap_err();
    let error = by(
        r#"{"results":{"results":[{"vars":{"input":"x"},"response":{"output":"a"}}]}}"#,
        AnswerFile::Promptfoo,
    );
    assert!(
        matches!(error, AnswerFileError::NoId { number: 1, .. }),
        "{error}"
    );
    let error = by(
        r#"{"results":{"results":[{"vars":{"id":"g7"},"error":"429"}]}}"#,
        AnswerFile::Promptfoo,
    );
    assert!(
        matches!(&error, AnswerFileError::NoAnswer { id, reason, .. } if id == "g7" && reason == "429"),
        "{error}"
    );
    let error = by(
        r#"{"doc_id":0,"doc":{"input":"x"},"filtered_resps":["a"]}"#,
        AnswerFile::LmEval,
    );
    assert!(
        matches!(error, AnswerFileError::NoId { number: 1, .. }),
        "{error}"
    );
    for responses in ["[]", "[1]", r#"[["NaN","False"],["-1","False"]]"#, "[{}]"] {
        let line = format!(
            r#"{{"doc":{{"id":"g7"}},"arguments":[["x","a"],["x","b"]],"filtered_resps":{responses}}}"#
        );
        let error = by(&line, AnswerFile::LmEval);
        assert!(
            matches!(&error, AnswerFileError::NoAnswer { id, .. } if id == "g7"),
            "{error}"
        );
    }
    for line in [
        r#"{"custom_id":"g7","response":null,"error":{"code":"batch_expired"}}"#,
        r#"{"custom_id":"g7","response":{"status_code":429,"body":{}},"error":null}"#,
        r#"{"custom_id":"g7","response":{"status_code":200,"body":{"choices":[]}},"error":null}"#,
        r#"{"custom_id":"g7","response":{"status_code":200,"body":{}},"error":null}"#,
    ] {
        let error = by(line, AnswerFile::OpenaiBatch);
        assert!(
            matches!(&error, AnswerFileError::NoAnswer { id, .. } if id == "g7"),
            "{error}"
        );
    }
}

#[test]
fn kinds_go_by_their_names() {
    for kind in AnswerFile::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.to_string());
    }
    assert!("json".parse::<AnswerFile>().is_err());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_answers_or_an_error(text in "(\\PC|\n|,|\"){0,200}") {
        for kind in AnswerFile::ALL {
            let _either = of_text(&text, kind);
        }
    }
}
