//! Anthropic messages, request and response on one line.
//!
//! Field names and types after the `anthropic` Python package, version 2.14 (`types/message_create_params.py`,
//! `types/message.py`, `types/messages/message_batch_individual_response.py`). Only what is used is declared.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    AnswerText, Choice, LoggedCall,
    conversation::{AfterQuestion, Content, Turn, call_of},
    exchange::Exchange,
};
use crate::{
    quarantine::{LineDamage, excerpt},
    rejected::RejectReason,
};

#[derive(Deserialize)]
struct Request {
    model: Option<String>,
    system: Option<Content>,
    messages: Vec<Turn>,
}

#[derive(Deserialize)]
struct Message {
    content: Vec<Block>,
    stop_reason: Option<String>,
}

#[derive(Deserialize)]
struct Block {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
    input: Option<Value>,
}

/// Reads one line.
pub(super) fn read(mut line: Map<String, Value>) -> Result<LoggedCall, LineDamage> {
    unwrap_batch(&mut line);
    of(Exchange::of(line, &["messages"])?)
}

/// Reads request and response.
pub(super) fn of(mut exchange: Exchange) -> Result<LoggedCall, LineDamage> {
    let request: Request = exchange.request()?;
    let (mut call, begun) = call_of(request.messages, request.system, AfterQuestion::BeginningOfAnswer)?;
    call.model = request.model;
    if let Some(message) = exchange.response(&mut call)? {
        call.choices = vec![Choice::of(answer(message, begun))];
    }
    Ok(call)
}

/// Message batches have the request under `params` and the response in a `result` of one of four types.
fn unwrap_batch(line: &mut Map<String, Value>) {
    if let Some(params) = line.remove("params") {
        line.entry("request").or_insert(params);
    }
    let Some(mut result) = line.remove("result") else {
        return;
    };
    if let Some(message) = result.get_mut("message") {
        line.insert("response".to_owned(), message.take());
        return;
    }
    // Errored with an error, canceled or expired.
    let error = result.get_mut("error").map(Value::take);
    line.insert("error".to_owned(), error.unwrap_or(result));
}

fn answer(message: Message, begun: String) -> Result<AnswerText, RejectReason> {
    let (mut text, mut inputs) = (begun, Vec::new());
    for block in message.content {
        match (block.kind.as_str(), block.text, block.input) {
            ("text", Some(said), _) => text.push_str(&said),
            ("tool_use", _, Some(input)) => inputs.push(input),
            // Thoughts and what the service's own tools did.
            _ => {}
        }
    }
    match message.stop_reason.as_deref() {
        Some("refusal") => {
            return Err(RejectReason::Refusal {
                text: excerpt(&text, super::REFUSAL_CHARS),
            });
        }
        Some(reason @ ("max_tokens" | "model_context_window_exceeded" | "pause_turn")) => {
            return Err(RejectReason::Truncated {
                finish_reason: reason.to_owned(),
            });
        }
        _ => {}
    }
    super::text_or_tool(text, inputs)
}
