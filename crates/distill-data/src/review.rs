//! Rows that a person should look at before anybody learns from them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use task_spec::Source;

use crate::confidence::Confidence;

/// A line of `review.jsonl`. The file is ordered by [`value`](Self::value), highest first: whoever reads from
/// the top corrects the most calls an hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewRow {
    /// Derived from the text.
    pub id: String,
    /// The question.
    pub input: String,
    /// The label that the teacher's calls speak for most.
    pub label: String,
    /// Why the row is here.
    pub reason: ReviewReason,
    /// How many calls of the log the row stands for; it is the one representative of its cluster.
    pub calls: usize,
    /// The estimated probability that the label is wrong, in 0..1.
    pub chance_wrong: f64,
    /// What looking is worth: `chance_wrong` times `calls`, the expected number of calls put right.
    pub value: f64,
    /// The teacher's confidence, calibrated where that was possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// What the calls of this text say together for each label: votes weighted by confidence.
    pub support: BTreeMap<String, f64>,
    /// The call.
    pub source: Source,
}

/// Why a row is not trained on before a person has seen it.
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
        }
    }
}

/// The most valuable first; ties by id.
pub(crate) fn order(rows: &mut [ReviewRow]) {
    rows.sort_by(|a, b| b.value.total_cmp(&a.value).then_with(|| a.id.cmp(&b.id)));
}

/// A row that a person has reviewed: what the label should be.
///
/// Given to a curation, it overrides the teacher on that text and calibrates its confidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewedRow {
    /// The question, spelt as in the log up to the normaliser.
    pub input: String,
    /// The right label.
    pub label: String,
}
