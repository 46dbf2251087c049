//! How uncertain a calibration error is.

use std::f64::consts::PI;

use crate::{Calibration, Interval, interval::two_sided_quantile};

impl Calibration {
    /// The interval of the expected calibration error over the same bins, with a two-sided confidence such as 0.95.
    ///
    /// The error that is seen is never more than the bins' own deviations away from the true one (the triangle
    /// inequality): `|ece - true| <= sum of share * |accuracy - its expectation|`. The right side is a sum of nearly
    /// half-normal variables, whose quantile is that of a normal of the same mean and variance, with each bin's variance
    /// taken at two rows more of either kind (Agresti and Coull 1998). Since every error that is seen is raised by the
    /// noise of its bins, the lower end is cautious, and with several bins the upper one is too; the tests of this module
    /// measure how much.
    #[must_use]
    pub fn error_interval(&self, confidence: f64) -> Interval {
        self.interval_at(confidence, 1.0)
    }

    /// The interval as it would be with so many times the rows.
    pub(crate) fn interval_at(&self, confidence: f64, times: f64) -> Interval {
        let half = self.noise(two_sided_quantile(confidence)) / times.sqrt();
        Interval {
            low: (self.ece - half).max(0.0),
            high: (self.ece + half).min(1.0),
        }
    }

    /// What the bins' deviations sum up to, at a normal quantile.
    fn noise(&self, quantile: f64) -> f64 {
        let (mut mean, mut variance) = (0.0, 0.0);
        for bin in &self.bins {
            let (rows, right) = (bin.accuracy.of as f64, bin.accuracy.count as f64);
            let share = (right + 2.0) / (rows + 4.0);
            let weighed = (rows / self.rows as f64).powi(2) * share * (1.0 - share) / rows;
            mean += (weighed * 2.0 / PI).sqrt();
            variance += weighed * (1.0 - 2.0 / PI);
        }
        mean + quantile * variance.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use crate::{CALIBRATION_BINS, calibration};

    /// How often of a thousand times the true error lies (below, above) the interval, for a model whose chance to be
    /// right at a confidence is `right`.
    fn misses(rows: usize, confidences: impl Fn(f64) -> f64, right: impl Fn(f64) -> f64) -> (u32, u32) {
        let mut random = ChaCha8Rng::seed_from_u64(20_261_105);
        let (mut below, mut above) = (0, 0);
        for _ in 0..1000 {
            let drawn: Vec<f64> = (0..rows).map(|_| confidences(random.random())).collect();
            let answers: Vec<(f64, bool)> =
                drawn.iter().map(|&c| (c, random.random_bool(right(c)))).collect();
            // The true error of these very confidences, over the same bins.
            let mut gaps = [0.0; CALIBRATION_BINS];
            for &confidence in &drawn {
                let bin = ((confidence * 10.0).ceil() as usize).clamp(1, 10) - 1;
                gaps[bin] += right(confidence) - confidence;
            }
            let truth = gaps.iter().map(|gap: &f64| gap.abs()).sum::<f64>() / rows as f64;
            let interval = calibration(&answers, 0.95).unwrap().error_interval(0.95);
            below += u32::from(truth < interval.low);
            above += u32::from(truth > interval.high);
        }
        (below, above)
    }

    #[test]
    fn the_interval_of_the_calibration_error_keeps_its_promise() {
        let sure = |u: f64| 1.0 - 0.6 * u.powi(3);
        for rows in [100, 400, 2000] {
            for (name, found) in [
                ("calibrated", misses(rows, sure, |c| c)),
                (
                    "too sure by ten points",
                    misses(rows, sure, |c| (c - 0.1).max(0.0)),
                ),
                (
                    "too sure, one bin",
                    misses(rows, |u| 0.91 + 0.09 * u, |c| c - 0.2),
                ),
                ("too modest", misses(rows, |u| 0.3 + 0.5 * u, |c| c + 0.15)),
            ] {
                println!("{rows} rows, {name}: {found:?} of 1000 below and above");
                // Each end may err in 2.5%; three standard deviations on top.
                assert!(found.0 <= 40 && found.1 <= 40, "{rows} rows, {name}: {found:?}");
            }
        }
    }

    #[test]
    fn more_rows_narrow_it() {
        let rows: Vec<(f64, bool)> = (0..200)
            .map(|i| (0.5 + f64::from(i) / 400.0, i % 3 > 0))
            .collect();
        let found = calibration(&rows, 0.95).unwrap();
        let (now, more) = (found.error_interval(0.95), found.interval_at(0.95, 4.0));
        assert!(((now.high - found.ece) - 2.0 * (more.high - found.ece)).abs() < 1e-12);
        assert!(now.low <= more.low && more.high <= now.high);
    }
}
