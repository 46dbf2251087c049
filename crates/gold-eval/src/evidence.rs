//! What each rule makes of the figures.

mod category_floor;
mod guard;
mod looks;
mod overall;
mod regression;

use crate::{
    Comparison, Finding, Report, Rule, Share, Standing,
    figures::{count, counted, names, p_value, points},
    part::{Part, PartKind},
};

/// The figures that rules are judged by.
pub(crate) struct Evidence<'a> {
    /// What the parts are that are called categories here.
    pub(crate) kind: PartKind,
    /// The two-sided confidence of intervals.
    pub(crate) confidence: f64,
    /// The candidate's accuracy.
    pub(crate) accuracy: Share,
    /// The candidate against the baseline.
    pub(crate) comparison: &'a Comparison,
    /// The categories with gold rows, worst first.
    pub(crate) categories: Vec<Part>,
    /// The labels of the task without gold rows.
    pub(crate) without_rows: &'a [String],
    /// Where the candidate stands among earlier ones; `None` if no history was given.
    pub(crate) standing: Option<&'a Standing>,
}

impl<'a> Evidence<'a> {
    pub(crate) fn of(report: &'a Report) -> Self {
        Self {
            kind: PartKind::Category,
            confidence: report.confidence,
            accuracy: report.candidate.score.accuracy,
            comparison: &report.against_baseline,
            categories: report.categories.iter().map(Part::from).collect(),
            without_rows: &report.gold.without_rows,
            standing: report.standing.as_ref(),
        }
    }

    pub(crate) fn judge(&self, rule: &Rule) -> Finding {
        match *rule {
            Rule::Superior {} => self.superior(rule),
            Rule::NotInferior { margin } => self.not_inferior(rule, margin),
            Rule::AccuracyFloor { accuracy } => self.accuracy_floor(rule, accuracy),
            Rule::CategoryFloor { recall, min_support } => self.category_floor(rule, recall, min_support),
            Rule::NoCategoryRegressed {
                alpha,
                max_suspect_drop,
                max_unproven_drop,
            } => self.no_category_regressed(rule, alpha, max_suspect_drop, max_unproven_drop),
            Rule::Guard {
                max_losses,
                max_support,
            } => self.guard(rule, max_losses, max_support.unwrap_or(u64::MAX)),
            Rule::BetterThanBest {} => self.better_than_best(rule),
            Rule::MaxCandidates { max } => self.max_candidates(rule, max),
        }
    }

    /// What to say of the task's labels without gold rows.
    fn unseen(&self) -> String {
        if self.without_rows.is_empty() {
            return String::new();
        }
        let listed = names(self.without_rows.iter().map(String::as_str), 5);
        format!(
            " Nothing is known of {} without gold rows: {listed}.",
            self.kind.plural()
        )
    }
}

/// A count as it would be if `have` rows became `rows` at the same rate.
fn scaled(count: u64, have: u64, rows: u64) -> u64 {
    (count as f64 * rows as f64 / have as f64).round() as u64
}

/// Further categories of which the same is to be said.
fn also(what: &str, others: &[&Part]) -> String {
    if others.is_empty() {
        return String::new();
    }
    format!(" {what}: {}.", names(others.iter().map(|c| c.label.as_str()), 5))
}

fn loss_of(c: &Part) -> String {
    format!(
        "{} lost and {} gained of {} ({} points, p {}, after Holm {})",
        count(c.counts.losses),
        count(c.counts.gains),
        counted(c.support, "row"),
        points(c.difference),
        p_value(c.p_worse),
        p_value(c.p_worse_holm)
    )
}

#[cfg(test)]
mod tests;
