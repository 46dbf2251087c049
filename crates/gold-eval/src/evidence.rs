//! What each rule makes of the figures.

mod by_category;
mod overall;

use crate::{CategoryScore, Comparison, Finding, Rule, Share};

/// The figures that rules are judged by.
pub(crate) struct Evidence<'a> {
    /// The two-sided confidence of intervals.
    pub(crate) confidence: f64,
    /// The candidate's accuracy.
    pub(crate) accuracy: Share,
    /// The candidate against the baseline.
    pub(crate) comparison: &'a Comparison,
    /// The categories with gold rows, worst first.
    pub(crate) categories: &'a [CategoryScore],
    /// The labels of the task without gold rows.
    pub(crate) without_rows: &'a [String],
}

impl Evidence<'_> {
    pub(crate) fn judge(&self, rule: &Rule) -> Finding {
        match *rule {
            Rule::Superior {} => self.superior(rule),
            Rule::NotInferior { margin } => self.not_inferior(rule, margin),
            Rule::AccuracyFloor { accuracy } => self.accuracy_floor(rule, accuracy),
            Rule::CategoryFloor { recall, min_support } => self.category_floor(rule, recall, min_support),
            Rule::NoCategoryRegressed {
                alpha,
                max_unproven_drop,
            } => self.no_category_regressed(rule, alpha, max_unproven_drop),
            Rule::Guard {
                max_losses,
                max_support,
            } => self.guard(rule, max_losses, max_support.unwrap_or(u64::MAX)),
        }
    }
}

/// A count as it would be if `have` rows became `rows` at the same rate.
fn scaled(count: u64, have: u64, rows: u64) -> u64 {
    (count as f64 * rows as f64 / have as f64).round() as u64
}

#[cfg(test)]
mod tests;
