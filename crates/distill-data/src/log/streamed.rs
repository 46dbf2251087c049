//! Answers that were streamed, and logged as the events of their stream.
//!
//! Events after the `openai` Python package, version 2 (`types/chat/chat_completion_chunk.py`,
//! `types/responses/response_stream_event.py`), the `anthropic` Python package, version 2.14
//! (`types/raw_message_stream_event.py`), and Amazon's API reference of `ConverseStream`. Each list of events becomes the body
//! that the same call would have had without a stream.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::quarantine::LineDamage;

/// The answer's body: as it is, or put together from its events, which stand as a list or as the text of a stream of
/// server-sent events. `Err` inside of a stream that broke off: what came is no answer.
pub(super) fn whole(body: Value) -> Result<Result<Value, String>, LineDamage> {
    let events = match body {
        Value::Array(events) => events,
        Value::String(text) if text.starts_with("data:") || text.starts_with("event:") => sent(&text)?,
        whole => return Ok(Ok(whole)),
    };
    let is_of = |test: &dyn Fn(&Value) -> bool| events.iter().any(test);
    let kind = |event: &Value| event.get("type").and_then(Value::as_str).map(str::to_owned);
    let joined = if is_of(&|event| kind(event).is_some_and(|kind| kind.starts_with("response."))) {
        response(events)
    } else if is_of(&|event| kind(event).as_deref() == Some("message_start")) {
        message(events)
    } else if is_of(&|event| event.get("messageStart").is_some() || event.get("contentBlockDelta").is_some())
    {
        converse(events)
    } else if is_of(&|event| event.get("choices").is_some()) {
        completion(events)
    } else {
        return Err(LineDamage::wrong_shape(
            "the response is a list, and not of the events of a stream that is known: chat completions, responses, \
             Anthropic's messages, Converse",
        ));
    };
    Ok(joined.ok_or_else(|| "the stream broke off before its answer was whole".to_owned()))
}

/// The events of a stream of server-sent events (WHATWG HTML, "Server-sent events"), of which each has one line of data.
fn sent(text: &str) -> Result<Vec<Value>, LineDamage> {
    text.lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .map(str::trim)
        .filter(|data| !data.is_empty() && *data != "[DONE]")
        .map(|data| {
            serde_json::from_str(data)
                .map_err(|error| LineDamage::wrong_shape(format!("in an event of the stream: {error}")))
        })
        .collect()
}

/// Chat completion chunks: the deltas of each choice, joined.
fn completion(events: Vec<Value>) -> Option<Value> {
    let mut head = Map::new();
    let mut choices: BTreeMap<u64, StreamedChoice> = BTreeMap::new();
    for mut event in events {
        let listed = event.get_mut("choices").map(Value::take).unwrap_or_default();
        for choice in listed.as_array().into_iter().flatten() {
            let index = choice.get("index").and_then(Value::as_u64).unwrap_or_default();
            choices.entry(index).or_default().add(choice);
        }
        // The first of each says it; the usage comes with the last, and is null before.
        for (key, value) in event.as_object_mut().into_iter().flat_map(std::mem::take) {
            if !value.is_null() && key != "choices" {
                head.entry(key).or_insert(value);
            }
        }
    }
    let whole = !choices.is_empty() && choices.values().all(|choice| choice.finish_reason.is_some());
    let choices: Vec<Value> = choices.into_values().map(StreamedChoice::whole).collect();
    head.insert("choices".to_owned(), choices.into());
    whole.then(|| head.into())
}

/// What has come of one choice of a chat completion.
#[derive(Default)]
struct StreamedChoice {
    content: Option<String>,
    refusal: Option<String>,
    /// The arguments of each call of a tool.
    arguments: BTreeMap<u64, String>,
    finish_reason: Option<String>,
    tokens: Option<Vec<Value>>,
}

impl StreamedChoice {
    fn add(&mut self, chunk: &Value) {
        let text = |path: &str| chunk.pointer(path).and_then(Value::as_str);
        let more = |so_far: &mut Option<String>, text: Option<&str>| {
            if let Some(text) = text {
                so_far.get_or_insert_default().push_str(text);
            }
        };
        more(&mut self.content, text("/delta/content"));
        more(&mut self.refusal, text("/delta/refusal"));
        let calls = chunk.pointer("/delta/tool_calls").and_then(Value::as_array);
        for call in calls.into_iter().flatten() {
            let index = call.get("index").and_then(Value::as_u64).unwrap_or_default();
            let arguments = call.pointer("/function/arguments").and_then(Value::as_str);
            self.arguments
                .entry(index)
                .or_default()
                .push_str(arguments.unwrap_or_default());
        }
        if let Some(reason) = text("/finish_reason") {
            self.finish_reason = Some(reason.to_owned());
        }
        if let Some(tokens) = chunk.pointer("/logprobs/content").and_then(Value::as_array) {
            self.tokens.get_or_insert_default().extend_from_slice(tokens);
        }
    }

    fn whole(self) -> Value {
        let calls: Vec<Value> = self
            .arguments
            .into_values()
            .map(|arguments| json!({ "function": { "arguments": arguments } }))
            .collect();
        json!({
            "message": { "content": self.content, "refusal": self.refusal, "tool_calls": calls },
            "finish_reason": self.finish_reason,
            "logprobs": { "content": self.tokens },
        })
    }
}

/// Events of the Responses API: the last of them carries the whole response.
fn response(events: Vec<Value>) -> Option<Value> {
    let is_end = |event: &Value| {
        matches!(
            event.get("type").and_then(Value::as_str),
            Some("response.completed" | "response.incomplete" | "response.failed")
        )
    };
    let mut end = events.into_iter().rfind(is_end)?;
    end.get_mut("response").map(Value::take)
}

/// Events of Anthropic's messages: the message of the first, with the blocks and the end that the others bring.
fn message(events: Vec<Value>) -> Option<Value> {
    let mut message = Map::new();
    let mut blocks: BTreeMap<u64, (Value, String)> = BTreeMap::new();
    for mut event in events {
        let index = event.get("index").and_then(Value::as_u64).unwrap_or_default();
        match event.get("type").and_then(Value::as_str) {
            Some("message_start") => {
                if let Some(Value::Object(begun)) = event.get_mut("message").map(Value::take) {
                    message = begun;
                }
            }
            Some("content_block_start") => {
                let block = event
                    .get_mut("content_block")
                    .map(Value::take)
                    .unwrap_or_default();
                let text = block
                    .get("text")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned();
                blocks.insert(index, (block, text));
            }
            Some("content_block_delta") => {
                // Thoughts and signatures come in deltas of other kinds: they are no part of the answer.
                let more = ["/delta/text", "/delta/partial_json"]
                    .into_iter()
                    .find_map(|path| event.pointer(path)?.as_str());
                let (_, text) = blocks
                    .entry(index)
                    .or_insert_with(|| (json!({ "type": "text" }), String::new()));
                text.push_str(more.unwrap_or_default());
            }
            Some("message_delta") => {
                if let Some(reason) = event.pointer_mut("/delta/stop_reason").map(Value::take) {
                    message.insert("stop_reason".to_owned(), reason);
                }
                let usage = message.entry("usage").or_insert_with(|| json!({}));
                // Cumulative: the last one counts.
                for (key, value) in event
                    .get("usage")
                    .and_then(Value::as_object)
                    .into_iter()
                    .flatten()
                {
                    if let Some(usage) = usage.as_object_mut().filter(|_| !value.is_null()) {
                        usage.insert(key.clone(), value.clone());
                    }
                }
            }
            _ => {}
        }
    }
    let content: Option<Vec<Value>> = blocks.into_values().map(block).collect();
    message.insert("content".to_owned(), content?.into());
    message
        .get("stop_reason")
        .is_some_and(Value::is_string)
        .then(|| message.into())
}

/// A block of Anthropic's with what its deltas brought; `None` where the input of a tool is no JSON.
fn block((mut block, text): (Value, String)) -> Option<Value> {
    let fields = block.as_object_mut()?;
    match fields.get("type").and_then(Value::as_str) {
        Some("text") => {
            fields.insert("text".to_owned(), text.into());
        }
        // A tool without arguments has deltas of nothing, and its input in the block.
        Some("tool_use") if !text.is_empty() => {
            fields.insert("input".to_owned(), serde_json::from_str(&text).ok()?);
        }
        _ => {}
    }
    Some(block)
}

/// Events of `ConverseStream`, which Amazon's Nova also streams where it is invoked by itself.
fn converse(events: Vec<Value>) -> Option<Value> {
    let (mut texts, mut stop_reason, mut usage) = (BTreeMap::<u64, (bool, String)>::new(), None, Value::Null);
    for mut event in events {
        let at = |path: &str| event.pointer(path).and_then(Value::as_u64).unwrap_or_default();
        if event.pointer("/contentBlockStart/start/toolUse").is_some() {
            texts.insert(at("/contentBlockStart/contentBlockIndex"), (true, String::new()));
        }
        if let Some(delta) = event.pointer("/contentBlockDelta/delta") {
            let text = ["/text", "/toolUse/input"]
                .into_iter()
                .find_map(|path| delta.pointer(path)?.as_str());
            let is_tool = delta.get("toolUse").is_some();
            if let Some(text) = text {
                let block = texts
                    .entry(at("/contentBlockDelta/contentBlockIndex"))
                    .or_insert_with(|| (is_tool, String::new()));
                block.1.push_str(text);
            }
        }
        if let Some(reason) = event.pointer_mut("/messageStop/stopReason") {
            stop_reason = Some(reason.take());
        }
        if let Some(found) = event.pointer_mut("/metadata/usage") {
            usage = found.take();
        }
    }
    let block = |(is_tool, text): (bool, String)| match is_tool {
        true => Some(json!({ "toolUse": { "input": serde_json::from_str::<Value>(&text).ok()? } })),
        false => Some(json!({ "text": text })),
    };
    let content: Option<Vec<Value>> = texts.into_values().map(block).collect();
    Some(json!({
        "output": { "message": { "role": "assistant", "content": content? } },
        "stopReason": stop_reason?,
        "usage": usage,
    }))
}

#[cfg(test)]
mod tests;
