use super::*;

/// 300 rows of three classes with unlike confidences, raised to a power.
fn matrix(power: f32) -> Vec<f32> {
    let rows = (0..300).map(|row| {
        let most = 0.4 + 0.55 * (row % 97) as f32 / 97.0;
        let rest = 1.0 - most;
        let raised = [most, 0.7 * rest, 0.3 * rest].map(|p| p.powf(power));
        let sum: f32 = raised.iter().sum();
        raised.map(|p| p / sum)
    });
    rows.flatten().collect()
}

#[test]
fn a_modest_model_is_sharpened_and_a_boastful_one_softened() {
    let honest = matrix(1.0);
    let probabilities = Probabilities::of_matrix(3, &honest).unwrap();
    let agreement = mean_confidence(&probabilities, 1.0);
    for power in [0.5_f32, 1.0, 2.0] {
        let matrix = matrix(power);
        let probabilities = Probabilities::of_matrix(3, &matrix).unwrap();
        let found = exponent(&probabilities, agreement);
        assert!(
            (found * f64::from(power) - 1.0).abs() < 2e-3,
            "to the power of {power}: {found}"
        );
        assert!((mean_confidence(&probabilities, found) - agreement).abs() < 1e-3);
    }
}

#[test]
fn what_no_exponent_reaches_ends_at_the_range() {
    let matrix = matrix(1.0);
    let probabilities = Probabilities::of_matrix(3, &matrix).unwrap();
    assert!(exponent(&probabilities, 1.0) > 7.9);
    assert!(exponent(&probabilities, 0.0) < 0.26);
    let none = Probabilities::of_matrix(3, &[]).unwrap();
    assert!(exponent(&none, 0.0).is_finite());
}
