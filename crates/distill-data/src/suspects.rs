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
mod search;
mod sharpness;
mod split_mix;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use config::{IssueMethod, SuspectConfig, SuspectPlan};
pub use error::LabelIssueError;
pub use issues::{LabelIssue, LabelIssues, find_label_issues};
pub use joint::{ConfidentJoint, ConfusedPair};
pub use out_of_fold::text_probabilities;
pub use probabilities::Probabilities;
pub use search::{SuspectFindings, SuspectRow, SuspectSearch, SuspectTexts};

pub(crate) use features::{FeatureCounts, FeatureVectors, Features};

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
/// label of each row.
pub(crate) fn found_by_model(
    features: &Features,
    labels: &[usize],
    classes: usize,
    cuts: &[&[bool]],
) -> Vec<Vec<bool>> {
    cuts.par_iter()
        .map(|is_training| {
            let known: Vec<u32> = (0..labels.len() as u32)
                .filter(|&row| is_training[row as usize])
                .collect();
            let model = classifier::Classifier::fit(features, labels, &known, classes, 0);
            let mut scores = vec![0.0; classes];
            let mut is_right = |row: usize| {
                model.softmax(features.row(row), &mut scores);
                let others = scores
                    .iter()
                    .enumerate()
                    .filter(|&(class, _)| class != labels[row]);
                others.map(|(_, &p)| p).fold(f32::NEG_INFINITY, f32::max) < scores[labels[row]]
            };
            (0..labels.len()).map(&mut is_right).collect()
        })
        .collect()
}
