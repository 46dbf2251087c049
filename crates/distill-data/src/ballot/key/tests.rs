use proptest::prelude::*;

use super::*;

fn ballots() -> impl Strategy<Value = Ballot> {
    let confidence = proptest::option::of((0.0..=1.0_f64, 0..KINDS.len()));
    let votes = proptest::collection::btree_map(0..9_usize, 1..4_usize, 0..4);
    let distribution = proptest::collection::btree_map(0..9_usize, 0.0..=1.0_f64, 0..4);
    (confidence, votes, 1..9_usize, distribution).prop_map(|(confidence, votes, asked, distribution)| {
        Ballot {
            votes,
            asked,
            confidence: confidence.map(|(value, kind)| Confidence {
                value,
                kind: KINDS[kind],
            }),
            distribution,
            has_odd_confidence: false,
        }
    })
}

proptest! {
    #[test]
    fn a_ballot_is_made_again_of_its_key(ballot in ballots()) {
        prop_assert_eq!(Ballot::from_key(&ballot.key()), Some(ballot));
    }

    #[test]
    fn keys_sort_by_falling_confidence_and_are_equal_for_equal_ballots_only(a in ballots(), b in ballots()) {
        let sure = |ballot: &Ballot| ballot.confidence.map(|confidence| confidence.value);
        if sure(&a) > sure(&b) {
            prop_assert!(a.key() < b.key());
        }
        prop_assert_eq!(a.key() == b.key(), a == b);
    }

    #[test]
    fn bytes_that_are_no_key_are_refused_or_are_one(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        // Probabilities may be anything in them, so that a ballot that comes of them is asked for its label alone.
        if let Some(ballot) = Ballot::from_key(&bytes) {
            prop_assert!(ballot.votes.is_empty() || ballot.votes.contains_key(&ballot.label()));
        }
    }
}

#[test]
fn every_kind_has_a_place_and_a_cut_key_is_none() {
    for kind in KINDS {
        let ballot = Ballot::of_label(3, Some(Confidence { value: 0.25, kind }));
        let key = ballot.key();
        assert_eq!(Ballot::from_key(&key), Some(ballot));
        assert!((0..key.len()).all(|end| Ballot::from_key(&key[..end]).is_none()));
    }
    let none = Ballot::of_label(3, None);
    let least = Ballot::of_label(
        3,
        Some(Confidence {
            value: 0.0,
            kind: ConfidenceKind::Repeats,
        }),
    );
    assert!(least.key() < none.key());
}
