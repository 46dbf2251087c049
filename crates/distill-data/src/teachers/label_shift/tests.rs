use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn counts(value: &Value) -> Vec<u64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_u64().unwrap())
        .collect()
}

/// Oracle: tests/oracle/label_shift.py. No label of it is rare enough to be pooled. Both compute in float64; a relative
/// 1e-9 leaves room for the order of sums and for another incomplete gamma function.
#[test]
fn the_test_is_that_of_scipy() {
    let oracle: Value = serde_json::from_str(include_str!("../../../tests/oracle/label_shift.json")).unwrap();
    let mut verdicts = Vec::new();
    for case in oracle["cases"].as_array().unwrap() {
        let found = LabelShift::between(&counts(&case["before"]), &counts(&case["after"]));
        for (found, expected) in [
            (found.chi_squared, &case["chi_squared"]),
            (found.p_value, &case["p"]),
            (found.cramers_v, &case["v"]),
        ] {
            let (found, expected) = (found.unwrap(), expected.as_f64().unwrap());
            assert!(
                (found - expected).abs() <= 1e-9 * expected.abs().max(1e-3),
                "{found}, not {expected}"
            );
        }
        verdicts.push(found.verdict);
    }
    assert_eq!(verdicts[..2], [ShiftVerdict::NotSeen, ShiftVerdict::Moved]);
}

#[test]
fn few_texts_are_no_proof_that_nothing_moved() {
    assert_eq!(
        LabelShift::between(&[30, 20], &[28, 22]).verdict,
        ShiftVerdict::TooFew
    );
    assert_eq!(
        LabelShift::between(&[0, 0], &[0, 0]).verdict,
        ShiftVerdict::TooFew
    );
    assert_eq!(LabelShift::between(&[500], &[0]).verdict, ShiftVerdict::TooFew);
    // And enough to see a change that is plain.
    assert_eq!(
        LabelShift::between(&[40, 2], &[3, 41]).verdict,
        ShiftVerdict::Moved
    );
    assert_eq!(
        LabelShift::between(&[500, 0], &[700, 0]).verdict,
        ShiftVerdict::NotSeen
    );
}

#[test]
fn a_move_of_many_texts_by_little_is_slight() {
    let found = LabelShift::between(&[50_000, 50_000], &[51_500, 48_500]);
    assert_eq!(found.verdict, ShiftVerdict::Slight, "{found:?}");
}

#[test]
fn rare_labels_are_pooled_and_never_lost() {
    let found = LabelShift::between(&[200, 190, 1, 2, 1, 2], &[210, 185, 2, 1, 2, 2]);
    assert_eq!((found.labels, found.texts), (3, (396, 402)));
    let found = LabelShift::between(&[200, 190, 1], &[210, 185, 1]);
    assert_eq!(
        found.labels, 2,
        "one text of each is too few even alone, and goes with the rarest"
    );
}

proptest! {
    #[test]
    fn whatever_the_counts_the_numbers_are_numbers(counts in prop::collection::vec((0_u64..500, 0_u64..500), 0..30)) {
        let (before, after): (Vec<u64>, Vec<u64>) = counts.into_iter().unzip();
        let found = LabelShift::between(&before, &after);
        for share in [found.p_value, found.cramers_v].into_iter().flatten() {
            prop_assert!((0.0..=1.0).contains(&share), "{found:?}");
        }
        let mirrored = LabelShift::between(&after, &before);
        prop_assert_eq!(found.verdict, mirrored.verdict);
    }
}
