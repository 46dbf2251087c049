//! Questions and answers as tools for observing calls keep them: in whichever shape the application had them.

use serde_json::Value;

use super::{
    AnswerText,
    conversation::{Content, Turn},
    several_tools, text_or_tool,
};
use crate::rejected::RejectReason;

/// The turns of a chat, and the instructions that stand apart from them.
pub(super) type Asked = (Vec<Turn>, Option<Content>);

/// Reads what was asked: text, messages, an object that holds messages (and perhaps `system`), or either as JSON in a string.
/// Any other object is a question as it stands, in its shortest form.
pub(super) fn asked(value: Value) -> Asked {
    let value = match value {
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) if holds_messages(&inner) => inner,
            _ => return (vec![Turn::user(text)], None),
        },
        other => other,
    };
    match value {
        Value::Object(mut object) if object.get("messages").is_some_and(holds_messages) => {
            let instructions = object
                .remove("system")
                .and_then(|system| serde_json::from_value(system).ok());
            let messages = object.remove("messages").map(turns);
            (messages.unwrap_or_default(), instructions)
        }
        messages if holds_messages(&messages) => (turns(messages), None),
        Value::Null => (vec![Turn::user(String::new())], None),
        other => (vec![Turn::user(the_only_text(&other))], None),
    }
}

/// A list of objects with a role, or such a list as the only element of one (a batch of one chat); for an object, under
/// `messages`.
fn holds_messages(value: &Value) -> bool {
    match value {
        Value::Object(object) => object.get("messages").is_some_and(holds_messages),
        Value::Array(items) => match &items[..] {
            [] => false,
            [inner @ Value::Array(_)] => holds_messages(inner),
            items => items
                .iter()
                .all(|item| item.get("role").is_some_and(Value::is_string)),
        },
        _ => false,
    }
}

fn turns(messages: Value) -> Vec<Turn> {
    let Value::Array(mut items) = messages else {
        return Vec::new();
    };
    if let [Value::Array(inner)] = &mut items[..] {
        items = std::mem::take(inner);
    }
    items
        .into_iter()
        .map(|item| serde_json::from_value(item).unwrap_or_else(|_| Turn::unreadable()))
        .collect()
}

/// The text of an object that has one field; other JSON in its shortest form.
fn the_only_text(value: &Value) -> String {
    match value {
        Value::Object(object) if object.len() == 1 => match object.values().next() {
            Some(Value::String(text)) => text.clone(),
            _ => value.to_string(),
        },
        _ => value.to_string(),
    }
}

/// Reads what was answered: text, a message, a list of blocks, or JSON that is the answer itself.
pub(super) fn answered(value: Value) -> Result<AnswerText, RejectReason> {
    match value {
        Value::Null => Err(RejectReason::EmptyAnswer),
        Value::String(text) => match serde_json::from_str(&text) {
            // Else the answer is JSON that the model wrote.
            Ok(inner) if is_message(&inner) || is_blocks(&inner) || is_message(&inner[0]) => answered(inner),
            _ => Ok(AnswerText::Written(text)),
        },
        message if is_message(&message) => of_message(message),
        Value::Array(mut items) if items.len() == 1 && is_message(&items[0]) => answered(items.remove(0)),
        blocks if is_blocks(&blocks) => of_blocks(blocks),
        other => Ok(AnswerText::Value(other)),
    }
}

fn is_message(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some();
    value.get("role").is_some_and(Value::is_string) && (has("content") || has("tool_calls"))
}

fn is_blocks(value: &Value) -> bool {
    let is_block = |item: &Value| item.get("type").is_some_and(Value::is_string);
    value
        .as_array()
        .is_some_and(|items| !items.is_empty() && items.iter().all(is_block))
}

fn of_message(mut message: Value) -> Result<AnswerText, RejectReason> {
    if let Some(Value::String(text)) = message.get("refusal")
        && !text.is_empty()
    {
        return Err(RejectReason::Refusal { text: text.clone() });
    }
    let content = message.get_mut("content").map(Value::take).unwrap_or_default();
    if let Some(tools) = message.get("tool_calls").filter(|tools| !tools.is_null())
        && content.as_str().is_none_or(|text| text.trim().is_empty())
    {
        return match tools.as_array().map(Vec::as_slice) {
            Some([tool]) => {
                let arguments = tool.pointer("/function/arguments").or_else(|| tool.get("args"));
                answered(arguments.cloned().unwrap_or_default())
            }
            _ => Err(several_tools()),
        };
    }
    answered(content)
}

fn of_blocks(blocks: Value) -> Result<AnswerText, RejectReason> {
    let (text, mut tools) = text_and_tools(blocks);
    match &mut tools[..] {
        // Arguments as the model wrote them.
        [Value::String(written)] => Ok(AnswerText::Written(std::mem::take(written))),
        _ => text_or_tool(text, tools),
    }
}

/// What blocks say, put together, and what the tools are given that they call. Thoughts are neither.
pub(super) fn text_and_tools(blocks: Value) -> (String, Vec<Value>) {
    let (mut text, mut tools) = (String::new(), Vec::new());
    for mut block in list(blocks) {
        let kind = text_at(&block, "type").to_owned();
        let mut field = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| block.get_mut(*name).map(Value::take))
        };
        match kind.as_str() {
            "text" | "output_text" => match field(&["text", "value", "content"]) {
                Some(Value::String(said)) => text.push_str(&said),
                said => tools.extend(said),
            },
            "tool_use" | "tool_call" => tools.extend(field(&["input", "arguments", "raw_arguments"])),
            _ => {}
        }
    }
    (text, tools)
}

/// A list's elements, or the one that is none.
pub(super) fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        other => vec![other],
    }
}

/// The text of a field; empty where there is none.
pub(super) fn text_at<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
