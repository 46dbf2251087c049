//! What was said in a call, by each of the conventions.

use serde_json::Value;

use super::otlp::{Attributes, plain};
use crate::{
    log::{
        AnswerText, Choice, LoggedCall,
        conversation::{AfterQuestion, Content, Part, Turn, call_of},
        loose::{answered, asked, list, text_and_tools, text_at},
        text_or_tool,
    },
    rejected::RejectReason,
};

/// What was said in a call.
#[derive(Debug, Default)]
pub(super) struct Told {
    turns: Vec<Turn>,
    instructions: Option<Content>,
    choices: Vec<Choice>,
    /// What could not be read of it.
    fault: Option<RejectReason>,
}

impl Told {
    pub(super) fn is_nothing(&self) -> bool {
        self.turns.is_empty()
            && self.choices.is_empty()
            && self.instructions.is_none()
            && self.fault.is_none()
    }

    pub(super) fn has_answer(&self) -> bool {
        !self.choices.is_empty()
    }

    pub(super) fn add(&mut self, other: Self) {
        self.turns.extend(other.turns);
        self.choices.extend(other.choices);
        self.instructions = other.instructions.or(self.instructions.take());
        self.fault = self.fault.take().or(other.fault);
    }

    pub(super) fn into_call(self) -> LoggedCall {
        let nothing_said = self.turns.is_empty();
        let (mut call, _) = match call_of(self.turns, self.instructions, AfterQuestion::Nothing) {
            Ok(found) => found,
            Err(damage) => {
                let detail = match nothing_said {
                    true => "what was said, which is opt-in, is not there".to_owned(),
                    false => damage.detail,
                };
                let fault = Some(RejectReason::NotRecorded { detail });
                (
                    LoggedCall {
                        fault,
                        ..LoggedCall::default()
                    },
                    String::new(),
                )
            }
        };
        call.fault = self.fault.or(call.fault);
        call.choices = self.choices;
        call
    }

    /// What a span's attributes, or those of the event that has them all, tell.
    pub(super) fn attributes(&mut self, attributes: &Attributes) {
        if let Some(messages) = self.json(attributes, "gen_ai.input.messages") {
            self.turns.extend(list(messages).into_iter().map(turn));
        }
        if let Some(parts) = self.json(attributes, "gen_ai.system_instructions") {
            self.instructions = Some(content(parts));
        }
        if let Some(messages) = self.json(attributes, "gen_ai.output.messages") {
            self.choices.extend(list(messages).into_iter().map(choice));
        }
        self.flat(attributes);
        self.whole(attributes);
    }

    /// `gen_ai.prompt.N.role` and the like.
    fn flat(&mut self, attributes: &Attributes) {
        let of = |name: String| attributes.get(&name);
        let text = |name: String| Some(of(name)?.as_str()?.to_owned());
        for number in 0.. {
            let said = of(format!("gen_ai.prompt.{number}.content"));
            let role = text(format!("gen_ai.prompt.{number}.role"));
            if said.is_none() && role.is_none() {
                break;
            }
            let said = match said.cloned().unwrap_or_default() {
                Value::String(text) => match serde_json::from_str(&text) {
                    Ok(parts @ Value::Array(_)) => content(parts),
                    _ => Content::Text(text),
                },
                other => content(other),
            };
            self.turns
                .push(Turn::of(role.unwrap_or_else(|| "user".to_owned()), said));
        }
        for number in 0.. {
            let at = |name: &str| format!("gen_ai.completion.{number}.{name}");
            let said = of(at("content")).cloned();
            let arguments = of(at("tool_calls.0.arguments")).cloned();
            let reason = text(at("finish_reason"));
            if said.is_none() && arguments.is_none() && reason.is_none() {
                break;
            }
            let answer = said
                .filter(|said| said.as_str() != Some(""))
                .or(arguments)
                .unwrap_or_default();
            self.choices
                .push(finished(reason.as_deref(), || answered(answer)));
        }
    }

    /// `gen_ai.prompt` and `gen_ai.completion`.
    fn whole(&mut self, attributes: &Attributes) {
        if let Some(prompt) = attributes.get("gen_ai.prompt") {
            let (turns, instructions) = asked(prompt.clone());
            self.turns.extend(turns);
            self.instructions = instructions.or(self.instructions.take());
        }
        if let Some(completion) = attributes.get("gen_ai.completion") {
            self.choices.push(Choice::of(answered(completion.clone())));
        }
    }

    /// What an event tells: a log record with a body, or a span's event with attributes alone.
    pub(super) fn event(&mut self, name: &str, body: Value, attributes: &Attributes) {
        if !name.starts_with("gen_ai.") {
            return;
        }
        let body = match plain(body) {
            Value::Null => attributes
                .get("gen_ai.event.content")
                .cloned()
                .unwrap_or_else(|| as_object(attributes)),
            body => body,
        };
        let body = match body {
            Value::String(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
            body => body,
        };
        let role = match name {
            "gen_ai.system.message" => "system",
            "gen_ai.user.message" => "user",
            "gen_ai.assistant.message" => "assistant",
            "gen_ai.tool.message" => "tool",
            "gen_ai.choice" => {
                let reason = body.get("finish_reason").and_then(Value::as_str);
                let message = body.get("message").cloned().unwrap_or_default();
                self.choices.push(finished(reason, || answered(message)));
                return;
            }
            "gen_ai.client.inference.operation.details"
            | "gen_ai.content.prompt"
            | "gen_ai.content.completion" => return self.attributes(attributes),
            _ => return,
        };
        let said = body.get("content").cloned().unwrap_or_default();
        self.turns.push(Turn::of(role.to_owned(), content(said)));
    }

    /// An attribute that is a structure, or one as JSON in a string.
    fn json(&mut self, attributes: &Attributes, name: &str) -> Option<Value> {
        let value = attributes.get(name)?.clone();
        let Value::String(text) = value else {
            return Some(value);
        };
        let read = serde_json::from_str(&text);
        if read.is_err() {
            self.fault = Some(RejectReason::NotRecorded {
                detail: format!("{name} is cut off or no JSON"),
            });
        }
        read.ok()
    }
}

fn as_object(attributes: &Attributes) -> Value {
    attributes
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// A message with parts.
fn turn(mut message: Value) -> Turn {
    let role = text_at(&message, "role").to_owned();
    let said = ["parts", "content"]
        .into_iter()
        .find_map(|key| message.get_mut(key).map(Value::take));
    Turn::of(role, content(said.unwrap_or_default()))
}

/// Text, or parts of which those of the type `text` hold some.
fn content(value: Value) -> Content {
    let part = |mut part: Value| {
        let kind = text_at(&part, "type").to_owned();
        let text = ["content", "text"]
            .into_iter()
            .find_map(|key| part.get_mut(key).map(Value::take));
        match (kind.as_str(), text) {
            ("text" | "input_text", Some(Value::String(text))) => Part::text(text),
            _ => Part::of_kind(kind),
        }
    };
    match value {
        Value::String(text) => Content::Text(text),
        Value::Array(parts) => Content::Parts(parts.into_iter().map(part).collect()),
        Value::Null => Content::Text(String::new()),
        other => Content::Text(other.to_string()),
    }
}

/// An output message.
fn choice(mut message: Value) -> Choice {
    let reason = message
        .get("finish_reason")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let parts = message.get_mut("parts").map(Value::take).unwrap_or_default();
    let (text, tools) = text_and_tools(parts);
    finished(reason.as_deref(), || text_or_tool(text, tools))
}

/// An answer, unless it was cut off or refused.
fn finished(reason: Option<&str>, answer: impl FnOnce() -> Result<AnswerText, RejectReason>) -> Choice {
    Choice::of(match reason {
        Some("length" | "content_filter" | "max_tokens") => Err(RejectReason::Truncated {
            finish_reason: reason.unwrap_or_default().to_owned(),
        }),
        Some("error") => Err(RejectReason::FailedCall {
            detail: "it ended in an error".to_owned(),
        }),
        _ => answer(),
    })
}
