//! The search for wrong labels over rows that come one after the other.

use task_spec::LabelSet;

use super::{
    ClassBasis, ClassSuspicion, ConfusedPair, LabelIssue, LabelIssueError, SuspectPlan,
    features::{FeatureCounts, FeatureVectors},
    find_label_issues,
    issues::check_labels,
    out_of_fold::{FoldRows, out_of_fold},
};
use crate::{ConfusedRecord, SuspectRecord};

/// How many pairs of labels a record names.
const CONFUSED_PAIRS: usize = 20;

/// The texts of the rows that a [`SuspectSearch`] is to judge, counted: the first of two readings.
///
/// What a text is worth to the model depends on all of them, so that they are read twice and need not be held.
/// Until [`search`](Self::search), memory grows with the distinct words, pairs of words and pieces of words.
#[derive(Debug, Default)]
pub struct SuspectTexts(FeatureCounts);

/// The search for wrong labels, as [`curate`](crate::curate) does it: the second reading of the rows.
///
/// Of each row are held 4 bytes for each feature of its text, some 60 for a sentence of 10 words, and 29 bytes; no text. While
/// the rows are judged, each has in addition 8 bytes for each probability that is kept, three times, and some 250 bytes.
///
/// ```
/// use distill_data::{SuspectPlan, SuspectRow, SuspectTexts};
///
/// let cards = (0..40).map(|n| (format!("lost my card {n}"), 0));
/// let rates = (0..40).map(|n| (format!("what is the rate {n}"), 1));
/// // One of them has the label of the others.
/// let rows: Vec<(String, usize)> = cards.chain(rates).chain([("my card is lost".to_owned(), 1)]).collect();
///
/// let mut texts = SuspectTexts::default();
/// rows.iter().for_each(|(text, _)| texts.add(text));
/// let mut search = texts.search();
/// for (number, (text, label)) in (0..).zip(&rows) {
///     search.push(&SuspectRow { text, label: *label, cluster: number, is_open: true });
/// }
/// let found = search.find(2, &SuspectPlan::default())?;
/// assert_eq!((found.judged, found.suspects.len()), (81, 1));
/// assert_eq!((found.suspects[0].row, found.suspects[0].suggested), (80, 0));
/// # Ok::<(), distill_data::LabelIssueError>(())
/// ```
#[derive(Debug)]
pub struct SuspectSearch {
    vectors: FeatureVectors,
    labels: Vec<usize>,
    clusters: Vec<u64>,
    is_open: Vec<bool>,
}

/// A row to be judged.
#[derive(Debug, Clone, Copy)]
pub struct SuspectRow<'a> {
    /// The normalised text.
    pub text: &'a str,
    /// The label, an index into the task's.
    pub label: usize,
    /// Rows with the same number are judged by models that have seen none of them: near-duplicates, and what hangs together by
    /// them.
    pub cluster: u64,
    /// Whether the label may be suspected; a person's may not.
    pub is_open: bool,
}

/// What the search for wrong labels found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SuspectFindings {
    /// How many rows were judged.
    pub judged: usize,
    /// The rows that should go, by rising index.
    pub suspects: Vec<LabelIssue>,
    /// By label index, of each class that any row has.
    pub classes: Vec<(usize, ClassSuspicion)>,
    /// The share of rows whose out-of-fold prediction is their label, in 0..=1: how far the judge can be trusted.
    pub agreement: f64,
    /// The estimated share of wrong labels, in 0..=1: the mean chance.
    pub wrong_share: f64,
    /// The same by the calibrated joint.
    pub wrong_share_by_joint: f64,
    /// Which labels are given for which, most rows first.
    pub confused: Vec<ConfusedPair>,
}

impl SuspectTexts {
    /// Counts the normalised text of a row.
    pub fn add(&mut self, text: &str) {
        self.0.add(text);
    }

    /// All texts have been counted: begins the second reading.
    #[must_use]
    pub fn search(self) -> SuspectSearch {
        SuspectSearch {
            vectors: self.0.vectors(),
            labels: Vec::new(),
            clusters: Vec::new(),
            is_open: Vec::new(),
        }
    }
}

impl SuspectSearch {
    /// Takes the next row. Rows must come in an order that depends on content only, for folds are drawn by it.
    pub fn push(&mut self, row: &SuspectRow<'_>) {
        self.vectors.add(row.text);
        self.labels.push(row.label);
        self.clusters.push(row.cluster);
        self.is_open.push(row.is_open);
    }

    /// Finds the rows whose label is probably wrong, on all threads of rayon's pool. A task of one label has no other one to
    /// suspect.
    ///
    /// # Errors
    ///
    /// [`LabelIssueError::Label`] if a label is none of so many classes.
    pub fn find(self, classes: usize, plan: &SuspectPlan) -> Result<SuspectFindings, LabelIssueError> {
        let judged = self.labels.len();
        match check_labels(&self.labels, classes) {
            Ok(()) => {}
            Err(LabelIssueError::Classes { .. }) => {
                return Ok(SuspectFindings {
                    judged,
                    ..SuspectFindings::default()
                });
            }
            Err(error) => return Err(error),
        }
        let config = plan.config();
        let Self {
            vectors,
            labels,
            clusters,
            is_open,
        } = self;
        let features = vectors.finish();
        let rows = FoldRows {
            features: &features,
            labels: &labels,
            clusters: &clusters,
        };
        let probabilities = out_of_fold(&rows, classes, config);
        drop(features);
        let found = find_label_issues(&labels, &probabilities, plan)?;
        let mut findings = SuspectFindings {
            judged,
            agreement: found.agreement,
            wrong_share: found.wrong_share(),
            wrong_share_by_joint: found.joint.wrong_share(),
            confused: found.joint.confused_pairs(),
            ..SuspectFindings::default()
        };
        let is_trusted = found.agreement >= config.min_agreement;
        let mut of_class = Classes::of(&labels, &clusters, &found.chance_wrong, classes);
        for issue in found.issues {
            if is_trusted && is_open[issue.row] {
                of_class.suspect(issue);
            }
        }
        let sizes = (0..classes).map(|label| found.joint.rows_given(label));
        of_class.settle(sizes, plan, &mut findings);
        Ok(findings)
    }
}

/// The classes of the rows.
struct Classes {
    /// Whether a class has rows of more than one cluster: a model that has not seen the one knows the class by others.
    is_known: Vec<bool>,
    chances: Vec<f64>,
    suspects: Vec<Vec<LabelIssue>>,
}

impl Classes {
    fn of(labels: &[usize], clusters: &[u64], chances: &[f64], classes: usize) -> Self {
        let mut first = vec![None; classes];
        let mut of_class = Self {
            is_known: vec![false; classes],
            chances: vec![0.0; classes],
            suspects: vec![Vec::new(); classes],
        };
        for ((&label, &cluster), chance) in labels.iter().zip(clusters).zip(chances) {
            of_class.is_known[label] |= *first[label].get_or_insert(cluster) != cluster;
            of_class.chances[label] += chance;
        }
        of_class
    }

    fn suspect(&mut self, issue: LabelIssue) {
        if self.is_known[issue.given] {
            self.suspects[issue.given].push(issue);
        }
    }

    /// Takes from each class what may be taken from it. Its suspects have come most suspect first.
    fn settle(self, sizes: impl Iterator<Item = usize>, plan: &SuspectPlan, findings: &mut SuspectFindings) {
        let config = plan.config();
        for ((label, mut suspects), size) in self.suspects.into_iter().enumerate().zip(sizes) {
            if size == 0 {
                continue;
            }
            let suspected = suspects.len();
            suspects.truncate(most_taken(size, config.max_class_share));
            let basis = if !self.is_known[label] {
                ClassBasis::None
            } else if config.pooled_rows / (config.pooled_rows + size as f64) >= POOLED_PART {
                ClassBasis::Pooled
            } else {
                ClassBasis::OwnRows
            };
            let record = ClassSuspicion {
                rows: size,
                basis,
                wrong_share: self.chances[label] / size as f64,
                suspected,
                kept: suspected - suspects.len(),
            };
            findings.classes.push((label, record));
            findings.suspects.append(&mut suspects);
        }
        findings.suspects.sort_by_key(|suspect| suspect.row);
    }
}

/// The part of the average class in a threshold from which a class counts as pooled.
const POOLED_PART: f64 = 0.25;

/// How many rows may be taken from a class: its share, and one at least, so that no class is too small to be doubted.
fn most_taken(rows: usize, max_share: f64) -> usize {
    let share = (rows as f64 * max_share) as usize;
    if max_share > 0.0 { share.max(1) } else { 0 }
}

impl SuspectFindings {
    /// The account for people and programs, with labels by their names.
    #[must_use]
    pub fn record(&self, labels: &LabelSet) -> SuspectRecord {
        let name = |label: usize| labels.name(label).unwrap_or_default().to_owned();
        let protected = self.classes.iter().filter(|(_, class)| class.kept > 0);
        SuspectRecord {
            judged: self.judged,
            suspects: self.suspects.len(),
            agreement: self.agreement,
            wrong_share: self.wrong_share,
            wrong_share_by_joint: self.wrong_share_by_joint,
            confused: self
                .confused
                .iter()
                .take(CONFUSED_PAIRS)
                .map(|pair| ConfusedRecord {
                    given: name(pair.given),
                    right: name(pair.right),
                    rows: pair.rows,
                })
                .collect(),
            protected_classes: protected.map(|&(label, _)| name(label)).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
