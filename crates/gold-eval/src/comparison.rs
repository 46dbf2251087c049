//! Two models on the same rows: what their differences are evidence of.

use serde::{Deserialize, Serialize};

use crate::{
    Interval, PairedCounts, mcnemar_exact, mcnemar_mid_p, mcnemar_mid_p_worse, paired_difference_interval,
};

/// The candidate against another model, paired by row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The other model's name.
    pub against: String,
    /// Rows by who has them right.
    pub counts: PairedCounts,
    /// The candidate's accuracy less the other's, in -1..1.
    pub difference: f64,
    /// The interval of the difference (Tango 1998).
    pub interval: Interval,
    /// Two-sided exact McNemar.
    pub p_exact: f64,
    /// Two-sided mid-p McNemar.
    pub p_mid: f64,
    /// One-sided mid-p of "the candidate is better".
    pub p_better: f64,
    /// One-sided mid-p of "the candidate is worse".
    pub p_worse: f64,
}

impl Comparison {
    /// What these counts are evidence of, with a two-sided confidence such as 0.95 for the interval.
    pub fn new(against: impl Into<String>, counts: PairedCounts, confidence: f64) -> Self {
        let PairedCounts { gains, losses, .. } = counts;
        Self {
            against: against.into(),
            counts,
            difference: counts.difference(),
            interval: paired_difference_interval(&counts, confidence),
            p_exact: mcnemar_exact(gains, losses),
            p_mid: mcnemar_mid_p(gains, losses),
            p_better: mcnemar_mid_p_worse(losses, gains),
            p_worse: mcnemar_mid_p_worse(gains, losses),
        }
    }
}
