use std::path::Path;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{quarantine::Damage, rejected::RejectReason};

fn read_line(text: &str, format: &LogFormat) -> Result<LineContent, LineDamage> {
    LineReader::new(format).read(text, 1)
}

/// The only call on a line.
fn call(line: &Value, format: &LogFormat) -> LoggedCall {
    let content = read_line(&line.to_string(), format).unwrap();
    let [call] = <[LoggedCall; 1]>::try_from(content.calls).unwrap();
    call
}

fn chat(line: &Value) -> LoggedCall {
    call(line, &LogFormat::OpenaiChat)
}

fn damage(text: &str, format: &LogFormat) -> (Damage, String) {
    let found = read_line(text, format).unwrap_err();
    (found.damage, found.detail)
}

fn request() -> Value {
    json!({"model": "gpt-x", "messages": [
        {"role": "system", "content": "Sort."},
        {"role": "developer", "content": [{"type": "text", "text": "Be "}, {"type": "text", "text": "brief."}]},
        {"role": "user", "content": "where is my card"},
    ]})
}

fn completion(message: &Value, finish_reason: &str) -> Value {
    json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-x-2026-01-01",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}], "usage": {}})
}

fn answered(content: &str) -> Value {
    completion(
        &json!({"role": "assistant", "content": content, "refusal": null}),
        "stop",
    )
}

fn written(call: &LoggedCall) -> &str {
    match &call.choices[0].answer {
        Ok(AnswerText::Written(text)) => text,
        other => panic!("no written answer: {other:?}"),
    }
}

fn fault_of(message: &Value, finish_reason: &str) -> RejectReason {
    let call = chat(&json!({"request": request(), "response": completion(message, finish_reason)}));
    call.choices[0].answer.clone().unwrap_err()
}

#[test]
fn the_layouts_of_one_call_read_alike() {
    let mut beside = request();
    beside["response"] = answered("card");
    let batch = json!({"id": "batch_req_1", "custom_id": "c1", "error": null, "body": request(),
        "response": {"status_code": 200, "request_id": "r", "body": answered("card")}});
    let wrapped = json!({"request": {"method": "POST", "url": "/v1/chat/completions", "body": request()},
        "response": {"body": answered("card")}});
    for line in [
        json!({"request": request(), "response": answered("card")}),
        beside,
        batch,
        wrapped,
    ] {
        let call = chat(&line);
        assert_eq!(call.input, "where is my card", "{line}");
        assert_eq!(call.system.as_deref(), Some("Sort.\n\nBe brief."));
        assert_eq!(
            (written(&call), call.fault.as_ref(), call.has_earlier_turns),
            ("card", None, false)
        );
        assert_eq!(call.id.as_deref(), Some("chatcmpl-1"));
        assert_eq!(call.model.as_deref(), Some("gpt-x-2026-01-01"));
    }
}

#[test]
fn every_way_of_having_no_answer_has_its_reason() {
    let refusal = json!({"role": "assistant", "content": null, "refusal": "I cannot."});
    assert_eq!(fault_of(&refusal, "stop").kind(), "refusal");
    let refusal = json!({"role": "assistant", "content": [{"type": "refusal", "refusal": "I cannot."}]});
    assert_eq!(fault_of(&refusal, "stop").kind(), "refusal");
    let cut = json!({"role": "assistant", "content": "gro"});
    assert_eq!(fault_of(&cut, "length").kind(), "truncated");
    assert_eq!(fault_of(&cut, "content_filter").kind(), "truncated");
    assert_eq!(
        fault_of(&json!({"role": "assistant", "content": null}), "stop").kind(),
        "empty_answer"
    );
}

#[test]
fn the_arguments_of_the_only_tool_call_are_the_answer() {
    let message = json!({"role": "assistant", "content": null, "tool_calls": [
        {"id": "t", "type": "function", "function": {"name": "sort", "arguments": "{\"label\":\"card\"}"}}]});
    let call = chat(&json!({"request": request(), "response": completion(&message, "tool_calls")}));
    assert_eq!(written(&call), "{\"label\":\"card\"}");
}

#[test]
fn token_bytes_win_over_the_token_s_text() {
    let mut response = answered("é");
    response["choices"][0]["logprobs"] = json!({"content": [
        {"token": "\\xc3", "logprob": -0.5, "bytes": [195], "top_logprobs": []},
        {"token": "\\xa9", "logprob": -0.25, "bytes": [169], "top_logprobs": []}], "refusal": null});
    let call = chat(&json!({"request": request(), "response": response}));
    assert_eq!(call.choices[0].tokens, [(vec![195], -0.5), (vec![169], -0.25)]);
}

#[test]
fn what_surrounds_the_question_is_noticed() {
    let with = |messages: Value| chat(&json!({"messages": messages, "response": answered("card")}));
    let few_shot = with(json!([
        {"role": "user", "content": "q1"}, {"role": "assistant", "content": "a1"}, {"role": "user", "content": "q2"},
    ]));
    assert_eq!(
        (
            few_shot.input.as_str(),
            few_shot.has_earlier_turns,
            few_shot.fault
        ),
        ("q2", true, None)
    );
    let prefilled = with(json!([{"role": "user", "content": "q"}, {"role": "assistant", "content": "{"}]));
    assert_eq!(prefilled.fault, Some(RejectReason::LaterTurns));
    let picture =
        with(json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]));
    assert_eq!(
        picture.fault,
        Some(RejectReason::NotText {
            part: "image_url".into()
        })
    );
}

#[test]
fn a_failed_call_is_no_damage() {
    let failed = |response: Value, error: Value| {
        chat(&json!({"request": request(), "response": response, "error": error}))
            .fault
            .unwrap()
            .kind()
    };
    assert_eq!(
        failed(Value::Null, json!({"message": "rate limit"})),
        "failed_call"
    );
    assert_eq!(
        failed(json!({"status_code": 500, "body": {}}), Value::Null),
        "failed_call"
    );
    assert_eq!(
        failed(json!({"error": {"message": "bad"}}), Value::Null),
        "failed_call"
    );
    assert_eq!(failed(json!({"choices": []}), Value::Null), "failed_call");
}

#[test]
fn damage_is_named_with_its_place() {
    let chat = LogFormat::OpenaiChat;
    let jsonl = LogFormat::Jsonl(FieldMap::default());
    assert_eq!(damage("{\"a\":", &chat).0, Damage::NotJson);
    assert_eq!(damage("[1]", &chat).0, Damage::WrongShape);
    let (kind, detail) = damage(
        &json!({"request": {"messages": 3}, "response": {}}).to_string(),
        &chat,
    );
    assert_eq!(kind, Damage::WrongShape);
    assert!(detail.starts_with("in the request: "), "{detail}");
    let (_, detail) = damage(&json!({"request": request()}).to_string(), &chat);
    assert!(detail.contains("response"), "{detail}");
    let (_, detail) = damage("{\"answer\":\"a\"}", &jsonl);
    assert_eq!(detail, "input is missing");
    let (_, detail) = damage(
        "{\"input\":\"q\",\"answer\":\"a\",\"confidence\":\"high\"}",
        &jsonl,
    );
    assert!(detail.contains("high"), "{detail}");
    let bomb = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(damage(&bomb, &chat).0, Damage::NotJson);
}

#[test]
fn a_field_map_finds_fields_of_any_name() {
    let map = FieldMap {
        input: FieldPath::new("row.text").unwrap(),
        answer: FieldPath::new("/out/label").unwrap(),
        confidence_scale: crate::ConfidenceScale::Percent,
        confidence: FieldPath::new("p").unwrap(),
        ..FieldMap::default()
    };
    let line = json!({"row": {"text": "q"}, "out": {"label": "a"}, "p": 40, "id": 12, "reviewed": true});
    let call = call(&line, &LogFormat::Jsonl(map));
    assert_eq!(
        (call.input.as_str(), written(&call), call.id.as_deref()),
        ("q", "a", Some("12"))
    );
    assert_eq!(
        (call.choices[0].confidence.unwrap().value, call.by_person),
        (0.4, true)
    );
}

/// Every format with its defaults.
fn all_formats() -> impl Iterator<Item = LogFormat> {
    LogFormat::NAMES
        .into_iter()
        .map(|name| LogFormat::by_name(name).unwrap())
}

#[test]
fn a_format_s_name_is_its_name_in_files() {
    for (name, format) in LogFormat::NAMES.into_iter().zip(all_formats()) {
        assert_eq!(serde_json::to_value(&format).unwrap()["kind"], name);
    }
    assert_eq!(LogFormat::by_name("xml"), None);
}

/// JSON of the kind that a log holds, with its keys at random places.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z{}\"`]{0,8}".prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "request",
        "response",
        "body",
        "messages",
        "role",
        "content",
        "choices",
        "message",
        "logprobs",
        "token",
        "logprob",
        "bytes",
        "refusal",
        "tool_calls",
        "function",
        "arguments",
        "error",
        "finish_reason",
        "input",
        "answer",
        "type",
        "text",
        "params",
        "result",
        "stop_reason",
        "output",
        "status",
        "questions",
        "answers",
        "state",
        "probabilities",
        "resourceSpans",
        "resourceLogs",
        "scopeSpans",
        "scopeLogs",
        "spans",
        "logRecords",
        "attributes",
        "events",
        "key",
        "kvlistValue",
        "values",
        "inputBodyJson",
        "value",
        "probability",
    ]);
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..5).prop_map(|fields| fields
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect::<Value>()),
        ]
    })
}

proptest! {
    #[test]
    fn no_line_is_too_odd_to_be_read_or_refused(value in any_json(), text in any::<String>()) {
        let labels = task_spec::LabelSet::from_names(["a", "b"]).unwrap();
        let good = json!({"request": request(), "response": value}).to_string();
        for line in [value.to_string(), good, text] {
            for format in all_formats() {
                let mut reader = LineReader::new(&format);
                let mut calls = reader.read(&line, 1).unwrap_or_default().calls;
                calls.extend(reader.telemetry.rest().into_iter().map(|(_, call)| call));
                for call in calls {
                    for answer in [crate::AnswerFormat::Text, crate::AnswerFormat::json()] {
                        let _ = crate::ballot::Ballot::of_call(&call, &labels, &answer);
                    }
                }
            }
        }
    }

    #[test]
    fn a_cut_line_is_damage_and_never_half_a_call(cut in 1..200_usize) {
        let line = json!({"request": request(), "response": answered("card")}).to_string();
        prop_assume!(cut < line.len());
        prop_assert_eq!(damage(&line[..cut], &LogFormat::OpenaiChat).0, Damage::NotJson);
    }
}

#[test]
fn a_message_batch_has_the_request_as_params_and_four_kinds_of_result() {
    let params =
        json!({"model": "claude-x", "max_tokens": 16, "messages": [{"role": "user", "content": "q"}]});
    let line = |result: Value| {
        call(
            &json!({"custom_id": "c1", "params": params, "result": result}),
            &LogFormat::AnthropicMessages,
        )
    };
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x-1",
        "content": [{"type": "text", "text": "card"}], "stop_reason": "end_turn", "usage": {}});
    let succeeded = line(json!({"type": "succeeded", "message": message}));
    assert_eq!(
        (written(&succeeded), succeeded.id.as_deref()),
        ("card", Some("msg_1"))
    );
    let error = json!({"type": "error", "error": {"type": "invalid_request", "message": "no"}});
    for result in [
        json!({"type": "errored", "error": error}),
        json!({"type": "expired"}),
        json!({"type": "canceled"}),
    ] {
        let call = line(result);
        assert_eq!(call.id.as_deref(), Some("c1"));
        assert_eq!(call.fault.unwrap().kind(), "failed_call");
    }
}

#[test]
fn only_the_assistant_begins_an_answer_in_text_or_in_parts() {
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x-1",
        "content": [{"type": "text", "text": "rd"}], "stop_reason": "end_turn", "usage": {}});
    let with = |turn: Value| {
        let messages = json!([{"role": "user", "content": "q"}, turn]);
        let line = json!({"request": {"messages": messages}, "response": message});
        call(&line, &LogFormat::AnthropicMessages)
    };
    for begun in [json!("ca"), json!([{"type": "text", "text": "ca"}])] {
        let call = with(json!({"role": "assistant", "content": begun}));
        assert_eq!((written(&call), call.fault.as_ref()), ("card", None));
    }
    let other = with(json!({"role": "tool", "content": "ca"}));
    assert_eq!(other.fault, Some(RejectReason::LaterTurns));
}

#[test]
fn a_boolean_is_not_the_text_of_the_same_name() {
    let question = json!({"type": "choice", "name": "q", "instructions": "?", "choices": [{"value": true}, {"value": "true"}]});
    let answer = json!({"type": "choice", "choice": true, "confidence": 0.5,
        "probabilities": [{"value": true, "probability": 0.75}, {"value": "true", "probability": 0.25}]});
    let line =
        json!({"input": "x", "questions": [question], "response": {"model": "m", "answers": [answer]}});
    let call = call(&line, &LogFormat::OpenaiDecisions { question: None });
    assert_eq!(call.offered, ["true (boolean)", "true"]);
    let chosen = call.choices[0].answer.as_ref().unwrap();
    assert!(matches!(chosen, AnswerText::Chosen(name) if name == "true (boolean)"));
}

#[test]
fn answers_that_do_not_fit_the_questions_are_damage() {
    let question = json!({"type": "predicate", "name": "q", "instructions": "?"});
    let score = json!({"type": "score", "name": "q", "score": 1.0, "confidence": 1.0, "probabilities": []});
    for answers in [json!([]), json!([score])] {
        let line = json!({"input": "x", "questions": [question], "response": {"answers": answers}});
        let format = LogFormat::OpenaiDecisions { question: None };
        assert_eq!(damage(&line.to_string(), &format).0, Damage::WrongShape);
    }
    let line = json!({"state": "x", "questions": {"q": {"type": "noul"}},
        "response": {"answers": {"q": {"type": "choice", "choice": "a", "probabilities": {}}}}});
    let format = LogFormat::SystemOne {
        question: None,
        input: None,
    };
    assert_eq!(damage(&line.to_string(), &format).0, Damage::WrongShape);
}

#[test]
fn questions_of_types_that_have_no_label_are_other_questions() {
    let decisions = json!({"input": "x", "questions": [{"type": "count", "name": "n"}],
        "response": {"answers": [{"type": "count", "count": 3}]}});
    let found = read_line(
        &decisions.to_string(),
        &LogFormat::OpenaiDecisions { question: None },
    )
    .unwrap();
    assert_eq!((found.calls.len(), found.others), (0, vec!["n".to_owned()]));
    let state = json!({"state": "x", "questions": {"b": {"type": "box", "instructions": "?"}},
        "response": {"answers": {"b": {"type": "box", "box": {}}}}});
    let format = LogFormat::SystemOne {
        question: None,
        input: None,
    };
    let found = read_line(&state.to_string(), &format).unwrap();
    assert_eq!((found.calls.len(), found.others), (0, vec!["b".to_owned()]));
}

/// Lines of the real clients, each with its format.
fn real_lines() -> Vec<(LogFormat, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/logs");
    let mut lines = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "parquet") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        let format = match name {
            "openai-stored" => LogFormat::OpenaiChat,
            name => LogFormat::by_name(name).unwrap_or(LogFormat::OpenTelemetry),
        };
        let text = std::fs::read_to_string(&path).unwrap();
        if name == "streamed" {
            for line in text.lines() {
                let mut line: Value = serde_json::from_str(line).unwrap();
                let format = LogFormat::by_name(line["format"].as_str().unwrap()).unwrap();
                lines.push((format, line["streamed"].take()));
            }
            continue;
        }
        lines.extend(
            text.lines()
                .map(|line| (format.clone(), serde_json::from_str(line).unwrap())),
        );
    }
    lines
}

/// The JSON pointers of a value's parts.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let place = format!("{at}/{}", escaped(key));
                places(value, &place, found);
                found.push(place);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                let place = format!("{at}/{index}");
                places(value, &place, found);
                found.push(place);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn a_real_line_with_a_part_that_is_something_else_is_read_or_refused(
        line in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any_json()), 1..4),
    ) {
        let labels = task_spec::LabelSet::from_names(["card", "top-up", "fees"]).unwrap();
        let lines = real_lines();
        let (format, mut value) = lines[line.index(lines.len())].clone();
        for (place, change) in changes {
            let mut found = Vec::new();
            places(&value, "", &mut found);
            if !found.is_empty() {
                *value.pointer_mut(&found[place.index(found.len())]).unwrap() = change;
            }
        }
        let mut reader = LineReader::new(&format);
        let content = reader.read(&value.to_string(), 1).unwrap_or_default();
        prop_assert!(content.without_call.is_none() || content.calls.is_empty());
        let rest = reader.telemetry.rest().into_iter().map(|(_, call)| call);
        for call in content.calls.into_iter().chain(rest) {
            let found = crate::ballot::Ballot::of_call(&call, &labels, &crate::AnswerFormat::Text);
            if let Ok(ballot) = found {
                let sum: f64 = ballot.distribution.values().sum();
                prop_assert!(ballot.distribution.is_empty() || (sum - 1.0).abs() < 1e-9);
                let is_probability = |confidence: crate::Confidence| (0.0..=1.0).contains(&confidence.value);
                prop_assert!(ballot.confidence.is_none_or(is_probability));
            }
        }
    }
}

/// Runs in shapes that the fixture has none of.
#[test]
fn runs_of_langsmith_hold_votes_prompts_and_refusals() {
    let run = |inputs: Value, outputs: Value| {
        json!({"id": "r", "run_type": "llm", "start_time": "2026-05-14T10:00:00.000001", "end_time": "2026-05-14T10:00:01.5",
            "prompt_tokens": 0, "completion_tokens": 0, "inputs": inputs.to_string(), "outputs": outputs.to_string(),
            "extra": json!({"metadata": {"ls_model_name": "m"}}).to_string()})
    };
    let read = |line: &Value| call(line, &LogFormat::Langsmith);
    let human = json!({"messages": [[{"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "HumanMessage"],
        "kwargs": {"content": [{"type": "text", "text": "where is my card"}]}}]]});
    let said = |text: &str, reason: &str| {
        json!({"text": text, "message": {"type": "ai", "data": {"content": text,
            "response_metadata": {"stop_reason": reason}, "usage_metadata": null}}})
    };
    let votes = json!({"generations": [[said("card", "end_turn"), said("fees", "stop"), said("c", "max_tokens"), said("no", "refusal")]],
        "llm_output": null});
    let found = read(&run(human, votes));
    assert_eq!(
        (found.input.as_str(), found.id.as_deref(), found.model.as_deref()),
        ("where is my card", Some("r"), Some("m"))
    );
    let answers = found.choices.iter().map(|choice| match &choice.answer {
        Ok(AnswerText::Written(text)) => text.as_str(),
        Err(reason) => reason.kind(),
        other => panic!("{other:?}"),
    });
    assert_eq!(
        answers.collect::<Vec<_>>(),
        ["card", "fees", "truncated", "refusal"]
    );
    assert_eq!(found.metadata.latency_ms, Some(1500.0));
    assert_eq!(found.metadata.usage.input, None, "no tokens are known");

    let prompts = json!({"prompts": ["where is it"]});
    let found = read(&run(
        prompts,
        json!({"generations": [[{"text": "card", "generation_info": null}]]}),
    ));
    assert_eq!((found.input.as_str(), written(&found)), ("where is it", "card"));
    // Found by fuzzing: a message that is no object says nothing.
    let odd = json!({"generations": [[{"text": "card", "message": true}]]});
    let found = read(&run(json!({"prompts": ["where is it"]}), odd));
    assert!(found.choices[0].answer.is_err(), "{found:?}");
    let found = read(&run(
        json!({"question": "how much"}),
        json!({"output": "fees", "usage_metadata": {"input_tokens": 7}}),
    ));
    assert_eq!((found.input.as_str(), written(&found)), ("how much", "fees"));
    assert_eq!(found.metadata.usage.input, Some(7.0));

    let several = run(json!({"prompts": ["a", "b"]}), json!({"generations": [[], []]}));
    assert!(
        damage(&several.to_string(), &LogFormat::Langsmith)
            .1
            .contains("2 chats")
    );
    assert!(
        damage("{}", &LogFormat::Langsmith)
            .1
            .contains("run_type is missing")
    );
}
