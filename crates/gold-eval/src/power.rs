//! What a number of rows can tell, and what it cannot.
//!
//! Asked of the test that the gate runs on a category: one-sided mid-p McNemar, "worse than the baseline".
//! Each row is a loss with one probability, a gain with another, and says nothing otherwise.

use statrs::distribution::{Binomial, Discrete, DiscreteCDF};

use crate::mcnemar_mid_p_worse;

/// The chance with which a drop has to be seen to be called visible.
pub const POWER: f64 = 0.8;

/// The share of a category's rows on which the candidate is assumed to be newly right while it drops.
pub const ASSUMED_GAINS: f64 = 0.02;

/// The smallest net drop, as a share of the rows, that the test at level `alpha` sees with probability
/// [`POWER`] while [`ASSUMED_GAINS`] of the rows are gained; `None` where no drop is seen so surely.
///
/// Of few rows the answer is a saw, not a slope: where one gain more than usual is enough to spoil the evidence,
/// eleven rows can see what twelve cannot.
///
/// For one of many categories under Holm, `alpha` is the level divided by their number.
///
/// ```
/// use gold_eval::smallest_visible_drop;
///
/// // Thirty rows, judged alone and as the first of forty categories, in points rounded up.
/// assert_eq!((100.0 * smallest_visible_drop(30, 0.05).unwrap()).ceil(), 22.0);
/// assert_eq!((100.0 * smallest_visible_drop(30, 0.05 / 40.0).unwrap()).ceil(), 42.0);
/// // Eight straight losses are not evidence enough when forty categories are watched.
/// assert_eq!(smallest_visible_drop(8, 0.05 / 40.0), None);
/// ```
#[must_use]
pub fn smallest_visible_drop(rows: u64, alpha: f64) -> Option<f64> {
    let seen = |loss_rate| power(rows, loss_rate, ASSUMED_GAINS, alpha) >= POWER;
    let (mut hidden, mut visible) = (ASSUMED_GAINS, 1.0 - ASSUMED_GAINS);
    if !seen(visible) {
        return None;
    }
    while visible - hidden > 1e-5 {
        let middle = f64::midpoint(hidden, visible);
        if seen(middle) {
            visible = middle;
        } else {
            hidden = middle;
        }
    }
    Some(visible - ASSUMED_GAINS)
}

/// The probability that the test at level `alpha` finds the candidate worse on `rows` rows, of which each is
/// a loss with probability `loss_rate` and a gain with `gain_rate`.
///
/// Summed over the number of disagreements, exactly but for a tail of less than 1e-12. Rates outside
/// 0..1, or that sum to more than 1, are brought inside; of NaN the power is 0.
#[must_use]
pub fn power(rows: u64, loss_rate: f64, gain_rate: f64, alpha: f64) -> f64 {
    if loss_rate.is_nan() || gain_rate.is_nan() {
        return 0.0;
    }
    let loss_rate = loss_rate.clamp(0.0, 1.0);
    let gain_rate = gain_rate.clamp(0.0, 1.0 - loss_rate);
    let (differ, mean) = (loss_rate + gain_rate, rows as f64 * (loss_rate + gain_rate));
    let Some(disagreements) = binomial(rows, differ) else {
        return 0.0;
    };
    // Chernoff: beyond these bounds lies less than 1e-12 on either side.
    let reach = (60.0 * mean).sqrt() + 60.0;
    let (first, last) = ((mean - reach).max(0.0) as u64, ((mean + reach) as u64).min(rows));
    let mut critical = smallest_critical_losses(first, alpha);
    let mut total = 0.0;
    for n in first..=last {
        let weight = disagreements.pmf(n);
        if weight < 1e-17 {
            continue;
        }
        // More disagreements never ask for fewer losses.
        while critical <= n && !is_evidence(n, critical, alpha) {
            critical += 1;
        }
        if critical <= n {
            let losses = binomial(n, loss_rate / differ);
            total += weight * losses.map_or(0.0, |losses| chance_of_at_least(&losses, critical));
        }
    }
    total.min(1.0)
}

/// Binomial(trials, probability); `None` where nothing can happen.
fn binomial(trials: u64, probability: f64) -> Option<Binomial> {
    let probability = (trials > 0 && probability > 0.0).then(|| probability.min(1.0))?;
    Binomial::new(probability, trials).ok()
}

fn chance_of_at_least(distribution: &Binomial, count: u64) -> f64 {
    count.checked_sub(1).map_or(1.0, |below| distribution.sf(below))
}

fn is_evidence(disagreements: u64, losses: u64, alpha: f64) -> bool {
    mcnemar_mid_p_worse(disagreements - losses, losses) <= alpha
}

/// The fewest losses among so many disagreements that are evidence; one more than all of them if none are.
fn smallest_critical_losses(disagreements: u64, alpha: f64) -> u64 {
    let (mut low, mut high) = (0, disagreements + 1);
    while low < high {
        let middle = u64::midpoint(low, high);
        if middle > disagreements || is_evidence(disagreements, middle, alpha) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests;
