//! Which labels answers and their distributions mean.

use task_spec::{LabelSet, Prediction};

/// The labels that a list of predictions means, by index, for one set of labels.
///
/// A distribution over many labels for many rows is millions of names. They are looked up once, when the predictions
/// come in, and not for every figure.
#[derive(Debug, Clone)]
#[doc(hidden)]
pub struct LabelReadings {
    /// What each answer means; `None` outside the task.
    pub(crate) answers: Vec<Option<usize>>,
    /// What each entry of the distributions means, of all rows one after the other; [`OUTSIDE`] for no label.
    listed: Vec<u32>,
}

const OUTSIDE: u32 = u32::MAX;

impl LabelReadings {
    pub(crate) fn of(rows: &[Prediction], labels: &LabelSet) -> Self {
        let index = |label: &str| labels.resolve(label).and_then(|index| u32::try_from(index).ok());
        let listed = rows.iter().flat_map(|row| &row.probabilities);
        Self {
            answers: rows.iter().map(|row| labels.resolve(&row.answer)).collect(),
            listed: listed
                .map(|entry| index(&entry.label).unwrap_or(OUTSIDE))
                .collect(),
        }
    }

    /// The distribution of each of `rows`, the same that this was made of, as (label, probability).
    pub(crate) fn distributions<'a>(
        &'a self,
        rows: &'a [Prediction],
    ) -> impl Iterator<Item = impl Iterator<Item = (usize, f64)> + Clone + 'a> + 'a {
        let mut rest = self.listed.as_slice();
        rows.iter().map(move |row| {
            let (listed, others) = rest.split_at(row.probabilities.len().min(rest.len()));
            rest = others;
            listed
                .iter()
                .zip(&row.probabilities)
                .map(|(&label, entry)| (label as usize, entry.probability))
        })
    }

    /// The confidence of each of `rows`: as it was given, or the probability of what the answer means.
    pub(crate) fn confidences(&self, rows: &[Prediction]) -> Vec<Option<f64>> {
        let each = rows.iter().zip(&self.answers).zip(self.distributions(rows));
        each.map(|((row, answer), mut distribution)| {
            row.confidence.or_else(|| {
                let answer = (*answer)?;
                distribution
                    .find(|(label, _)| *label == answer)
                    .map(|(_, probability)| probability)
            })
        })
        .collect()
    }
}
