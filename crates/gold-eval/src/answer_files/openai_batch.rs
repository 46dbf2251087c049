//! The output of OpenAI's batch API: a line for each request. Field names after the documentation of
//! `POST /v1/batches`; the body of a chat completion is that of `POST /v1/chat/completions`.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::AnswerFileError;
use crate::{
    PredictedRow, TimedRow,
    wire::{Completion, chat_answer},
};

#[derive(Deserialize)]
struct Line {
    custom_id: String,
    response: Option<Response>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Response {
    status_code: u16,
    body: Value,
}

pub(super) fn read(path: &Path) -> Result<Vec<TimedRow>, AnswerFileError> {
    let lines: Vec<Line> = stage_files::read_json_lines(path)?;
    lines.into_iter().map(|line| row(path, line)).collect()
}

fn row(path: &Path, line: Line) -> Result<TimedRow, AnswerFileError> {
    let id = line.custom_id;
    let without = |reason: String| AnswerFileError::NoAnswer {
        path: path.to_owned(),
        id: id.clone(),
        reason,
    };
    let response = match (line.response, line.error) {
        (Some(response), None | Some(Value::Null)) => response,
        (_, error) => return Err(without(error.unwrap_or_default().to_string())),
    };
    if response.status_code != 200 {
        return Err(without(format!(
            "status {}, {}",
            response.status_code, response.body
        )));
    }
    let completion: Completion = serde_json::from_value(response.body)
        .map_err(|error| without(format!("its body is no chat completion ({error})")))?;
    let prediction = chat_answer(completion).map_err(|error| without(error.to_string()))?;
    Ok(TimedRow {
        row: PredictedRow { id, prediction },
        latency_ms: None,
        cost_usd: None,
    })
}
