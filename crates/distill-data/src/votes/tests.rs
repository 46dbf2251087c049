use super::*;

fn sure(value: f64, kind: ConfidenceKind) -> Option<Confidence> {
    Some(Confidence { value, kind })
}

/// The outcome of ballots in the order of their keys, persons first.
fn outcome(ballots: &[(Ballot, bool)]) -> TextLabel<usize> {
    let mut order: Vec<usize> = (0..ballots.len()).collect();
    order.sort_by_key(|&place| (!ballots[place].1, ballots[place].0.key()));
    let mut votes = TextVotes::default();
    for place in order {
        votes.add(&ballots[place].0, ballots[place].1, || place);
    }
    votes.finish().unwrap()
}

fn of_votes(votes: &[(usize, usize)], asked: usize) -> Ballot {
    Ballot {
        votes: votes.iter().copied().collect(),
        asked,
        ..Ballot::of_label(0, sure(0.6, ConfidenceKind::Votes))
    }
}

#[test]
fn a_person_alone_counts_and_the_call_that_is_kept_is_a_persons() {
    let teacher = (
        Ballot::of_label(0, sure(1.0, ConfidenceKind::TokenLogprobs)),
        false,
    );
    let found = outcome(&[teacher.clone(), (Ballot::of_label(1, None), true), teacher]);
    assert_eq!(
        (found.label, found.kept, found.calls, found.by_person),
        (1, 1, 3, true)
    );
    assert_eq!((found.share, found.confidence), (1.0, None));
    assert!(found.distribution.is_empty());
}

#[test]
fn of_several_kinds_of_confidence_the_best_counts_and_disagreement_lowers_it() {
    let found = outcome(&[
        (
            Ballot::of_label(0, sure(0.9, ConfidenceKind::SelfReported)),
            false,
        ),
        (
            Ballot::of_label(0, sure(0.8, ConfidenceKind::TokenLogprobs)),
            false,
        ),
        (
            Ballot::of_label(1, sure(0.9, ConfidenceKind::Distribution)),
            false,
        ),
    ]);
    let confidence = found.confidence.unwrap();
    assert_eq!((found.label, confidence.kind), (0, ConfidenceKind::TokenLogprobs));
    assert!((confidence.value - 0.8 * 2.0 / 3.0).abs() < 1e-12);
}

#[test]
fn a_label_that_wins_by_the_votes_of_others_keeps_the_first_call() {
    // Each call is for another label, and each gives label 1 a third.
    let found = outcome(&[
        (of_votes(&[(0, 2), (1, 1)], 3), false),
        (of_votes(&[(1, 1), (2, 2)], 3), false),
        (of_votes(&[(1, 1), (3, 2)], 3), false),
    ]);
    assert_eq!((found.label, found.kept), (1, 0));
    assert!((found.share - 1.0 / 3.0).abs() < 1e-12);
}

#[test]
fn the_mean_is_over_calls_that_have_a_distribution() {
    let with = |first: f64| Ballot {
        distribution: BTreeMap::from([(0, first), (1, 1.0 - first)]),
        ..Ballot::of_label(0, sure(first, ConfidenceKind::Distribution))
    };
    let found = outcome(&[
        (with(0.75), false),
        (Ballot::of_label(0, None), false),
        (with(0.5), false),
    ]);
    assert_eq!(found.distribution, BTreeMap::from([(0, 0.625), (1, 0.375)]));
    assert_eq!(found.confidence.unwrap().value, 0.625);
}

#[test]
fn agreement_of_three_calls_is_a_confidence_and_no_call_is_no_outcome() {
    let found = outcome(&vec![(Ballot::of_label(2, None), false); 3]);
    assert_eq!(found.confidence, sure(0.8, ConfidenceKind::Repeats));
    assert_eq!(TextVotes::<()>::default().finish(), None);
}
