//! How much confidence is enough.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    ConfidenceCut, UnknownConfidence,
    confidence::{Confidence, ConfidenceKind},
};

/// From which confidence on a row is trained on. It says nothing of rows that a person has labelled.
///
/// ```
/// use distill_data::{Confidence, ConfidenceDoubt, ConfidenceKind, ConfidenceRule};
///
/// let rule = ConfidenceRule { min_confidence: 0.6, ..ConfidenceRule::default() };
/// let said = |value| Some(Confidence { value, kind: ConfidenceKind::SelfReported });
/// // The teacher said 0.9, and is right in half of such cases.
/// assert_eq!(rule.doubt(said(0.5), said(0.9)), Some(ConfidenceDoubt::Low));
/// assert_eq!(rule.doubt(said(0.7), said(0.9)), None);
/// assert_eq!(rule.doubt(None, None), None);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfidenceRule {
    /// The least confidence, calibrated where that was possible, in 0..=1. Default 0.5.
    pub min_confidence: f64,
    /// What becomes of rows of unknown confidence. Default: they are kept.
    pub unknown: UnknownConfidence,
    /// In place of the least confidence, of what was reported, by kind: the [cut](crate::ReviewedRecord::cuts) for a target
    /// precision, or `None` where no confidence is enough. Default: empty.
    pub cuts: BTreeMap<ConfidenceKind, Option<ConfidenceCut>>,
}

/// Why a row's confidence is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfidenceDoubt {
    /// The teacher was not sure enough.
    Low,
    /// Nobody knows how sure it was.
    Unknown,
}

impl Default for ConfidenceRule {
    fn default() -> Self {
        Self {
            min_confidence: 0.5,
            unknown: UnknownConfidence::default(),
            cuts: BTreeMap::new(),
        }
    }
}

impl ConfidenceRule {
    /// Why a row of this confidence is not to be trained on, if it is not; `reported` is what it was before calibration.
    #[must_use]
    pub fn doubt(
        &self,
        confidence: Option<Confidence>,
        reported: Option<Confidence>,
    ) -> Option<ConfidenceDoubt> {
        let Some((confidence, reported)) = confidence.zip(reported) else {
            let is_doubtful = self.unknown == UnknownConfidence::Review;
            return is_doubtful.then_some(ConfidenceDoubt::Unknown);
        };
        let is_enough = match self.cuts.get(&reported.kind) {
            Some(Some(cut)) => reported.value >= cut.least,
            Some(None) => false,
            None => confidence.value >= self.min_confidence,
        };
        (!is_enough).then_some(ConfidenceDoubt::Low)
    }
}

#[cfg(test)]
mod tests;
