//! Labels that are probably wrong, found by confident learning.
//!
//! The rows are cut into folds, a fast classifier is fitted on all folds but one and judges that one, three times over with
//! other cuts. Rows of one cluster share a fold, so that no row is judged by a model that has seen its near-duplicate. What
//! the rows say together of how labels are confused is the confident joint (Northcutt, Jiang, Chuang 2021, "Confident
//! learning", JAIR 70, arXiv:1911.00068); what it says of one row, with that row's probabilities, is the chance that its
//! label is wrong. That chance is then brought in line with how suspect rows are whose labels are known to be wrong, see
//! `calibrated.rs`; which rows are suspected, and the chances of the table here, go by what it was before.
//!
//! # What was tried
//!
//! On BANKING77's 10,003 training rows with 5% planted errors of three kinds, five seeds, by `benches/peers/labels.py`: F1 of
//! the suspects, and average precision of the ranking of all rows. Confusable: the label of the class that is confused with
//! the right one most. Nearest: the label of the nearest text of another class. Uniform: any.
//!
//! | | confusable | | nearest | | uniform | |
//! |---|---|---|---|---|---|---|
//! | mean of chance and lead (default) | 0.753 | 0.817 | 0.729 | 0.795 | 0.873 | 0.941 |
//! | chance alone, from 0.3 | 0.753 | 0.827 | | | 0.890 | 0.964 |
//! | off-diagonal | 0.682 | | 0.701 | | 0.715 | |
//! | prune by class | 0.634 | | 0.652 | | 0.780 | |
//! | prune by noise rate | 0.687 | | 0.657 | | 0.707 | |
//! | prune by both | 0.701 | | 0.686 | | 0.769 | |
//! | normalised margin | | 0.780 | | | | 0.855 |
//! | self-confidence | | 0.652 | | | | 0.978 |
//! | confidence-weighted entropy | | 0.189 | | | | 0.314 |
//! | `cleanlab`, default workflow | 0.595 | 0.450 | 0.526 | 0.519 | 0.589 | 0.950 |
//!
//! The chance alone is ahead where errors depend on the class and behind where they depend on the text: with errors to the
//! nearest text by character 3-grams, one seed, its F1 is 0.64 and that of the mean 0.69.
//!
//! On one seed: three repeats over one are worth 0.02 of average precision for confusable errors and eight no more than
//! three; ten folds no more than five. The labels of the ten nearest texts by cosine, mixed into the probabilities by a fifth,
//! took 0.01 from confusable errors and gave 0.006 to uniform ones, so they are left out.
//!
//! Classes of 2 to 20 rows, one or more of them wrong, in four draws: the chance alone flagged 431 rows of which 347
//! were wrong, out of 407 wrong ones; off-diagonal counts with pooled thresholds 300 and 264, without pooling 405 and 292.
//!
//! # Memory
//!
//! For a million texts of 60 features and 150 classes: 0.24 GB of feature numbers, 0.08 GB of a model's weights for each
//! thread, and 8 bytes for each probability that is kept, some 0.2 GB where 25 a row are. Never rows times classes. Measured with
//! a hundred thousand texts of ten random words and 150 classes on two cores: 74 seconds, their join included, and 0.32 GB.
//!
//! What this cannot see: an error that the teacher makes on *every* text of a kind. Such texts agree with each
//! other, and the classifier learns the error as the rule. Only a person or another source of labels can tell.

mod calibrated;
mod classifier;
mod config;
mod error;
mod features;
mod issues;
mod joint;
mod out_of_fold;
mod posterior;
mod probabilities;
mod prune;
mod sharpness;
mod split_mix;

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use config::{IssueMethod, SuspectConfig, SuspectPlan};
pub use error::LabelIssueError;
pub use issues::{LabelIssue, LabelIssues, find_label_issues};
pub use joint::{ConfidentJoint, ConfusedPair};
pub use out_of_fold::text_probabilities;
pub use probabilities::Probabilities;

pub(crate) use features::Features;
pub(crate) use out_of_fold::FoldRow;
use out_of_fold::out_of_fold;

/// A row to be judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged<'a> {
    /// What it is judged by.
    pub(crate) row: FoldRow<'a>,
    /// Whether the label may be suspected; a person's may not.
    pub(crate) is_open: bool,
}

/// What the search found.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Findings {
    /// The rows that should go, by rising index.
    pub(crate) suspects: Vec<LabelIssue>,
    /// By label index, of each class that any row has.
    pub(crate) classes: Vec<(usize, ClassSuspicion)>,
    /// The share of rows whose out-of-fold prediction is their label: how far the judge can be trusted.
    pub(crate) agreement: f64,
    /// The estimated share of wrong labels: the mean chance, and that of the calibrated joint.
    pub(crate) wrong_share: f64,
    pub(crate) wrong_share_by_joint: f64,
    /// Which labels are given for which, most rows first.
    pub(crate) confused: Vec<ConfusedPair>,
}

/// What the search for wrong labels found in a class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassSuspicion {
    /// Rows with the label that were judged.
    pub rows: usize,
    /// What they were judged by.
    pub basis: ClassBasis,
    /// The estimated share of them whose label is wrong, in 0..=1: the mean chance.
    pub wrong_share: f64,
    /// How many are suspected.
    pub suspected: usize,
    /// Of those, kept, because more may not be taken from a class.
    pub kept: usize,
}

/// What the rows of a class were judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClassBasis {
    /// By the class's own rows.
    OwnRows,
    /// By estimates of which a quarter or more is that of the average class, for it has few rows.
    Pooled,
    /// They were not: all its rows are one text or nearly so, and a model that has not seen them does not know the class.
    None,
}

/// For each of several cuts into rows that are trained on and others: whether the classifier, fitted on the former, finds the
/// label of each row. Texts are normalised.
pub(crate) fn found_by_model(
    texts: &[&str],
    labels: &[usize],
    classes: usize,
    cuts: &[Vec<bool>],
) -> Vec<Vec<bool>> {
    let features = features::Features::of(texts.iter().copied());
    cuts.par_iter()
        .map(|is_training| {
            let known: Vec<u32> = (0..texts.len() as u32)
                .filter(|&row| is_training[row as usize])
                .collect();
            let model = classifier::Classifier::fit(&features, labels, &known, classes, 0);
            let mut scores = vec![0.0; classes];
            let mut is_right = |row: usize| {
                model.softmax(features.row(row), &mut scores);
                let others = scores
                    .iter()
                    .enumerate()
                    .filter(|&(class, _)| class != labels[row]);
                others.map(|(_, &p)| p).fold(f32::NEG_INFINITY, f32::max) < scores[labels[row]]
            };
            (0..texts.len()).map(&mut is_right).collect()
        })
        .collect()
}

/// The part of the average class in a threshold from which a class counts as pooled.
const POOLED_PART: f64 = 0.25;

/// Finds the rows whose label is probably wrong. Rows must come in an order that depends on content only.
pub(crate) fn find_suspects(rows: &[Judged<'_>], classes: usize, plan: &SuspectPlan) -> Findings {
    let config = plan.config();
    let given: Vec<usize> = rows.iter().map(|judged| judged.row.label).collect();
    let fold_rows: Vec<FoldRow<'_>> = rows.iter().map(|judged| judged.row).collect();
    // A task of one label has no other one to suspect.
    let Ok(()) = issues::check_labels(&given, classes) else {
        return Findings::default();
    };
    let probabilities = out_of_fold(&fold_rows, classes, config);
    let found = find_label_issues(&given, &probabilities, plan)
        .expect("labels were checked, and each row was judged");
    let is_trusted = found.agreement >= config.min_agreement;
    let mut findings = Findings {
        agreement: found.agreement,
        wrong_share: found.wrong_share(),
        wrong_share_by_joint: found.joint.wrong_share(),
        confused: found.joint.confused_pairs(),
        ..Findings::default()
    };
    let mut clusters = vec![BTreeSet::new(); classes];
    let mut chances = vec![0.0; classes];
    for (row, chance) in fold_rows.iter().zip(&found.chance_wrong) {
        clusters[row.label].insert(row.cluster);
        chances[row.label] += chance;
    }
    let mut of_class: Vec<Vec<LabelIssue>> = vec![Vec::new(); classes];
    for issue in found.issues {
        let is_known = clusters[issue.given].len() > 1;
        if is_trusted && is_known && rows[issue.row].is_open {
            of_class[issue.given].push(issue);
        }
    }
    for (label, mut suspects) in of_class.into_iter().enumerate() {
        let size = found.joint.rows_given(label);
        if size == 0 {
            continue;
        }
        let suspected = suspects.len();
        // They come most suspect first.
        suspects.truncate(most_taken(size, config.max_class_share));
        let basis = if clusters[label].len() == 1 {
            ClassBasis::None
        } else if config.pooled_rows / (config.pooled_rows + size as f64) >= POOLED_PART {
            ClassBasis::Pooled
        } else {
            ClassBasis::OwnRows
        };
        let record = ClassSuspicion {
            rows: size,
            basis,
            wrong_share: chances[label] / size as f64,
            suspected,
            kept: suspected - suspects.len(),
        };
        findings.classes.push((label, record));
        findings.suspects.append(&mut suspects);
    }
    findings.suspects.sort_by_key(|suspect| suspect.row);
    findings
}

/// How many rows may be taken from a class: its share, and one at least, so that no class is too small to be doubted.
fn most_taken(rows: usize, max_share: f64) -> usize {
    let share = (rows as f64 * max_share) as usize;
    if max_share > 0.0 { share.max(1) } else { 0 }
}

#[cfg(test)]
mod tests;
