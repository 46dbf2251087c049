//! tensorzero's tables `ChatInference` and `JsonInference`, exported from ClickHouse as `JSONEachRow`.
//!
//! Columns after the last release of the project, which is archived: `input` and `output` are JSON in strings. `input` is
//! `{"system": ..., "messages": [{"role", "content": [blocks]}]}`; `output` of a chat is a list of blocks, of JSON
//! `{"raw": text, "parsed": value}`. The ids are UUIDs of version 7, which begin with the time; the column `timestamp` is
//! made of them, and not in every export. Tokens are in the table `ModelInference`, and here where an export joins them.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    AnswerText, Choice, LoggedCall,
    conversation::{AfterQuestion, call_of},
    exchange::parsed,
    loose::{answered, asked},
};
use crate::{CallTime, quarantine::LineDamage, rejected::RejectReason};

#[derive(Deserialize)]
struct Inference {
    id: Option<String>,
    episode_id: Option<String>,
    variant_name: Option<String>,
    input: Value,
    output: Value,
    timestamp: Option<Value>,
    processing_time_ms: Option<Value>,
    input_tokens: Option<Value>,
    output_tokens: Option<Value>,
}

/// Reads one line.
pub(super) fn read(line: Map<String, Value>) -> Result<LoggedCall, LineDamage> {
    let inference: Inference = parsed(Value::Object(line), "the line")?;
    let (turns, instructions) = asked(inference.input);
    let (mut call, _) = call_of(turns, instructions, AfterQuestion::Nothing)?;
    call.metadata.at = call
        .metadata
        .time(inference.timestamp.as_ref())
        .or_else(|| time_of_id(inference.id.as_deref()?));
    call.metadata.latency_ms = call
        .metadata
        .milliseconds(inference.processing_time_ms.as_ref(), 1.0);
    call.metadata.usage.input = call
        .metadata
        .tokens(inference.input_tokens.as_ref(), "input_tokens");
    call.metadata.usage.output = call
        .metadata
        .tokens(inference.output_tokens.as_ref(), "output_tokens");
    call.id = inference.id;
    call.trace = inference.episode_id;
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

/// The time with which a UUID of version 7 begins: 48 bits of milliseconds since 1970 (RFC 9562, section 5.7).
fn time_of_id(id: &str) -> Option<CallTime> {
    let digits: String = id.chars().filter(|&c| c != '-').collect();
    let is_version_7 = digits.len() == 32 && digits.is_ascii() && digits.as_bytes()[12] == b'7';
    let begin = digits.get(..12).filter(|_| is_version_7)?;
    CallTime::from_unix_ms(i64::from_str_radix(begin, 16).ok()?)
}
