use serde_json::json;

use super::*;
use crate::{
    log::{LineReader, LogFormat, LoggedCall},
    rejected::RejectReason,
};

/// What `tests/fixtures/streamed.py` wrote with the real clients: a format, a line with the events of a stream, and the line
/// with what the client made of them.
fn lines() -> Vec<(LogFormat, Value, Value)> {
    let text = include_str!("../../../tests/fixtures/logs/streamed.jsonl");
    let lines: Vec<_> = text
        .lines()
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            let format = json!({ "kind": line["format"] });
            (
                serde_json::from_value(format).unwrap(),
                line["streamed"].take(),
                line["whole"].take(),
            )
        })
        .collect();
    assert_eq!(lines.len(), 10);
    lines
}

fn call(line: &Value, format: &LogFormat) -> LoggedCall {
    let content = LineReader::new(format).read(&line.to_string(), 1).unwrap();
    let [call] = <[LoggedCall; 1]>::try_from(content.calls).unwrap();
    call
}

#[test]
fn events_read_as_the_answer_that_the_client_makes_of_them() {
    for (format, streamed, whole) in lines() {
        let (read, whole) = (call(&streamed, &format), call(&whole, &format));
        assert_eq!(format!("{read:?}"), format!("{whole:?}"));
    }
}

#[test]
fn a_stream_as_text_reads_like_its_events() {
    for (format, streamed, _) in lines() {
        let mut as_text = streamed.clone();
        let events = streamed["response"].as_array().unwrap();
        let text: String = events
            .iter()
            .map(|event| format!("event: x\ndata: {event}\n\n"))
            .collect();
        as_text["response"] = format!("{text}data: [DONE]\n\n").into();
        assert_eq!(
            format!("{:?}", call(&as_text, &format)),
            format!("{:?}", call(&streamed, &format))
        );
    }
}

#[test]
fn a_stream_that_broke_off_is_a_failed_call_wherever_it_did() {
    for (format, streamed, _) in lines() {
        let events = streamed["response"].as_array().unwrap();
        let has_end = |event: &Value| {
            let text = event.to_string();
            [
                "\"finish_reason\":\"",
                "\"stop_reason\":\"",
                "response.completed",
                "response.incomplete",
            ]
            .iter()
            .any(|end| text.contains(end))
        };
        let end = events.iter().position(has_end).unwrap();
        assert!(end > 1);
        for kept in 1..=end {
            let mut cut = streamed.clone();
            cut["response"].as_array_mut().unwrap().truncate(kept);
            let read = call(&cut, &format);
            assert!(
                matches!(&read.fault, Some(RejectReason::FailedCall { detail }) if detail.contains("broke off")),
                "{kept} of {} events: {read:?}",
                events.len()
            );
        }
    }
}

#[test]
fn bedrock_logs_the_events_of_the_vendor() {
    let request = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9,
        "messages": [{"role": "user", "content": "where is my card"}]});
    let anthropic = json!([
        {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x",
            "content": [], "stop_reason": null, "usage": {"input_tokens": 40, "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "ca"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "rd"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 6}},
        {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 40}},
    ]);
    let nova_asked = json!({"messages": [{"role": "user", "content": [{"text": "where is my card"}]}]});
    let nova = json!([
        {"messageStart": {"role": "assistant"}},
        {"contentBlockDelta": {"delta": {"text": "ca"}, "contentBlockIndex": 0}},
        {"contentBlockDelta": {"delta": {"text": "rd"}, "contentBlockIndex": 0}},
        {"contentBlockStop": {"contentBlockIndex": 0}},
        {"messageStop": {"stopReason": "end_turn"}},
        {"metadata": {"usage": {"inputTokens": 40, "outputTokens": 6}, "metrics": {}}},
    ]);
    for (request, events) in [(request, anthropic), (nova_asked, nova)] {
        let line = |events: &Value| {
            json!({"schemaType": "ModelInvocationLog", "requestId": "r-1", "modelId": "m-1",
                "operation": "InvokeModelWithResponseStream", "input": {"inputBodyJson": request},
                "output": {"outputBodyJson": events}})
        };
        let read = call(&line(&events), &LogFormat::Bedrock);
        assert_eq!((read.input.as_str(), read.fault), ("where is my card", None));
        assert!(
            format!("{:?}", read.choices[0].answer).contains("\"card\""),
            "{:?}",
            read.choices
        );
        let mut cut = events.clone();
        cut.as_array_mut().unwrap().truncate(4);
        assert!(matches!(
            call(&line(&cut), &LogFormat::Bedrock).fault,
            Some(RejectReason::FailedCall { .. })
        ));
    }
}

#[test]
fn a_list_of_something_else_is_damage_that_says_so() {
    let line = json!({"request": {"messages": [{"role": "user", "content": "q"}]}, "response": [{"a": 1}]});
    let damage = LineReader::new(&LogFormat::OpenaiChat)
        .read(&line.to_string(), 1)
        .unwrap_err();
    assert!(damage.detail.contains("events of a stream"), "{}", damage.detail);
}
