//! Percentiles of a sample, whatever its distribution.

use statrs::distribution::{Binomial, DiscreteCDF};

/// A quantile of a sample with its distribution-free interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantileInterval {
    /// The smallest value that at least this share of the sample does not exceed (nearest rank).
    pub value: f64,
    /// The lower end; `None` where the sample is too small to have one.
    pub low: Option<f64>,
    /// The upper end; `None` where the sample is too small to have one, as for a 99th percentile of fewer than 368
    /// values at 95%.
    pub high: Option<f64>,
}

/// The quantile of a sample and the interval between two of its order statistics (Hahn and Meeker 1991, Statistical
/// Intervals, section 5.2), in which the quantile of the population lies with at least this two-sided confidence, such as
/// 0.95, whatever its distribution; each end errs in at most half of the rest. `None` of no values.
///
/// The values have to be drawn independently: of requests that were measured in one go, a slow minute counts once and
/// looks like many. `quantile` and `confidence` outside of 0..1 are brought inside; the order of `values` does not matter.
#[must_use]
pub fn quantile_interval(values: &[f64], quantile: f64, confidence: f64) -> Option<QuantileInterval> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let quantile = if quantile.is_nan() {
        0.5
    } else {
        quantile.clamp(0.0, 1.0)
    };
    let side = one_side(confidence);
    let below = Binomial::new(quantile, sorted.len() as u64).ok()?;
    // The ranks at which the chance that the quantile lies beyond falls to one side's share.
    let low = first_rank(sorted.len(), |rank| below.cdf(rank as u64) > side);
    let high = first_rank(sorted.len(), |rank| below.sf(rank as u64) <= side);
    let nearest = (quantile * sorted.len() as f64 - 1e-9).ceil().max(1.0) as usize - 1;
    Some(QuantileInterval {
        value: *sorted.get(nearest)?,
        low: low.checked_sub(1).map(|rank| sorted[rank]),
        high: sorted.get(high).copied(),
    })
}

/// Whether `exceeding` of `rows` values above a limit show that the quantile lies on one side of it: the sign test, which
/// decides where [`quantile_interval`] lies on one side.
pub(crate) fn decides(exceeding: u64, rows: u64, quantile: f64, confidence: f64) -> bool {
    let side = one_side(confidence);
    Binomial::new(1.0 - quantile, rows).is_ok_and(|above| {
        above.cdf(exceeding) <= side
            || exceeding
                .checked_sub(1)
                .is_some_and(|fewer| above.sf(fewer) <= side)
    })
}

fn one_side(confidence: f64) -> f64 {
    let confidence = if confidence.is_nan() {
        0.0
    } else {
        confidence.clamp(0.0, 1.0)
    };
    (1.0 - confidence) / 2.0
}

/// The first of the ranks from 0 to `most` from which on `holds` does; `most` if it never does.
fn first_rank(most: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = usize::midpoint(low, high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upto(n: usize) -> Vec<f64> {
        (1..=n).map(|i| i as f64).collect()
    }

    #[test]
    fn few_values_have_no_upper_end() {
        let high = |n, quantile| quantile_interval(&upto(n), quantile, 0.95).unwrap().high;
        // 0.99^n <= 0.025 from 368 values on, 0.95^n from 72, 0.5^n from 6.
        assert_eq!((high(367, 0.99), high(368, 0.99)), (None, Some(368.0)));
        assert_eq!((high(71, 0.95), high(72, 0.95)), (None, Some(72.0)));
        assert_eq!((high(5, 0.5), high(6, 0.5)), (None, Some(6.0)));
        assert_eq!(quantile_interval(&[], 0.5, 0.95), None);
    }

    #[test]
    fn the_median_of_a_hundred_lies_between_the_40th_and_the_61st() {
        // The row for n = 100 of every table of the median's interval at 95%.
        let found = quantile_interval(&upto(100), 0.5, 0.95).unwrap();
        assert_eq!(
            (found.value, found.low, found.high),
            (50.0, Some(40.0), Some(61.0))
        );
    }

    proptest::proptest! {
        #[test]
        fn the_interval_and_the_sign_test_decide_alike(
            values in proptest::collection::vec(0_u32..40, 1..300), quantile in 0.05..0.99_f64, limit in 0_u32..40,
        ) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let found = quantile_interval(&values, quantile, 0.95).unwrap();
            let limit = f64::from(limit);
            let exceeding = values.iter().filter(|value| **value > limit).count() as u64;
            let on_one_side = found.high.is_some_and(|high| high <= limit) || found.low.is_some_and(|low| low > limit);
            proptest::prop_assert_eq!(decides(exceeding, values.len() as u64, quantile, 0.95), on_one_side);
            proptest::prop_assert!(found.low.is_none_or(|low| low <= found.value));
            proptest::prop_assert!(found.high.is_none_or(|high| found.value <= high));
        }

        #[test]
        fn no_setting_panics(quantile: f64, confidence: f64, values in proptest::collection::vec(proptest::num::f64::ANY, 0..9)) {
            let _found = quantile_interval(&values, quantile, confidence);
        }
    }
}
