//! Accuracy when the model may pass on rows it is unsure of.

use serde::{Deserialize, Serialize};

use crate::Share;

/// How many points a curve has at most.
pub const COVERAGE_POINTS: usize = 50;

/// What happens when only answers of at least one confidence are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoveragePoint {
    /// The least confidence that is kept.
    pub threshold: f64,
    /// The share of all rows that is answered, in 0..1; a row without a confidence never is.
    pub coverage: f64,
    /// How many of the answered rows are right.
    pub accuracy: Share,
}

/// The curve from few rows answered to all that have a confidence; empty if none has.
///
/// `rows` are (confidence, right) of the rows that have a confidence, in whatever order, out of `all` rows.
/// Rows of equal confidence come in together. Of a longer curve about [`COVERAGE_POINTS`] points, evenly
/// spaced in coverage, are kept, the last one always.
#[must_use]
pub fn coverage_curve(rows: &[(f64, bool)], all: u64, confidence_level: f64) -> Vec<CoveragePoint> {
    let mut rows = rows.to_vec();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut curve, mut correct, mut next_step) = (Vec::new(), 0, 0.0);
    for (position, &(threshold, right)) in rows.iter().enumerate() {
        correct += u64::from(right);
        let kept = position as u64 + 1;
        let last_of_ties = rows.get(position + 1).is_none_or(|next| next.0 < threshold);
        let is_last = position + 1 == rows.len();
        let coverage = kept as f64 / all as f64;
        if last_of_ties && (coverage >= next_step || is_last) {
            next_step = coverage + 1.0 / COVERAGE_POINTS as f64;
            curve.extend(
                Share::new(correct, kept, confidence_level).map(|accuracy| CoveragePoint {
                    threshold,
                    coverage,
                    accuracy,
                }),
            );
        }
    }
    curve
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_come_in_together_and_the_last_point_covers_all() {
        let curve = coverage_curve(&[(0.9, true), (0.5, false), (0.9, false), (0.2, true)], 5, 0.95);
        let points: Vec<(f64, f64, u64)> = curve
            .iter()
            .map(|p| (p.threshold, p.coverage, p.accuracy.count))
            .collect();
        assert_eq!(points, [(0.9, 0.4, 1), (0.5, 0.6, 1), (0.2, 0.8, 2)]);
    }

    proptest::proptest! {
        #[test]
        fn a_curve_is_short_rises_in_coverage_and_ends_at_the_whole(
            rows in proptest::collection::vec((0.0..=1.0_f64, proptest::bool::ANY), 1..400),
        ) {
            let curve = coverage_curve(&rows, rows.len() as u64, 0.95);
            proptest::prop_assert!(curve.len() <= COVERAGE_POINTS + 2);
            proptest::prop_assert!(curve.windows(2).all(|w| w[0].coverage < w[1].coverage));
            let right = rows.iter().filter(|row| row.1).count() as u64;
            let last = &curve[curve.len() - 1];
            proptest::prop_assert_eq!((last.coverage, last.accuracy.count), (1.0, right));
        }
    }
}
