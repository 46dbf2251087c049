use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    LogFile, LogFormat,
    log::{Found, LoggedCall, read_log},
};

/// The calls in a log that a real client made (`tests/fixtures/logs.py`).
fn fixture(name: &str, format: LogFormat) -> Vec<LoggedCall> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/logs/{name}.jsonl"));
    let mut calls = Vec::new();
    read_log(&LogFile::new(path, format), |_, found| {
        match found {
            Found::Line(line) => calls.extend(line.unwrap().calls),
            Found::Late(call) => calls.push(*call),
        }
        Ok(())
    })
    .unwrap();
    calls
}

fn line(format: &str, line: &Value) -> CallMetadata {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.jsonl");
    std::fs::write(&path, line.to_string()).unwrap();
    let mut found = Vec::new();
    read_log(
        &LogFile::new(path, LogFormat::by_name(format).unwrap()),
        |_, on_line| {
            match on_line {
                Found::Line(line) => found.extend(line.unwrap().calls),
                Found::Late(call) => found.push(*call),
            }
            Ok(())
        },
    )
    .unwrap();
    found.swap_remove(0).metadata
}

fn at(metadata: &CallMetadata) -> Option<String> {
    metadata.at.map(|at| at.to_string())
}

fn usage(input: f64, cached: Option<f64>, output: f64) -> TokenUsage {
    TokenUsage {
        input: Some(input),
        cached,
        output: Some(output),
    }
}

#[test]
fn chat_completions_say_when_and_how_much() {
    let calls = fixture("openai-chat", LogFormat::OpenaiChat);
    for (number, call) in (1..).zip(&calls) {
        let expected = CallTime::from_unix_ms((1_780_000_000 + number) * 1000);
        assert_eq!(call.metadata.at, expected);
        assert_eq!(call.metadata.usage, usage(40.0, None, 2.0));
        assert_eq!(
            (&call.metadata.fingerprint, &call.metadata.service_tier),
            (&None, &None)
        );
        assert!(call.metadata.malformed.is_empty());
    }
    assert_eq!(calls.len(), 4);
}

#[test]
fn responses_say_when_and_may_not_say_how_much() {
    let calls = fixture("openai-responses", LogFormat::OpenaiResponses);
    assert_eq!(at(&calls[0].metadata).as_deref(), Some("2026-05-28T20:26:41Z"));
    assert!(
        calls
            .iter()
            .all(|call| call.metadata.usage == TokenUsage::default())
    );
}

#[test]
fn the_questions_of_a_decision_share_its_tokens() {
    let calls = fixture("openai-decisions", LogFormat::OpenaiDecisions { question: None });
    assert!(
        calls
            .iter()
            .all(|call| call.metadata.usage == usage(90.0, Some(0.0), 0.0) && call.metadata.questions == 4)
    );
    let format = LogFormat::by_name("system-one").unwrap();
    let calls = fixture("system-one", format);
    assert!(
        calls
            .iter()
            .all(|call| call.metadata.usage == usage(120.0, None, 12.0) && call.metadata.questions == 3)
    );
    assert_eq!(at(&calls[0].metadata), None, "the response has no time");
}

#[test]
fn messages_say_how_much_and_not_when() {
    let calls = fixture("anthropic-messages", LogFormat::AnthropicMessages);
    assert!(calls.iter().all(|call| call.metadata
        == CallMetadata {
            usage: usage(40.0, None, 3.0),
            ..CallMetadata::default()
        }));
}

#[test]
fn telemetry_says_when_how_long_and_how_much() {
    for (name, begin, milliseconds) in [
        ("telemetry-current", 1_795_716_583_908, 30.0),
        ("telemetry-events", 1_795_716_586_882, 13.0),
        ("telemetry-openllmetry", 1_795_716_590_325, 12.0),
    ] {
        let calls = fixture(name, LogFormat::OpenTelemetry);
        let first = calls.iter().min_by_key(|call| call.metadata.at).unwrap();
        assert_eq!(
            (first.metadata.at, first.metadata.latency_ms),
            (CallTime::from_unix_ms(begin), Some(milliseconds)),
            "{name}"
        );
        assert!(
            calls
                .iter()
                .all(|call| call.metadata.usage == usage(40.0, None, 2.0)),
            "{name}"
        );
    }
}

#[test]
fn what_was_cached_is_part_of_what_was_read() {
    let ask = json!({"messages": [{"role": "user", "content": "q"}]});
    let openai = json!({"created": 1_780_000_001, "choices": [], "system_fingerprint": "fp_1", "service_tier": "flex",
        "usage": {"prompt_tokens": 100, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 64}}});
    let found = line("openai-chat", &json!({"request": ask, "response": openai}));
    assert_eq!(found.usage, usage(100.0, Some(64.0), 5.0));
    assert_eq!(
        (found.fingerprint.as_deref(), found.service_tier.as_deref()),
        (Some("fp_1"), Some("flex"))
    );
    // Anthropic counts the cache apart from the input.
    let message = json!({"content": [{"type": "text", "text": "a"}], "usage": {"input_tokens": 30,
        "cache_read_input_tokens": 60, "cache_creation_input_tokens": 10, "output_tokens": 5, "service_tier": "batch"}});
    let logged =
        json!({"request": ask, "response": message, "timestamp": "2026-05-28T20:26:41Z", "latency_ms": 812});
    let found = line("anthropic-messages", &logged);
    assert_eq!(found.usage, usage(100.0, Some(60.0), 5.0));
    assert_eq!(
        (
            at(&found).as_deref(),
            found.latency_ms,
            found.service_tier.as_deref()
        ),
        (Some("2026-05-28T20:26:41Z"), Some(812.0), Some("batch"))
    );
}

#[test]
fn bedrock_langfuse_and_tensorzero_have_fields_of_their_own() {
    let asked = json!({"messages": [{"role": "user", "content": [{"text": "q"}]}]});
    let answered = json!({"output": {"message": {"role": "assistant", "content": [{"text": "a"}]}},
        "metrics": {"latencyMs": 420}});
    let bedrock = json!({"timestamp": "2026-05-28T20:26:41Z", "input": {"inputBodyJson": asked, "inputTokenCount": 12,
        "cacheReadInputTokenCount": 8}, "output": {"outputBodyJson": answered, "outputTokenCount": 3}});
    let found = line("bedrock", &bedrock);
    assert_eq!(
        (found.usage, found.latency_ms),
        (usage(20.0, Some(8.0), 3.0), Some(420.0))
    );
    let langfuse = json!({"type": "GENERATION", "input": "q", "output": "a", "start_time": "2026-05-28 20:26:41.000",
        "end_time": "2026-05-28 20:26:42.500", "usage_details": "{\"input\": 10, \"input_cached_tokens\": 5, \"output\": 2, \"total\": 17}"});
    let found = line("langfuse", &langfuse);
    assert_eq!(
        (found.usage, found.latency_ms),
        (usage(15.0, Some(5.0), 2.0), Some(1500.0))
    );
    assert_eq!(at(&found).as_deref(), Some("2026-05-28T20:26:41Z"));
    let web = json!({"type": "GENERATION", "input": "q", "output": "a", "startTime": "2026-05-28T20:26:41.000Z",
        "promptTokens": 10, "completionTokens": 2});
    assert_eq!(line("langfuse", &web).usage, usage(10.0, None, 2.0));
    // 1780000001000 is 19e70448be8 in hexadecimal.
    let tensorzero = json!({"id": "019e7044-8be8-7000-8000-000000000001", "input": "q", "output": "[]",
        "processing_time_ms": 9});
    let found = line("tensorzero", &tensorzero);
    assert_eq!(
        (at(&found).as_deref(), found.latency_ms),
        (Some("2026-05-28T20:26:41Z"), Some(9.0))
    );
}

#[test]
fn fields_of_any_name_hold_metadata_too() {
    let row = json!({"input": "q", "answer": "a", "timestamp": 1_780_000_001, "input_tokens": "10", "cached_tokens": 4,
        "output_tokens": 2, "latency_ms": 30.5, "system_fingerprint": "v7", "system": "Sort."});
    let found = line("jsonl", &row);
    assert_eq!(
        (found.usage, found.latency_ms),
        (usage(10.0, Some(4.0), 2.0), Some(30.5))
    );
    assert_eq!(
        (at(&found).as_deref(), found.fingerprint.as_deref()),
        (Some("2026-05-28T20:26:41Z"), Some("v7"))
    );
}

#[test]
fn what_cannot_be_is_unknown_and_named() {
    let row = json!({"input": "q", "answer": "a", "timestamp": "9999-12-31T00:00:00Z", "input_tokens": -4,
        "cached_tokens": "many", "output_tokens": 1.5, "latency_ms": -1});
    let found = line("jsonl", &row);
    assert_eq!(
        found,
        CallMetadata {
            malformed: vec![
                "time",
                "latency",
                "input_tokens",
                "cached_tokens",
                "output_tokens"
            ],
            ..CallMetadata::default()
        }
    );
    let nothing = line("jsonl", &json!({"input": "q", "answer": "a", "timestamp": null}));
    assert_eq!(nothing, CallMetadata::default());
    let late = json!({"type": "GENERATION", "input": "q", "output": "a", "start_time": "2026-05-28T20:26:41Z",
        "end_time": "2026-05-28T20:26:40Z"});
    assert_eq!(line("langfuse", &late).malformed, ["latency"]);
}

proptest! {
    #[test]
    fn no_number_of_tokens_is_below_nothing(tokens in any::<f64>(), text in any::<String>()) {
        for value in [json!(tokens), json!(text), json!(tokens.to_string())] {
            let mut metadata = CallMetadata::default();
            match metadata.tokens(Some(&value), "input_tokens") {
                Some(found) => prop_assert!((0.0..=MOST_TOKENS).contains(&found)),
                None => prop_assert!(value.is_null() || metadata.malformed == ["input_tokens"]),
            }
        }
    }
}
