//! Whole distributions over the labels against what was right.

use serde::{Deserialize, Serialize};
use task_spec::LabelSet;

use crate::{CALIBRATION_BINS, calibration::surprise, label_metrics::sorted_sum};

/// How good the distributions over the labels are, where answers came with one.
///
/// A label that a distribution does not list has the probability 0. Probabilities are taken as they were given, also
/// where rounding keeps them from summing to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DistributionScores {
    /// Rows with a distribution.
    pub rows: u64,
    /// The mean of `sum((probability - right)^2)` over the labels (Brier 1950), in 0..2, 0 at best. Half of it is what
    /// scikit-learn's `brier_score_loss` gives with `scale_by_half`.
    pub brier: f64,
    /// The mean of `-ln` of the right label's probability, in nats, clipped to
    /// [`LOG_LOSS_CLIP`](crate::LOG_LOSS_CLIP).
    pub log_loss: f64,
    /// The calibration error of each label's probability, averaged over the labels of the task (Kull et al. 2019,
    /// arXiv:1910.12656, section 2), over [`CALIBRATION_BINS`] bins of equal width. With many labels most
    /// probabilities are near 0 and so is this; see the worst.
    pub classwise_ece: f64,
    /// The label whose probabilities are furthest off.
    pub worst_label: String,
    /// The calibration error of its probability, in 0..1.
    pub worst_ece: f64,
}

/// The scores of rows as (right label, distribution), by label index; `None` if no row has a distribution.
///
/// An index past the end of `labels` is passed over.
pub(crate) fn distribution_scores<D>(
    labels: &LabelSet,
    rows: impl IntoIterator<Item = (usize, D)>,
) -> Option<DistributionScores>
where
    D: IntoIterator<Item = (usize, f64)>,
{
    let mut bins = vec![[Bin::default(); CALIBRATION_BINS]; labels.len()];
    let (mut count, mut brier, mut log_loss) = (0_u64, 0.0, 0.0);
    for (truth, distribution) in rows {
        let (mut of_truth, mut squares, mut listed) = (0.0, 0.0, false);
        for (label, probability) in distribution {
            listed = true;
            squares += probability * probability;
            if label == truth {
                of_truth = probability;
            }
            if let Some(bins) = bins.get_mut(label) {
                bins[place(probability)].sum += probability;
            }
        }
        if listed {
            count += 1;
            brier += squares - 2.0 * of_truth + 1.0;
            log_loss += surprise(of_truth);
            if let Some(bins) = bins.get_mut(truth) {
                bins[place(of_truth)].right += 1;
            }
        }
    }
    let rows = count as f64;
    let gap = |bins: &[Bin; CALIBRATION_BINS]| -> f64 {
        bins.iter()
            .map(|bin| (bin.right as f64 - bin.sum).abs())
            .sum::<f64>()
            / rows
    };
    let gaps: Vec<f64> = bins.iter().map(gap).collect();
    // Of labels that are equally far off the first by name.
    let named = labels.names().zip(&gaps);
    let (worst_label, &worst_ece) = named.max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0)))?;
    (count > 0).then(|| DistributionScores {
        rows: count,
        brier: brier / rows,
        log_loss: log_loss / rows,
        classwise_ece: sorted_sum(gaps.iter().copied()) / gaps.len() as f64,
        worst_label: worst_label.to_owned(),
        worst_ece,
    })
}

/// What is counted of one label's probabilities within a bin. How many rows these are cancels out of the error.
#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    sum: f64,
    right: u64,
}

/// The bin of a probability; edges belong to the bin below, as for confidences.
fn place(probability: f64) -> usize {
    ((probability * CALIBRATION_BINS as f64).ceil() as usize).clamp(1, CALIBRATION_BINS) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> LabelSet {
        LabelSet::from_names(["a", "b", "c"]).unwrap()
    }

    #[test]
    fn certainty_that_is_right_scores_best_and_wrong_scores_worst() {
        let of = |truth: usize| distribution_scores(&labels(), [(truth, vec![(0, 1.0)])]).unwrap();
        let (right, wrong) = (of(0), of(1));
        assert_eq!((right.brier, right.classwise_ece), (0.0, 0.0));
        assert!(right.log_loss < 1e-15);
        assert_eq!((wrong.brier, wrong.worst_ece), (2.0, 1.0));
        assert!((wrong.log_loss - 36.04).abs() < 0.01, "{wrong:?}");
    }

    #[test]
    fn a_label_that_is_not_listed_has_the_probability_zero() {
        let listed = vec![(0, 0.5), (1, 0.5), (2, 0.0)];
        let short = vec![(0, 0.5), (1, 0.5)];
        let of = |rows: Vec<(usize, f64)>| distribution_scores(&labels(), [(2, rows.clone()), (0, rows)]);
        assert_eq!(of(listed), of(short));
    }

    #[test]
    fn rows_without_a_distribution_do_not_count_and_none_has_no_scores() {
        let rows = [(0, vec![(0, 0.7), (1, 0.3)]), (1, vec![])];
        assert_eq!(distribution_scores(&labels(), rows).unwrap().rows, 1);
        assert_eq!(distribution_scores(&labels(), [(0, vec![])]), None);
    }

    #[test]
    fn the_label_that_is_furthest_off_is_named() {
        // "c" is said to be likely and never right; "a" and "b" are as likely as said.
        let rows = (0..10).map(|i| (i % 2, vec![(0, 0.3), (1, 0.3), (2, 0.4)]));
        let found = distribution_scores(&labels(), rows).unwrap();
        assert_eq!(found.worst_label, "c");
        assert!((found.worst_ece - 0.4).abs() < 1e-12, "{found:?}");
    }
}
