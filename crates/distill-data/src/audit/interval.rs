//! Exact 95% intervals of a share.

use statrs::function::{beta::beta_reg, factorial::ln_binomial};

/// What may lie beyond either end.
const TAIL: f64 = 0.025;

/// The 95% interval of how many of `population` are wrong, `wrong` of `drawn` being so that were drawn without
/// replacement.
///
/// Both ends invert the one-sided hypergeometric test at 2.5% (Buonaccorsi 1987, *A note on confidence intervals for
/// proportions in finite populations*, The American Statistician 41(3)): the interval covers the truth at least 95% of the
/// time, whatever it is, and ends at the truth where all are drawn.
pub(super) fn hypergeometric(wrong: u64, drawn: u64, population: u64) -> (u64, u64) {
    let drawn = drawn.min(population);
    let wrong = wrong.min(drawn);
    let most = most_wrong(wrong, drawn, population);
    let least = population - most_wrong(drawn - wrong, drawn, population);
    (least, most)
}

/// The largest number of wrong ones at which so few would be drawn in more than 2.5% of the cases.
fn most_wrong(wrong: u64, drawn: u64, population: u64) -> u64 {
    // The tail falls as there are more wrong ones; at the first bound it is 1.
    let (mut possible, mut too_many) = (wrong, population - (drawn - wrong) + 1);
    while too_many - possible > 1 {
        let middle = possible + (too_many - possible) / 2;
        if chance_of_at_most(wrong, drawn, middle, population) > TAIL {
            possible = middle;
        } else {
            too_many = middle;
        }
    }
    possible
}

/// The probability that at most `found` of the `wrong` ones in the population are among those drawn.
fn chance_of_at_most(found: u64, drawn: u64, wrong: u64, population: u64) -> f64 {
    let right = population - wrong;
    let all = ln_binomial(population, drawn);
    let least = drawn.saturating_sub(right);
    (least..=found.min(wrong))
        .map(|count| (ln_binomial(wrong, count) + ln_binomial(right, drawn - count) - all).exp())
        .sum()
}

/// The 95% interval of a share of which `wrong` of `drawn` independent draws are (Clopper and Pearson 1934, *The use of
/// confidence or fiducial limits*, Biometrika 26(4)); 0 to 1 of no draw.
pub(super) fn clopper_pearson(wrong: usize, drawn: usize) -> (f64, f64) {
    (
        1.0 - largest_share(drawn - wrong, drawn),
        largest_share(wrong, drawn),
    )
}

/// The share at which at most `wrong` are drawn in 2.5% of the cases.
fn largest_share(wrong: usize, drawn: usize) -> f64 {
    if wrong == drawn {
        return 1.0;
    }
    let (successes, failures) = (wrong as f64 + 1.0, (drawn - wrong) as f64);
    let (mut low, mut high) = (0.0, 1.0);
    // Each step halves the distance: 60 are as far as an f64 goes.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        // The probability of more than `wrong` is the regularised incomplete beta function.
        if beta_reg(successes, failures, middle) < 1.0 - TAIL {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}
