//! Which given labels lose to another one by confident learning.

use serde::{Deserialize, Serialize};

/// Why a label is suspected.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Suspicion {
    /// The label index that is more likely.
    pub(crate) suggested: usize,
    /// Its out-of-fold probability.
    pub(crate) suggested_probability: f64,
    /// The out-of-fold probability of the given label.
    pub(crate) given_probability: f64,
}

impl Suspicion {
    /// The suspicion of a label that the most probable one leads by at least so much.
    pub(crate) fn by_lead(distribution: &[f32], given: usize, min_lead: f64) -> Option<Self> {
        let suggested = argmax(distribution).filter(|&class| class != given)?;
        let suspicion = Self::of(distribution, given, suggested);
        (suspicion.margin() >= min_lead).then_some(suspicion)
    }

    fn of(distribution: &[f32], given: usize, suggested: usize) -> Self {
        Self {
            suggested,
            suggested_probability: f64::from(distribution[suggested]),
            given_probability: f64::from(distribution[given]),
        }
    }

    /// By how much the suggestion leads.
    pub(crate) fn margin(&self) -> f64 {
        self.suggested_probability - self.given_probability
    }
}

/// The rows off the diagonal of the confident joint.
///
/// A class's threshold is the mean probability that rows given this class have of it. A row counts for the
/// most probable of the classes whose threshold it reaches; where that is not its given one, it is a suspect.
/// One deviation from the paper, which `cleanlab` makes too: a row whose given label is the most probable of
/// all stays, although it may miss a high threshold of its own.
pub(crate) fn off_diagonal(
    probabilities: &[Vec<f32>],
    given: &[usize],
    classes: usize,
) -> Vec<Option<Suspicion>> {
    let mut sums = vec![0.0_f64; classes];
    let mut counts = vec![0_usize; classes];
    for (distribution, &label) in probabilities.iter().zip(given) {
        sums[label] += f64::from(distribution[label]);
        counts[label] += 1;
    }
    // A class that nobody was given has no threshold and wins nothing.
    let thresholds: Vec<f64> = sums
        .iter()
        .zip(&counts)
        .map(|(&sum, &count)| {
            if count == 0 {
                f64::INFINITY
            } else {
                sum / count as f64
            }
        })
        .collect();
    probabilities
        .iter()
        .zip(given)
        .map(|(distribution, &label)| {
            let confident: Vec<f32> = distribution
                .iter()
                .zip(&thresholds)
                .map(|(&p, &threshold)| if f64::from(p) >= threshold { p } else { -1.0 })
                .collect();
            let suggested = argmax(&confident).filter(|&class| confident[class] >= 0.0)?;
            let is_contradicted = suggested != label && argmax(distribution) != Some(label);
            is_contradicted.then(|| Suspicion::of(distribution, label, suggested))
        })
        .collect()
}

/// The index of the largest number, the first of several; `None` of an empty slice.
pub(crate) fn argmax(numbers: &[f32]) -> Option<usize> {
    (0..numbers.len()).reduce(|best, i| if numbers[i] > numbers[best] { i } else { best })
}

#[cfg(test)]
mod tests;
