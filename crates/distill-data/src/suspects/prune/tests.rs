use proptest::prelude::*;

use super::*;

#[test]
fn what_rounding_loses_goes_where_most_was_lost() {
    assert_eq!(rounded(&[8.3, 1.4, 0.3]), [8, 2, 0]);
    assert_eq!(rounded(&[8.6, 0.7, 0.7]), [8, 1, 1]);
    // Of equals the later gains.
    assert_eq!(rounded(&[0.4, 0.4, 0.2, 1.0]), [0, 1, 0, 1]);
    assert_eq!(rounded(&[3.0, 0.0, 4.0]), [3, 0, 4]);
    assert_eq!(rounded(&[]), [0_usize; 0]);
}

proptest! {
    #[test]
    fn rounding_keeps_the_sum_and_moves_nothing_by_more_than_one(parts in prop::collection::vec(0.0..5.0_f64, 1..9), rows in 1..200_u32) {
        let all: f64 = parts.iter().sum::<f64>().max(1e-9);
        let scaled: Vec<f64> = parts.iter().map(|part| part / all * f64::from(rows)).collect();
        let whole = rounded(&scaled);
        prop_assert!(parts.iter().sum::<f64>() < 1e-9 || whole.iter().sum::<usize>() == rows as usize);
        for (whole, scaled) in whole.iter().zip(&scaled) {
            prop_assert!((*whole as f64 - scaled).abs() <= 1.0 + 1e-9);
        }
    }
}

#[test]
fn a_pair_loses_the_rows_that_look_most_like_the_other_class() {
    // Six rows of class 0, of which the joint takes two for class 1.
    let matrix = [
        0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.2, 0.8, 0.1, 0.9, 0.1, 0.9, 0.3, 0.7,
    ];
    let given = [0, 0, 0, 0, 0, 0, 1, 1];
    let probabilities = Probabilities::of_matrix(2, &matrix).unwrap();
    let joint = ConfidentJoint::count(&given, &probabilities, 0.0);
    assert_eq!(joint.count_of(0, 1), 2);
    let pruned = prune(&given, &probabilities, &joint);
    let expected = [false, false, false, false, true, true, false, false];
    assert_eq!(pruned.by_class, expected);
    assert_eq!(pruned.by_noise_rate, expected);
}
