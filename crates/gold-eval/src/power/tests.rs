use super::*;

/// The same by summing the trinomial over every pair of counts: slow and plain.
fn power_by_enumeration(rows: u64, loss_rate: f64, gain_rate: f64, alpha: f64) -> f64 {
    let ln_factorial = |n: u64| (1..=n).map(|i| (i as f64).ln()).sum::<f64>();
    let mut total = 0.0;
    for losses in 0..=rows {
        for gains in 0..=rows - losses {
            let rest = rows - losses - gains;
            if mcnemar_mid_p_worse(gains, losses) <= alpha {
                let ways =
                    ln_factorial(rows) - ln_factorial(losses) - ln_factorial(gains) - ln_factorial(rest);
                total += (ways
                    + losses as f64 * loss_rate.ln()
                    + gains as f64 * gain_rate.ln()
                    + rest as f64 * (1.0 - loss_rate - gain_rate).ln())
                .exp();
            }
        }
    }
    total
}

#[test]
fn power_equals_plain_enumeration() {
    for rows in [1, 5, 9, 30, 120] {
        for (loss, gain) in [(0.05, 0.02), (0.3, 0.02), (0.6, 0.3), (0.95, 0.02)] {
            for alpha in [0.05, 0.05 / 40.0] {
                let (found, expected) = (
                    power(rows, loss, gain, alpha),
                    power_by_enumeration(rows, loss, gain, alpha),
                );
                assert!(
                    (found - expected).abs() < 1e-9,
                    "{rows} rows, {loss}, {gain}, {alpha}: {found} is not {expected}"
                );
            }
        }
    }
}

#[test]
fn eight_rows_of_forty_categories_show_nothing_and_nine_do() {
    assert_eq!(smallest_visible_drop(8, 0.05 / 40.0), None);
    assert!(smallest_visible_drop(9, 0.05 / 40.0).is_some());
    assert_eq!(smallest_visible_drop(0, 0.05), None);
}

#[test]
fn a_category_of_a_million_rows_is_quick_and_precise() {
    let drop = smallest_visible_drop(1_000_000, 0.001).unwrap();
    assert!((0.0001..0.01).contains(&drop), "{drop}");
}

proptest::proptest! {
    #[test]
    fn critical_losses_by_halving_equal_those_by_counting(n in 0_u64..200, alpha in 0.0001..0.4_f64) {
        let counted = (0..=n).find(|&losses| is_evidence(n, losses, alpha)).unwrap_or(n + 1);
        proptest::prop_assert_eq!(smallest_critical_losses(n, alpha), counted);
    }

    #[test]
    fn power_is_a_probability_whatever_the_rates(
        rows in 0_u64..300, loss in proptest::num::f64::ANY, gain in -0.5..1.5_f64, alpha in 0.0001..0.4_f64,
    ) {
        let power = power(rows, loss, gain, alpha);
        proptest::prop_assert!((0.0..=1.0).contains(&power), "{}", power);
    }
}
