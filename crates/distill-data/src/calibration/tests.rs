use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn said(value: f64) -> Confidence {
    Confidence {
        value,
        kind: ConfidenceKind::SelfReported,
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_f64().unwrap())
        .collect()
}

fn oracle() -> Value {
    serde_json::from_str(include_str!("../../tests/oracle/calibration.json")).unwrap()
}

#[test]
fn the_curve_is_that_of_scikit_learn() {
    // Oracle: tests/oracle/calibration.py. Both compute in float64; 1e-9 leaves room for the order of sums.
    let oracle = oracle();
    let right = oracle["right"]
        .as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_bool().unwrap());
    let checked: Vec<CheckedAnswer> = numbers(&oracle["said"])
        .into_iter()
        .zip(right)
        .map(|(value, right)| CheckedAnswer {
            confidence: said(value),
            right,
        })
        .collect();
    let calibration = Calibration::fit(&checked);
    let (least, most) = (1.0 / 202.0, 201.0 / 202.0);
    for (at, expected) in numbers(&oracle["at"])
        .into_iter()
        .zip(numbers(&oracle["precision"]))
    {
        let found = calibration.apply(said(at)).value;
        // Our one deviation: no certainty.
        let expected = expected.clamp(least, most);
        assert!(
            (found - expected).abs() < 1e-9,
            "at {at}: {found}, not {expected}"
        );
    }
}

#[test]
fn intervals_are_those_of_statsmodels() {
    for case in oracle()["wilson"].as_array().unwrap() {
        let case = numbers(case);
        let (low, high) = wilson(case[0] as usize, case[1] as usize);
        assert!(
            (low - case[2]).abs() < 1e-12 && (high - case[3]).abs() < 1e-12,
            "{case:?}: {low}, {high}"
        );
    }
}

#[test]
fn few_reviewed_answers_draw_no_curve() {
    let answer = CheckedAnswer {
        confidence: said(0.9),
        right: false,
    };
    let calibration = Calibration::fit(&vec![answer; LEAST_REVIEWED - 1]);
    assert!(!calibration.covers(ConfidenceKind::SelfReported));
    assert_eq!(calibration.apply(said(0.9)), said(0.9));
    assert_eq!(calibration.cut_for(ConfidenceKind::SelfReported, 0.5), None);
}

#[test]
fn a_kind_without_a_curve_is_left_as_it_is() {
    let checked = vec![
        CheckedAnswer {
            confidence: said(0.9),
            right: false
        };
        50
    ];
    let votes = Confidence {
        value: 0.9,
        kind: ConfidenceKind::Votes,
    };
    assert_eq!(Calibration::fit(&checked).apply(votes), votes);
}

#[test]
fn the_cut_is_the_lowest_that_keeps_the_promise() {
    // 20 answers each: right always at 0.95, 9 of 10 at 0.8, half at 0.6.
    let mut checked = Vec::new();
    for i in 0..20 {
        for (value, right) in [(0.95, true), (0.8, i % 10 != 0), (0.6, i % 2 == 0)] {
            checked.push(CheckedAnswer {
                confidence: said(value),
                right,
            });
        }
    }
    let calibration = Calibration::fit(&checked);
    let cut = |precision| calibration.cut_for(ConfidenceKind::SelfReported, precision);
    assert_eq!(cut(0.99).map(|cut| (cut.least, cut.kept)), Some((0.95, 20)));
    assert_eq!(
        cut(0.95).map(|cut| (cut.least, cut.kept, cut.precision)),
        Some((0.8, 40, 0.95))
    );
    assert_eq!(cut(0.7).map(|cut| (cut.least, cut.kept)), Some((0.6, 60)));
    let wrong = vec![
        CheckedAnswer {
            confidence: said(0.9),
            right: false
        };
        30
    ];
    assert_eq!(
        Calibration::fit(&wrong).cut_for(ConfidenceKind::SelfReported, 0.5),
        None
    );
}

proptest! {
    #[test]
    fn the_map_is_monotone_and_never_certain(
        answers in prop::collection::vec((0_u32..=20, any::<bool>()), LEAST_REVIEWED..80),
        probes in prop::collection::vec(0.0..=1.0_f64, 2..20),
    ) {
        let checked: Vec<_> = answers
            .iter()
            .map(|&(twentieths, right)| CheckedAnswer { confidence: said(f64::from(twentieths) / 20.0), right })
            .collect();
        let calibration = Calibration::fit(&checked);
        let mut probes = probes;
        probes.sort_by(f64::total_cmp);
        let values: Vec<f64> = probes.iter().map(|&probe| calibration.apply(said(probe)).value).collect();
        prop_assert!(values.is_sorted(), "{values:?}");
        prop_assert!(values.iter().all(|&value| value > 0.0 && value < 1.0), "{values:?}");
    }
}
