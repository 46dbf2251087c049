//! The question in the messages of a chat.

use serde_json::Value;

use super::{Unusable, source::kind_in_words};

/// A text, and whether other messages than the question were left out.
pub(super) type Question = (String, bool);

/// The text of a value: a text itself, a number, or the one question in a list of messages.
pub(super) fn text_of(value: &Value) -> Result<Question, Unusable> {
    match value {
        Value::String(text) => Ok((text.clone(), false)),
        Value::Number(number) => Ok((number.to_string(), false)),
        Value::Bool(truth) => Ok((truth.to_string(), false)),
        Value::Array(messages) if messages.iter().any(|message| message.get("role").is_some()) => {
            question_in(messages)
        }
        other => Err(Unusable::NotText {
            found: kind_in_words(other).to_owned(),
        }),
    }
}

/// The message of the user, if there is one; else the message of the system, if it is alone.
///
/// Messages with a name such as `example_user` are examples of the prompt, as openai/evals writes them.
fn question_in(messages: &[Value]) -> Result<Question, Unusable> {
    let text = |message: &Value, key: &str| {
        message
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let is_example = |message: &&Value| text(message, "name").starts_with("example_");
    let (mut users, mut systems, mut turns) = (Vec::new(), Vec::new(), 0);
    for message in messages.iter().filter(|message| !is_example(message)) {
        match text(message, "role").as_str() {
            "user" => users.push(message),
            "system" | "developer" => systems.push(message),
            _ => turns += 1,
        }
    }
    turns += users.len() as u64;
    let question = match (&users[..], &systems[..]) {
        ([question], _) if turns == 1 => question,
        ([], [question]) if turns == 0 => question,
        _ => return Err(Unusable::Conversation { turns }),
    };
    Ok((
        content(question.get("content").unwrap_or(&Value::Null))?,
        messages.len() > 1,
    ))
}

/// The text of a message, written as such or in parts.
fn content(value: &Value) -> Result<String, Unusable> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Array(parts) => parts
            .iter()
            .map(content)
            .collect::<Result<Vec<_>, _>>()
            .map(|parts| parts.concat()),
        Value::Object(part) => match part.get("text") {
            Some(Value::String(text)) => Ok(text.clone()),
            _ => {
                let kind = part.get("type").and_then(Value::as_str).unwrap_or("an object");
                Err(Unusable::NotText {
                    found: kind.to_owned(),
                })
            }
        },
        other => Err(Unusable::NotText {
            found: kind_in_words(other).to_owned(),
        }),
    }
}
