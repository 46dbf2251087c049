//! The teachers of a log: one for each model, configuration and prompt that answered, and what changed between them.

mod answers;
mod label_shift;
mod list;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use answers::TeacherAnswers;
pub use label_shift::{LabelShift, ShiftVerdict};
pub use list::{TeacherCalls, TeacherKey, TeacherList};

use crate::CallTime;

/// The teachers of a log. A model, a fingerprint or a prompt that changed makes another one: their answers are not of one
/// kind, and what is learnt from both may be what neither does.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Teachers {
    /// The teachers with the most calls, at most [`Teachers::LISTED`], by their first call.
    pub listed: Vec<TeacherRecord>,
    /// How many more there were: many where every call has a prompt of its own.
    pub others: u64,
    /// Calls of those.
    pub calls_of_others: u64,
    /// From one listed teacher to the next, of those with enough calls to compare.
    pub changes: Vec<TeacherChange>,
}

impl Teachers {
    /// How many teachers are listed at most.
    pub const LISTED: usize = 20;
    /// How many texts a teacher must have labelled to be compared with the next.
    pub const LEAST_TEXTS: usize = 30;

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.listed.len() as u64 + self.others
    }
}

/// One teacher.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TeacherRecord {
    /// The model that answered, as the log names it.
    pub model: Option<String>,
    /// What the service says of its configuration, where it does.
    pub fingerprint: Option<String>,
    /// The hash of the instructions, 12 digits.
    pub prompt: Option<String>,
    /// Calls.
    pub calls: u64,
    /// Its earliest call: by time where all its calls have one, else the first in the logs.
    pub first: CallPlace,
    /// Its latest call.
    pub last: CallPlace,
    /// Calls with a legal label, by label.
    pub labels: BTreeMap<String, u64>,
    /// Calls with a legal label whose confidence is known.
    pub with_confidence: u64,
    /// The mean of those confidences, as the log has them, to some 16 digits; `None` where there is none.
    pub mean_confidence: Option<f64>,
    /// Texts that it labelled more than once.
    pub repeated_texts: u64,
    /// Of those, texts that it gave different labels: how often it contradicts itself.
    pub self_contradicted: u64,
}

/// Where and when a call was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallPlace {
    /// When, where the log says so.
    pub at: Option<CallTime>,
    /// The log.
    pub file: String,
    /// The line in it, from 1.
    pub line: u64,
}

/// What changed from one teacher to the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TeacherChange {
    /// The earlier one, as a place in the list.
    pub from: usize,
    /// The later one.
    pub to: usize,
    /// Whether the later one began before the earlier one ended.
    pub overlap: bool,
    /// Texts, equal after the normaliser, that both labelled.
    pub shared_texts: u64,
    /// Of those, texts to which they mostly gave different labels.
    pub disagreements: u64,
    /// Whether the labels came in other shares.
    pub labels: LabelShift,
}
