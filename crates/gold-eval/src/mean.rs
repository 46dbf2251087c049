//! Averages of what is measured, and their ratio.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::Interval;

/// The mean of some values and how uncertain it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// How many values.
    pub count: u64,
    /// Their mean.
    pub value: f64,
    /// Their standard deviation, with `count - 1` below.
    pub deviation: f64,
}

impl Mean {
    /// The mean of at least two values, in whatever order; `None` of fewer.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.len() < 2 {
            return None;
        }
        // Summed in one order, so that the order of the values does not reach the last digit.
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len() as f64;
        let value = sorted.iter().sum::<f64>() / count;
        // The mean of equal values is that value, and rounding is no spread.
        if sorted[0] == sorted[sorted.len() - 1] {
            return Some(Self {
                count: sorted.len() as u64,
                value: sorted[0],
                deviation: 0.0,
            });
        }
        let squares: f64 = sorted.iter().map(|x| (x - value).powi(2)).sum();
        Some(Self {
            count: sorted.len() as u64,
            value,
            deviation: (squares / (count - 1.0)).sqrt(),
        })
    }

    /// Student's interval of the mean.
    #[must_use]
    pub fn interval(&self, confidence: f64) -> Interval {
        let half = student_quantile(self.count, confidence) * self.error();
        Interval {
            low: self.value - half,
            high: self.value + half,
        }
    }

    fn error(&self) -> f64 {
        self.deviation / (self.count as f64).sqrt()
    }
}

/// Student's interval of the mean of values, with a two-sided confidence such as 0.95; `None` of fewer than two.
///
/// Exact for normal values; of skewed ones, such as costs, it needs some dozens.
#[must_use]
pub fn mean_interval(values: &[f64], confidence: f64) -> Option<Interval> {
    Mean::of(values).map(|mean| mean.interval(confidence))
}

/// The interval of the ratio of two independent means (Fieller 1954, JRSS B 16:175-185), with Student's quantile of the
/// smaller sample; `None` where the lower mean is not shown to differ from 0, so that the ratio has no bounds.
///
/// Costs of the same questions rise and fall together, which makes their ratio more certain than this says.
#[must_use]
pub fn mean_ratio_interval(above: &Mean, below: &Mean, confidence: f64) -> Option<Interval> {
    let quantile = student_quantile(above.count.min(below.count), confidence);
    let (spread_above, spread_below) = (quantile * above.error(), quantile * below.error());
    let (a, b) = (
        above.value.powi(2) - spread_above.powi(2),
        below.value.powi(2) - spread_below.powi(2),
    );
    if b <= 0.0 {
        return None;
    }
    let product = above.value * below.value;
    let root = (product.powi(2) - a * b).max(0.0).sqrt();
    Some(Interval {
        low: (product - root) / b,
        high: (product + root) / b,
    })
}

/// The quantile of Student's distribution for a mean of so many values, at least two.
fn student_quantile(count: u64, confidence: f64) -> f64 {
    let confidence = if confidence.is_nan() {
        0.0
    } else {
        confidence.clamp(0.0, 1.0 - f64::EPSILON)
    };
    let freedom = count.saturating_sub(1).max(1) as f64;
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |student| {
        student.inverse_cdf(0.5 + confidence / 2.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_leave_no_doubt_and_one_value_says_nothing() {
        let interval = mean_interval(&[0.1; 30], 0.95).unwrap();
        assert_eq!((interval.low, interval.high), (0.1, 0.1));
        assert_eq!(mean_interval(&[0.1], 0.95), None);
    }

    #[test]
    fn the_ratio_to_a_mean_that_may_be_zero_has_no_bounds() {
        let above = Mean::of(&[1.0, 1.1, 0.9]).unwrap();
        assert_eq!(
            mean_ratio_interval(&above, &Mean::of(&[-1.0, 0.5, 1.0]).unwrap(), 0.95),
            None
        );
        assert_eq!(
            mean_ratio_interval(&above, &Mean::of(&[0.0, 0.0]).unwrap(), 0.95),
            None
        );
    }

    proptest::proptest! {
        #[test]
        fn the_ratio_lies_in_its_interval_and_scales(
            above in proptest::collection::vec(0.5..2.0_f64, 10..60),
            below in proptest::collection::vec(5.0..9.0_f64, 10..60),
        ) {
            let (a, b) = (Mean::of(&above).unwrap(), Mean::of(&below).unwrap());
            let interval = mean_ratio_interval(&a, &b, 0.95).unwrap();
            let ratio = a.value / b.value;
            proptest::prop_assert!(interval.low <= ratio && ratio <= interval.high);
            let doubled: Vec<f64> = above.iter().map(|x| 2.0 * x).collect();
            let twice = mean_ratio_interval(&Mean::of(&doubled).unwrap(), &b, 0.95).unwrap();
            proptest::prop_assert!((twice.low - 2.0 * interval.low).abs() < 1e-9);
            proptest::prop_assert!((twice.high - 2.0 * interval.high).abs() < 1e-9);
        }
    }
}
