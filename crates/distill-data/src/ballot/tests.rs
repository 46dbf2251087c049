use std::slice;

use super::*;

fn labels() -> LabelSet {
    LabelSet::from_names(["bill", "billing", "other"]).unwrap()
}

fn choice(answer: &str) -> Choice {
    Choice::of(Ok(AnswerText::Written(answer.into())))
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

fn of_distribution(chosen: &str, distribution: &[(&str, f64)]) -> Ballot {
    let choice = Choice {
        distribution: distribution
            .iter()
            .map(|&(name, p)| (name.to_owned(), p))
            .collect(),
        ..Choice::of(Ok(AnswerText::Chosen(chosen.into())))
    };
    ballot(slice::from_ref(&choice), &AnswerFormat::json()).unwrap()
}

#[test]
fn a_distribution_gives_soft_labels_and_the_confidence() {
    let found = of_distribution("bill", &[("bill", 0.7), ("billing", 0.2), ("other", 0.1)]);
    assert_eq!(found.distribution, BTreeMap::from([(0, 0.7), (1, 0.2), (2, 0.1)]));
    let confidence = found.confidence.unwrap();
    assert!((confidence.value - 0.7).abs() < 1e-12);
    assert_eq!(confidence.kind, ConfidenceKind::Distribution);
}

#[test]
fn what_the_task_has_no_label_for_lowers_the_confidence_and_is_not_learnt() {
    let found = of_distribution("bill", &[("bill", 0.6), ("other", 0.2), ("spam", 0.2)]);
    assert!((found.confidence.unwrap().value - 0.6).abs() < 1e-12);
    assert!((found.distribution[&0] - 0.75).abs() < 1e-12 && (found.distribution[&2] - 0.25).abs() < 1e-12);
}

#[test]
fn a_service_may_round_its_probabilities_and_not_invent_them() {
    let rounded = of_distribution("bill", &[("bill", 0.6665), ("other", 0.333)]);
    assert!(!rounded.has_odd_confidence);
    assert!((rounded.distribution.values().sum::<f64>() - 1.0).abs() < 1e-12);
    for odd in [[0.7, 0.7], [0.2, 0.2], [1.5, -0.5], [f64::NAN, 0.5]] {
        let found = of_distribution("bill", &[("bill", odd[0]), ("other", odd[1])]);
        assert!(
            found.has_odd_confidence && found.confidence.is_none() && found.distribution.is_empty(),
            "{odd:?}"
        );
    }
}
