use serde_json::json;

use super::*;
use crate::log::AnswerText;

fn attribute(key: &str, value: &Value) -> Value {
    json!({"key": key, "value": value})
}

fn text(key: &str, value: &str) -> Value {
    attribute(key, &json!({"stringValue": value}))
}

fn span(id: &str, attributes: &[Value], events: &[Value]) -> Value {
    json!({"traceId": "t", "spanId": id, "name": "chat", "attributes": attributes, "events": events})
}

fn export(spans: &[Value]) -> Map<String, Value> {
    let export = json!({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]});
    export.as_object().unwrap().clone()
}

fn records(records: &[Value]) -> Map<String, Value> {
    let export = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]});
    export.as_object().unwrap().clone()
}

fn only_call(spans: &[Value]) -> LoggedCall {
    let mut telemetry = Telemetry::default();
    let mut calls = telemetry.read(export(spans), 1).unwrap().calls;
    calls.extend(telemetry.rest().into_iter().map(|(_, call)| call));
    let [call] = <[LoggedCall; 1]>::try_from(calls).unwrap();
    call
}

fn written(call: &LoggedCall) -> Vec<String> {
    let answers = call.choices.iter();
    answers
        .map(|choice| match &choice.answer {
            Ok(AnswerText::Written(text)) => text.clone(),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn attributes_with_numbers_are_messages() {
    let call = only_call(&[span(
        "s",
        &[
            text("gen_ai.system", "OpenAI"),
            text("llm.request.type", "chat"),
            text("gen_ai.request.model", "gpt-x"),
            text("gen_ai.prompt.0.role", "system"),
            text("gen_ai.prompt.0.content", "Sort."),
            text("gen_ai.prompt.1.role", "user"),
            text(
                "gen_ai.prompt.1.content",
                r#"[{"type": "text", "text": "where is my card"}]"#,
            ),
            text("gen_ai.completion.0.role", "assistant"),
            text("gen_ai.completion.0.content", "card"),
            text("gen_ai.completion.0.finish_reason", "stop"),
            text("gen_ai.completion.1.finish_reason", "tool_calls"),
            text(
                "gen_ai.completion.1.tool_calls.0.arguments",
                "{\"label\": \"fees\"}",
            ),
        ],
        &[],
    )]);
    assert_eq!(
        (call.input.as_str(), call.system.as_deref()),
        ("where is my card", Some("Sort."))
    );
    assert_eq!(written(&call), ["card", "{\"label\": \"fees\"}"]);
    assert_eq!(
        (call.id.as_deref(), call.model.as_deref()),
        (Some("s"), Some("gpt-x"))
    );
}

#[test]
fn prompt_and_completion_stand_in_events_of_the_span_or_beside_each_other() {
    let prompt = text(
        "gen_ai.prompt",
        r#"[{"role": "user", "content": "where is my card"}]"#,
    );
    let completion = text(
        "gen_ai.completion",
        r#"[{"role": "assistant", "content": "card"}]"#,
    );
    let events = [
        json!({"name": "gen_ai.content.prompt", "attributes": [prompt]}),
        json!({"name": "gen_ai.content.completion", "attributes": [completion]}),
    ];
    for call in [
        only_call(&[span("s", &[text("gen_ai.operation.name", "chat")], &events)]),
        only_call(&[span("s", &[prompt, completion], &[])]),
    ] {
        assert_eq!(
            (call.input.as_str(), call.fault.as_ref()),
            ("where is my card", None)
        );
        assert_eq!(written(&call), ["card"]);
    }
}

#[test]
fn messages_may_be_structures_and_instructions_stand_apart() {
    let list = |items: Value| json!({"arrayValue": {"values": items}});
    let entry = |pairs: Value| json!({"kvlistValue": {"values": pairs}});
    let part = |said: &str| entry(json!([text("type", "text"), text("content", said)]));
    let message = |role: &str, said: &str| {
        entry(json!([
            text("role", role),
            attribute("parts", &list(json!([part(said)])))
        ]))
    };
    let call = only_call(&[span(
        "s",
        &[
            text("gen_ai.operation.name", "generate_content"),
            attribute("gen_ai.system_instructions", &list(json!([part("Sort.")]))),
            attribute("gen_ai.input.messages", &list(json!([message("user", "q")]))),
            attribute(
                "gen_ai.output.messages",
                &list(json!([message("assistant", "card")])),
            ),
        ],
        &[],
    )]);
    assert_eq!(
        (call.input.as_str(), call.system.as_deref()),
        ("q", Some("Sort."))
    );
    assert_eq!(written(&call), ["card"]);
}

#[test]
fn what_was_not_recorded_or_cut_is_said() {
    let chat = || text("gen_ai.operation.name", "chat");
    let nothing = only_call(&[span("s", &[chat()], &[])]);
    assert_eq!(nothing.fault.unwrap().kind(), "not_recorded");
    let cut = text(
        "gen_ai.input.messages",
        r#"[{"role": "user", "parts": [{"type": "text", "con"#,
    );
    let fault = only_call(&[span("s", &[chat(), cut], &[])]).fault.unwrap();
    let RejectReason::NotRecorded { detail } = &fault else {
        panic!("{fault:?}")
    };
    assert!(detail.starts_with("gen_ai.input.messages is cut off"), "{detail}");
    let failed = [
        chat(),
        text("error.type", "timeout"),
        text(
            "gen_ai.input.messages",
            r#"[{"role": "user", "parts": [{"type": "text", "content": "q"}]}]"#,
        ),
    ];
    assert_eq!(
        only_call(&[span("s", &failed, &[])]).fault.unwrap().kind(),
        "failed_call"
    );
}

#[test]
fn spans_of_other_operations_are_no_calls_and_do_no_harm() {
    let other = span("a", &[text("gen_ai.operation.name", "execute_tool")], &[]);
    let plain = span("b", &[text("http.request.method", "POST")], &[]);
    let content = Telemetry::default()
        .read(export(&[other.clone(), plain.clone()]), 1)
        .unwrap();
    assert!(content.calls.is_empty());
    assert_eq!(
        content.without_call.as_deref(),
        Some("telemetry of something else")
    );
    let chat = span(
        "c",
        &[text("gen_ai.prompt", "q"), text("gen_ai.completion", "a")],
        &[],
    );
    assert_eq!(only_call(&[other, chat, plain]).input, "q");
    let none = json!({"resourceMetrics": []});
    assert!(
        Telemetry::default()
            .read(none.as_object().unwrap().clone(), 1)
            .is_err()
    );
}

fn event(span: &str, name: &str, body: &Value) -> Value {
    json!({"traceId": "t", "spanId": span, "eventName": name, "body": body})
}

fn said(text_of_message: &str) -> Value {
    json!({"kvlistValue": {"values": [text("content", text_of_message)]}})
}

fn chosen(answer: &str) -> Value {
    let message = json!({"kvlistValue": {"values": [text("role", "assistant"), text("content", answer)]}});
    json!({"kvlistValue": {"values": [text("finish_reason", "stop"), attribute("message", &message)]}})
}

#[test]
fn records_make_a_call_before_and_after_their_span() {
    let question = event("s", "gen_ai.user.message", &said("q"));
    let answer = event("s", "gen_ai.choice", &chosen("card"));
    let end = span(
        "s",
        &[
            text("gen_ai.operation.name", "chat"),
            text("gen_ai.response.id", "r"),
        ],
        &[],
    );
    let lines = [records(&[question]), records(&[answer]), export(&[end])];
    for (order, at) in [([0, 1, 2], 3), ([2, 0, 1], 3), ([0, 2, 1], 3)] {
        let mut telemetry = Telemetry::default();
        let mut calls = Vec::new();
        for (number, &line) in (1..).zip(&order) {
            let content = telemetry.read(lines[line].clone(), number).unwrap();
            assert_eq!(content.calls.is_empty(), content.without_call.is_some());
            calls.extend(content.calls.into_iter().map(|call| (number, call)));
        }
        calls.extend(telemetry.rest());
        let [(line, call)] = &calls[..] else {
            panic!("{order:?}: {calls:?}")
        };
        assert_eq!(
            (*line, call.input.as_str(), call.id.as_deref()),
            (at, "q", Some("r")),
            "{order:?}"
        );
        assert_eq!(written(call), ["card"], "{order:?}");
    }
}

#[test]
fn records_of_no_span_do_not_run_together() {
    let mut telemetry = Telemetry::default();
    let line = [
        event("", "gen_ai.user.message", &said("a")),
        event("", "gen_ai.user.message", &said("b")),
        event("", "http.request", &said("c")),
    ];
    assert!(telemetry.read(records(&line), 1).unwrap().calls.is_empty());
    let rest: Vec<String> = telemetry.rest().into_iter().map(|(_, call)| call.input).collect();
    assert_eq!(rest, ["a", "b"]);
}

#[test]
fn what_waits_for_its_span_does_not_grow_without_end() {
    const MOST: usize = 2000;
    let mut telemetry = Telemetry {
        most: MOST,
        ..Telemetry::default()
    };
    let mut calls = 0;
    let message = |id: usize| {
        json!({"traceId": "t", "spanId": id.to_string(), "eventName": "gen_ai.user.message",
            "body": {"kvlistValue": {"values": [text("content", &id.to_string())]}}})
    };
    for number in 0..5 * MOST / 100 {
        let of_line: Vec<Value> = (0..100).map(|at| message(number * 100 + at)).collect();
        calls += telemetry
            .read(records(&of_line), number as u64 + 1)
            .unwrap()
            .calls
            .len();
        assert!(telemetry.pending.len() <= MOST);
    }
    let rest = telemetry.rest();
    assert_eq!(calls + rest.len(), 5 * MOST);
    assert!(rest.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    assert_eq!(rest.last().unwrap().1.input, (5 * MOST - 1).to_string());
}
