//! What one model's answers to a label task come to, in the usual figures.

mod agreement;

use serde::{Deserialize, Serialize};

pub use agreement::Kappa;

/// Averages over the categories, and agreement with the truth beyond chance.
///
/// The categories are the labels with gold rows. Answers outside the task are wrong and belong to no category; for
/// agreement they are one more answer that is never right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelMetrics {
    /// Rows that were answered.
    pub rows: u64,
    /// The labels with gold rows.
    pub categories: u64,
    /// Of these, labels that are never answered: their precision is undefined, and left out of the averages of precision.
    pub never_answered: u64,
    /// Each category counts the same.
    pub macro_average: Average,
    /// Each category counts as much as it has rows.
    pub weighted_average: Average,
    /// Counts are added up over the categories first.
    pub micro_average: Average,
    /// The mean recall, each category counting the same: accuracy on a set where all are equally frequent.
    pub balanced_accuracy: f64,
    /// Matthews' correlation of answers and truth for many labels (Gorodkin 2004, Comput. Biol. Chem. 28:367-374), in
    /// -1..1; `None` where one label is all that is answered.
    pub matthews: Option<f64>,
    /// Cohen's kappa; `None` where chance alone agrees always.
    pub kappa: Option<Kappa>,
}

/// Precision, recall and F1 over several categories, each in 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Average {
    /// Over the categories that are ever answered; `None` if none is.
    pub precision: Option<f64>,
    /// Over all categories.
    pub recall: f64,
    /// Over all categories; a category that is never answered has an F1 of 0, which is defined.
    pub f1: f64,
}

/// Why there are no figures: lists of answers that do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// There is no row.
    #[error("there are no rows: figures need at least one")]
    NoRows,
    /// A list of answers is shorter or longer than the truth.
    #[error("{expected} rows have {found} answers: need one to each, in the same order")]
    Length {
        /// Rows of the truth.
        expected: usize,
        /// Answers.
        found: usize,
    },
    /// A label index is past the end.
    #[error("row {row} names the label number {index}, counted from 0, of {labels}: correct it")]
    Label {
        /// The row, counted from 1.
        row: usize,
        /// The index.
        index: usize,
        /// How many labels there are.
        labels: usize,
    },
    /// One run is no repetition.
    #[error("{runs} runs of a model show nothing of how it varies: give at least two")]
    FewRuns {
        /// How many there are.
        runs: usize,
    },
}

impl LabelMetrics {
    /// The figures of answers to rows whose right labels are known, as indices into `labels` labels. An answer of `None`
    /// is outside the task. `confidence` is that of kappa's interval, two-sided, such as 0.95.
    ///
    /// ```
    /// use gold_eval::LabelMetrics;
    ///
    /// let metrics = LabelMetrics::new(&[0, 0, 1, 2], &[Some(0), Some(1), Some(1), None], 3, 0.95)?;
    /// assert_eq!(metrics.balanced_accuracy, 0.5);
    /// // Label 2 is never answered: it has no precision, which is not a precision of 0.
    /// assert_eq!((metrics.never_answered, metrics.macro_average.precision), (1, Some(0.75)));
    /// # Ok::<(), gold_eval::MetricsError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`MetricsError`] if there are no rows, or the lists do not fit.
    pub fn new(
        truth: &[usize],
        answers: &[Option<usize>],
        labels: usize,
        confidence: f64,
    ) -> Result<Self, MetricsError> {
        fit(truth, answers, labels)?;
        Ok(Self::of(truth, answers, labels, confidence))
    }

    /// The same for lists that fit.
    pub(crate) fn of(truth: &[usize], answers: &[Option<usize>], labels: usize, confidence: f64) -> Self {
        let cells = agreement::Cells::of(truth, answers, labels);
        let categories: Vec<Counts> = (0..labels)
            .map(|label| Counts {
                correct: cells.correct[label],
                support: cells.support[label],
                answered: cells.answered[label],
            })
            .filter(|counts| counts.support > 0)
            .collect();
        let all = categories.iter().fold(Counts::default(), |sum, counts| Counts {
            correct: sum.correct + counts.correct,
            support: sum.support + counts.support,
            answered: sum.answered + counts.answered,
        });
        let macro_average = average(&categories, |_| 1.0);
        Self {
            rows: truth.len() as u64,
            categories: categories.len() as u64,
            never_answered: categories.iter().filter(|counts| counts.answered == 0).count() as u64,
            macro_average,
            weighted_average: average(&categories, |counts| counts.support as f64),
            micro_average: average(&[all], |_| 1.0),
            balanced_accuracy: macro_average.recall,
            matthews: cells.matthews(),
            kappa: cells.kappa(confidence),
        }
    }
}

/// What is counted of one category.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    correct: u64,
    support: u64,
    answered: u64,
}

fn average(categories: &[Counts], weight: impl Fn(&Counts) -> f64) -> Average {
    let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    let mean = |figure: &dyn Fn(&Counts) -> Option<f64>| {
        let each = || {
            categories
                .iter()
                .filter_map(|counts| Some((weight(counts), figure(counts)?)))
        };
        let weights = sorted_sum(each().map(|(weight, _)| weight));
        (weights > 0.0).then(|| sorted_sum(each().map(|(weight, figure)| weight * figure)) / weights)
    };
    Average {
        precision: mean(&|counts| share(counts.correct, counts.answered)),
        recall: mean(&|counts| share(counts.correct, counts.support)).unwrap_or_default(),
        f1: mean(&|counts| share(2 * counts.correct, counts.support + counts.answered)).unwrap_or_default(),
    }
}

/// A sum to whose last digit the order of the labels does not reach.
pub(crate) fn sorted_sum(terms: impl Iterator<Item = f64>) -> f64 {
    let mut terms: Vec<f64> = terms.collect();
    terms.sort_unstable_by(f64::total_cmp);
    terms.iter().sum()
}

/// Whether there are rows, an answer to each, and no index past the end.
pub(crate) fn fit(truth: &[usize], answers: &[Option<usize>], labels: usize) -> Result<(), MetricsError> {
    if truth.is_empty() {
        return Err(MetricsError::NoRows);
    }
    if truth.len() != answers.len() {
        return Err(MetricsError::Length {
            expected: truth.len(),
            found: answers.len(),
        });
    }
    for (row, (&truth, &answer)) in (1..).zip(truth.iter().zip(answers)) {
        if let Some(index) = [Some(truth), answer]
            .into_iter()
            .flatten()
            .find(|&index| index >= labels)
        {
            return Err(MetricsError::Label { row, index, labels });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
