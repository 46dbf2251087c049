//! OpenAI chat completions, request and response on one line, and stored ones with their messages.
//!
//! Field names and types after the `openai` Python package, version 2 (`types/chat/chat_completion.py`,
//! `completion_create_params.py`, `chat_completion_token_logprob.py`, `chat_completion_store_message.py`). Only what is used is declared; what is
//! absent or `null` in the schema is optional here.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    AnswerText, Choice, LoggedCall,
    conversation::{AfterQuestion, Content, Turn, call_of},
    exchange::Exchange,
    metadata::CallMetadata,
    token_logprob::{TokenLogprob, tokens},
};
use crate::{quarantine::LineDamage, rejected::RejectReason};

#[derive(Deserialize)]
struct Request {
    model: Option<String>,
    messages: Vec<Turn>,
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<CompletionChoice>,
}

#[derive(Deserialize)]
struct CompletionChoice {
    message: Reply,
    finish_reason: Option<String>,
    logprobs: Option<Logprobs>,
}

#[derive(Deserialize)]
struct Reply {
    content: Option<Content>,
    refusal: Option<String>,
    tool_calls: Option<Vec<ToolCall>>,
}

#[derive(Deserialize)]
struct ToolCall {
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Function {
    arguments: String,
}

#[derive(Deserialize)]
struct Logprobs {
    content: Option<Vec<TokenLogprob>>,
}

/// Reads one line.
pub(super) fn read(line: Map<String, Value>) -> Result<LoggedCall, LineDamage> {
    match line.contains_key("choices") && line.contains_key("messages") && !line.contains_key("response") {
        true => of(stored(line)),
        false => of(Exchange::of(line, &["messages"])?),
    }
}

/// A stored completion with its messages beside its own fields. What was asked as parts has them in a field of its own.
fn stored(mut completion: Map<String, Value>) -> Exchange {
    let mut messages = completion.remove("messages").unwrap_or_default();
    for message in messages.as_array_mut().into_iter().flatten() {
        let Some(message) = message.as_object_mut() else {
            continue;
        };
        if message.get("content").is_none_or(Value::is_null)
            && let Some(parts) = message.remove("content_parts")
        {
            message.insert("content".to_owned(), parts);
        }
    }
    Exchange {
        request: json!({ "messages": messages }),
        response: Ok(Value::Object(completion)),
        id: None,
        metadata: CallMetadata::default(),
    }
}

/// Reads request and response.
pub(super) fn of(mut exchange: Exchange) -> Result<LoggedCall, LineDamage> {
    let request: Request = exchange.request()?;
    let (mut call, _) = call_of(request.messages, None, AfterQuestion::Nothing)?;
    call.model = request.model;
    if let Some(completion) = exchange.response::<Completion>(&mut call)? {
        if completion.choices.is_empty() {
            call.fault.get_or_insert(RejectReason::FailedCall {
                detail: "the response has no choices".into(),
            });
        }
        call.choices = completion.choices.into_iter().map(choice).collect();
    }
    Ok(call)
}

fn choice(choice: CompletionChoice) -> Choice {
    let logged = choice.logprobs.and_then(|logprobs| logprobs.content);
    Choice {
        tokens: tokens(logged).collect(),
        ..Choice::of(answer(choice.message, choice.finish_reason))
    }
}

fn answer(message: Reply, finish_reason: Option<String>) -> Result<AnswerText, RejectReason> {
    if let Some(text) = message.refusal.filter(|text| !text.is_empty()) {
        return Err(RejectReason::Refusal { text });
    }
    if let Some(finish_reason) =
        finish_reason.filter(|reason| matches!(reason.as_str(), "length" | "content_filter"))
    {
        return Err(RejectReason::Truncated { finish_reason });
    }
    let text = message.content.map_or(Ok(String::new()), Content::text)?;
    if !text.trim().is_empty() {
        return Ok(AnswerText::Written(text));
    }
    match message.tool_calls.as_deref() {
        Some(
            [
                ToolCall {
                    function: Some(function),
                },
            ],
        ) => Ok(AnswerText::Written(function.arguments.clone())),
        _ => Err(RejectReason::EmptyAnswer),
    }
}
