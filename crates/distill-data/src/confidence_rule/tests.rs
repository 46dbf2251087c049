use super::*;

fn of(kind: ConfidenceKind, value: f64) -> Option<Confidence> {
    Some(Confidence { value, kind })
}

#[test]
fn a_cut_goes_by_what_was_reported_and_takes_the_place_of_the_least_confidence() {
    let cut = ConfidenceCut {
        least: 0.8,
        kept: 30,
        precision: 0.99,
        interval: (0.9, 1.0),
    };
    let rule = ConfidenceRule {
        cuts: [
            (ConfidenceKind::SelfReported, Some(cut)),
            (ConfidenceKind::Votes, None),
        ]
        .into(),
        ..ConfidenceRule::default()
    };
    let (told, votes) = (ConfidenceKind::SelfReported, ConfidenceKind::Votes);
    assert_eq!(rule.doubt(of(told, 0.1), of(told, 0.8)), None);
    assert_eq!(
        rule.doubt(of(told, 0.9), of(told, 0.79)),
        Some(ConfidenceDoubt::Low)
    );
    assert_eq!(
        rule.doubt(of(votes, 0.9), of(votes, 0.9)),
        Some(ConfidenceDoubt::Low)
    );
    // A kind without a curve has no cut.
    let repeats = ConfidenceKind::Repeats;
    assert_eq!(rule.doubt(of(repeats, 0.5), of(repeats, 0.1)), None);
    assert_eq!(
        rule.doubt(of(repeats, 0.49), of(repeats, 0.9)),
        Some(ConfidenceDoubt::Low)
    );
}

#[test]
fn unknown_confidence_is_doubtful_where_the_plan_wants_to_know() {
    let rule = ConfidenceRule {
        unknown: UnknownConfidence::Review,
        ..ConfidenceRule::default()
    };
    assert_eq!(rule.doubt(None, None), Some(ConfidenceDoubt::Unknown));
    assert_eq!(ConfidenceRule::default().doubt(None, None), None);
}
