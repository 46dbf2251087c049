//! Probabilities, counted so that the order of the rows never matters.

use serde::{Deserialize, Serialize};

/// Upper edges of the bins but the last, which ends at 1: fine near both ends, where probabilities crowd.
const EDGES: [f64; 25] = [
    0.001, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75,
    0.8, 0.85, 0.9, 0.95, 0.975, 0.99, 0.999,
];

/// Sums are kept in millionths, as whole numbers: floating-point sums differ with the order of the rows.
const UNIT: f64 = 1e6;

/// Counts of a probability in fixed bins, with its mean and variance to six decimals.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UnitHistogram {
    /// How many values were counted.
    count: u64,
    /// Their sum, in millionths.
    sum: u64,
    /// The sum of their squares, in millionths.
    squares: u64,
    /// Values per bin; empty before the first value.
    bins: Vec<u64>,
}

impl UnitHistogram {
    /// Counts a value; one that is not a probability (NaN, infinite, outside 0..1) is refused with `false`.
    pub(crate) fn add(&mut self, value: f64) -> bool {
        if !(0.0..=1.0).contains(&value) {
            return false;
        }
        self.bins.resize(EDGES.len() + 1, 0);
        self.bins[EDGES.partition_point(|edge| *edge <= value)] += 1;
        self.count += 1;
        self.sum += (value * UNIT).round() as u64;
        self.squares += (value * value * UNIT).round() as u64;
        true
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.bins.resize(self.bins.len().max(other.bins.len()), 0);
        for (bin, more) in self.bins.iter_mut().zip(&other.bins) {
            *bin += more;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean, or `None` of nothing.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / UNIT / self.count as f64)
    }

    /// The variance of the mean (with `n - 1`), or `None` of fewer than two values.
    pub(crate) fn variance_of_mean(&self) -> Option<f64> {
        let (mean, n) = (self.mean()?, self.count as f64);
        (self.count > 1).then(|| ((self.squares as f64 / UNIT - n * mean * mean) / (n - 1.0)).max(0.0) / n)
    }

    /// For each inner edge, how many values lie below it.
    pub(crate) fn below_edges(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        EDGES.iter().enumerate().map(|(edge, &at)| {
            let below = self.bins.iter().take(edge + 1).sum();
            (at, below)
        })
    }

    /// True if the bins are as many as this version has and sum to the count.
    pub(crate) fn is_consistent(&self) -> bool {
        let bins = self.bins.len();
        let total = self.bins.iter().try_fold(0_u64, |sum, bin| sum.checked_add(*bin));
        let most = self.count.saturating_mul(UNIT as u64);
        (bins == 0 || bins == EDGES.len() + 1)
            && total == Some(self.count)
            && self.sum <= most
            && self.squares <= most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_probability_is_refused() {
        let mut histogram = UnitHistogram::default();
        for value in [f64::NAN, f64::INFINITY, -0.1, 1.000_001] {
            assert!(!histogram.add(value));
        }
        assert!(histogram.add(0.0) && histogram.add(1.0) && histogram.add(-0.0));
        assert_eq!(histogram.count(), 3);
        assert!(histogram.is_consistent());
    }

    #[test]
    fn mean_and_its_variance_match_the_textbook() {
        let mut histogram = UnitHistogram::default();
        for value in [0.2, 0.4, 0.9] {
            histogram.add(value);
        }
        assert!((histogram.mean().unwrap() - 0.5).abs() < 1e-6);
        // Squared deviations 0.09 + 0.01 + 0.16, over n - 1 = 2, over n = 3.
        assert!((histogram.variance_of_mean().unwrap() - 0.26 / 6.0).abs() < 1e-6);
    }

    #[test]
    fn a_value_on_an_edge_is_not_below_it() {
        let mut histogram = UnitHistogram::default();
        for value in [0.5, 0.499, 0.9999] {
            histogram.add(value);
        }
        let below = |edge| histogram.below_edges().find(|(at, _)| *at == edge).unwrap().1;
        assert_eq!((below(0.5), below(0.55), below(0.999)), (1, 2, 2));
    }
}
