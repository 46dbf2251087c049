//! What an answer to a question is worth.

use std::collections::BTreeMap;

use task_spec::LabelSet;

use super::{ConfusionCosts, ReviewConfig};
use crate::{AnsweredQuestions, CurateError};

/// What answers are worth, by what each confusion costs and by how earlier questions fared.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerWorth {
    costs: ConfusionCosts,
    fared: BTreeMap<String, AnsweredQuestions>,
}

/// A row in doubt, as far as the worth of an answer depends on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoubtfulLabel<'a> {
    /// The number of its label.
    pub label: usize,
    /// The number of the label that is most likely right if that one is wrong, as of [`likely_label`].
    pub likely: Option<usize>,
    /// The [kind](crate::ReviewReason::kind) of the reason why it is in doubt.
    pub reason: &'a str,
    /// The chance that the label is wrong, in 0..=1, as of [`LabelDoubt`](crate::LabelDoubt).
    pub chance_wrong: f64,
    /// The calls that it stands for.
    pub calls: usize,
}

/// What is known of the calls that an answer settles.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SettledCalls {
    /// How many.
    pub calls: usize,
    /// How many of them are expected to be wrong.
    pub wrong: f64,
    /// The same times what each confusion costs.
    pub value: f64,
}

impl AnswerWorth {
    /// By the costs of a plan, before anybody has answered.
    ///
    /// # Errors
    ///
    /// [`CurateError::CostLabel`] for a label that the task does not know.
    pub fn of(config: &ReviewConfig, labels: &LabelSet) -> Result<Self, CurateError> {
        Ok(Self {
            costs: ConfusionCosts::of(config, labels)?,
            fared: BTreeMap::new(),
        })
    }

    /// The same where it is known how questions fared, by their reason.
    #[must_use]
    pub fn with_fared(self, fared: BTreeMap<String, AnsweredQuestions>) -> Self {
        Self { fared, ..self }
    }

    /// What an answer does for the calls of one row.
    ///
    /// # Panics
    ///
    /// If a label's number is none of the task's.
    #[must_use]
    pub fn of_row(&self, row: &DoubtfulLabel<'_>) -> SettledCalls {
        let correction = self
            .fared
            .get(row.reason)
            .map_or(1.0, AnsweredQuestions::correction);
        let chance_wrong = (row.chance_wrong * correction).clamp(0.0, 1.0);
        let wrong = chance_wrong * row.calls as f64;
        SettledCalls {
            calls: row.calls,
            wrong,
            value: wrong * self.costs.of_confusion(row.label, row.likely),
        }
    }
}

impl SettledCalls {
    /// Adds the calls of another row that the answer settles too. Of a question it is the row itself, then the others by rising
    /// id: sums have the same bits in one order only.
    pub fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.wrong += other.wrong;
        self.value += other.value;
    }

    /// The mean chance of a call to be wrong, in 0..=1.
    #[must_use]
    pub fn chance_wrong(&self) -> f64 {
        (self.wrong / self.calls as f64).clamp(0.0, 1.0)
    }
}

/// The label that is most likely the right one where a row's own is wrong: the one that speaks against it, of a near-duplicate or a
/// model; or else the likeliest other one by the teacher's distribution, or by what the calls say.
#[must_use]
pub fn likely_label(
    label: usize,
    against: Option<usize>,
    distribution: &BTreeMap<usize, f64>,
    support: &BTreeMap<usize, f64>,
) -> Option<usize> {
    let second = |shares: &BTreeMap<usize, f64>| {
        let others = shares
            .iter()
            .filter(|&(&other, &share)| other != label && share > 0.0);
        let best = others.max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0)))?;
        Some(*best.0)
    };
    against
        .or_else(|| second(distribution))
        .or_else(|| second(support))
}
