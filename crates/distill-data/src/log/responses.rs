//! OpenAI responses, request and response on one line.
//!
//! Field names and types after the `openai` Python package, version 3.57 (`types/responses/response_create_params.py`,
//! `response.py`, `response_output_message.py`, `response_output_text.py`). Only what is used is declared.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    AnswerText, Choice, LoggedCall,
    conversation::{AfterQuestion, Content, Input, call_of},
    exchange::Exchange,
    token_logprob::{self, TokenLogprob},
};
use crate::{quarantine::LineDamage, rejected::RejectReason};

#[derive(Deserialize)]
struct Request {
    model: Option<String>,
    instructions: Option<Content>,
    input: Input,
}

#[derive(Deserialize)]
struct Response {
    status: Option<String>,
    incomplete_details: Option<Incomplete>,
    output: Vec<Item>,
}

#[derive(Deserialize)]
struct Incomplete {
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(rename = "type")]
    kind: String,
    content: Option<Vec<OutputPart>>,
    arguments: Option<String>,
    /// `commentary` is not the answer.
    phase: Option<String>,
}

#[derive(Deserialize)]
struct OutputPart {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
    refusal: Option<String>,
    logprobs: Option<Vec<TokenLogprob>>,
}

/// Reads one line.
pub(super) fn read(line: Map<String, Value>) -> Result<LoggedCall, LineDamage> {
    of(Exchange::of(line, &["input"])?)
}

/// Reads request and response.
pub(super) fn of(mut exchange: Exchange) -> Result<LoggedCall, LineDamage> {
    let request: Request = exchange.request()?;
    let (mut call, _) = call_of(
        request.input.turns(),
        request.instructions,
        AfterQuestion::Nothing,
    )?;
    call.model = request.model;
    if let Some(response) = exchange.response(&mut call)? {
        call.choices = vec![choice(response)];
    }
    Ok(call)
}

fn choice(response: Response) -> Choice {
    let status = response.status.as_deref().unwrap_or("completed");
    if status == "incomplete" {
        let reason = response.incomplete_details.and_then(|details| details.reason);
        return Choice::of(Err(RejectReason::Truncated {
            finish_reason: reason.unwrap_or_else(|| status.to_owned()),
        }));
    }
    if status != "completed" {
        return Choice::of(Err(RejectReason::FailedCall {
            detail: format!("status {status}"),
        }));
    }
    let (mut text, mut tokens, mut arguments) = (String::new(), Vec::new(), Vec::new());
    for item in response.output {
        match item.kind.as_str() {
            "message" if item.phase.as_deref() != Some("commentary") => {
                for part in item.content.unwrap_or_default() {
                    match (part.kind.as_str(), part.text, part.refusal) {
                        ("output_text", Some(said), _) => text.push_str(&said),
                        ("refusal", _, Some(text)) => return Choice::of(Err(RejectReason::Refusal { text })),
                        _ => {}
                    }
                    tokens.extend(token_logprob::tokens(part.logprobs));
                }
            }
            "function_call" => arguments.extend(item.arguments),
            // Thoughts and what the service's own tools did.
            _ => {}
        }
    }
    let answer = match <[String; 1]>::try_from(arguments) {
        _ if !text.trim().is_empty() => Ok(AnswerText::Written(text)),
        Ok([arguments]) => Ok(AnswerText::Written(arguments)),
        Err(_) => Err(RejectReason::EmptyAnswer),
    };
    Choice {
        tokens,
        ..Choice::of(answer)
    }
}
