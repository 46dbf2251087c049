//! McNemar's test: two models on the same rows.
//!
//! Only rows on which the two differ say anything. `gains` are rows that the candidate has right and the
//! baseline wrong, `losses` the other way round; if the models are equally good, the losses among them are
//! Binomial(gains + losses, 1/2).

use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, Discrete, DiscreteCDF};

/// Rows by who has them right: the 2x2 table of a paired comparison.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairedCounts {
    /// Right by both.
    pub both_right: u64,
    /// Right by the candidate alone.
    pub gains: u64,
    /// Right by the other model alone.
    pub losses: u64,
    /// Right by neither.
    pub both_wrong: u64,
}

impl PairedCounts {
    /// Adds one row.
    pub fn add(&mut self, candidate_right: bool, other_right: bool) {
        match (candidate_right, other_right) {
            (true, true) => self.both_right += 1,
            (true, false) => self.gains += 1,
            (false, true) => self.losses += 1,
            (false, false) => self.both_wrong += 1,
        }
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.both_right + self.gains + self.losses + self.both_wrong
    }

    /// Losses less gains, above 0 where the candidate is behind.
    #[must_use]
    pub fn net_losses(&self) -> i64 {
        self.losses as i64 - self.gains as i64
    }

    /// The candidate's share of right rows less the other's, in -1..1; 0 of no rows.
    #[must_use]
    pub fn difference(&self) -> f64 {
        match self.rows() {
            0 => 0.0,
            rows => -self.net_losses() as f64 / rows as f64,
        }
    }
}

/// The exact two-sided p-value (McNemar 1947, by the binomial distribution): conservative.
#[must_use]
pub fn mcnemar_exact(gains: u64, losses: u64) -> f64 {
    let Some(disagreements) = fair_coin(gains.saturating_add(losses)) else {
        return 1.0;
    };
    (2.0 * disagreements.cdf(gains.min(losses))).min(1.0)
}

/// The two-sided mid-p value (Fagerland, Lydersen and Laake 2013, BMC Med. Res. Methodol. 13:91): close to its
/// nominal level where the exact test wastes half of it.
#[must_use]
pub fn mcnemar_mid_p(gains: u64, losses: u64) -> f64 {
    (2.0 * mcnemar_mid_p_worse(gains.min(losses), gains.max(losses))).min(1.0)
}

/// The one-sided mid-p value of "the candidate is worse than the other model": `P(X > losses)` and half of
/// `P(X = losses)`.
///
/// With the arguments exchanged it is that of "better"; the two sum to 1. Without disagreements it is 1/2.
#[must_use]
pub fn mcnemar_mid_p_worse(gains: u64, losses: u64) -> f64 {
    let Some(disagreements) = fair_coin(gains.saturating_add(losses)) else {
        return 0.5;
    };
    disagreements.sf(losses) + disagreements.pmf(losses) / 2.0
}

/// Binomial(tosses, 1/2); `None` of no tosses.
pub(crate) fn fair_coin(tosses: u64) -> Option<Binomial> {
    (tosses > 0).then(|| Binomial::new(0.5, tosses).expect("one half is a probability"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn straight_losses_halve_the_p_value_each() {
        for losses in 1..20 {
            let expected = 0.5_f64.powi(losses + 1);
            assert!((mcnemar_mid_p_worse(0, losses as u64) / expected - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn equal_counts_and_no_counts_say_nothing() {
        for n in [0, 1, 7, 400] {
            assert!((mcnemar_mid_p(n, n) - 1.0).abs() < 1e-12);
            assert!((mcnemar_exact(n, n) - 1.0).abs() < 1e-12);
        }
    }

    proptest::proptest! {
        #[test]
        fn worse_and_better_are_complements(gains in 0_u64..500, losses in 0_u64..500) {
            let sum = mcnemar_mid_p_worse(gains, losses) + mcnemar_mid_p_worse(losses, gains);
            proptest::prop_assert!((sum - 1.0).abs() < 1e-10);
            proptest::prop_assert!(mcnemar_mid_p(gains, losses) <= mcnemar_exact(gains, losses) + 1e-12);
        }

        #[test]
        fn one_more_loss_never_helps(gains in 0_u64..200, losses in 0_u64..200) {
            let (more, fewer) = (mcnemar_mid_p_worse(gains, losses + 1), mcnemar_mid_p_worse(gains, losses));
            proptest::prop_assert!(more <= fewer + 1e-12, "{} is above {}", more, fewer);
        }
    }
}
