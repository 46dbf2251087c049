//! Where every line of the logs went.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The balance of a curation: every line of the logs has exactly one end.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// Lines read, blank ones left out.
    pub lines: u64,
    /// Lines of `train.jsonl`.
    pub train: u64,
    /// Calls that stand behind another of the same text (in `merged.jsonl`).
    pub merged_exact: u64,
    /// Calls that stand behind another of nearly the same text (in `merged.jsonl`).
    pub merged_near: u64,
    /// Lines of `review.jsonl`, by reason.
    pub review: BTreeMap<String, u64>,
    /// Lines of `rejected.jsonl`, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Lines of `quarantine.jsonl`, by kind of damage.
    pub quarantined: BTreeMap<String, u64>,
    /// Calls behind the rows of `train.jsonl`, the rows themselves included.
    pub calls_in_train: u64,
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

    /// Whether every line has exactly one end, counted both by file and by the calls that rows stand for.
    #[must_use]
    pub fn balances(&self) -> bool {
        let review: u64 = self.review.values().sum();
        let rejected: u64 = self.rejected.values().sum();
        let gone = rejected + self.damaged();
        self.train + self.merged_exact + self.merged_near + review + gone == self.lines
            && self.calls_in_train + self.calls_in_review + gone == self.lines
    }
}
