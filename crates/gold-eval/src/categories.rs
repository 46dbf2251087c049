//! The table by category, worst first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use task_spec::LabelSet;

use crate::{Interval, PairedCounts, holm, mcnemar_mid_p_worse, smallest_visible_drop, wilson};

/// What is known of one category that has gold rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CategoryScore {
    /// The label.
    pub label: String,
    /// Gold rows of the category.
    pub support: u64,
    /// Of these, rows that the candidate has right.
    pub correct: u64,
    /// Rows, of whatever category, that the candidate answers with this label.
    pub predicted: u64,
    /// `correct / support`.
    pub recall: f64,
    /// The Wilson interval of the recall.
    pub recall_interval: Interval,
    /// `correct / predicted`; `None` where the label is never predicted.
    pub precision: Option<f64>,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
    /// The baseline's recall.
    pub baseline_recall: f64,
    /// The recall of the last shipped model, where its predictions were given.
    pub shipped_recall: Option<f64>,
    /// The category's rows by who has them right, candidate and baseline.
    pub counts: PairedCounts,
    /// Recall less the baseline's, in -1..1.
    pub difference: f64,
    /// One-sided mid-p McNemar of "worse than the baseline".
    pub p_worse: f64,
    /// The same, adjusted by Holm over the categories.
    pub p_worse_holm: f64,
    /// The smallest net drop that so many rows show with 80% power under the gate's test of categories, the
    /// hardest step of Holm; `None` where no drop is seen so surely.
    pub smallest_visible_drop: Option<f64>,
}

/// The answers that a table is made of, as label indices in the order of the gold set.
#[derive(Clone, Copy)]
pub(crate) struct Answered<'a> {
    pub(crate) truth: &'a [usize],
    pub(crate) candidate: &'a [Option<usize>],
    pub(crate) baseline: &'a [Option<usize>],
    pub(crate) shipped: Option<&'a [Option<usize>]>,
}

/// The categories that have gold rows: lowest recall first, then the one with more rows, then by name.
///
/// `alpha` is the level of the gate's test of categories, before Holm.
pub(crate) fn category_table(
    answered: &Answered<'_>,
    labels: &LabelSet,
    confidence: f64,
    alpha: f64,
) -> Vec<CategoryScore> {
    let mut tallies = vec![Tally::default(); labels.len()];
    for (row, &truth) in answered.truth.iter().enumerate() {
        let right = |answers: &[Option<usize>]| answers[row] == Some(truth);
        tallies[truth]
            .counts
            .add(right(answered.candidate), right(answered.baseline));
        tallies[truth].shipped += u64::from(answered.shipped.is_some_and(right));
        if let Some(predicted) = answered.candidate[row] {
            tallies[predicted].predicted += 1;
        }
    }
    let present: Vec<(&str, &Tally)> = labels
        .names()
        .zip(&tallies)
        .filter(|(_, tally)| tally.counts.rows() > 0)
        .collect();
    let p_worse: Vec<f64> = present
        .iter()
        .map(|(_, tally)| mcnemar_mid_p_worse(tally.counts.gains, tally.counts.losses))
        .collect();
    let adjusted = holm(&p_worse);
    let hardest_step = alpha / present.len() as f64;
    // Many categories have the same number of rows, and the search for the drop is the dear part.
    let mut visible: BTreeMap<u64, Option<f64>> = BTreeMap::new();
    let mut table: Vec<CategoryScore> = present
        .iter()
        .zip(p_worse.iter().zip(&adjusted))
        .map(|(&(label, tally), (&p_worse, &p_worse_holm))| {
            let counts = tally.counts;
            let (support, correct) = (counts.rows(), counts.both_right + counts.gains);
            CategoryScore {
                label: label.to_owned(),
                support,
                correct,
                predicted: tally.predicted,
                recall: share(correct, support),
                recall_interval: wilson(correct, support, confidence),
                precision: (tally.predicted > 0).then(|| share(correct, tally.predicted)),
                f1: share(2 * correct, support + tally.predicted),
                baseline_recall: share(counts.both_right + counts.losses, support),
                shipped_recall: answered.shipped.map(|_| share(tally.shipped, support)),
                counts,
                difference: counts.difference(),
                p_worse,
                p_worse_holm,
                smallest_visible_drop: *visible
                    .entry(support)
                    .or_insert_with(|| smallest_visible_drop(support, hardest_step)),
            }
        })
        .collect();
    table.sort_by(|a, b| {
        (a.recall.total_cmp(&b.recall))
            .then(b.support.cmp(&a.support))
            .then_with(|| a.label.cmp(&b.label))
    });
    table
}

/// What is counted of a label.
#[derive(Debug, Clone, Default)]
struct Tally {
    counts: PairedCounts,
    predicted: u64,
    shipped: u64,
}

fn share(count: u64, of: u64) -> f64 {
    count as f64 / of as f64
}
