//! OpenAI chat completions, request and response on one line.
//!
//! Field names and types after the `openai` Python package, version 2 (`types/chat/chat_completion.py`,
//! `completion_create_params.py`, `chat_completion_token_logprob.py`). Only what is used is declared; what is
//! absent or `null` in the schema is optional here.

use serde::Deserialize;
use serde_json::Value;

use super::{AnswerText, Choice, LoggedCall};
use crate::{
    quarantine::{LineDamage, excerpt},
    rejected::RejectReason,
};

#[derive(Deserialize)]
struct Request {
    model: Option<String>,
    messages: Vec<Turn>,
}

#[derive(Deserialize)]
struct Turn {
    role: String,
    content: Option<Content>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Completion {
    id: Option<String>,
    model: Option<String>,
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

#[derive(Deserialize)]
struct TokenLogprob {
    token: String,
    logprob: f64,
    /// UTF-8 bytes of the token, where the token alone is no whole character.
    bytes: Option<Vec<u8>>,
}

/// Reads one line.
pub(super) fn read(mut line: Value) -> Result<LoggedCall, LineDamage> {
    let request = take_request(&mut line)?;
    let mut call = call_of_request(request)?;
    if call.id.is_none() {
        // Where the response has no id, the batch API's own id of the request says which call it was.
        call.id = line.get("custom_id").and_then(Value::as_str).map(str::to_owned);
    }
    match take_response(&mut line)? {
        Ok(completion) => {
            call.id = completion.id.or(call.id);
            call.model = completion.model.or(call.model);
            if completion.choices.is_empty() {
                call.fault.get_or_insert(RejectReason::FailedCall {
                    detail: "the response has no choices".into(),
                });
            }
            call.choices = completion.choices.into_iter().map(choice).collect();
        }
        Err(detail) => {
            call.fault.get_or_insert(RejectReason::FailedCall { detail });
        }
    }
    Ok(call)
}

/// The request, out of whichever wrapping it has.
fn take_request(line: &mut Value) -> Result<Request, LineDamage> {
    let wrapped = ["request", "body"].into_iter().find_map(|key| {
        line.get_mut(key)
            .filter(|value| value.is_object())
            .map(Value::take)
    });
    let request = match wrapped {
        Some(mut request) => match request.get_mut("body") {
            Some(body) if body.is_object() => body.take(),
            _ => request,
        },
        None if line.get("messages").is_some() => serde_json::json!({
            "model": line.get("model"),
            "messages": line.get_mut("messages").map(Value::take),
        }),
        None => {
            return Err(LineDamage::wrong_shape(
                "there is no request: expected an object under \"request\" or \"body\", or \"messages\" on the line",
            ));
        }
    };
    serde_json::from_value(request)
        .map_err(|error| LineDamage::wrong_shape(format!("in the request: {error}")))
}

/// The completion, out of whichever wrapping it has, or how the call failed.
fn take_response(line: &mut Value) -> Result<Result<Completion, String>, LineDamage> {
    let failure = |error: &Value| excerpt(&error.to_string(), 200);
    let error = line.get("error").filter(|error| !error.is_null()).map(failure);
    let Some(response) = line.get_mut("response") else {
        return match error {
            Some(detail) => Ok(Err(detail)),
            None => Err(LineDamage::wrong_shape("\"response\" is missing")),
        };
    };
    let mut response = response.take();
    if response.is_null() {
        return Ok(Err(error.unwrap_or_else(|| "the response is null".into())));
    }
    let status = response.get("status_code").and_then(Value::as_u64);
    if let Some(body) = response.get_mut("body") {
        response = body.take();
    }
    if let Some(error) = response.get("error").filter(|error| !error.is_null()) {
        return Ok(Err(failure(error)));
    }
    if let Some(status) = status.filter(|&status| status >= 400) {
        return Ok(Err(format!("status {status}")));
    }
    serde_json::from_value(response)
        .map(Ok)
        .map_err(|error| LineDamage::wrong_shape(format!("in the response: {error}")))
}

/// The question and what surrounds it.
fn call_of_request(request: Request) -> Result<LoggedCall, LineDamage> {
    let last_question = request
        .messages
        .iter()
        .rposition(|turn| turn.role == "user")
        .ok_or_else(|| LineDamage::wrong_shape("in the request: no message has the role user"))?;
    let mut call = LoggedCall {
        model: request.model,
        ..LoggedCall::default()
    };
    let mut instructions = Vec::new();
    for (position, turn) in request.messages.into_iter().enumerate() {
        let is_instruction = matches!(turn.role.as_str(), "system" | "developer");
        if position == last_question {
            match turn.content.map_or(Ok(String::new()), text_of) {
                Ok(input) => call.input = input,
                Err(fault) => call.fault = Some(fault),
            }
        } else if is_instruction {
            // An instruction with a part that is no text is a prompt of its own kind; its text still tells
            // prompts apart.
            instructions.extend(turn.content.and_then(|content| text_of(content).ok()));
        } else if position < last_question {
            call.has_earlier_turns = true;
        } else {
            call.fault.get_or_insert(RejectReason::LaterTurns);
        }
    }
    call.system = (!instructions.is_empty()).then(|| instructions.join("\n\n"));
    Ok(call)
}

/// The text of a message's content, or the part that is none.
fn text_of(content: Content) -> Result<String, RejectReason> {
    match content {
        Content::Text(text) => Ok(text),
        Content::Parts(parts) => parts
            .into_iter()
            .map(|part| match (part.kind.as_str(), part.text, part.refusal) {
                ("text", Some(text), _) => Ok(text),
                ("refusal", _, Some(text)) => Err(RejectReason::Refusal { text }),
                _ => Err(RejectReason::NotText { part: part.kind }),
            })
            .collect(),
    }
}

fn choice(choice: CompletionChoice) -> Choice {
    let tokens = choice
        .logprobs
        .and_then(|logprobs| logprobs.content)
        .unwrap_or_default()
        .into_iter()
        .map(|token| {
            (
                token.bytes.unwrap_or_else(|| token.token.into_bytes()),
                token.logprob,
            )
        })
        .collect();
    Choice {
        answer: answer(choice.message, choice.finish_reason),
        tokens,
        confidence: None,
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
    let text = message.content.map_or(Ok(String::new()), text_of)?;
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
