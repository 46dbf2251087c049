//! How far apart two models are on the same rows.

use crate::{Interval, PairedCounts, interval::two_sided_quantile};

/// The score interval of the difference between two paired shares, candidate less other (Tango 1998,
/// Statistics in Medicine 17:891-908, equations 8 to 11).
///
/// It inverts the score test of "the difference is this much", so it agrees with McNemar's test at 0, keeps
/// its coverage with few disagreements and has width where there are none. Of no rows it is -1..1.
/// `confidence` is two-sided, such as 0.95.
#[must_use]
pub fn paired_difference_interval(counts: &PairedCounts, confidence: f64) -> Interval {
    tango(
        counts.gains as f64,
        counts.losses as f64,
        counts.rows() as f64,
        two_sided_quantile(confidence),
    )
}

/// Tango's interval at normal quantile `z`, for counts that need not be whole.
pub(crate) fn tango(gains: f64, losses: f64, rows: f64, z: f64) -> Interval {
    if rows <= 0.0 {
        return Interval { low: -1.0, high: 1.0 };
    }
    // The score falls as the assumed difference rises, so each end is found by halving.
    let end = |target: f64| {
        let (mut below, mut above) = (-1.0_f64, 1.0_f64);
        for _ in 0..100 {
            let middle = f64::midpoint(below, above);
            if score(gains, losses, rows, middle) > target {
                below = middle;
            } else {
                above = middle;
            }
        }
        f64::midpoint(below, above)
    };
    Interval {
        low: end(z),
        high: end(-z),
    }
}

/// The score statistic of "the difference is `delta`", with the loss rate at its maximum likelihood under
/// that assumption.
fn score(gains: f64, losses: f64, rows: f64, delta: f64) -> f64 {
    let a = 2.0 * rows;
    let b = -gains - losses + (2.0 * rows - gains + losses) * delta;
    let c = -losses * delta * (1.0 - delta);
    let loss_rate = ((b * b - 4.0 * a * c).max(0.0).sqrt() - b) / (2.0 * a);
    let distance = gains - losses - rows * delta;
    let variance = rows * (2.0 * loss_rate + delta * (1.0 - delta));
    if variance > 0.0 {
        distance / variance.sqrt()
    } else if distance == 0.0 {
        0.0
    } else {
        distance.signum() * f64::INFINITY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(both_right: u64, gains: u64, losses: u64, both_wrong: u64) -> PairedCounts {
        PairedCounts {
            both_right,
            gains,
            losses,
            both_wrong,
        }
    }

    /// Fagerland, Lydersen and Laake 2014 (Statistics in Medicine 33:2850-2875), table of intervals for the
    /// airway data of Bentur et al. 2009, three decimals printed.
    #[test]
    fn the_interval_of_the_published_example() {
        let interval = paired_difference_interval(&counts(1, 1, 7, 12), 0.95);
        assert!((interval.low - -0.517).abs() < 5e-4, "{interval:?}");
        assert!((interval.high - -0.026).abs() < 5e-4, "{interval:?}");
    }

    #[test]
    fn without_disagreements_the_width_is_that_of_z_squared() {
        let (interval, z2) = (
            paired_difference_interval(&counts(90, 0, 0, 10), 0.95),
            1.959_963_984_540_054_f64.powi(2),
        );
        assert!((interval.high - z2 / (100.0 + z2)).abs() < 1e-9, "{interval:?}");
        assert!((interval.low + interval.high).abs() < 1e-9, "{interval:?}");
    }

    proptest::proptest! {
        #[test]
        fn exchanging_the_models_mirrors_the_interval(
            both in 0_u64..300, gains in 0_u64..60, losses in 0_u64..60, wrong in 0_u64..60,
        ) {
            let one = paired_difference_interval(&counts(both, gains, losses, wrong), 0.95);
            let other = paired_difference_interval(&counts(both, losses, gains, wrong), 0.95);
            proptest::prop_assert!((one.low + other.high).abs() < 1e-9 && (one.high + other.low).abs() < 1e-9);
            let difference = counts(both, gains, losses, wrong).difference();
            proptest::prop_assert!(one.low <= difference + 1e-12 && difference <= one.high + 1e-12);
            proptest::prop_assert!((-1.0..=1.0).contains(&one.low) && (-1.0..=1.0).contains(&one.high));
        }
    }
}
