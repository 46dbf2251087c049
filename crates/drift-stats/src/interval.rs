//! Intervals of shares.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

/// The level of the intervals that stand beside shares and means in reports.
pub(crate) const REPORT_LEVEL: f64 = 0.95;

/// A share with its interval, all in 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The share itself.
    pub share: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Share {
    /// The share `count / of` with its 95% Wilson interval; the whole range where `of` is 0.
    #[must_use]
    pub fn of(count: u64, of: u64) -> Self {
        Self::wilson(count as f64 / (of.max(1)) as f64, of as f64, REPORT_LEVEL)
    }

    /// The Wilson score interval of a share seen in `size` independent draws (a real number, so that an
    /// effective size fits), at `level` in 0..1 (Wilson 1927).
    #[must_use]
    pub fn wilson(share: f64, size: f64, level: f64) -> Self {
        // NaN fails the comparison and takes the branch that claims nothing.
        if !(size > 0.0 && share.is_finite()) {
            return Self {
                share: 0.0,
                low: 0.0,
                high: 1.0,
            };
        }
        let share = share.clamp(0.0, 1.0);
        let z = normal_quantile(level);
        let (z2, denominator) = (z * z, 1.0 + z * z / size);
        let centre = (share + z2 / (2.0 * size)) / denominator;
        let half = z / denominator * (share * (1.0 - share) / size + z2 / (4.0 * size * size)).sqrt();
        Self {
            share,
            low: (centre - half).clamp(0.0, share),
            high: (centre + half).clamp(share, 1.0),
        }
    }
}

/// How many standard deviations a two-sided normal interval of `level` reaches.
pub(crate) fn normal_quantile(level: f64) -> f64 {
    Normal::standard().inverse_cdf(0.5 + level.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_seen_claims_nothing() {
        let share = Share::of(0, 0);
        assert_eq!((share.low, share.high), (0.0, 1.0));
    }

    #[test]
    fn no_failure_in_ten_still_leaves_room() {
        let share = Share::of(10, 10);
        assert!(
            share.high == 1.0 && (0.72..0.73).contains(&share.low),
            "{share:?}"
        );
    }
}
