//! Rows that were read well and cannot be trained on.

use serde::{Deserialize, Serialize};
use task_spec::Source;

use crate::quarantine::excerpt;

/// How much of what a log says goes into a reason, in characters.
const REASON_CHARS: usize = 400;

/// A line of `rejected.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RejectedRow {
    /// The call.
    pub source: Source,
    /// Why.
    pub reason: RejectReason,
    /// What was asked, if there was a question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
}

/// Why a call makes no row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RejectReason {
    /// The call failed: the log holds an error or no answer at all.
    FailedCall {
        /// What the log says of it.
        detail: String,
    },
    /// The call's body is not in the log: it was too large and lies where the log says.
    Elsewhere {
        /// The place.
        path: String,
    },
    /// The log tells of the call and not, or not readably, of what was said.
    NotRecorded {
        /// What is missing.
        detail: String,
    },
    /// The log says that the row is not to be trained on (`weight: 0`).
    NotForTraining,
    /// A person's score says that the answer is wrong.
    Disapproved,
    /// The question is blank.
    EmptyInput,
    /// The question has an image, a sound or a file in it.
    NotText {
        /// The type of that part, as the log calls it.
        part: String,
    },
    /// Turns follow the last question (a tool's result, a prefilled answer), so that the answer does not
    /// depend on the question alone.
    LaterTurns,
    /// The model refused.
    Refusal {
        /// Its words.
        text: String,
    },
    /// The answer was cut off by the length limit or the content filter.
    Truncated {
        /// `length` or `content_filter`.
        finish_reason: String,
    },
    /// The answer is blank.
    EmptyAnswer,
    /// The answer is not the JSON that the task's answers are, or has no label in it.
    UnreadableAnswer {
        /// The beginning of the answer.
        answer: String,
    },
    /// The answer is no label of the task.
    UnknownLabel {
        /// The answer.
        answer: String,
    },
    /// The question is in the gold set, or nearly.
    LeaksGold {
        /// The id of the nearest gold row.
        gold: String,
        /// Their similarity, in 0..1; 1 for the same text after the normaliser.
        jaccard: f64,
    },
}

impl RejectReason {
    /// The reason with texts of bounded length, whatever stands in the log.
    pub(crate) fn shortened(mut self) -> Self {
        match &mut self {
            Self::FailedCall { detail: text }
            | Self::Elsewhere { path: text }
            | Self::NotRecorded { detail: text }
            | Self::NotText { part: text }
            | Self::Refusal { text }
            | Self::Truncated { finish_reason: text }
            | Self::UnreadableAnswer { answer: text }
            | Self::UnknownLabel { answer: text } => *text = excerpt(text, REASON_CHARS),
            Self::NotForTraining
            | Self::Disapproved
            | Self::EmptyInput
            | Self::LaterTurns
            | Self::EmptyAnswer
            | Self::LeaksGold { .. } => {}
        }
        self
    }

    /// The kind as it is called in files and counted in the ledger.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::FailedCall { .. } => "failed_call",
            Self::Elsewhere { .. } => "elsewhere",
            Self::NotRecorded { .. } => "not_recorded",
            Self::NotForTraining => "not_for_training",
            Self::Disapproved => "disapproved",
            Self::EmptyInput => "empty_input",
            Self::NotText { .. } => "not_text",
            Self::LaterTurns => "later_turns",
            Self::Refusal { .. } => "refusal",
            Self::Truncated { .. } => "truncated",
            Self::EmptyAnswer => "empty_answer",
            Self::UnreadableAnswer { .. } => "unreadable_answer",
            Self::UnknownLabel { .. } => "unknown_label",
            Self::LeaksGold { .. } => "leaks_gold",
        }
    }
}
