//! `POST /v1/chat/completions`. Field names after the `openai` Python package, version 3.57
//! (`types/chat/chat_completion.py`).

use serde::Deserialize;
use serde_json::{Map, Value, json};
use task_spec::{Prediction, Task};

use super::{WireError, object};

/// The body of an answer; what is not used is not declared.
#[derive(Deserialize)]
pub(crate) struct Completion {
    choices: Vec<Choice>,
}

/// The part of an answer's body that says what was billed. It is read by itself, so that a server that says something else
/// there has answered all the same.
#[derive(Deserialize)]
pub(super) struct Billed {
    pub(super) usage: Option<TokenCounts>,
}

/// The tokens of a request and of its answer, as a server of chat completions counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct TokenCounts {
    /// Tokens of the request.
    #[serde(rename = "prompt_tokens")]
    pub input: u64,
    /// Tokens of the answer, those of its reasoning among them.
    #[serde(rename = "completion_tokens")]
    pub output: u64,
}

#[derive(Deserialize)]
struct Choice {
    message: Reply,
    logprobs: Option<Logprobs>,
}

#[derive(Deserialize)]
struct Reply {
    content: Option<String>,
    refusal: Option<String>,
    #[serde(default)]
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
    content: Option<Vec<Token>>,
}

#[derive(Deserialize)]
struct Token {
    logprob: f64,
}

pub(super) fn request<A>(task: &Task<A>, input: &str, logprobs: bool) -> Map<String, Value> {
    let mut body = object(json!({ "messages": task.prompt(input), "temperature": 0 }));
    if logprobs {
        body.insert("logprobs".to_owned(), Value::Bool(true));
    }
    body
}

/// The one choice's text, or its refusal, or the arguments of the tool that it calls. Its confidence is the
/// probability of its tokens, where the server logged them: the product of theirs.
pub(crate) fn answer(completion: Completion) -> Result<Prediction, WireError> {
    let found = completion.choices.len();
    let (Some(choice), 1) = (completion.choices.into_iter().next(), found) else {
        return Err(WireError::Count { expected: 1, found });
    };
    let text = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let tokens = choice.logprobs.and_then(|logprobs| logprobs.content);
    let called = choice.message.tool_calls.into_iter().flatten();
    let mut arguments = called
        .filter_map(|call| call.function)
        .map(|function| function.arguments);
    if let Some(refusal) = text(choice.message.refusal) {
        return Ok(Prediction::new(refusal));
    }
    if let Some(content) = text(choice.message.content) {
        let log_probability = (tokens.filter(|tokens| !tokens.is_empty()))
            .map(|tokens| tokens.iter().map(|token| token.logprob).sum::<f64>());
        return Ok(Prediction {
            confidence: log_probability.map(|sum| sum.exp().min(1.0)),
            ..Prediction::new(content.trim())
        });
    }
    // An empty answer is one, which means no label: what a limit on tokens or a filter leaves.
    Ok(Prediction::new(text(arguments.next()).unwrap_or_default()))
}
