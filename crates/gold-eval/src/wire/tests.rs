use task_spec::Label;

use super::*;

fn wire(shape: WireShape) -> Wire {
    let labels = ["a", "b", "c"].map(Label::new).to_vec();
    Wire::new(shape, Task::of_labels("demo", labels).unwrap(), None)
}

fn one(shape: WireShape, body: &str) -> Prediction {
    wire(shape).answers(body, 1).unwrap().remove(0)
}

#[test]
fn a_distribution_is_kept_only_over_the_tasks_labels() {
    let body = |third: &str| {
        format!(
            r#"[{{"label":"b","score":0.6}},{{"label":"a","score":0.3}},{{"label":"{third}","score":0.1}}]"#
        )
    };
    let ours = one(WireShape::Predict, &body("c"));
    assert_eq!(
        (ours.answer.as_str(), ours.confidence, ours.probabilities.len()),
        ("b", Some(0.6), 3)
    );
    let others = one(WireShape::Predict, &body("LABEL_7"));
    assert_eq!(
        (
            others.answer.as_str(),
            others.confidence,
            others.probabilities.len()
        ),
        ("b", Some(0.6), 0)
    );
    // Sigmoids are no distribution.
    let sigmoids = one(
        WireShape::Predict,
        r#"[{"label":"b","score":0.9},{"label":"a","score":0.8}]"#,
    );
    assert_eq!(
        (sigmoids.confidence, sigmoids.probabilities.len()),
        (Some(0.9), 0)
    );
    // Neither is a label twice, a probability below 0, or a sum that predictions would be refused for.
    for body in [
        r#"[{"label":"b","score":0.6},{"label":"b","score":0.4}]"#,
        r#"[{"label":"b","score":1.5},{"label":"a","score":-0.5}]"#,
        r#"[{"label":"b","score":0.7},{"label":"a","score":0.305}]"#,
    ] {
        assert!(one(WireShape::Predict, body).probabilities.is_empty(), "{body}");
    }
}

#[test]
fn a_model_that_declines_has_answered() {
    let refusal = r#"{"choices":[{"message":{"content":null,"refusal":"no"}}]}"#;
    assert_eq!(one(WireShape::Chat, refusal).answer, "no");
    let cut = r#"{"choices":[{"message":{"content":""},"finish_reason":"length"}]}"#;
    assert_eq!(one(WireShape::Chat, cut).answer, "");
    let called = r#"{"choices":[{"message":{"content":null,"tool_calls":[{"function":{"name":"f","arguments":"b"}}]}}]}"#;
    assert_eq!(one(WireShape::Chat, called).answer, "b");
    let declined = r#"{"answers":[{"type":"refusal","name":null}]}"#;
    assert_eq!(one(WireShape::Decisions, declined).answer, REFUSED);
}

#[test]
fn an_answer_to_something_else_is_an_error() {
    for (shape, body) in [
        (
            WireShape::Chat,
            r#"{"choices":[{"message":{"content":"a"}},{"message":{"content":"b"}}]}"#,
        ),
        (WireShape::Decisions, r#"{"answers":[]}"#),
        (
            WireShape::Decisions,
            r#"{"answers":[{"type":"predicate","probability":0.5}]}"#,
        ),
        (
            WireShape::SystemOne,
            r#"{"answers":{"other":{"type":"choice","choice":"a","probabilities":{}}}}"#,
        ),
        (
            WireShape::SystemOne,
            r#"{"answers":{"label":{"type":"noul","noul":0.5}}}"#,
        ),
        (WireShape::Predict, "[]"),
        (WireShape::Predict, "[[]]"),
        (WireShape::Classify, r#"{"data":[]}"#),
        (
            WireShape::Classify,
            r#"{"data":[{"index":0,"label":null,"probs":[0.5,0.5]}]}"#,
        ),
        (
            WireShape::Classify,
            r#"{"data":[{"index":18446744073709551615,"label":"a","probs":[]}]}"#,
        ),
        (
            WireShape::Classify,
            r#"{"data":[{"index":0,"label":"a","probs":[]},{"index":0,"label":"b","probs":[]}]}"#,
        ),
    ] {
        assert!(wire(shape).answers(body, 1).is_err(), "{shape}: {body}");
    }
}

#[test]
fn a_batch_of_two_is_no_pair() {
    let request = wire(WireShape::Predict).request(&["x", "y"]);
    assert_eq!(request, serde_json::json!({ "inputs": [["x"], ["y"]] }));
    let request = wire(WireShape::Predict).request(&["x"]);
    assert_eq!(request, serde_json::json!({ "inputs": "x" }));
}

#[test]
fn shapes_go_by_their_names() {
    for shape in WireShape::ALL {
        assert_eq!(shape.to_string().parse(), Ok(shape));
        assert_eq!(serde_json::to_value(shape).unwrap(), shape.to_string());
    }
    assert!("completions".parse::<WireShape>().is_err());
}

#[test]
fn only_chat_completions_say_what_they_took_and_what_they_say_wrongly_is_no_answer_lost() {
    let body = |usage: &str| format!(r#"{{"choices":[{{"message":{{"content":"a"}}}}],"usage":{usage}}}"#);
    let chat = wire(WireShape::Chat);
    let counted = body(r#"{"prompt_tokens":120,"completion_tokens":3,"total_tokens":123}"#);
    assert_eq!(
        chat.tokens(&counted),
        Some(TokenCounts {
            input: 120,
            output: 3
        })
    );
    assert_eq!(wire(WireShape::Decisions).tokens(&counted), None);
    for usage in ["null", "{}", "7", r#"{"prompt_tokens":-1,"completion_tokens":3}"#] {
        let body = body(usage);
        assert_eq!(chat.tokens(&body), None, "{usage}");
        assert_eq!(chat.answers(&body, 1).unwrap()[0].answer, "a", "{usage}");
    }
}
