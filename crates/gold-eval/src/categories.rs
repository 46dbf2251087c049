//! The table by category, worst first.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use task_spec::LabelSet;

use crate::{Interval, PairedCounts, f1_interval, holm, mcnemar_mid_p_worse, smallest_visible_drop, wilson};

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
    /// The Wilson interval of the precision; `None` where the label is never predicted.
    pub precision_interval: Option<Interval>,
    /// The harmonic mean of precision and recall; 0 where the label is never predicted, as all its rows are missed.
    pub f1: f64,
    /// The interval of the F1; see [`f1_interval`].
    pub f1_interval: Interval,
    /// The baseline's recall.
    pub baseline_recall: f64,
    /// The recall of the last shipped model, where its predictions were given.
    pub shipped_recall: Option<f64>,
    /// The candidate against the last shipped model on the category's rows, where its predictions were given.
    pub against_shipped: Option<CategoryChange>,
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

/// One category against the model that was shipped last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CategoryChange {
    /// The category's rows by who has them right, candidate and last shipped model.
    pub counts: PairedCounts,
    /// Recall less the last shipped model's, in -1..1.
    pub difference: f64,
    /// One-sided mid-p McNemar of "worse than the last shipped model".
    pub p_worse: f64,
    /// The same, adjusted by Holm over the categories; for this comparison by itself.
    pub p_worse_holm: f64,
}

/// The categories whose right rows are not those of the last shipped model, the surest loss first; none without such a model.
pub(crate) fn changed_since_shipped(categories: &[CategoryScore]) -> Vec<(&CategoryScore, &CategoryChange)> {
    let changed = |(_, change): &(_, &CategoryChange)| change.counts.gains + change.counts.losses > 0;
    let mut changes: Vec<_> = (categories.iter())
        .filter_map(|category| Some((category, category.against_shipped.as_ref()?)))
        .filter(changed)
        .collect();
    // Stable: of equally sure losses that of the lower recall comes first.
    changes.sort_by(|(_, a), (_, b)| a.p_worse.total_cmp(&b.p_worse));
    changes
}

/// The answers that a table is made of, as label indices in the order of the gold set.
#[derive(Clone, Copy)]
pub(crate) struct Answered<'a> {
    pub(crate) truth: &'a [usize],
    pub(crate) candidate: &'a [Option<usize>],
    pub(crate) baseline: &'a [Option<usize>],
    pub(crate) shipped: Option<&'a [Option<usize>]>,
}

/// [`smallest_visible_drop`] by the number of rows, at the hardest step of Holm: the dear part of a table, and the same
/// for all answers to the same rows.
pub(crate) fn visible_drops(truth: &[usize], labels: usize, alpha: f64) -> BTreeMap<u64, Option<f64>> {
    let mut supports = vec![0_u64; labels];
    for &label in truth {
        supports[label] += 1;
    }
    supports.retain(|&support| support > 0);
    drops_of(&supports, alpha)
}

/// The same for parts of these numbers of rows, each above 0.
pub(crate) fn drops_of(supports: &[u64], alpha: f64) -> BTreeMap<u64, Option<f64>> {
    let hardest_step = alpha / supports.len() as f64;
    let distinct: BTreeSet<u64> = supports.iter().copied().collect();
    (distinct.into_iter())
        .map(|support| (support, smallest_visible_drop(support, hardest_step)))
        .collect()
}

/// The categories that have gold rows: lowest recall first, then the one with more rows, then by name.
///
/// `visible` are the [`visible_drops`] of the same rows.
pub(crate) fn category_table(
    answered: &Answered<'_>,
    labels: &LabelSet,
    confidence: f64,
    visible: &BTreeMap<u64, Option<f64>>,
) -> Vec<CategoryScore> {
    let mut tallies = vec![Tally::default(); labels.len()];
    for (row, &truth) in answered.truth.iter().enumerate() {
        let right = |answers: &[Option<usize>]| answers[row] == Some(truth);
        tallies[truth]
            .counts
            .add(right(answered.candidate), right(answered.baseline));
        if let Some(shipped) = answered.shipped {
            tallies[truth]
                .shipped
                .add(right(answered.candidate), right(shipped));
        }
        if let Some(predicted) = answered.candidate[row] {
            tallies[predicted].predicted += 1;
        }
    }
    let present: Vec<(&str, &Tally)> = labels
        .names()
        .zip(&tallies)
        .filter(|(_, tally)| tally.counts.rows() > 0)
        .collect();
    let (p_worse, adjusted) = tested(present.iter().map(|(_, tally)| tally.counts));
    let changes = answered.shipped.map(|_| changes(&present));
    let mut table: Vec<CategoryScore> = present
        .iter()
        .enumerate()
        .map(|(place, &(label, tally))| {
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
                precision_interval: (tally.predicted > 0)
                    .then(|| wilson(correct, tally.predicted, confidence)),
                f1: share(2 * correct, support + tally.predicted),
                f1_interval: f1_interval(correct, support, tally.predicted, confidence),
                baseline_recall: share(counts.both_right + counts.losses, support),
                shipped_recall: answered
                    .shipped
                    .map(|_| share(tally.shipped.both_right + tally.shipped.losses, support)),
                against_shipped: changes.as_ref().map(|changes| changes[place].clone()),
                counts,
                difference: counts.difference(),
                p_worse: p_worse[place],
                p_worse_holm: adjusted[place],
                smallest_visible_drop: visible.get(&support).copied().flatten(),
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
    /// Against the last shipped model.
    shipped: PairedCounts,
}

/// The p-values of "worse" of all categories, before and after Holm.
pub(crate) fn tested(tables: impl Iterator<Item = PairedCounts>) -> (Vec<f64>, Vec<f64>) {
    let p_worse: Vec<f64> = tables
        .map(|counts| mcnemar_mid_p_worse(counts.gains, counts.losses))
        .collect();
    let adjusted = holm(&p_worse);
    (p_worse, adjusted)
}

fn changes(present: &[(&str, &Tally)]) -> Vec<CategoryChange> {
    let (p_worse, adjusted) = tested(present.iter().map(|(_, tally)| tally.shipped));
    let each = present.iter().zip(p_worse.into_iter().zip(adjusted));
    each.map(|((_, tally), (p_worse, p_worse_holm))| CategoryChange {
        counts: tally.shipped,
        difference: tally.shipped.difference(),
        p_worse,
        p_worse_holm,
    })
    .collect()
}

fn share(count: u64, of: u64) -> f64 {
    count as f64 / of as f64
}
