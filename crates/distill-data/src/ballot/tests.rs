use std::slice;

use super::*;

fn labels() -> LabelSet {
    LabelSet::from_names(["bill", "billing", "other"]).unwrap()
}

fn choice(answer: &str) -> Choice {
    Choice {
        answer: Ok(AnswerText::Written(answer.into())),
        tokens: Vec::new(),
        confidence: None,
    }
}

fn with_tokens(answer: &str, tokens: &[(&str, f64)]) -> Choice {
    Choice {
        tokens: tokens
            .iter()
            .map(|(token, probability)| (token.as_bytes().to_vec(), probability.ln()))
            .collect(),
        ..choice(answer)
    }
}

fn ballot(choices: &[Choice], format: &AnswerFormat) -> Result<Ballot, RejectReason> {
    let call = LoggedCall {
        input: "question".into(),
        choices: choices.to_vec(),
        ..LoggedCall::default()
    };
    Ballot::of_call(&call, &labels(), format)
}

fn confidence(choice: &Choice, format: &AnswerFormat) -> Option<(f64, ConfidenceKind)> {
    let ballot = ballot(slice::from_ref(choice), format).unwrap();
    ballot
        .confidence
        .map(|confidence| (confidence.value, confidence.kind))
}

#[test]
fn the_tokens_of_the_label_alone_make_its_probability() {
    let answer = r#"{"label":"billing","why":"x"}"#;
    let tokens = [
        ("{\"label\":", 0.1),
        ("\"bill", 0.5),
        ("ing\"", 0.8),
        (",\"why\":\"x\"}", 0.2),
    ];
    let (value, kind) = confidence(&with_tokens(answer, &tokens), &AnswerFormat::json()).unwrap();
    assert_eq!(kind, ConfidenceKind::TokenLogprobs);
    assert!((value - 0.4).abs() < 1e-12, "{value}");
}

#[test]
fn tokens_that_do_not_spell_the_answer_are_not_believed() {
    assert_eq!(
        confidence(&with_tokens("billing", &[("bill", 0.5)]), &AnswerFormat::Text),
        None
    );
    assert_eq!(
        confidence(&with_tokens("billing", &[]), &AnswerFormat::Text),
        None
    );
}

#[test]
fn token_probabilities_come_before_what_the_teacher_says() {
    let answer = r#"{"label":"bill","confidence":0.99}"#;
    let told = confidence(&choice(answer), &AnswerFormat::json()).unwrap();
    assert_eq!(told, (0.99, ConfidenceKind::SelfReported));
    let (value, kind) = confidence(&with_tokens(answer, &[(answer, 0.25)]), &AnswerFormat::json()).unwrap();
    assert_eq!(kind, ConfidenceKind::TokenLogprobs);
    assert!((value - 0.25).abs() < 1e-12);
}

#[test]
fn several_choices_are_votes_of_one_row() {
    let mut refused = choice("");
    refused.answer = Err(RejectReason::Refusal { text: "no".into() });
    let found = ballot(
        &[
            choice("billing"),
            choice("Billing."),
            choice("bill"),
            refused,
            choice("bananas"),
        ],
        &AnswerFormat::Text,
    )
    .unwrap();
    assert_eq!((found.votes, found.asked), (BTreeMap::from([(0, 1), (1, 2)]), 5));
    // Rule of succession: (2 + 1) / (5 + 2).
    assert_eq!(found.confidence.unwrap().value, 3.0 / 7.0);
    assert_eq!(found.confidence.unwrap().kind, ConfidenceKind::Votes);
}

#[test]
fn a_confidence_out_of_range_is_unknown_and_counted() {
    let found = ballot(
        &[choice(r#"{"label":"bill","confidence":95}"#)],
        &AnswerFormat::json(),
    )
    .unwrap();
    assert_eq!((found.confidence, found.has_odd_confidence), (None, true));
    let found = ballot(&[choice(r#"{"label":"bill"}"#)], &AnswerFormat::json()).unwrap();
    assert_eq!((found.confidence, found.has_odd_confidence), (None, false));
}

#[test]
fn a_call_without_a_legal_answer_says_why() {
    let kind = |choices: &[Choice], format: &AnswerFormat| ballot(choices, format).unwrap_err().kind();
    assert_eq!(kind(&[choice("bananas")], &AnswerFormat::Text), "unknown_label");
    assert_eq!(kind(&[choice(" ")], &AnswerFormat::Text), "empty_answer");
    assert_eq!(
        kind(&[choice("bill")], &AnswerFormat::json()),
        "unreadable_answer"
    );
    assert_eq!(kind(&[], &AnswerFormat::Text), "empty_answer");
    let blank = LoggedCall {
        input: " \n".into(),
        choices: vec![choice("bill")],
        ..LoggedCall::default()
    };
    let reason = Ballot::of_call(&blank, &labels(), &AnswerFormat::Text).unwrap_err();
    assert_eq!(reason, RejectReason::EmptyInput);
}

#[test]
fn a_label_that_ends_in_a_full_stop_is_still_itself() {
    let labels = LabelSet::from_names(["misc.", "misc"]).unwrap();
    let call = LoggedCall {
        input: "question".into(),
        choices: vec![choice("misc.")],
        ..LoggedCall::default()
    };
    let found = Ballot::of_call(&call, &labels, &AnswerFormat::Text).unwrap();
    assert_eq!(found.votes, BTreeMap::from([(0, 1)]));
}
