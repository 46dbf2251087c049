//! Logs of tools that stand between an application and its model, line by line after their documentation.

use std::collections::BTreeMap;

use distill_data::{AnswerFormat, Curated, LogFormat};
use serde_json::{Value, json};

use crate::support::{counted, curated_bytes, learnt};

fn curated(lines: &[Value], format: LogFormat, answer: AnswerFormat) -> Curated {
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    curated_bytes(text.join("\n"), format, answer)
}

fn invocation(input: &Value, output: &Value) -> Value {
    json!({"schemaType": "ModelInvocationLog", "schemaVersion": "1.0", "timestamp": "2026-05-14T10:00:00Z",
        "accountId": "1", "region": "eu-central-1", "requestId": "r", "operation": "InvokeModel", "modelId": "some.model-v1:0",
        "input": {"inputContentType": "application/json", "inputBodyJson": input, "inputTokenCount": 9},
        "output": {"outputContentType": "application/json", "outputBodyJson": output, "outputTokenCount": 1}})
}

#[test]
fn bedrock_s_bodies_are_those_of_their_vendors() {
    let converse = invocation(
        &json!({"system": [{"text": "Sort."}], "messages": [{"role": "user", "content": [{"text": "where is my card"}]}]}),
        &json!({"output": {"message": {"role": "assistant", "content": [{"reasoningContent": {}}, {"text": "card"}]}},
            "stopReason": "end_turn", "usage": {}}),
    );
    let anthropic = invocation(
        &json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "system": "Sort.",
            "messages": [{"role": "user", "content": "what does it cost"}]}),
        &json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": "fees"}], "usage": {}}),
    );
    let chat = invocation(
        &json!({"messages": [{"role": "system", "content": "Sort."}, {"role": "user", "content": "how do i add money"}]}),
        // A body may be JSON in a string.
        &json!(
            json!({"id": "c", "model": "gpt-oss", "choices": [{"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "top-up"}}]})
            .to_string()
        ),
    );
    let cut = invocation(
        &json!({"messages": [{"role": "user", "content": [{"text": "a"}]}]}),
        &json!({"output": {"message": {"role": "assistant", "content": [{"text": "ca"}]}}, "stopReason": "max_tokens"}),
    );
    let mut elsewhere = invocation(&Value::Null, &Value::Null);
    elsewhere["input"] =
        json!({"inputContentType": "application/json", "inputBodyS3Path": "s3://logs/data/r_input.json.gz"});
    let mut failed = invocation(
        &json!({"messages": [{"role": "user", "content": [{"text": "b"}]}]}),
        &Value::Null,
    );
    failed["errorCode"] = json!("ThrottlingException");
    let streamed = |events: Value| {
        invocation(
            &json!({"messages": [{"role": "user", "content": [{"text": "can i get a card"}]}]}),
            &events,
        )
    };
    let delta = json!({"contentBlockDelta": {"delta": {"text": "card"}}});
    let end = json!({"messageStop": {"stopReason": "end_turn"}});
    let lines = [
        converse,
        anthropic,
        chat,
        cut,
        elsewhere,
        failed,
        streamed(json!([delta, end])),
        streamed(json!([delta])),
        streamed(json!([{"completion": "card"}])),
    ];
    let found = curated(&lines, LogFormat::Bedrock, AnswerFormat::Text);
    assert_eq!(
        learnt(&found),
        BTreeMap::from([
            ("where is my card", "card"),
            ("what does it cost", "fees"),
            ("how do i add money", "top-up"),
            ("can i get a card", "card"),
        ])
    );
    assert_eq!(
        counted(&found.manifest.ledger.rejected),
        [("elsewhere", 1), ("failed_call", 2), ("truncated", 1)]
    );
    assert!(
        found.quarantine[0].detail.contains("stream"),
        "{:?}",
        found.quarantine
    );
    assert_eq!(
        counted(&found.manifest.models),
        [("claude-x", 1), ("gpt-oss", 1), ("some.model-v1:0", 6)]
    );
    assert_eq!(found.manifest.prompts.len(), 2, "{:?}", found.manifest.prompts);
}

#[test]
fn langfuse_s_generations_are_calls_whatever_the_application_logged() {
    let row = |kind: &str, input: Value, output: Value| {
        json!({"id": "o", "trace_id": "t", "type": kind, "start_time": "2026-05-14 10:00:00.000000",
            "provided_model_name": "gpt-x", "level": "DEFAULT", "input": input, "output": output})
    };
    let messages =
        json!([{"role": "system", "content": "Sort."}, {"role": "user", "content": "where is my card"}]);
    let mut failed = row("GENERATION", json!("q"), Value::Null);
    failed["level"] = json!("ERROR");
    let lines = [
        row(
            "GENERATION",
            messages.clone(),
            json!({"role": "assistant", "content": "card"}),
        ),
        row(
            "GENERATION",
            json!(json!({"messages": [{"role": "user", "content": "what does it cost"}]}).to_string()),
            json!("fees"),
        ),
        row(
            "GENERATION",
            json!("how do i add money"),
            json!(json!({"role": "assistant", "content": "top-up"}).to_string()),
        ),
        // Text that is JSON by chance is text.
        row(
            "GENERATION",
            json!("[1, 2]"),
            json!([{"type": "text", "text": "fees"}]),
        ),
        row("SPAN", messages, json!("card")),
        row("GENERATION", json!("no answer"), Value::Null),
        failed,
    ];
    let found = curated(&lines, LogFormat::Langfuse, AnswerFormat::Text);
    assert_eq!(
        learnt(&found),
        BTreeMap::from([
            ("where is my card", "card"),
            ("what does it cost", "fees"),
            ("how do i add money", "top-up"),
            ("[1, 2]", "fees")
        ])
    );
    let ledger = &found.manifest.ledger;
    assert_eq!(counted(&ledger.lines_without_call), [("observation span", 1)]);
    assert_eq!(
        counted(&ledger.rejected),
        [("empty_answer", 1), ("failed_call", 1)]
    );
    assert_eq!((ledger.lines, ledger.calls, ledger.damaged()), (7, 6, 0));
    let camel = json!({"id": "o", "traceId": "t", "type": "GENERATION", "model": "gpt-y", "input": {"question": "where is it"},
        "output": {"label": "card"}});
    let found = curated(&[camel], LogFormat::Langfuse, AnswerFormat::json());
    assert_eq!(learnt(&found), BTreeMap::from([("where is it", "card")]));
    assert_eq!(counted(&found.manifest.models), [("gpt-y", 1)]);
}

#[test]
fn tensorzero_s_columns_are_json_in_strings() {
    let row = |input: Value, output: Value| {
        json!({"id": "0190", "function_name": "sort", "variant_name": "v1", "episode_id": "0191",
            "input": input.to_string(), "output": output.to_string(), "tags": {}})
    };
    let asked = |text: &str| json!({"system": "Sort.", "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}]});
    let lines = [
        row(
            asked("where is my card"),
            json!([{"type": "thought", "text": "hm"}, {"type": "text", "text": "card"}]),
        ),
        row(asked("nothing"), json!([])),
    ];
    let found = curated(&lines, LogFormat::Tensorzero, AnswerFormat::Text);
    assert_eq!(learnt(&found), BTreeMap::from([("where is my card", "card")]));
    assert_eq!(counted(&found.manifest.ledger.rejected), [("empty_answer", 1)]);
    assert_eq!(counted(&found.manifest.models), [("v1", 2)]);
    let lines = [
        row(
            asked("what does it cost"),
            json!({"raw": "{\"label\": \"fees\"}", "parsed": {"label": "fees"}}),
        ),
        row(
            asked("how do i add money"),
            json!([{"type": "tool_call", "name": "sort", "arguments": {"label": "top-up"}}]),
        ),
    ];
    let found = curated(&lines, LogFormat::Tensorzero, AnswerFormat::json());
    assert_eq!(
        learnt(&found),
        BTreeMap::from([("what does it cost", "fees"), ("how do i add money", "top-up")])
    );
}

#[test]
fn fine_tuning_rows_end_in_the_answer_and_may_ask_not_to_be_learnt() {
    let row = |answer: Value| json!({"messages": [{"role": "system", "content": "Sort."}, {"role": "user", "content": "where is my card"}, answer]});
    let lines = [
        row(json!({"role": "assistant", "content": "card"})),
        row(json!({"role": "assistant", "content": "fees", "weight": 0})),
        row(json!({"role": "user", "content": "hello?"})),
        json!({"messages": []}),
    ];
    let found = curated(&lines, LogFormat::FineTune, AnswerFormat::Text);
    assert_eq!(learnt(&found), BTreeMap::from([("where is my card", "card")]));
    assert_eq!(
        counted(&found.manifest.ledger.rejected),
        [("not_for_training", 1)]
    );
    assert_eq!(found.manifest.ledger.damaged(), 2);
}
