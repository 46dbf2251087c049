use super::*;

fn labels() -> LabelSet {
    serde_json::from_str(
        r#"[{"name":"groceries"},{"name":"eating-out","aliases":["restaurants"]},{"name":"fuel"}]"#,
    )
    .unwrap()
}

fn said(answer: &str) -> Said<'_> {
    Said {
        answer: Some(answer),
        ..Said::default()
    }
}

fn ballot_of(said: Said<'_>) -> Option<Ballot> {
    said.ballot(&labels()).unwrap()
}

#[test]
fn a_label_is_found_under_every_spelling_that_the_task_knows() {
    let found = ["Eating Out", "restaurants", "food"].map(|answer| ballot_of(said(answer)));
    let expected = Some(Ballot::of_label(1, None));
    assert_eq!(found, [expected.clone(), expected, None]);
    assert_eq!(ballot_of(Said::default()), None);
}

#[test]
fn votes_stand_in_the_place_of_an_answer_and_what_is_no_label_counts_as_asked() {
    let found = ballot_of(Said {
        votes: Some(r#"{"fuel":2,"restaurants":1,"taxis":4,"groceries":0}"#),
        asked: Some(9),
        confidence: Some(0.25),
        kind: Some("votes"),
        ..said("groceries")
    });
    let found = found.unwrap();
    assert_eq!((found.votes, found.asked), (BTreeMap::from([(1, 1), (2, 2)]), 9));
    assert_eq!(found.confidence.unwrap().kind, ConfidenceKind::Votes);
    let fewer = ballot_of(Said {
        votes: Some(r#"{"fuel":2}"#),
        asked: Some(1),
        ..Said::default()
    });
    assert_eq!(fewer.unwrap().asked, 2);
    let none = ballot_of(Said {
        votes: Some(r#"{"taxis":4}"#),
        ..said("fuel")
    });
    assert_eq!(none, None);
}

#[test]
fn of_what_is_no_probability_nothing_is_known() {
    for (confidence, probabilities) in [
        (1.5, r#"{"fuel":1.5}"#),
        (f64::NAN, r#"{"fuel":-0.5,"groceries":1.5}"#),
    ] {
        let found = ballot_of(Said {
            confidence: Some(confidence),
            probabilities: Some(probabilities),
            ..said("fuel")
        });
        assert_eq!(found, Some(Ballot::of_label(2, None)));
    }
    let found = ballot_of(Said {
        confidence: Some(0.75),
        probabilities: Some(r#"{"fuel":0.75,"eating-out":0.25}"#),
        kind: Some("distribution"),
        ..said("fuel")
    });
    assert_eq!(
        found.unwrap().distribution,
        BTreeMap::from([(1, 0.25), (2, 0.75)])
    );
}

#[test]
fn columns_that_hold_something_else_are_named() {
    for (column, said) in [
        (
            "votes",
            Said {
                votes: Some("[1]"),
                ..said("fuel")
            },
        ),
        (
            "votes",
            Said {
                votes: Some(r#"{"fuel":-1}"#),
                ..said("fuel")
            },
        ),
        (
            "probabilities",
            Said {
                probabilities: Some("0.5"),
                ..said("fuel")
            },
        ),
        (
            "confidence_kind",
            Said {
                kind: Some("guess"),
                ..said("fuel")
            },
        ),
    ] {
        let error = said.ballot(&labels()).unwrap_err().to_string();
        assert!(error.contains(column), "{error}");
    }
}
