//! One call as a line of each format, after the schemas that `LogFormat` names.

use serde_json::{Value, json};

/// A question with its answer.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) id: String,
    pub(crate) input: String,
    pub(crate) answer: String,
    /// What could be answered, where a format says so.
    pub(crate) offered: Vec<String>,
    /// How sure the teacher is, in 0..1, where a format says so.
    pub(crate) probability: f64,
}

/// The first line of a table; other formats have none.
pub(crate) fn header(format: &str) -> Option<&'static str> {
    (format == "csv").then_some("input,answer,confidence,id")
}

/// The call as a line of the format of that name.
pub(crate) fn line(format: &str, call: &Asked) -> String {
    let Asked {
        id, input, answer, ..
    } = call;
    let chat = json!([{"role": "system", "content": "Sort."}, {"role": "user", "content": input}]);
    let line = match format {
        "openai-chat" => {
            json!({"request": {"model": "m", "messages": chat}, "response": chat_completion(call)})
        }
        "openai-responses" => json!({"request": {"model": "m", "instructions": "Sort.", "input": input},
            "response": {"id": id, "model": "m-1", "status": "completed", "output": [{"type": "message",
                "content": [{"type": "output_text", "text": answer, "logprobs": logprobs(call)}]}]}}),
        "openai-decisions" => json!({"request_id": id,
            "request": {"model": "m", "input": input, "questions": [{"type": "choice", "name": "intent",
                "instructions": "Sort.", "choices": offered(call, |name| json!({"value": name}))}]},
            "response": {"model": "m-1", "answers": [{"type": "choice", "choice": answer, "confidence": 0.5,
                "probabilities": offered(call, |name| json!({"value": name, "probability": probability(call, name)}))}]}}),
        "system-one" => json!({"id": id,
            "request": {"model": "m", "state": input, "questions": {"intent": {"type": "choice", "instructions": "Sort.",
                "criteria": by_label(call, |_| json!("a label"))}}},
            "response": {"model": "m-1", "answers": {"intent": {"type": "choice", "choice": answer, "confidence": 0.5,
                "probabilities": by_label(call, |name| json!(probability(call, name)))}}}}),
        "anthropic-messages" => json!({"request": {"model": "m", "system": "Sort.",
                "messages": [{"role": "user", "content": input}]},
            "response": {"id": id, "type": "message", "role": "assistant", "model": "m-1", "stop_reason": "end_turn",
                "content": [{"type": "text", "text": answer}]}}),
        "bedrock" => json!({"schemaType": "ModelInvocationLog", "requestId": id, "modelId": "m-1",
            "input": {"inputBodyJson": {"system": [{"text": "Sort."}],
                "messages": [{"role": "user", "content": [{"text": input}]}]}},
            "output": {"outputBodyJson": {"stopReason": "end_turn",
                "output": {"message": {"role": "assistant", "content": [{"text": answer}]}}}}}),
        "open-telemetry" => open_telemetry(call),
        "langfuse" => {
            json!({"id": id, "type": "GENERATION", "provided_model_name": "m-1", "level": "DEFAULT",
            "input": chat.to_string(), "output": {"role": "assistant", "content": answer}})
        }
        "langsmith" => langsmith(call),
        "tensorzero" => json!({"id": id, "variant_name": "v1",
            "input": json!({"system": "Sort.",
                "messages": [{"role": "user", "content": [{"type": "text", "text": input}]}]}).to_string(),
            "output": json!([{"type": "text", "text": answer}]).to_string()}),
        "fine-tune" => json!({"messages": [{"role": "system", "content": "Sort."},
            {"role": "user", "content": input}, {"role": "assistant", "content": answer}]}),
        "csv" => return csv_row(call),
        // The fields of the map's defaults.
        _ => {
            json!({"id": id, "input": input, "answer": answer, "confidence": call.probability, "model": "m-1"})
        }
    };
    line.to_string()
}

fn chat_completion(call: &Asked) -> Value {
    json!({"id": call.id, "model": "m-1", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": call.answer, "refusal": null},
        "logprobs": {"content": logprobs(call)}}]})
}

fn logprobs(call: &Asked) -> Value {
    json!([{"token": call.answer, "logprob": call.probability.ln(), "bytes": null, "top_logprobs": []}])
}

fn offered(call: &Asked, each: impl Fn(&str) -> Value) -> Value {
    call.offered.iter().map(|name| each(name)).collect()
}

fn by_label(call: &Asked, each: impl Fn(&str) -> Value) -> Value {
    let fields = call.offered.iter().map(|name| (name.clone(), each(name)));
    Value::Object(fields.collect())
}

/// The answer has its own, and the others share the rest.
fn probability(call: &Asked, name: &str) -> f64 {
    let others = call.offered.iter().filter(|other| **other != call.answer).count();
    match name == call.answer {
        true => call.probability,
        false => (1.0 - call.probability) / others.max(1) as f64,
    }
}

fn open_telemetry(call: &Asked) -> Value {
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let said = |role: &str, said: &str| {
        json!([{"role": role, "parts": [{"type": "text", "content": said}]}]).to_string()
    };
    json!({"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": format!("trace of {}", call.id), "spanId": call.id,
    "attributes": [
        text("gen_ai.operation.name", "chat"),
        text("gen_ai.response.model", "m-1"),
        text("gen_ai.input.messages", &said("user", &call.input)),
        text("gen_ai.output.messages", &said("assistant", &call.answer)),
    ]}]}]}]})
}

/// A run of a wrapped client of OpenAI; its tokens stand where the client puts them.
fn langsmith(call: &Asked) -> Value {
    json!({"id": call.id, "run_type": "llm", "start_time": "2026-05-14T10:00:00.25Z", "end_time": "2026-05-14T10:00:01Z",
        "inputs": {"model": "m", "messages": [{"role": "system", "content": "Sort."},
            {"role": "user", "content": call.input}]},
        "outputs": chat_completion(call), "error": null})
}

fn csv_row(call: &Asked) -> String {
    let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    let (input, answer) = (quoted(&call.input), quoted(&call.answer));
    format!("{input},{answer},{},{}", call.probability, quoted(&call.id))
}
