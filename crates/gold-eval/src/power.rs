//! What a number of rows can tell, and what it cannot.
//!
//! Asked of the test that the gate runs on a category: one-sided mid-p McNemar, "worse than the baseline".
//! Each row is a loss with one probability, a gain with another, and says nothing otherwise.

mod evidence_chance;
mod tail;

use statrs::distribution::{Binomial, Discrete};

use crate::mcnemar_mid_p_worse;
pub(crate) use evidence_chance::EvidenceChance;

/// The chance with which a drop has to be seen to be called visible.
pub const POWER: f64 = 0.8;

/// The share of a category's rows on which the candidate is assumed to be newly right while it drops.
pub const ASSUMED_GAINS: f64 = 0.02;

/// The rows beyond which nothing changes that anybody asks for.
const MOST_ROWS: u64 = 1_000_000_000;

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
    smallest_drop(rows, alpha, ASSUMED_GAINS, POWER)
}

/// The same for another share of gains and another power.
pub(crate) fn smallest_drop(rows: u64, alpha: f64, gains: f64, chance: f64) -> Option<f64> {
    let seen = |loss_rate| power(rows, loss_rate, gains, alpha) >= chance;
    let (mut hidden, mut visible) = (gains, 1.0 - gains);
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
    Some(visible - gains)
}

/// The probability that the test at level `alpha` finds the candidate worse on `rows` rows, of which each is
/// a loss with probability `loss_rate` and a gain with `gain_rate`.
///
/// Summed over the number of disagreements, exactly but for a tail of less than 1e-12. `alpha` is below 0.5. Rates
/// outside 0..1, or that sum to more than 1, are brought inside; of NaN the power is 0. More than a billion rows are
/// taken for a billion.
#[must_use]
pub fn power(rows: u64, loss_rate: f64, gain_rate: f64, alpha: f64) -> f64 {
    if loss_rate.is_nan() || gain_rate.is_nan() {
        return 0.0;
    }
    let loss_rate = loss_rate.clamp(0.0, 1.0);
    let gain_rate = gain_rate.clamp(0.0, 1.0 - loss_rate);
    let differ = loss_rate + gain_rate;
    let rows = rows.min(MOST_ROWS);
    if rows == 0 || loss_rate <= 0.0 {
        return 0.0;
    }
    let (first, weights) = weights(rows, differ);
    let chances = EvidenceChance::from(first, loss_rate / differ, alpha);
    let total: f64 = weights
        .iter()
        .zip(chances)
        .map(|(weight, chance)| weight * chance)
        .sum();
    total.min(1.0)
}

/// How probable each number of disagreements is among so many rows: the first that matters, and the probabilities
/// from there on. What is left out sums to less than 1e-12. `rate` is above 0 and at most 1.
pub(crate) fn weights(rows: u64, rate: f64) -> (u64, Vec<f64>) {
    const LEFT_OUT: f64 = 1e-18;
    let odds = rate / (1.0 - rate);
    let mode = (((rows + 1) as f64 * rate) as u64).min(rows);
    let at_mode = Binomial::new(rate.min(1.0), rows).map_or(0.0, |all| all.pmf(mode));
    // From the mode, where nothing is lost to underflow; each from its neighbour, which costs a multiplication where
    // a binomial coefficient costs a logarithm.
    let below = std::iter::successors(Some((mode, at_mode)), |&(n, weight)| {
        let next = weight * n as f64 / ((rows - n + 1) as f64 * odds);
        (next > LEFT_OUT).then(|| (n - 1, next))
    });
    let mut weights: Vec<f64> = below.map(|(_, weight)| weight).collect();
    let first = mode + 1 - weights.len() as u64;
    weights.reverse();
    let above = std::iter::successors(Some((mode, at_mode)), |&(n, weight)| {
        let next = weight * (rows - n) as f64 / (n + 1) as f64 * odds;
        (n < rows && next > LEFT_OUT).then_some((n + 1, next))
    });
    weights.extend(above.skip(1).map(|(_, weight)| weight));
    (first, weights)
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
