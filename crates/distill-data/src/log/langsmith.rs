//! Runs of LangSmith.
//!
//! Fields after "Run (span) data format" of its documentation and `schemas.py` of the `langsmith` package, version 0.15. What
//! a run was given and gave back is whatever the application traced: requests and responses of a wrapped client of OpenAI
//! or Anthropic (`wrappers/_openai.py`, `_anthropic.py`), messages of LangChain, or what a function takes and returns.

mod langchain;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Choice, LineContent, LoggedCall, anthropic, chat_completion,
    conversation::{AfterQuestion, call_of},
    exchange::{Exchange, parsed},
    loose::{answered, asked},
    metadata::{CallMetadata, text},
    responses,
};
use crate::{
    quarantine::{LineDamage, excerpt},
    rejected::RejectReason,
};

/// How much of an error is kept in a rejection, in characters; the rest is the trace of the program.
const ERROR_CHARS: usize = 200;

#[derive(Deserialize)]
struct Run {
    id: Option<String>,
    run_type: Option<String>,
    error: Option<String>,
    #[serde(default)]
    inputs: Value,
    #[serde(default)]
    outputs: Value,
    #[serde(default)]
    extra: Value,
    start_time: Option<Value>,
    end_time: Option<Value>,
    prompt_tokens: Option<Value>,
    completion_tokens: Option<Value>,
}

/// Reads one line: a call if it is the run of a model.
pub(super) fn read(line: Map<String, Value>) -> Result<LineContent, LineDamage> {
    let mut run: Run = parsed(Value::Object(line), "the line")?;
    match run.run_type.as_deref() {
        Some("llm") => {}
        Some(other) => return Ok(LineContent::without_call(format!("run {other}"))),
        None => return Err(LineDamage::wrong_shape("run_type is missing")),
    }
    let [inputs, outputs, extra] = [&mut run.inputs, &mut run.outputs, &mut run.extra].map(unwrapped);
    let metadata = metadata(&run, &outputs, &extra);
    let error = run.error.filter(|error| !error.trim().is_empty());
    let mut call = match error {
        Some(error) => LoggedCall {
            fault: Some(RejectReason::FailedCall {
                detail: excerpt(&error, ERROR_CHARS),
            }),
            ..question(inputs)?
        },
        None => answered_call(inputs, outputs)?,
    };
    call.id = run.id;
    call.model = call.model.or_else(|| named_model(&extra));
    call.metadata = metadata.or(call.metadata);
    Ok(call.into())
}

/// JSON, or JSON in a string.
fn unwrapped(value: &mut Value) -> Value {
    match value.take() {
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_) | Value::Null)) => inner,
            _ => Value::String(text),
        },
        other => other,
    }
}

/// A call with its answer, told by the answer's keys.
fn answered_call(inputs: Value, outputs: Value) -> Result<LoggedCall, LineDamage> {
    let is_response = outputs.get("object").and_then(Value::as_str) == Some("response");
    // The client leaves out the type by which Anthropic's own messages are known.
    let is_message =
        outputs.get("content").is_some_and(Value::is_array) && outputs.get("stop_reason").is_some();
    let exchange = |request, response| Exchange {
        request,
        response: Ok(response),
        id: None,
        metadata: CallMetadata::default(),
    };
    if outputs.get("choices").is_some_and(Value::is_array) {
        chat_completion::of(exchange(inputs, outputs))
    } else if is_response {
        responses::of(exchange(inputs, outputs))
    } else if is_message {
        anthropic::of(exchange(inputs, outputs))
    } else if outputs.get("generations").is_some() {
        langchain::answered(question(inputs)?, outputs)
    } else {
        let mut call = question(inputs)?;
        call.choices = vec![Choice::of(answered(returned(outputs)))];
        Ok(call)
    }
}

fn question(inputs: Value) -> Result<LoggedCall, LineDamage> {
    let (turns, instructions) = asked(langchain::as_chat(inputs)?);
    Ok(call_of(turns, instructions, AfterQuestion::Nothing)?.0)
}

/// What a function returned: the client puts what is no object under `output`, beside the tokens.
fn returned(mut outputs: Value) -> Value {
    if let Value::Object(fields) = &mut outputs {
        fields.remove("usage_metadata");
        if fields.len() == 1
            && let Some(only) = ["output", "message"].iter().find_map(|key| fields.remove(*key))
        {
            return only;
        }
    }
    outputs
}

fn named_model(extra: &Value) -> Option<String> {
    let places = [
        "/metadata/ls_model_name",
        "/invocation_params/model",
        "/invocation_params/model_name",
    ];
    places.into_iter().find_map(|place| text(extra.pointer(place)))
}

fn metadata(run: &Run, outputs: &Value, extra: &Value) -> CallMetadata {
    let mut metadata = CallMetadata::default();
    metadata.at = metadata.time(run.start_time.as_ref());
    metadata.set_end(run.end_time.as_ref());
    let usage = [
        outputs.get("usage_metadata"),
        outputs.pointer("/generations/0/0/message/kwargs/usage_metadata"),
        extra.pointer("/metadata/usage_metadata"),
    ];
    match usage.into_iter().flatten().find(|usage| usage.is_object()) {
        Some(usage) => {
            metadata.usage.input = metadata.tokens(usage.get("input_tokens"), "input_tokens");
            metadata.usage.output = metadata.tokens(usage.get("output_tokens"), "output_tokens");
            let cached = usage.pointer("/input_token_details/cache_read");
            metadata.usage.cached = metadata.tokens(cached, "cached_tokens");
        }
        None => {
            // A run of which the service knows no tokens has 0 of them.
            let known = |tokens: &f64| *tokens > 0.0;
            let input = metadata.tokens(run.prompt_tokens.as_ref(), "input_tokens");
            let output = metadata.tokens(run.completion_tokens.as_ref(), "output_tokens");
            metadata.usage.input = input.filter(known);
            metadata.usage.output = output.filter(known);
        }
    }
    metadata
}
