//! OpenAI's fine-tuning files: a chat a line, of which the last assistant message is the answer.
//!
//! Fields after the guide "Supervised fine-tuning" (`messages`, `weight` of an assistant message, 0 or 1).

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Choice, LoggedCall,
    conversation::{AfterQuestion, Turn, call_of},
    exchange::parsed,
    loose::answered,
};
use crate::{quarantine::LineDamage, rejected::RejectReason};

#[derive(Deserialize)]
struct Row {
    messages: Vec<Map<String, Value>>,
}

/// Reads one line.
pub(super) fn read(line: Map<String, Value>) -> Result<LoggedCall, LineDamage> {
    let mut row: Row = parsed(Value::Object(line), "the line")?;
    let is_answer =
        |message: &Map<String, Value>| message.get("role").and_then(Value::as_str) == Some("assistant");
    let last = row.messages.pop().filter(is_answer);
    let answer = last.ok_or_else(|| LineDamage::wrong_shape("the last message is not the assistant's"))?;
    let turns = row
        .messages
        .into_iter()
        .map(|message| parsed::<Turn>(Value::Object(message), "a message"))
        .collect::<Result<_, _>>()?;
    let (mut call, _) = call_of(turns, None, AfterQuestion::Nothing)?;
    if answer.get("weight").and_then(Value::as_f64) == Some(0.0) {
        call.fault.get_or_insert(RejectReason::NotForTraining);
    }
    call.choices = vec![Choice::of(answered(Value::Object(answer)))];
    Ok(call)
}
