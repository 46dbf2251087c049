//! Whether a confidence means what it says.

use serde::{Deserialize, Serialize};

use crate::Share;

/// How many bins of equal width the confidences are sorted into.
pub const CALIBRATION_BINS: usize = 10;

/// Confidences against what was right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Rows that have a confidence.
    pub rows: u64,
    /// The mean of `(confidence - right)^2` over them, in 0..1, 0 at best (Brier 1950, of the answer given).
    pub brier: f64,
    /// The expected calibration error: the gap between mean confidence and accuracy in each bin, weighted by its
    /// rows (Guo et al. 2017, arXiv:1706.04599, equation 3), over [`CALIBRATION_BINS`] bins of equal width.
    pub ece: f64,
    /// The bins that have rows, lowest confidence first.
    pub bins: Vec<CalibrationBin>,
}

/// The rows whose confidence lies in one bin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// The lower edge, outside the bin except at 0.
    pub above: f64,
    /// The upper edge, inside the bin.
    pub up_to: f64,
    /// The mean confidence of the rows.
    pub mean_confidence: f64,
    /// How many of them are right.
    pub accuracy: Share,
}

/// The calibration of rows as (confidence, right), in whatever order; `None` if no row has a confidence.
///
/// `confidence_level` is that of the bins' intervals, two-sided, such as 0.95.
#[must_use]
pub fn calibration(rows: &[(f64, bool)], confidence_level: f64) -> Option<Calibration> {
    if rows.is_empty() {
        return None;
    }
    // Summed in one order, so that the order of the rows does not reach the last digit.
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut tallies = [(0_u64, 0_u64, 0.0_f64); CALIBRATION_BINS];
    for &(confidence, right) in &rows {
        let bin = (confidence * CALIBRATION_BINS as f64).ceil() as usize;
        let (count, correct, sum) = &mut tallies[bin.clamp(1, CALIBRATION_BINS) - 1];
        *count += 1;
        *correct += u64::from(right);
        *sum += confidence;
    }
    let edge = |bin: usize| bin as f64 / CALIBRATION_BINS as f64;
    let bins: Vec<CalibrationBin> = tallies
        .iter()
        .enumerate()
        .filter_map(|(bin, &(count, correct, sum))| {
            Some(CalibrationBin {
                above: edge(bin),
                up_to: edge(bin + 1),
                mean_confidence: sum / count as f64,
                accuracy: Share::new(correct, count, confidence_level)?,
            })
        })
        .collect();
    let count = rows.len() as f64;
    let squared = |&(confidence, right): &(f64, bool)| (confidence - f64::from(u8::from(right))).powi(2);
    Some(Calibration {
        rows: rows.len() as u64,
        brier: rows.iter().map(squared).sum::<f64>() / count,
        ece: bins
            .iter()
            .map(|bin| bin.accuracy.of as f64 / count * (bin.accuracy.value - bin.mean_confidence).abs())
            .sum(),
        bins,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_on_an_edge_belongs_to_the_bin_below() {
        let found = calibration(&[(0.0, false), (0.1, true), (0.100_001, true), (1.0, true)], 0.95).unwrap();
        let counts: Vec<(f64, u64)> = found
            .bins
            .iter()
            .map(|bin| (bin.up_to, bin.accuracy.of))
            .collect();
        assert_eq!(counts, [(0.1, 2), (0.2, 1), (1.0, 1)]);
    }

    #[test]
    fn no_confidence_no_calibration() {
        assert_eq!(calibration(&[], 0.95), None);
    }

    proptest::proptest! {
        #[test]
        fn the_order_of_rows_does_not_change_a_bit(
            rows in proptest::collection::vec((0.0..=1.0_f64, proptest::bool::ANY), 1..200),
        ) {
            let mut reversed = rows.clone();
            reversed.reverse();
            proptest::prop_assert_eq!(calibration(&rows, 0.95), calibration(&reversed, 0.95));
        }

        #[test]
        fn the_errors_stay_in_range(
            rows in proptest::collection::vec((0.0..=1.0_f64, proptest::bool::ANY), 1..200),
        ) {
            let found = calibration(&rows, 0.95).unwrap();
            proptest::prop_assert!((0.0..=1.0).contains(&found.brier) && (0.0..=1.0).contains(&found.ece));
            proptest::prop_assert_eq!(found.bins.iter().map(|bin| bin.accuracy.of).sum::<u64>(), found.rows);
        }
    }
}
