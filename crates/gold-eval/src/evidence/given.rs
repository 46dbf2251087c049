//! What only some cases bring along for their rules.

use crate::{Calibration, Comparison, Usage, part::Part};

/// What a rule may ask for beyond the scores of candidate and baseline; a rule whose part is missing cannot tell.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Given<'a> {
    /// The candidate against the model that was shipped last, on all rows and by category.
    pub(crate) shipped: Option<(&'a Comparison, &'a [Part])>,
    /// What the candidate's answers took.
    pub(crate) usage: Option<&'a Usage>,
    /// What the baseline's answers took.
    pub(crate) baseline_usage: Option<&'a Usage>,
    /// The calibration of the answers that have a confidence.
    pub(crate) calibration: Option<&'a Calibration>,
    /// (confidence, right) of the rows that have a confidence.
    pub(crate) confident: &'a [(f64, bool)],
    /// The candidate's answers that mean no label; `None` where there are no labels.
    pub(crate) outside: Option<u64>,
}
