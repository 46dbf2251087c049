//! Amazon Bedrock's model invocation log.
//!
//! Fields after the user guide, "Monitor model invocation" (schema `ModelInvocationLog`, version 1.0), and the API reference
//! of `Converse`. The bodies are the vendor's own: what is known here are those of `Converse` and of Amazon's Nova, of
//! Anthropic and of models that speak OpenAI's chat completions, told apart by the answer's keys.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    AnswerText, Choice, LoggedCall, anthropic, chat_completion,
    conversation::{AfterQuestion, Content, Part, Turn, call_of},
    exchange::{Exchange, parsed},
    metadata::CallMetadata,
    streamed,
};
use crate::{quarantine::LineDamage, rejected::RejectReason};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    request_id: Option<String>,
    model_id: Option<String>,
    error_code: Option<String>,
    timestamp: Option<Value>,
    input: Option<Input>,
    output: Option<Output>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    input_body_json: Option<Value>,
    input_body_s3_path: Option<String>,
    input_token_count: Option<Value>,
    cache_read_input_token_count: Option<Value>,
    cache_write_input_token_count: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    output_body_json: Option<Value>,
    output_body_s3_path: Option<String>,
    output_token_count: Option<Value>,
}

/// Reads one line.
pub(super) fn read(line: Map<String, Value>) -> Result<LoggedCall, LineDamage> {
    let invocation: Invocation = parsed(Value::Object(line), "the line")?;
    let metadata = metadata(&invocation);
    let (mut input, mut output) = (invocation.input, invocation.output);
    let elsewhere = input
        .as_mut()
        .and_then(|input| input.input_body_s3_path.take())
        .or_else(|| output.as_mut()?.output_body_s3_path.take());
    if let Some(path) = elsewhere {
        return Ok(LoggedCall {
            id: invocation.request_id,
            model: invocation.model_id,
            metadata,
            fault: Some(RejectReason::Elsewhere { path }),
            ..LoggedCall::default()
        });
    }
    let request = unwrapped(input.and_then(|input| input.input_body_json))
        .ok_or_else(|| LineDamage::wrong_shape("input.inputBodyJson is missing"))?;
    let body = unwrapped(output.and_then(|output| output.output_body_json));
    let (answer, broken) = match body.map(streamed::whole).transpose()? {
        Some(Ok(answer)) => (Some(answer), None),
        Some(Err(broken)) => (None, Some(broken)),
        None => (None, Some("there is no output".to_owned())),
    };
    let failure = invocation.error_code.or(broken);
    let has = |key: &str| answer.as_ref().is_some_and(|body| body.get(key).is_some());
    let is_chat = has("choices");
    let is_anthropic = has("content") || request.get("anthropic_version").is_some();
    let is_converse = answer
        .as_ref()
        .is_none_or(|body| body.pointer("/output/message").is_some());
    let exchange = Exchange {
        request,
        response: match failure {
            Some(failure) => Err(failure),
            None => Ok(answer.unwrap_or_default()),
        },
        id: invocation.request_id,
        metadata,
    };
    let mut call = if is_chat {
        chat_completion::of(exchange)?
    } else if is_anthropic {
        anthropic::of(exchange)?
    } else if is_converse {
        converse(exchange)?
    } else {
        return Err(LineDamage::wrong_shape(
            "output.outputBodyJson is not of a vendor that is known: Converse, Nova, Anthropic, OpenAI's chat completions",
        ));
    };
    call.model = call.model.or(invocation.model_id);
    Ok(call)
}

/// What the log's own fields say; a body that says more is believed before them.
fn metadata(invocation: &Invocation) -> CallMetadata {
    let mut metadata = CallMetadata::default();
    metadata.at = metadata.time(invocation.timestamp.as_ref());
    if let Some(input) = &invocation.input {
        let read = metadata.tokens(input.input_token_count.as_ref(), "input_tokens");
        let from_cache = metadata.tokens(input.cache_read_input_token_count.as_ref(), "cached_tokens");
        let into_cache = metadata.tokens(input.cache_write_input_token_count.as_ref(), "cached_tokens");
        metadata.usage.input = read.map(|read| read + from_cache.unwrap_or(0.0) + into_cache.unwrap_or(0.0));
        metadata.usage.cached = from_cache;
    }
    if let Some(output) = &invocation.output {
        metadata.usage.output = metadata.tokens(output.output_token_count.as_ref(), "output_tokens");
    }
    metadata
}

/// A body; one that is JSON in a string is unwrapped.
fn unwrapped(body: Option<Value>) -> Option<Value> {
    match body? {
        Value::String(text) => serde_json::from_str(&text).ok(),
        Value::Null => None,
        body => Some(body),
    }
}

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    system: Vec<Block>,
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Vec<Block>,
}

/// One key says what it is: `text`, `image`, `document`, `toolUse`, `toolResult`, `reasoningContent`.
type Block = Map<String, Value>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    output: AnswerOutput,
    stop_reason: Option<String>,
}

#[derive(Deserialize)]
struct AnswerOutput {
    message: Message,
}

fn converse(mut exchange: Exchange) -> Result<LoggedCall, LineDamage> {
    let request: Request = exchange.request()?;
    let turns = request
        .messages
        .into_iter()
        .map(|message| Turn::of(message.role, parts(message.content)));
    let (mut call, begun) = call_of(
        turns.collect(),
        Some(parts(request.system)),
        AfterQuestion::BeginningOfAnswer,
    )?;
    if let Some(said) = exchange.response(&mut call)? {
        call.choices = vec![Choice::of(answer(said, begun))];
    }
    Ok(call)
}

fn parts(blocks: Vec<Block>) -> Content {
    let part = |mut block: Block| match block.remove("text") {
        Some(Value::String(text)) => Part::text(text),
        _ => Part::of_kind(block.keys().next().cloned().unwrap_or_default()),
    };
    Content::Parts(blocks.into_iter().map(part).collect())
}

fn answer(answer: Answer, begun: String) -> Result<AnswerText, RejectReason> {
    let mut text = begun;
    let mut inputs = Vec::new();
    for mut block in answer.output.message.content {
        match block.remove("text") {
            Some(Value::String(said)) => text.push_str(&said),
            _ => inputs.extend(
                block
                    .get_mut("toolUse")
                    .and_then(|tool| tool.get_mut("input"))
                    .map(Value::take),
            ),
        }
    }
    match answer.stop_reason.as_deref() {
        Some(reason @ ("max_tokens" | "content_filtered" | "guardrail_intervened")) => {
            return Err(RejectReason::Truncated {
                finish_reason: reason.to_owned(),
            });
        }
        Some("refusal") => return Err(RejectReason::Refusal { text }),
        _ => {}
    }
    super::text_or_tool(text, inputs)
}
