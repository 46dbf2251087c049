//! How often the served model agrees with the teacher, from the rows drawn by chance.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{RelabelRow, Share};

/// The least sampling probability that is believed: the squares of weights beyond it lose all precision.
const LEAST_PROBABILITY: f64 = 1e-9;

/// The estimated agreement of served answers with the teacher's.
///
/// Agreement, not accuracy: where the teacher is wrong, a model that agrees with it is wrong too. The
/// interval is about the service that gave the rows, not only about these rows; it is approximate, and means
/// what it says for one look, not for the best of many.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LiveAccuracy {
    /// The weighted share of answers that agree, with its interval.
    pub agreement: Share,
    /// The level of the interval, in 0..1.
    pub level: f64,
    /// How many drawn rows the teacher answered.
    pub rows: u64,
    /// How many rows drawn all alike would tell as much; more than `rows` where doubt led the draw well.
    pub effective_rows: f64,
    /// Drawn rows that the teacher did not answer. If it skips the hard ones, the estimate is too high.
    pub unanswered: u64,
}

/// Why there is no estimate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LiveAccuracyError {
    /// No row was both drawn by chance and answered.
    #[error("none of the {drawn} rows drawn by chance has an answer of the teacher: relabel them first")]
    NoAnswers {
        /// How many rows were drawn by chance.
        drawn: u64,
    },
    /// A row's sampling probability is none.
    #[error("row {id} has the sampling probability {found}, it must lie from {LEAST_PROBABILITY} to 1")]
    Probability {
        /// The row.
        id: String,
        /// What it says.
        found: f64,
    },
    /// The level of the interval is out of range.
    #[error("the level of the interval is {found}, it must lie between 0 and 1")]
    Level {
        /// What was asked for.
        found: f64,
    },
}

/// Estimates live agreement from the rows of `relabel.jsonl` and the teacher's answers by row id.
///
/// Rows that were picked count for nothing here: they were picked because they are odd. The rest are
/// weighted by one over their sampling probability and divided by the sum of the weights (Hájek 1971). The
/// interval is Wilson's at the effective size: the number of alike-drawn rows whose variance equals the
/// estimate's (Korn and Graubard 1998); where no answer or every answer disagrees there is no variance to go
/// by, and Kish's size (1965) stands in. It covered in 94 to 96 of 100 simulated windows at
/// 60, 120 and 300 draws and the default rates, whether or not the confidence says anything about being
/// right; at `confident_rate` 0.2 a confidence that says nothing brought it down to 91.
///
/// # Errors
///
/// [`LiveAccuracyError`] if there is nothing to estimate from.
pub fn estimate_live_accuracy(
    rows: &[RelabelRow],
    teacher: &BTreeMap<String, String>,
    level: f64,
) -> Result<LiveAccuracy, LiveAccuracyError> {
    if !(level > 0.0 && level < 1.0) {
        return Err(LiveAccuracyError::Level { found: level });
    }
    let (mut sample, mut drawn) = (Vec::new(), 0_u64);
    for row in rows {
        let Some(probability) = row.sampling_probability else {
            continue;
        };
        if !(LEAST_PROBABILITY..=1.0).contains(&probability) {
            return Err(LiveAccuracyError::Probability {
                id: row.id.clone(),
                found: probability,
            });
        }
        drawn += 1;
        if let Some(answer) = teacher.get(&row.id) {
            sample.push((1.0 / probability, f64::from(u8::from(*answer == row.predicted))));
        }
    }
    if sample.is_empty() {
        return Err(LiveAccuracyError::NoAnswers { drawn });
    }
    // Sorted, so that the sums do not depend on the order of the file.
    sample.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let count = sample.len() as f64;
    let weights: f64 = sample.iter().map(|(weight, _)| weight).sum();
    let agreement =
        (sample.iter().map(|(weight, agrees)| weight * agrees).sum::<f64>() / weights).clamp(0.0, 1.0);
    let spread: f64 = sample
        .iter()
        .map(|(weight, agrees)| (weight * (agrees - agreement)).powi(2))
        .sum();
    let variance = spread / (weights * weights) * count / (count - 1.0).max(1.0);
    let effective_rows = if variance > 0.0 {
        agreement * (1.0 - agreement) / variance
    } else {
        weights * weights / sample.iter().map(|(weight, _)| weight * weight).sum::<f64>()
    };
    Ok(LiveAccuracy {
        agreement: Share::wilson(agreement, effective_rows, level),
        level,
        rows: sample.len() as u64,
        effective_rows,
        unanswered: drawn - sample.len() as u64,
    })
}

#[cfg(test)]
mod tests;
