//! What a curation at scale works on.

use distill_data::ReviewedRow;
use near_texts::GoldRows;
use task_spec::LabelSet;

use crate::Calls;

/// A table of calls, the labels of its task, and the gold set and what persons have said if there are any.
#[derive(Debug, Clone, Copy)]
pub struct ScaleInput<'a> {
    pub(crate) calls: &'a Calls,
    pub(crate) labels: &'a LabelSet,
    pub(crate) gold: Option<&'a GoldRows>,
    pub(crate) reviewed: &'a [ReviewedRow],
}

impl<'a> ScaleInput<'a> {
    /// Calls, and the labels that their answers may be.
    #[must_use]
    pub fn new(calls: &'a Calls, labels: &'a LabelSet) -> Self {
        Self {
            calls,
            labels,
            gold: None,
            reviewed: &[],
        }
    }

    /// The gold set that training rows must not touch. Without it there is no leakage certificate.
    ///
    /// Its texts are sent to every task as a part of the plan: it is to be small, some megabytes at most.
    #[must_use]
    pub fn with_gold(mut self, gold: &'a GoldRows) -> Self {
        self.gold = Some(gold);
        self
    }

    /// Rows that a person has reviewed: they override the teacher and calibrate its confidence.
    ///
    /// They are sent to every task as a part of the plan, and of the calls of their texts the confidence is held: they are to be
    /// few, some ten thousand at most.
    #[must_use]
    pub fn with_reviewed(mut self, reviewed: &'a [ReviewedRow]) -> Self {
        self.reviewed = reviewed;
        self
    }
}
