//! tensorzero's tables `ChatInference` and `JsonInference`, exported from ClickHouse as `JSONEachRow`.
//!
//! Columns after the last release of the project, which is archived: `input` and `output` are JSON in strings. `input` is
//! `{"system": ..., "messages": [{"role", "content": [blocks]}]}`; `output` of a chat is a list of blocks, of JSON
//! `{"raw": text, "parsed": value}`.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    AnswerText, Choice, LoggedCall,
    conversation::{AfterQuestion, call_of},
    exchange::parsed,
    loose::{answered, asked},
};
use crate::{quarantine::LineDamage, rejected::RejectReason};

#[derive(Deserialize)]
struct Inference {
    id: Option<String>,
    variant_name: Option<String>,
    input: Value,
    output: Value,
}

/// Reads one line.
pub(super) fn read(line: Map<String, Value>) -> Result<LoggedCall, LineDamage> {
    let inference: Inference = parsed(Value::Object(line), "the line")?;
    let (turns, instructions) = asked(inference.input);
    let (mut call, _) = call_of(turns, instructions, AfterQuestion::Nothing)?;
    call.id = inference.id;
    // The table does not say which model a variant was.
    call.model = inference.variant_name;
    call.choices = vec![Choice::of(answer(inference.output))];
    Ok(call)
}

fn answer(output: Value) -> Result<AnswerText, RejectReason> {
    let output = match output {
        Value::String(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        other => other,
    };
    match output {
        Value::Object(json) if json.contains_key("raw") => match json.get("raw") {
            Some(Value::String(raw)) => Ok(AnswerText::Written(raw.clone())),
            _ => Err(RejectReason::EmptyAnswer),
        },
        Value::Array(blocks) if blocks.is_empty() => Err(RejectReason::EmptyAnswer),
        other => answered(other),
    }
}
