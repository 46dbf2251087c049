//! What promptfoo writes: `promptfoo eval --output answers.json`, version 3 of its results (promptfoo 0.123).

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};
use task_spec::Prediction;

use super::AnswerFileError;
use crate::{PredictedRow, TimedRow};

#[derive(Deserialize)]
struct Output {
    results: Results,
}

#[derive(Deserialize)]
struct Results {
    results: Vec<Outcome>,
}

/// `error` says too why an assertion failed, so that only a row without a response has none.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    #[serde(default)]
    vars: Map<String, Value>,
    #[serde(default)]
    metadata: Option<Map<String, Value>>,
    response: Option<Response>,
    error: Option<String>,
    latency_ms: Option<f64>,
    cost: Option<f64>,
}

#[derive(Deserialize)]
struct Response {
    output: Option<Value>,
    error: Option<String>,
}

pub(super) fn read(path: &Path) -> Result<Vec<TimedRow>, AnswerFileError> {
    let output: Output = stage_files::read_json(path)?;
    let outcomes = (1..).zip(output.results.results);
    outcomes
        .map(|(number, outcome)| row(path, number, outcome))
        .collect()
}

fn row(path: &Path, number: u64, outcome: Outcome) -> Result<TimedRow, AnswerFileError> {
    let metadata = outcome.metadata.unwrap_or_default();
    let id = (outcome.vars.get("id").or_else(|| metadata.get("id"))).and_then(text);
    let id = id.ok_or(AnswerFileError::NoId {
        path: path.to_owned(),
        number,
        missing: "its test has no variable `id`, nor one in its metadata: give each test the gold row's id as a variable",
    })?;
    let response = outcome.response;
    let answer =
        (response.as_ref().and_then(|response| response.output.as_ref())).map(|output| match output {
            Value::String(text) => text.clone(),
            // An object is one that promptfoo parsed.
            other => other.to_string(),
        });
    let Some(answer) = answer else {
        let reason = response.and_then(|response| response.error).or(outcome.error);
        return Err(AnswerFileError::NoAnswer {
            path: path.to_owned(),
            id,
            reason: reason.unwrap_or_else(|| "the provider gave no output".to_owned()),
        });
    };
    Ok(TimedRow {
        row: PredictedRow {
            id,
            prediction: Prediction::new(answer),
        },
        latency_ms: outcome.latency_ms,
        // It writes 0 for what it has no price of.
        cost_usd: outcome.cost.filter(|&usd| usd > 0.0),
    })
}

/// An id that was written as a number is one.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
