//! Whether a confidence means what it says.

use serde::{Deserialize, Serialize};

use crate::Share;

/// How many bins the confidences are sorted into, of equal width and of equal mass.
pub const CALIBRATION_BINS: usize = 10;

/// How near to 0 and 1 a probability may come in a log loss: one that is nearer counts as this far away, so that a
/// single sure mistake costs 36 nats and not infinitely many. It is what scikit-learn clips doubles to.
pub const LOG_LOSS_CLIP: f64 = f64::EPSILON;

/// Confidences against what was right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Rows that have a confidence.
    pub rows: u64,
    /// The mean of `(confidence - right)^2` over them, in 0..1, 0 at best (Brier 1950, of the answer given).
    pub brier: f64,
    /// The mean of `-ln` of what was said of the outcome, the confidence if right and 1 less it if wrong, in nats;
    /// 0 at best, probabilities clipped to [`LOG_LOSS_CLIP`].
    pub log_loss: f64,
    /// The expected calibration error: the gap between mean confidence and accuracy in each bin, weighted by its
    /// rows (Guo et al. 2017, arXiv:1706.04599, equation 3), over [`CALIBRATION_BINS`] bins of equal width.
    pub ece: f64,
    /// The bins of equal width that have rows, lowest confidence first: the reliability curve.
    pub bins: Vec<CalibrationBin>,
    /// The same error over [`CALIBRATION_BINS`] bins of equal mass, whose edges are quantiles of the confidences
    /// (Nixon et al. 2019, arXiv:1904.01685, call it adaptive). Where most confidences are near 1, equal width puts
    /// nearly all rows into one bin, and hides there what these tell apart.
    pub ece_equal_mass: f64,
    /// The bins of equal mass that have rows; rows of equal confidence are never parted, so there may be fewer.
    pub mass_bins: Vec<CalibrationBin>,
}

/// The rows whose confidence lies in one bin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// The lower edge, outside the bin except in the first.
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
    let width_edges: Vec<f64> = (0..=CALIBRATION_BINS)
        .map(|edge| edge as f64 / CALIBRATION_BINS as f64)
        .collect();
    let bins = binned(&rows, &width_edges, confidence_level, |confidence| {
        ((confidence * CALIBRATION_BINS as f64).ceil() as usize).max(1) - 1
    });
    let mass_edges = quantiles(&rows);
    let inner = &mass_edges[1..CALIBRATION_BINS];
    let mass_bins = binned(&rows, &mass_edges, confidence_level, |confidence| {
        inner.partition_point(|edge| *edge < confidence)
    });
    let count = rows.len() as f64;
    let mean = |of_row: &dyn Fn(f64, bool) -> f64| {
        rows.iter()
            .map(|&(confidence, right)| of_row(confidence, right))
            .sum::<f64>()
            / count
    };
    let gap = |bins: &[CalibrationBin]| {
        let gaps = bins
            .iter()
            .map(|bin| bin.accuracy.of as f64 / count * (bin.accuracy.value - bin.mean_confidence).abs());
        gaps.sum()
    };
    Some(Calibration {
        rows: rows.len() as u64,
        brier: mean(&|confidence, right| (confidence - f64::from(u8::from(right))).powi(2)),
        log_loss: mean(&|confidence, right| surprise(if right { confidence } else { 1.0 - confidence })),
        ece: gap(&bins),
        bins,
        ece_equal_mass: gap(&mass_bins),
        mass_bins,
    })
}

/// `-ln` of the probability that was given to what came, in nats, clipped to [`LOG_LOSS_CLIP`].
pub(crate) fn surprise(probability: f64) -> f64 {
    -probability.clamp(LOG_LOSS_CLIP, 1.0 - LOG_LOSS_CLIP).ln()
}

/// The ends and the inner edges of bins of equal mass, of sorted rows: quantiles by linear interpolation, as NumPy's.
fn quantiles(rows: &[(f64, bool)]) -> Vec<f64> {
    let last = rows.len() - 1;
    let at = |edge: usize| {
        // In whole numbers, so that an edge that is a confidence is exactly that.
        let (place, rest) = (edge * last / CALIBRATION_BINS, edge * last % CALIBRATION_BINS);
        let (low, high) = (rows[place].0, rows[(place + 1).min(last)].0);
        low + (high - low) * (rest as f64 / CALIBRATION_BINS as f64)
    };
    (0..=CALIBRATION_BINS).map(at).collect()
}

/// The bins that have rows, of sorted rows; `edges` are one more than bins.
fn binned(
    rows: &[(f64, bool)],
    edges: &[f64],
    confidence_level: f64,
    bin_of: impl Fn(f64) -> usize,
) -> Vec<CalibrationBin> {
    let mut tallies = [(0_u64, 0_u64, 0.0_f64); CALIBRATION_BINS];
    for &(confidence, right) in rows {
        let (count, correct, sum) = &mut tallies[bin_of(confidence).min(CALIBRATION_BINS - 1)];
        *count += 1;
        *correct += u64::from(right);
        *sum += confidence;
    }
    let bins = edges.windows(2).zip(tallies);
    bins.filter_map(|(edges, (count, correct, sum))| {
        Some(CalibrationBin {
            above: edges[0],
            up_to: edges[1],
            mean_confidence: sum / count as f64,
            accuracy: Share::new(correct, count, confidence_level)?,
        })
    })
    .collect()
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

    /// Nine answers of ten are sure: equal width sees one bin, equal mass parts them.
    #[test]
    fn bins_of_equal_mass_see_what_one_wide_bin_hides() {
        let rows: Vec<(f64, bool)> = (0..1000)
            .map(|i| {
                let sure = i % 2 == 0;
                (if sure { 0.999 } else { 0.91 }, sure || i % 20 != 1)
            })
            .collect();
        // Sure answers are right, the others too sure by 1 point and the sure ones too modest by 0.1.
        let found = calibration(&rows, 0.95).unwrap();
        assert_eq!((found.bins.len(), found.mass_bins.len()), (1, 2));
        assert!(found.ece_equal_mass > found.ece, "{found:?}");
        let counts: u64 = found.mass_bins.iter().map(|bin| bin.accuracy.of).sum();
        assert_eq!(counts, 1000);
    }

    #[test]
    fn a_sure_mistake_costs_what_the_clip_says_and_no_more() {
        let found = calibration(&[(1.0, false)], 0.95).unwrap();
        assert!((found.log_loss - -LOG_LOSS_CLIP.ln()).abs() < 1e-9, "{found:?}");
        assert!((36.0..36.1).contains(&found.log_loss));
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
            proptest::prop_assert_eq!(found.mass_bins.iter().map(|bin| bin.accuracy.of).sum::<u64>(), found.rows);
            proptest::prop_assert!((0.0..=1.0).contains(&found.ece_equal_mass) && found.log_loss >= 0.0);
        }
    }
}
