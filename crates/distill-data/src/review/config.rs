//! What a question to a person costs and what its answer is worth.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use task_spec::LabelSet;

use crate::{AuditConfig, CurateConfigError, CurateError};

/// After how many characters a piece of text between white space counts as another word.
const CHARS_PER_WORD: usize = 12;

/// How questions to a person are ordered, and how many rows are drawn for the audit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReviewConfig {
    /// How fast a person reads, in words a minute, above 0. Default 238: the mean of silent readers of English
    /// non-fiction (Brysbaert 2019, *How many words do we read per minute?*, Journal of Memory and Language 109).
    pub words_per_minute: f64,
    /// What a question takes beside its words: to decide and to write the answer down, in seconds. Default 5. An
    /// assumption: a task of hundreds of labels takes longer, and a team that has timed itself knows better.
    pub seconds_per_question: f64,
    /// What it costs to take one label for another, by the label that the teacher gave and then by the right one; 1
    /// where there is no entry. Default: empty, so that all mistakes count alike.
    pub costs: BTreeMap<String, BTreeMap<String, f64>>,
    /// The random share of kept rows that a person is asked about.
    pub audit: AuditConfig,
}

impl Default for ReviewConfig {
    fn default() -> Self {
        Self {
            words_per_minute: 238.0,
            seconds_per_question: 5.0,
            costs: BTreeMap::new(),
            audit: AuditConfig::default(),
        }
    }
}

/// The error of a number out of range, unless it is in it.
pub(crate) fn range_fault(
    field: &'static str,
    range: &'static str,
    found: f64,
    is_within: bool,
) -> Result<(), CurateConfigError> {
    match is_within {
        true => Ok(()),
        false => Err(CurateConfigError::Range { field, range, found }),
    }
}

impl ReviewConfig {
    /// Checks that all numbers are in their ranges.
    ///
    /// # Errors
    ///
    /// [`CurateConfigError::Range`] that names the first one that is not.
    pub fn check(&self) -> Result<(), CurateConfigError> {
        const FROM_ZERO: &str = "0.. and finite";
        let is_cost = |found: f64| found.is_finite() && found >= 0.0;
        let (speed, seconds) = (self.words_per_minute, self.seconds_per_question);
        range_fault(
            "review.words_per_minute",
            "0.. and finite, 0 excluded",
            speed,
            is_cost(speed) && speed > 0.0,
        )?;
        range_fault(
            "review.seconds_per_question",
            FROM_ZERO,
            seconds,
            is_cost(seconds),
        )?;
        for &cost in self.costs.values().flat_map(BTreeMap::values) {
            range_fault("review.costs", FROM_ZERO, cost, is_cost(cost))?;
        }
        self.audit.check()
    }

    /// How long a person is expected to take over so many [words](reading_words) and one decision, in minutes.
    #[must_use]
    pub fn minutes(&self, words: usize) -> f64 {
        words as f64 / self.words_per_minute + self.seconds_per_question / 60.0
    }
}

/// How many words a person reads of a text: of what stands between white space each twelve characters count as one, for links,
/// and languages that are written without spaces, take time too.
#[must_use]
pub fn reading_words(text: &str) -> usize {
    let pieces = text.split_whitespace();
    pieces
        .map(|piece| piece.chars().count().div_ceil(CHARS_PER_WORD))
        .sum()
}

/// The costs of a plan, by label index.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConfusionCosts {
    by_pair: BTreeMap<(usize, usize), f64>,
    /// For each label the mean cost of taking it for another one.
    means: Vec<f64>,
}

impl ConfusionCosts {
    /// Finds the labels that the plan names.
    pub(crate) fn of(config: &ReviewConfig, labels: &LabelSet) -> Result<Self, CurateError> {
        let index = |name: &String| {
            labels
                .resolve(name)
                .ok_or_else(|| CurateError::CostLabel { label: name.clone() })
        };
        let mut by_pair = BTreeMap::new();
        for (given, costs) in &config.costs {
            let given = index(given)?;
            for (right, &cost) in costs {
                by_pair.insert((given, index(right)?), cost);
            }
        }
        let others = (labels.len() - 1) as f64;
        let mut means = vec![1.0; labels.len()];
        for (&(given, right), cost) in &by_pair {
            if given != right {
                means[given] += (cost - 1.0) / others;
            }
        }
        Ok(Self { by_pair, means })
    }

    /// What it costs that a call has the given label where another one is right. Without an idea of which: the mean
    /// over all others.
    pub(crate) fn of_confusion(&self, given: usize, likely: Option<usize>) -> f64 {
        match likely {
            Some(right) => self.by_pair.get(&(given, right)).copied().unwrap_or(1.0),
            None => self.means[given],
        }
    }
}
