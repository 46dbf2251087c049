//! Agreement of answers and truth beyond chance.

use serde::{Deserialize, Serialize};

use super::sorted_sum;
use crate::{Interval, interval::two_sided_quantile};

/// Cohen's kappa: how much of the agreement that chance leaves open is reached (Cohen 1960, Educ. Psychol. Meas.
/// 20:37-46).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Kappa {
    /// Above -1 and up to 1; 0 is what chance gives with the same shares of labels.
    pub value: f64,
    /// Its standard error in large samples (Fleiss, Cohen and Everitt 1969, Psychol. Bull. 72:323-327).
    pub standard_error: f64,
    /// `value` and so many standard errors on both sides as the confidence asks for. `None` where every row is right or
    /// every row is wrong in the same way, so that the error comes out as 0: certainty would be a fault of the formula.
    pub interval: Option<Interval>,
}

/// The confusion matrix by its cells that are not 0, with its margins.
///
/// The last column, and an empty last row, are answers outside the task.
pub(super) struct Cells {
    /// Rows by (truth, answer), in that order.
    cells: Vec<((usize, usize), u64)>,
    pub(super) correct: Vec<u64>,
    pub(super) support: Vec<u64>,
    pub(super) answered: Vec<u64>,
    rows: f64,
}

impl Cells {
    pub(super) fn of(truth: &[usize], answers: &[Option<usize>], labels: usize) -> Self {
        let answers = answers.iter().map(|answer| answer.unwrap_or(labels));
        let mut pairs: Vec<(usize, usize)> = truth.iter().copied().zip(answers).collect();
        pairs.sort_unstable();
        let (mut correct, mut support, mut answered) =
            (vec![0; labels + 1], vec![0; labels + 1], vec![0; labels + 1]);
        let cells: Vec<((usize, usize), u64)> = pairs
            .chunk_by(|a, b| a == b)
            .map(|same| (same[0], same.len() as u64))
            .collect();
        for &((truth, answer), rows) in &cells {
            support[truth] += rows;
            answered[answer] += rows;
            correct[truth] += if truth == answer { rows } else { 0 };
        }
        Self {
            cells,
            correct,
            support,
            answered,
            rows: truth.len() as f64,
        }
    }

    /// `sum(a b)` over the labels, as shares of all rows.
    fn product(&self, a: &[u64], b: &[u64]) -> f64 {
        let both = a.iter().zip(b);
        sorted_sum(both.map(|(&a, &b)| (a as f64 / self.rows) * (b as f64 / self.rows)))
    }

    fn agreement(&self) -> f64 {
        self.correct.iter().sum::<u64>() as f64 / self.rows
    }

    pub(super) fn matthews(&self) -> Option<f64> {
        let covariance = self.agreement() - self.product(&self.support, &self.answered);
        let spread = |margin: &[u64]| {
            let is_one_label = margin.iter().filter(|rows| **rows > 0).count() < 2;
            (!is_one_label).then(|| 1.0 - self.product(margin, margin))
        };
        let (truth, answers) = (spread(&self.support)?, spread(&self.answered)?);
        Some(covariance / (truth * answers).sqrt())
    }

    pub(super) fn kappa(&self, confidence: f64) -> Option<Kappa> {
        let (agreement, chance) = (self.agreement(), self.product(&self.support, &self.answered));
        // Both always say the one same label.
        if self.cells.len() == 1 && agreement == 1.0 {
            return None;
        }
        let value = (agreement - chance) / (1.0 - chance);
        let share = |rows: u64| rows as f64 / self.rows;
        let terms = self.cells.iter().map(|&((truth, answer), rows)| {
            // The margins cross over off the diagonal: the answers with the true label, the rows of the label answered.
            let margins = share(self.answered[truth]) + share(self.support[answer]);
            let agrees = f64::from(u8::from(truth == answer));
            share(rows) * (agrees - margins * (1.0 - value)).powi(2)
        });
        let mean = (value - chance * (1.0 - value)).powi(2);
        let variance = (sorted_sum(terms) - mean) / ((1.0 - chance).powi(2) * self.rows);
        // What rounding leaves of a variance of 0 is not a variance.
        let standard_error = if variance > 1e-15 / self.rows {
            variance.sqrt()
        } else {
            0.0
        };
        let half = two_sided_quantile(confidence) * standard_error;
        Some(Kappa {
            value,
            standard_error,
            interval: (standard_error > 0.0).then_some(Interval {
                low: value - half,
                high: value + half,
            }),
        })
    }
}
