//! Intervals around a share of rows.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

/// A confidence interval; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// How many of how many, as a share with its Wilson interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Rows that count.
    pub count: u64,
    /// Rows in all; above 0.
    pub of: u64,
    /// `count / of`, in 0..1.
    pub value: f64,
    /// The Wilson interval of the share behind it.
    pub interval: Interval,
}

impl Share {
    /// The share of `count` in `of` rows, or `None` of no rows.
    ///
    /// `confidence` is two-sided, such as 0.95.
    #[must_use]
    pub fn new(count: u64, of: u64, confidence: f64) -> Option<Self> {
        (of > 0).then(|| Self {
            count,
            of,
            value: count as f64 / of as f64,
            interval: wilson(count, of, confidence),
        })
    }
}

/// The score interval of a binomial share (Wilson 1927, JASA 22:209-212).
///
/// Unlike the textbook interval it keeps its coverage with ten rows and never leaves 0..1; of no rows it is
/// the whole of 0..1. `confidence` is two-sided, such as 0.95; one outside 0..1 is brought inside, as is a
/// `count` above `of`.
#[must_use]
pub fn wilson(count: u64, of: u64, confidence: f64) -> Interval {
    let count = count.min(of);
    if of == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let mut interval = wilson_of_share(
        count as f64 / of as f64,
        of as f64,
        two_sided_quantile(confidence),
    );
    // The ends that are exact in theory are made exact in floating point.
    if count == 0 {
        interval.low = 0.0;
    }
    if count == of {
        interval.high = 1.0;
    }
    interval
}

/// The interval of an F1: Wilson's of the share `correct / (correct + missed + wrong)`, which F1 is a function of
/// (the indirect method of Lam, Gopal and Qian 2023, arXiv:2309.14621).
///
/// `support` are the rows of a category, `predicted` those answered with it, `correct` those that are both. Given how
/// many rows are either, the correct ones are binomial. Of no rows it is the whole of 0..1; a `correct` above the
/// others is brought down.
#[must_use]
pub fn f1_interval(correct: u64, support: u64, predicted: u64, confidence: f64) -> Interval {
    let correct = correct.min(support).min(predicted);
    let either = wilson(correct, support + predicted - correct, confidence);
    let f1 = |share: f64| 2.0 * share / (1.0 + share);
    Interval {
        low: f1(either.low),
        high: f1(either.high),
    }
}

/// The Wilson interval at normal quantile `z`, for a share that need not be a whole number of rows.
pub(crate) fn wilson_of_share(share: f64, rows: f64, z: f64) -> Interval {
    let shrink = 1.0 + z * z / rows;
    let centre = (share + z * z / (2.0 * rows)) / shrink;
    let half = z / shrink * (share * (1.0 - share) / rows + z * z / (4.0 * rows * rows)).sqrt();
    Interval {
        low: (centre - half).max(0.0),
        high: (centre + half).min(1.0),
    }
}

/// The normal quantile of a two-sided confidence level: 1.96 for 0.95. Levels outside 0..1 are brought inside.
pub(crate) fn two_sided_quantile(confidence: f64) -> f64 {
    let confidence = if confidence.is_nan() {
        0.0
    } else {
        confidence.clamp(0.0, 1.0 - f64::EPSILON)
    };
    Normal::standard().inverse_cdf(0.5 + confidence / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn wilson_holds_the_share_and_narrows_with_rows(of in 1_u64..5000, part in 0.0..=1.0_f64) {
            let count = (of as f64 * part).floor() as u64;
            let (share, interval) = (count as f64 / of as f64, wilson(count, of, 0.95));
            proptest::prop_assert!(interval.low <= share && share <= interval.high);
            proptest::prop_assert!((0.0..=1.0).contains(&interval.low) && (0.0..=1.0).contains(&interval.high));
            let wider = wilson(count, of, 0.99);
            proptest::prop_assert!(wider.low <= interval.low && interval.high <= wider.high);
            let more = wilson(count * 4, of * 4, 0.95);
            proptest::prop_assert!(more.high - more.low < interval.high - interval.low);
        }
    }

    #[test]
    fn no_confidence_level_panics() {
        for confidence in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1.0, 7.0] {
            let interval = wilson(9, 7, confidence);
            assert!(
                (0.0..=1.0).contains(&interval.low) && interval.high == 1.0,
                "{interval:?}"
            );
        }
    }

    #[test]
    fn no_rows_say_nothing() {
        assert_eq!(wilson(0, 0, 0.95), Interval { low: 0.0, high: 1.0 });
        assert_eq!(Share::new(0, 0, 0.95), None);
    }
}
