//! The probabilities of our own fast model, out of fold.

use near_texts::{JaccardThreshold, near_pairs_of_normal, normalise};
use rayon::prelude::*;

use super::{
    LabelIssueError, Probabilities, SuspectConfig, SuspectPlan, classifier::Classifier, features::Features,
    issues::check_labels, split_mix::SplitMix,
};
use crate::near_duplicates::clusters;

/// Probabilities below this are not kept, but for that of the given label. The mean over repeats is taken over what is kept.
const LEAST_KEPT: f32 = 0.002;

/// Class and probability by rising class, of those that are kept of a row.
type Kept = Vec<(u32, f32)>;

/// Rows that are judged by one another.
#[derive(Debug, Clone, Copy)]
pub(super) struct FoldRows<'a> {
    /// Of their texts.
    pub(super) features: &'a Features,
    /// The label index of each.
    pub(super) labels: &'a [usize],
    /// Rows with the same number share a fold.
    pub(super) clusters: &'a [u64],
}

/// The class probabilities of texts, each by models of the others that have seen neither the text nor a near-duplicate of
/// it (texts of Jaccard similarity 0.8 or more on character 3-grams).
///
/// Of the plan, `folds` and `repeats` count. The model is a logistic regression on words, pairs of words and pieces of words;
/// ten thousand short texts of 77 classes take about a second on two cores. It holds 4 bytes for each feature of each
/// text, 4 bytes for each feature (at most 131,072) and class on every thread, and what [`Probabilities`] keeps.
///
/// ```
/// use distill_data::{SuspectPlan, find_label_issues, text_probabilities};
///
/// let texts = ["lost my card", "card is lost", "where is my card", "top up failed", "failed to top up", "cannot top up"];
/// let given = [0, 0, 0, 1, 1, 1];
/// let plan = SuspectPlan::default();
/// let probabilities = text_probabilities(&texts, &given, 2, &plan)?;
/// let found = find_label_issues(&given, &probabilities, &plan)?;
/// assert!(found.issues.is_empty() && found.agreement > 0.9);
/// # Ok::<(), distill_data::LabelIssueError>(())
/// ```
///
/// # Errors
///
/// [`LabelIssueError`] if there are not as many labels as texts, fewer than two classes, or a label is no class.
pub fn text_probabilities<S: AsRef<str>>(
    texts: &[S],
    given: &[usize],
    classes: usize,
    plan: &SuspectPlan,
) -> Result<Probabilities<'static>, LabelIssueError> {
    if texts.len() != given.len() {
        return Err(LabelIssueError::Length {
            labels: given.len(),
            rows: texts.len(),
        });
    }
    check_labels(given, classes)?;
    let normal: Vec<String> = texts.iter().map(|text| normalise(text.as_ref())).collect();
    // Equal texts are quadratically many pairs: each distinct one goes into the join once.
    let mut distinct: Vec<&str> = normal.iter().map(String::as_str).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let pairs = near_pairs_of_normal(&distinct, JaccardThreshold::default());
    let clusters = clusters(distinct.len(), pairs.iter().map(|pair| (pair.left, pair.right)));
    let cluster_of: Vec<u64> = normal
        .iter()
        .map(|text| {
            let place = distinct.binary_search(&text.as_str());
            place.map_or(0, |text| clusters[text] as u64)
        })
        .collect();
    let rows = FoldRows {
        features: &Features::of(normal.iter().map(String::as_str)),
        labels: given,
        clusters: &cluster_of,
    };
    Ok(out_of_fold(&rows, classes, plan.config()))
}

/// The mean over repeats of what models of the other folds say.
pub(super) fn out_of_fold(
    rows: &FoldRows<'_>,
    classes: usize,
    config: &SuspectConfig,
) -> Probabilities<'static> {
    let FoldRows { features, labels, .. } = *rows;
    let mut sums: Vec<Kept> = vec![Vec::new(); labels.len()];
    for repeat in 0..config.repeats {
        let folds = assign_folds(labels, rows.clusters, config.folds, repeat);
        let judged: Vec<Vec<(usize, Kept)>> = (0..config.folds)
            .into_par_iter()
            .map(|fold| {
                let (own, others): (Vec<u32>, Vec<u32>) =
                    (0..labels.len() as u32).partition(|&row| folds[row as usize] == fold);
                let model = Classifier::fit(features, labels, &others, classes, repeat as u64);
                let mut scores = vec![0.0; classes];
                let mut kept = |row: u32| {
                    let row = row as usize;
                    model.softmax(features.row(row), &mut scores);
                    (row, keep(&scores, labels[row], config.repeats))
                };
                own.into_iter().map(&mut kept).collect()
            })
            .collect();
        for (row, found) in judged.into_iter().flatten() {
            let sum = std::mem::take(&mut sums[row]);
            sums[row] = if repeat == 0 { found } else { add(&sum, &found) };
        }
    }
    Probabilities::of_kept(classes, sums)
}

/// Class and share in the mean of each probability that is large enough, by rising class.
fn keep(scores: &[f32], given: usize, repeats: usize) -> Kept {
    let kept = || {
        let entries = scores.iter().enumerate();
        entries.filter(|&(class, &p)| p >= LEAST_KEPT || class == given)
    };
    // Room for as many as there are: there is a list for each row.
    let mut found = Kept::with_capacity(kept().count());
    found.extend(kept().map(|(class, p)| (class as u32, p / repeats as f32)));
    found
}

/// The sum of two sparse vectors by rising class.
fn add(left: &[(u32, f32)], right: &[(u32, f32)]) -> Kept {
    let mut sum = Kept::with_capacity(left.len() + 2);
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    while let Some(&class) = [left.peek(), right.peek()]
        .into_iter()
        .flatten()
        .map(|(class, _)| class)
        .min()
    {
        let of = |entry: Option<&(u32, f32)>| entry.map_or(0.0, |entry| entry.1);
        let one = of(left.next_if(|entry| entry.0 == class));
        let other = of(right.next_if(|entry| entry.0 == class));
        sum.push((class, one + other));
    }
    sum
}

/// A fold for each row: clusters whole, classes spread evenly, otherwise in an order of the repeat's.
///
/// The clusters of a class (that of their first row) are dealt out in turn, so that no class lies in one fold
/// alone, where its own model would not know it.
fn assign_folds(labels: &[usize], cluster_of: &[u64], folds: usize, repeat: usize) -> Vec<usize> {
    let mut label_of_cluster = hashbrown::HashMap::new();
    let mut clusters = Vec::new();
    for (&label, &cluster) in labels.iter().zip(cluster_of) {
        label_of_cluster.entry(cluster).or_insert_with(|| {
            clusters.push(cluster);
            label
        });
    }
    SplitMix::of(repeat as u64).shuffle(&mut clusters);
    let mut next_of_class: hashbrown::HashMap<usize, usize> = hashbrown::HashMap::new();
    let mut fold_of_cluster = hashbrown::HashMap::new();
    for cluster in clusters {
        let label = label_of_cluster[&cluster];
        // Classes start at different folds, so that small ones do not all crowd the first.
        let next = next_of_class.entry(label).or_insert(label);
        *next += 1;
        fold_of_cluster.insert(cluster, *next % folds);
    }
    cluster_of
        .iter()
        .map(|cluster| fold_of_cluster[cluster])
        .collect()
}

#[cfg(test)]
mod tests;
