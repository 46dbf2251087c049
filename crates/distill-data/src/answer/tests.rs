use super::*;

fn json() -> AnswerFormat {
    AnswerFormat::json()
}

fn label_of(answer: &str, format: &AnswerFormat) -> Option<String> {
    parts_of_text(answer, format).map(|parts| parts.label)
}

#[test]
fn formatting_around_a_written_label_goes() {
    for answer in [
        "groceries",
        " groceries\n",
        "\"groceries\"",
        "`groceries`",
        "**groceries**",
        "groceries.",
        "'groceries.'",
    ] {
        assert_eq!(
            label_of(answer, &AnswerFormat::Text).as_deref(),
            Some("groceries"),
            "{answer:?}"
        );
    }
    assert_eq!(
        label_of("I think: groceries", &AnswerFormat::Text).as_deref(),
        Some("I think: groceries")
    );
}

#[test]
fn a_json_answer_is_read_bare_and_fenced() {
    for answer in [
        r#"{"label":"a","confidence":0.5}"#,
        "```json\n{\"label\": \"a\", \"confidence\": 0.5}\n```",
        "Sure:\n```\n{\"label\": \"a\", \"confidence\": 0.5}\n```\nAnything else?",
        "```json {\"label\": \"a\", \"confidence\": 0.5}```",
        r#" {"note":"``` in a string ```","label":"a","confidence":0.5} "#,
    ] {
        let parts = parts_of_text(answer, &json()).unwrap();
        assert_eq!(
            (parts.label.as_str(), parts.reported),
            ("a", Some(0.5.into())),
            "{answer}"
        );
        assert_eq!(&answer[parts.span.unwrap()], "\"a\"", "{answer}");
    }
}

#[test]
fn what_is_no_object_with_a_label_is_not_guessed_at() {
    for answer in [
        "a",
        "[\"a\"]",
        "{\"label\":",
        "{\"label\":null}",
        "{\"label\":{}}",
        "{\"other\":\"a\"}",
        "```{\"label\":\"a\"}``` ```{\"label\":\"b\"}```",
    ] {
        assert_eq!(label_of(answer, &json()), None, "{answer}");
    }
}

#[test]
fn a_label_may_lie_deep_and_be_a_number_or_a_boolean() {
    let format = AnswerFormat::Json {
        label: FieldPath::new("/result/0/is.spam").unwrap(),
        confidence: None,
        scale: ConfidenceScale::Unit,
    };
    let answer = r#"{"result":[{"is.spam":true}]}"#;
    let parts = parts_of_text(answer, &format).unwrap();
    assert_eq!(
        (parts.label.as_str(), &answer[parts.span.unwrap()]),
        ("true", "true")
    );
}

#[test]
fn a_confidence_is_read_on_its_own_scale_or_not_at_all() {
    let of = |value: Value, scale: ConfidenceScale| scale.probability(&value);
    assert_eq!(of(0.25.into(), ConfidenceScale::Unit), Some(0.25));
    assert_eq!(of(1.into(), ConfidenceScale::Percent), Some(0.01));
    assert_eq!(of("95 %".into(), ConfidenceScale::Unit), Some(0.95));
    assert_eq!(of("0.5".into(), ConfidenceScale::Unit), Some(0.5));
    for odd in [
        Value::from(95),
        "high".into(),
        (-0.1).into(),
        "NaN".into(),
        Value::Null,
        true.into(),
    ] {
        assert_eq!(of(odd.clone(), ConfidenceScale::Unit), None, "{odd}");
    }
}
