//! Where every line of the logs went.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The balance of a curation: every line of the logs is damaged, holds calls or is something else, and every call has
/// exactly one end.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// Lines read, blank ones left out.
    pub lines: u64,
    /// Of those, lines that hold calls of a model.
    pub lines_with_calls: u64,
    /// Of the lines read, those that are something else than a call of a model, by what they are.
    #[serde(default)]
    pub lines_without_call: BTreeMap<String, u64>,
    /// Calls on lines that hold some, one for each question that was answered.
    pub calls: u64,
    /// Lines of `train.jsonl`.
    pub train: u64,
    /// Lines of the files that hold rows which could be trained on and are kept from it, by the file's name without
    /// `.jsonl`: the parts of a split, and what is over the cap of a class.
    #[serde(default)]
    pub set_apart: BTreeMap<String, u64>,
    /// Calls that stand behind another of the same text (in `merged.jsonl`).
    pub merged_exact: u64,
    /// Calls that stand behind another of nearly the same text (in `merged.jsonl`).
    pub merged_near: u64,
    /// Lines of `review.jsonl`, by reason.
    pub review: BTreeMap<String, u64>,
    /// Lines of `rejected.jsonl`, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Calls that ask something else than the task does, by the question's name.
    #[serde(default)]
    pub other_questions: BTreeMap<String, u64>,
    /// Lines of `quarantine.jsonl`, by kind of damage.
    pub quarantined: BTreeMap<String, u64>,
    /// Calls behind the rows of `train.jsonl`, the rows themselves included.
    pub calls_in_train: u64,
    /// Calls behind the rows that are set apart, the rows themselves included.
    #[serde(default)]
    pub calls_set_apart: u64,
    /// Calls behind the rows of `review.jsonl`, the rows themselves included.
    pub calls_in_review: u64,
}

impl Ledger {
    /// Lines that could not be read.
    #[must_use]
    pub fn damaged(&self) -> u64 {
        self.quarantined.values().sum()
    }

    /// The share of the lines that could not be read, in 0..1; 0 of an empty log.
    #[must_use]
    pub fn damaged_share(&self) -> f64 {
        if self.lines == 0 {
            0.0
        } else {
            self.damaged() as f64 / self.lines as f64
        }
    }

    /// Calls, and the lines that hold none.
    #[must_use]
    pub fn calls_and_other_lines(&self) -> u64 {
        self.calls + self.lines_without_call.values().sum::<u64>() + self.damaged()
    }

    /// Whether every line and every call has exactly one end, calls counted both by file and by the rows that stand for
    /// them.
    #[must_use]
    pub fn balances(&self) -> bool {
        let sum = |counts: &BTreeMap<String, u64>| counts.values().sum::<u64>();
        let gone = sum(&self.rejected) + sum(&self.other_questions);
        self.lines_with_calls + sum(&self.lines_without_call) + self.damaged() == self.lines
            && self.train
                + sum(&self.set_apart)
                + self.merged_exact
                + self.merged_near
                + sum(&self.review)
                + gone
                == self.calls
            && self.calls_in_train + self.calls_set_apart + self.calls_in_review + gone == self.calls
    }
}
