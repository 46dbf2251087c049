use super::*;

#[test]
fn lists_that_do_not_fit_are_refused_by_row() {
    let new =
        |truth: &[usize], answers: &[Option<usize>]| LabelMetrics::new(truth, answers, 2, 0.95).unwrap_err();
    assert_eq!(new(&[], &[]), MetricsError::NoRows);
    assert_eq!(
        new(&[0, 1], &[None]),
        MetricsError::Length {
            expected: 2,
            found: 1
        }
    );
    let past = |row| MetricsError::Label {
        row,
        index: 2,
        labels: 2,
    };
    assert_eq!(new(&[0, 2], &[None, None]), past(2));
    assert_eq!(new(&[0, 1], &[Some(2), None]), past(1));
}

#[test]
fn what_is_undefined_is_not_zero() {
    // One label in truth and answers: chance agrees always.
    let one = LabelMetrics::new(&[1, 1], &[Some(1), Some(1)], 3, 0.95).unwrap();
    assert_eq!((one.matthews, one.kappa), (None, None));
    assert_eq!(one.balanced_accuracy, 1.0);
    // One label is all that is answered: no better than chance, and no correlation to speak of.
    let stuck = LabelMetrics::new(&[0, 1, 2], &[Some(1); 3], 3, 0.95).unwrap();
    assert_eq!((stuck.matthews, stuck.never_answered), (None, 2));
    assert!(stuck.kappa.unwrap().value.abs() < 1e-15);
    // Nothing is answered within the task.
    let outside = LabelMetrics::new(&[0, 1], &[None, None], 2, 0.95).unwrap();
    assert_eq!(
        (outside.macro_average.precision, outside.micro_average.precision),
        (None, None)
    );
    assert_eq!((outside.never_answered, outside.macro_average.f1), (2, 0.0));
}

#[test]
fn perfect_agreement_has_no_interval_of_width_zero() {
    let kappa = LabelMetrics::new(&[0, 1, 2, 2], &[Some(0), Some(1), Some(2), Some(2)], 3, 0.95)
        .unwrap()
        .kappa;
    let kappa = kappa.unwrap();
    assert_eq!(
        (kappa.value, kappa.standard_error, kappa.interval),
        (1.0, 0.0, None)
    );
}

proptest::proptest! {
    #[test]
    fn the_order_of_rows_does_not_change_a_bit(
        rows in proptest::collection::vec((0_usize..5, proptest::option::of(0_usize..5)), 1..60),
    ) {
        let of = |rows: &[(usize, Option<usize>)]| {
            let (truth, answers): (Vec<usize>, Vec<Option<usize>>) = rows.iter().copied().unzip();
            LabelMetrics::new(&truth, &answers, 5, 0.95).unwrap()
        };
        let mut reversed = rows.clone();
        reversed.reverse();
        proptest::prop_assert_eq!(of(&rows), of(&reversed));
    }

    #[test]
    fn figures_stay_in_their_ranges(
        rows in proptest::collection::vec((0_usize..4, proptest::option::of(0_usize..4)), 1..60),
    ) {
        let (truth, answers): (Vec<usize>, Vec<Option<usize>>) = rows.iter().copied().unzip();
        let found = LabelMetrics::new(&truth, &answers, 4, 0.95).unwrap();
        for average in [found.macro_average, found.micro_average, found.weighted_average] {
            let shares = [average.precision.unwrap_or(0.0), average.recall, average.f1];
            proptest::prop_assert!(shares.iter().all(|share| (0.0..=1.0 + 1e-12).contains(share)));
        }
        let right = rows.iter().filter(|(truth, answer)| *answer == Some(*truth)).count();
        proptest::prop_assert!((found.micro_average.recall - right as f64 / rows.len() as f64).abs() < 1e-12);
        proptest::prop_assert!((found.weighted_average.recall - found.micro_average.recall).abs() < 1e-12);
        proptest::prop_assert!(found.matthews.is_none_or(|r| (-1.0 - 1e-12..=1.0 + 1e-12).contains(&r)));
        proptest::prop_assert!(found.kappa.is_none_or(|k| k.value <= 1.0 + 1e-12 && k.standard_error >= 0.0));
    }
}
