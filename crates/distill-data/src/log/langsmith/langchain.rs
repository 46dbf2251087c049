//! Messages and answers as LangChain traces them.
//!
//! After `load/dump.py`, `messages/` and `outputs/` of the `langchain-core` package, version 1: an object is its class and what it
//! is made of, `{"lc": 1, "type": "constructor", "id": [..., "HumanMessage"], "kwargs": {"content": …}}`, or those fields alone.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{
    AnswerText, Choice, LoggedCall,
    loose::{self, text_at},
    metadata::text,
    token_logprob::{TokenLogprob, tokens},
};
use crate::{quarantine::LineDamage, rejected::RejectReason};

/// Inputs with messages of LangChain, or with prompts, as a chat with roles; others as they are.
pub(super) fn as_chat(mut inputs: Value) -> Result<Value, LineDamage> {
    if let Some(prompts) = inputs.get_mut("prompts").and_then(Value::as_array_mut) {
        return match &mut prompts[..] {
            [prompt] => Ok(prompt.take()),
            prompts => Err(several(prompts.len())),
        };
    }
    let Some(messages) = inputs.get_mut("messages").and_then(Value::as_array_mut) else {
        return Ok(inputs);
    };
    if messages.first().is_some_and(Value::is_array) {
        match &mut messages[..] {
            [Value::Array(chat)] => *messages = std::mem::take(chat),
            chats => return Err(several(chats.len())),
        }
    }
    for message in messages {
        if message.get("role").is_none() {
            *message = with_role(message.take());
        }
    }
    Ok(inputs)
}

fn several(chats: usize) -> LineDamage {
    LineDamage::wrong_shape(format!("in inputs: {chats} chats in one run, where one is read"))
}

/// What an object of LangChain is made of.
fn made_of(mut object: Value) -> Value {
    let inside = ["kwargs", "data"]
        .into_iter()
        .find(|key| object.get(*key).is_some_and(Value::is_object));
    match inside {
        Some(key) => {
            // Without a class in its fields the object's own says what it is.
            let kind = object.get("type").cloned().filter(|kind| kind != "constructor");
            let class = object
                .pointer("/id")
                .and_then(Value::as_array)
                .and_then(|id| id.last())
                .cloned();
            let mut fields = object.get_mut(key).map(Value::take).unwrap_or_default();
            if fields.get("type").is_none_or(Value::is_null) {
                fields["type"] = kind.or(class).unwrap_or_default();
            }
            fields
        }
        None => object,
    }
}

fn with_role(message: Value) -> Value {
    let fields = made_of(message);
    let role = match text_at(&fields, "type") {
        "human" | "HumanMessage" | "HumanMessageChunk" => "user",
        "system" | "SystemMessage" | "SystemMessageChunk" => "system",
        "ai" | "AIMessage" | "AIMessageChunk" => "assistant",
        "tool" | "ToolMessage" | "function" | "FunctionMessage" => "tool",
        // A message of any role names it.
        _ => text_at(&fields, "role"),
    };
    json!({"role": role, "content": fields["content"]})
}

#[derive(Deserialize)]
struct Generations {
    generations: Vec<Vec<Generation>>,
    #[serde(default)]
    llm_output: Value,
}

#[derive(Deserialize)]
struct Generation {
    text: Option<String>,
    #[serde(default)]
    message: Value,
    #[serde(default)]
    generation_info: Value,
}

/// The call with its answers: those to one prompt, of which there are several where several were asked for.
pub(super) fn answered(mut call: LoggedCall, outputs: Value) -> Result<LoggedCall, LineDamage> {
    let said: Generations = super::parsed(outputs, "outputs")?;
    let answers = match <[Vec<Generation>; 1]>::try_from(said.generations) {
        Ok([answers]) => answers,
        Err(lists) => return Err(several(lists.len())),
    };
    call.model = text(said.llm_output.get("model_name"));
    call.metadata.fingerprint = text(said.llm_output.get("system_fingerprint"));
    for mut answer in answers {
        answer.message = made_of(answer.message);
        let about = &answer.message["response_metadata"];
        call.model = call
            .model
            .or_else(|| text(about.get("model_name").or_else(|| about.get("model"))));
        call.choices.push(choice(answer));
    }
    if call.choices.is_empty() {
        call.fault.get_or_insert(RejectReason::EmptyAnswer);
    }
    Ok(call)
}

fn choice(said: Generation) -> Choice {
    let about = [&said.message["response_metadata"], &said.generation_info];
    let logged = about.iter().find_map(|about| {
        let content = about.pointer("/logprobs/content")?.clone();
        serde_json::from_value::<Vec<TokenLogprob>>(content).ok()
    });
    let reason = about.iter().find_map(|about| {
        ["finish_reason", "stop_reason"]
            .iter()
            .find_map(|key| text(about.get(*key)))
    });
    Choice {
        tokens: tokens(logged).collect(),
        ..Choice::of(answer(said, reason))
    }
}

fn answer(said: Generation, reason: Option<String>) -> Result<AnswerText, RejectReason> {
    if let Some(text) = text(said.message.pointer("/additional_kwargs/refusal")) {
        return Err(RejectReason::Refusal { text });
    }
    let mut message = said.message;
    match reason {
        Some(finish_reason)
            if matches!(finish_reason.as_str(), "length" | "max_tokens" | "content_filter") =>
        {
            return Err(RejectReason::Truncated { finish_reason });
        }
        Some(reason) if reason == "refusal" => {
            let text = said.text.unwrap_or_default();
            return Err(RejectReason::Refusal { text });
        }
        _ => {}
    }
    if message.is_null() {
        return loose::answered(said.text.map_or(Value::Null, Value::from));
    }
    // An answer that is no object has neither.
    let mut taken = |key| message.get_mut(key).map(Value::take).unwrap_or_default();
    let (content, tools) = (taken("content"), taken("tool_calls"));
    match tools.as_array().is_some_and(|tools| !tools.is_empty()) {
        true => loose::answered(json!({"role": "assistant", "content": content, "tool_calls": tools})),
        false => loose::answered(json!({"role": "assistant", "content": content})),
    }
}
