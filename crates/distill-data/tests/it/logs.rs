//! Logs of real clients, as `tests/fixtures/logs.py` makes them.

use std::{collections::BTreeMap, path::Path};

use distill_data::{AnswerFormat, Curated, FieldPath, LogFormat};

use crate::support::{INTENTS, counted, curated_bytes, curated_file, learnt};

fn curated(log: &str, format: LogFormat, labels: &[&str], answer: AnswerFormat) -> Curated {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/logs/{log}.jsonl"));
    let curated = curated_file(&path, format, labels, answer);
    assert_eq!(curated.manifest.ledger.damaged(), 0, "{:?}", curated.quarantine);
    curated
}

/// Questions with their labels, and how many calls were rejected by kind.
fn ends(curated: &Curated) -> (BTreeMap<&str, &str>, Vec<(&str, u64)>) {
    (learnt(curated), counted(&curated.manifest.ledger.rejected))
}

#[test]
fn chat_completions_hold_text_tools_refusals_and_what_was_cut() {
    let read = |answer| curated("openai-chat", LogFormat::OpenaiChat, &INTENTS, answer);
    let as_text = read(AnswerFormat::Text);
    let (learnt, rejected) = ends(&as_text);
    assert_eq!(learnt, BTreeMap::from([("how do i add money", "top-up")]));
    assert_eq!(rejected, [("refusal", 1), ("truncated", 1), ("unknown_label", 1)]);
    let confidence = as_text.train[0].reported.unwrap();
    assert!((confidence.value - (-0.13_f64).exp()).abs() < 1e-12);
    assert_eq!(confidence.kind.as_str(), "token-logprobs");
    let as_json = read(AnswerFormat::json());
    assert_eq!(ends(&as_json).0, BTreeMap::from([("is there a charge", "fees")]));
}

#[test]
fn responses_hold_messages_without_commentary_tools_and_refusals() {
    let read = |answer| curated("openai-responses", LogFormat::OpenaiResponses, &INTENTS, answer);
    let as_text = read(AnswerFormat::Text);
    let (learnt, rejected) = ends(&as_text);
    assert_eq!(
        learnt,
        BTreeMap::from([("where is my card", "card"), ("what does it cost", "fees")])
    );
    assert_eq!(rejected, [("refusal", 1), ("truncated", 1), ("unknown_label", 1)]);
    let reported: Vec<_> = as_text.train.iter().filter_map(|row| row.reported).collect();
    assert_eq!(reported.len(), 1, "the other was not asked for");
    assert!((reported[0].value - (-0.05_f64).exp()).abs() < 1e-12);
    // What stands beside the instructions makes another prompt.
    assert_eq!(as_text.manifest.prompts.len(), 2);
    assert_eq!(
        ends(&read(AnswerFormat::json())).0,
        BTreeMap::from([("can i pay in cash", "top-up")])
    );
}

#[test]
fn a_decision_s_questions_are_examples_with_soft_labels() {
    let format = |question: Option<&str>| LogFormat::OpenaiDecisions {
        question: question.map(str::to_owned),
    };
    for question in [Some("intent"), None] {
        let read = curated("openai-decisions", format(question), &INTENTS, AnswerFormat::Text);
        let (learnt, rejected) = ends(&read);
        assert_eq!(
            learnt,
            BTreeMap::from([("where is my card", "card"), ("what does a top up cost", "fees")])
        );
        assert_eq!(rejected, [("refusal", 1)]);
        let ledger = &read.manifest.ledger;
        assert_eq!((ledger.lines, ledger.calls), (3, 12));
        let others = [("4", 3), ("angry", 3), ("urgency", 3)];
        assert_eq!(
            ledger.other_questions,
            BTreeMap::from(others.map(|(name, count)| (name.to_owned(), count)))
        );
        let row = read
            .train
            .iter()
            .find(|row| row.example.answer() == Some("card"))
            .unwrap();
        let soft = [("card", 0.8), ("top-up", 0.15), ("fees", 0.05)];
        for (name, probability) in soft {
            assert!(
                (row.example.probabilities[name] - probability).abs() < 1e-12,
                "{name}"
            );
        }
        assert!((row.example.confidence.unwrap() - 0.8).abs() < 1e-12);
        assert_eq!(row.reported.unwrap().kind.as_str(), "distribution");
        let source = row.example.source.as_ref().unwrap();
        assert_eq!(
            (source.call.as_deref(), source.question.as_deref()),
            (Some("d1"), Some("intent"))
        );
    }
    let scored = curated(
        "openai-decisions",
        format(None),
        &["can wait", "today"],
        AnswerFormat::Text,
    );
    assert_eq!(ends(&scored).0["where is my card"], "can wait");
    let predicate = curated(
        "openai-decisions",
        format(Some("angry")),
        &["true", "false"],
        AnswerFormat::Text,
    );
    assert_eq!(ends(&predicate).0["where is my card"], "false");
    let row = &predicate.train[0].example;
    assert_eq!(row.probabilities["false"], 0.9);
    let boolean = curated(
        "openai-decisions",
        format(Some("4")),
        &["true", "false"],
        AnswerFormat::Text,
    );
    assert_eq!(ends(&boolean).0["where is my card"], "true");
    let sum: f64 = boolean.train[0].example.probabilities.values().sum();
    assert!(
        (sum - 1.0).abs() < 1e-12,
        "without what is unclear they are made to add up"
    );
}

#[test]
fn system_one_rounds_and_its_state_may_be_an_object() {
    let read = |labels, input: Option<&str>| {
        let format = LogFormat::SystemOne {
            question: None,
            input: input.map(|path| FieldPath::new(path).unwrap()),
        };
        curated("system-one", format, labels, AnswerFormat::Text)
    };
    let whole = read(&INTENTS, None);
    let (learnt, rejected) = ends(&whole);
    let object = r#"{"message":"what does a top up cost","subject":"cost"}"#;
    assert_eq!(
        learnt,
        BTreeMap::from([("where is my card", "card"), (object, "fees")])
    );
    assert!(rejected.is_empty());
    let row = whole
        .train
        .iter()
        .find(|row| row.example.answer() == Some("card"))
        .unwrap();
    assert!((row.example.probabilities.values().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!((row.example.confidence.unwrap() - 0.8333 / 0.9999).abs() < 1e-9);
    let inside = read(&INTENTS, Some("message"));
    let (learnt, rejected) = ends(&inside);
    assert_eq!(learnt, BTreeMap::from([("what does a top up cost", "fees")]));
    assert_eq!(rejected, [("empty_input", 1)]);
    assert_eq!(
        ends(&read(&["can wait", "today"], None)).0["where is my card"],
        "can wait"
    );
}

#[test]
fn anthropic_messages_go_on_from_a_prefilled_turn() {
    let read = |answer| {
        curated(
            "anthropic-messages",
            LogFormat::AnthropicMessages,
            &INTENTS,
            answer,
        )
    };
    let as_text = read(AnswerFormat::Text);
    let (learnt, rejected) = ends(&as_text);
    assert_eq!(learnt, BTreeMap::from([("where is my card", "card")]));
    assert_eq!(
        rejected,
        [
            ("refusal", 1),
            ("truncated", 1),
            ("unknown_label", 1),
            ("unreadable_answer", 1)
        ]
    );
    assert!(
        as_text.train[0].reported.is_none(),
        "the log does not say how sure the model was"
    );
    let as_json = read(AnswerFormat::json());
    assert_eq!(
        ends(&as_json).0,
        BTreeMap::from([("what does it cost", "fees"), ("can i pay in cash", "top-up")])
    );
}

#[test]
fn stored_completions_have_their_messages_beside_them() {
    let found = curated(
        "openai-stored",
        LogFormat::OpenaiChat,
        &INTENTS,
        AnswerFormat::Text,
    );
    let (learnt, rejected) = ends(&found);
    assert_eq!(
        learnt,
        BTreeMap::from([
            ("where is my card", "card"),
            ("what does a transfer cost", "fees")
        ])
    );
    assert_eq!(rejected, [("not_text", 1), ("truncated", 1)]);
    assert_eq!(
        found.manifest.models,
        BTreeMap::from([("gpt-x-2026-05-14".to_owned(), 4)])
    );
    assert_eq!(found.manifest.prompts.len(), 1, "{:?}", found.manifest.prompts);
    let source = found.train[0].example.source.as_ref().unwrap();
    assert!(
        source.call.as_ref().unwrap().starts_with("chatcmpl-"),
        "{source:?}"
    );
}

#[test]
fn runs_of_langsmith_are_read_by_what_traced_them() {
    let read = |answer| curated("langsmith", LogFormat::Langsmith, &INTENTS, answer);
    let as_text = read(AnswerFormat::Text);
    let (learnt, rejected) = ends(&as_text);
    assert_eq!(
        learnt,
        BTreeMap::from([
            ("how do i add money", "top-up"),
            ("has my card been sent", "card"),
            ("can i pay in cash", "top-up"),
            ("where is my card", "card"),
            ("what does it cost", "fees"),
        ])
    );
    assert_eq!(
        rejected,
        [("failed_call", 1), ("truncated", 1), ("unreadable_answer", 1)]
    );
    let ledger = &as_text.manifest.ledger;
    assert_eq!(
        counted(&ledger.lines_without_call),
        [("run chain", 2), ("run prompt", 2)]
    );
    assert_eq!((ledger.lines, ledger.calls), (12, 8));
    assert_eq!(
        counted(&as_text.manifest.models),
        [
            ("claude-x-20260514", 1),
            ("gpt-x-2026-05-14", 5),
            ("own-model", 2)
        ]
    );
    assert!(
        as_text.manifest.malformed_metadata.is_empty(),
        "{:?}",
        as_text.manifest.malformed_metadata
    );
    // All but the two without instructions were asked in one way, whoever traced them.
    assert_eq!(
        as_text.manifest.prompts.len(),
        2,
        "{:?}",
        as_text.manifest.prompts
    );
    let reported = |input: &str| {
        let row = as_text
            .train
            .iter()
            .find(|row| row.example.input() == Some(input))
            .unwrap();
        row.reported.map(|confidence| confidence.value)
    };
    assert!((reported("how do i add money").unwrap() - (-0.13_f64).exp()).abs() < 1e-12);
    assert!((reported("where is my card").unwrap() - (-0.05_f64).exp()).abs() < 1e-12);
    assert_eq!(reported("what does it cost"), None);
    assert_eq!(
        ends(&read(AnswerFormat::json())).0,
        BTreeMap::from([("is there a charge", "fees")])
    );
}

#[test]
fn telemetry_of_each_convention_tells_of_the_same_calls() {
    for (log, lines, parts) in [
        ("telemetry-current", 4, 0),
        ("telemetry-openllmetry", 4, 0),
        ("telemetry-events", 17, 13),
    ] {
        let read = |answer| curated(log, LogFormat::OpenTelemetry, &INTENTS, answer);
        let as_text = read(AnswerFormat::Text);
        let (learnt, rejected) = ends(&as_text);
        assert_eq!(
            learnt,
            BTreeMap::from([("where is my card", "card"), ("how do i add money", "top-up")]),
            "{log}"
        );
        assert_eq!(rejected[0], ("truncated", 1), "{log}: {rejected:?}");
        let ledger = &as_text.manifest.ledger;
        assert_eq!((ledger.lines, ledger.calls), (lines, 4), "{log}");
        let told: u64 = ledger.lines_without_call.values().sum();
        assert_eq!(told, parts, "{log}: {:?}", ledger.lines_without_call);
        // Two choices are two votes, and the only confidence that there is.
        let votes = as_text
            .train
            .iter()
            .find(|row| row.example.answer() == Some("top-up"))
            .unwrap();
        assert_eq!(votes.reported.unwrap().kind.as_str(), "votes", "{log}");
        assert_eq!(
            as_text.manifest.models,
            BTreeMap::from([("gpt-x-2026-05-14".to_owned(), 4)])
        );
        assert_eq!(
            as_text.manifest.prompts.len(),
            1,
            "{log}: {:?}",
            as_text.manifest.prompts
        );
        let source = as_text.train[0].example.source.as_ref().unwrap();
        assert!(
            source.call.as_ref().unwrap().starts_with("chatcmpl-"),
            "{log}: {source:?}"
        );
        assert_eq!(
            ends(&read(AnswerFormat::json())).0["is there a charge"],
            "fees",
            "{log}"
        );
    }
}

/// Log records without the spans that they belong to: applications export the two to different places.
#[test]
fn events_alone_are_calls_of_an_unknown_model() {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/logs/telemetry-events.jsonl");
    let events: String = std::fs::read_to_string(whole)
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("{\"resourceLogs\""))
        .flat_map(|line| [line, "\n"])
        .collect();
    let found = curated_bytes(events, LogFormat::OpenTelemetry, AnswerFormat::Text);
    let ledger = &found.manifest.ledger;
    assert_eq!((ledger.lines, ledger.lines_with_calls, ledger.calls), (13, 0, 4));
    assert_eq!(
        ends(&found).0,
        BTreeMap::from([("where is my card", "card"), ("how do i add money", "top-up")])
    );
    assert_eq!(found.manifest.models, BTreeMap::from([("unknown".to_owned(), 4)]));
}

/// A line whose calls are none would be counted as one that holds some, and be nowhere.
#[test]
fn a_line_that_asks_no_question_is_damaged() {
    for (name, line) in [
        (
            "openai-decisions",
            r#"{"input": "a", "questions": [], "response": {"answers": []}}"#,
        ),
        (
            "system-one",
            r#"{"state": "a", "questions": {}, "response": {"answers": {}}}"#,
        ),
    ] {
        let curated = curated_bytes(line, LogFormat::by_name(name).unwrap(), AnswerFormat::Text);
        assert_eq!(curated.manifest.ledger.lines_with_calls, 0);
        assert!(
            curated.quarantine[0].detail.contains("no questions"),
            "{:?}",
            curated.quarantine
        );
    }
}
