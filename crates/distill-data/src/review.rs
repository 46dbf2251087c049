//! Rows that a person should look at before anybody learns from them.

mod config;
mod doubt;
mod label_studio;
mod queue;
mod spreadsheet;
mod worth;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use task_spec::Source;

use crate::confidence::Confidence;

pub(crate) use config::{ConfusionCosts, range_fault};
pub use config::{ReviewConfig, reading_words};
pub use doubt::LabelDoubt;
pub use label_studio::{label_studio_config, label_studio_task, label_studio_tasks};
pub use queue::{AuditBetween, QueuePoint, QueueRecord, QueuedQuestion, reading_order};
pub(crate) use queue::{order, reading_minutes};
pub(crate) use spreadsheet::{RIGHT_LABEL, as_written};
pub use spreadsheet::{SIMILAR_SHOWN, review_csv, review_csv_head, review_csv_row};
pub use worth::{AnswerWorth, DoubtfulLabel, SettledCalls, likely_label};

/// A line of `review.jsonl` or `audit.jsonl`: a question to a person.
///
/// `review.jsonl` is ordered by [`value_per_minute`](Self::value_per_minute), highest first. That is the greedy order of
/// the fractional knapsack (Dantzig 1957, *Discrete-variable extremum problems*, Operations Research 5(2)): whoever
/// reads from the top and stops after any question has put right the most that could be expected of those minutes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewRow {
    /// Derived from the text.
    pub id: String,
    /// The question.
    pub input: String,
    /// The label that the teacher's calls speak for most.
    pub label: String,
    /// The other label that is most likely to be the right one, where anything speaks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested: Option<String>,
    /// Why the row is here.
    pub reason: ReviewReason,
    /// How many calls of the log the row stands for; it is the one representative of its cluster.
    pub calls: usize,
    /// The estimated probability that the label is wrong, in 0..1, the mean of the calls: by the rule that has put the row
    /// here, and where enough questions of the same reason are answered, corrected by how those fared. Of a row of the
    /// audit: what its confidence leaves, 0 where that is unknown.
    pub chance_wrong: f64,
    /// What looking is worth: for each call the probability that it is wrong times the cost of that confusion, in sum. With
    /// costs of 1 the expected number of calls put right. 0 for a row of the audit, which is drawn by chance.
    pub value: f64,
    /// How long reading and deciding is expected to take, in minutes.
    pub minutes: f64,
    /// The nearly equal texts of the same label that the answer settles too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub similar: Vec<SimilarText>,
    /// The teacher's confidence, calibrated where that was possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// What the calls of this text say together for each label: votes weighted by confidence.
    pub support: BTreeMap<String, f64>,
    /// The call, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// A text that stands behind a question to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimilarText {
    /// Derived from the text.
    pub id: String,
    /// The text.
    pub input: String,
}

impl ReviewRow {
    /// What a minute of looking is worth: [`value`](Self::value) by [`minutes`](Self::minutes).
    #[must_use]
    pub fn value_per_minute(&self) -> f64 {
        self.queued().value_per_minute()
    }

    /// The same question, as its place in the queue depends on it.
    #[must_use]
    pub fn queued(&self) -> QueuedQuestion {
        QueuedQuestion {
            calls: self.calls,
            chance_wrong: self.chance_wrong,
            value: self.value,
            minutes: self.minutes,
        }
    }

    /// Why the row is here, for the person who reads it.
    #[must_use]
    pub fn reason_in_words(&self) -> String {
        match &self.reason {
            ReviewReason::ConflictingLabels => {
                let all: f64 = self.support.values().sum();
                let mut support: Vec<_> = self.support.iter().collect();
                support.sort_by(|a, b| b.1.total_cmp(a.1).then(a.0.cmp(b.0)));
                let shares = support
                    .iter()
                    .map(|(label, support)| format!("{label} {}", percent(*support / all)));
                format!(
                    "the same text was given different labels: {}",
                    shares.collect::<Vec<_>>().join(", ")
                )
            }
            ReviewReason::NearConflict {
                neighbour_input,
                neighbour_label,
                ..
            } => format!("nearly the same text is labelled {neighbour_label}: {neighbour_input}"),
            ReviewReason::LowConfidence => match self.confidence {
                Some(confidence) => format!("the teacher was only {} sure", percent(confidence.value)),
                None => "the teacher was not sure enough".to_owned(),
            },
            ReviewReason::UnknownConfidence => "the log does not say how sure the teacher was".to_owned(),
            ReviewReason::SuspectLabel {
                suggested,
                suggested_probability,
                given_probability,
            } => format!(
                "a model of the other rows finds {suggested} likelier ({} against {})",
                percent(*suggested_probability),
                percent(*given_probability)
            ),
            ReviewReason::Audit => {
                "drawn by chance from the rows that are kept: is the label right?".to_owned()
            }
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.0}%", 100.0 * share)
}

/// Why a person is asked about a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReviewReason {
    /// Calls of the same text gave different labels, and none has the majority.
    ConflictingLabels,
    /// Near-duplicates with other labels outweigh the row's own.
    NearConflict {
        /// The id of the most similar of them.
        neighbour: String,
        /// Its text.
        neighbour_input: String,
        /// Its label.
        neighbour_label: String,
        /// Its similarity, in 0..1.
        jaccard: f64,
    },
    /// The teacher was not sure enough.
    LowConfidence,
    /// The log does not say how sure the teacher was, and the plan wants to know.
    UnknownConfidence,
    /// A model of the other rows contradicts the label.
    SuspectLabel {
        /// The label that it finds more likely.
        suggested: String,
        /// The probability that it gives the suggestion, without having seen the row or its near-duplicates.
        suggested_probability: f64,
        /// The probability that it gives the row's label.
        given_probability: f64,
    },
    /// Nothing speaks against the row, which is in the training file meanwhile: it was drawn by chance, so that a
    /// person's answers tell how many wrong labels are left. Only in `audit.jsonl`.
    Audit,
}

impl ReviewReason {
    /// The kind as it is called in files and counted in the ledger.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ConflictingLabels => "conflicting_labels",
            Self::NearConflict { .. } => "near_conflict",
            Self::LowConfidence => "low_confidence",
            Self::UnknownConfidence => "unknown_confidence",
            Self::SuspectLabel { .. } => "suspect_label",
            Self::Audit => "audit",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
