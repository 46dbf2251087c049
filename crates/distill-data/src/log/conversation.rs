//! The turns of a chat, and of them the question with what surrounds it.

use serde::Deserialize;
use serde_json::Value;

use super::LoggedCall;
use crate::{quarantine::LineDamage, rejected::RejectReason};

/// A message, or another item among messages (a tool's call, a tool's output).
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Turn {
    /// `message` where it is absent.
    #[serde(rename = "type")]
    kind: Option<String>,
    role: Option<String>,
    content: Option<Content>,
}

impl Turn {
    pub(super) fn of(role: String, content: Content) -> Self {
        Self {
            kind: None,
            role: Some(role),
            content: Some(content),
        }
    }

    /// An item that is no message.
    pub(super) fn unreadable() -> Self {
        Self {
            kind: Some("unreadable".to_owned()),
            role: None,
            content: None,
        }
    }

    pub(super) fn user(text: String) -> Self {
        Self::of("user".to_owned(), Content::Text(text))
    }

    fn is_of(&self, role: &str) -> bool {
        self.kind.as_deref().is_none_or(|kind| kind == "message") && self.role.as_deref() == Some(role)
    }
}

/// What is asked: a text, or messages among which the question is.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Input {
    Text(String),
    Items(Vec<Turn>),
}

impl Input {
    pub(super) fn turns(self) -> Vec<Turn> {
        match self {
            Self::Text(text) => vec![Turn::user(text)],
            Self::Items(items) => items,
        }
    }
}

/// What a message says.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Content {
    Text(String),
    Parts(Vec<Part>),
}

/// A part of a message.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Part {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(alias = "value")]
    pub(super) text: Option<String>,
    pub(super) refusal: Option<String>,
    /// Of a part that is JSON.
    pub(super) data: Option<Value>,
}

impl Part {
    pub(super) fn text(text: String) -> Self {
        Self {
            text: Some(text),
            ..Self::of_kind("text".to_owned())
        }
    }

    /// A part of which only the kind is known.
    pub(super) fn of_kind(kind: String) -> Self {
        Self {
            kind,
            text: None,
            refusal: None,
            data: None,
        }
    }
}

impl Content {
    /// Its text: parts of text put together, parts of JSON in its shortest form. Else the part that is none.
    pub(super) fn text(self) -> Result<String, RejectReason> {
        let parts = match self {
            Self::Text(text) => return Ok(text),
            Self::Parts(parts) => parts,
        };
        let text = |part: Part| match (part.kind.as_str(), part.text, part.refusal, part.data) {
            ("text" | "input_text" | "output_text", Some(text), ..) => Ok(text),
            ("refusal", _, Some(text), _) => Err(RejectReason::Refusal { text }),
            ("input_json", .., Some(data)) => Ok(data.to_string()),
            _ => Err(RejectReason::NotText { part: part.kind }),
        };
        parts.into_iter().map(text).collect()
    }
}

/// How a chat may end after its last question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterQuestion {
    /// With nothing.
    Nothing,
    /// With the beginning of the answer, which the response goes on from.
    BeginningOfAnswer,
}

/// A call without its answer, and what of the answer stands in the request.
pub(super) fn call_of(
    turns: Vec<Turn>,
    instructions: Option<Content>,
    after: AfterQuestion,
) -> Result<(LoggedCall, String), LineDamage> {
    let last_question = turns
        .iter()
        .rposition(|turn| turn.is_of("user"))
        .ok_or_else(|| LineDamage::wrong_shape("in the request: no message has the role user"))?;
    let (mut call, mut begun) = (LoggedCall::default(), String::new());
    // An instruction with a part that is no text is a prompt of its own kind; its text still tells prompts apart.
    let text = |content: Content| content.text().ok().filter(|text| !text.is_empty());
    let mut said: Vec<String> = instructions.and_then(text).into_iter().collect();
    for (position, turn) in turns.into_iter().enumerate() {
        if position == last_question {
            match turn.content.map_or(Ok(String::new()), Content::text) {
                Ok(input) => call.input = input,
                Err(fault) => call.fault = Some(fault),
            }
        } else if turn.is_of("system") || turn.is_of("developer") {
            said.extend(turn.content.and_then(text));
        } else if position < last_question {
            call.has_earlier_turns = true;
        } else if after == AfterQuestion::BeginningOfAnswer && turn.is_of("assistant") && begun.is_empty() {
            match turn.content.map_or(Ok(String::new()), Content::text) {
                Ok(text) => begun = text,
                Err(fault) => call.fault = call.fault.or(Some(fault)),
            }
        } else {
            call.fault.get_or_insert(RejectReason::LaterTurns);
        }
    }
    call.system = (!said.is_empty()).then(|| said.join("\n\n"));
    Ok((call, begun))
}
