//! What each rule makes of the figures.

mod category_floor;
mod confidence;
mod cost;
mod given;
mod guard;
mod latency;
mod looks;
mod outside;
mod overall;
mod regression;
mod scope;

pub(crate) use given::Given;

use crate::{
    Against, Comparison, Finding, Report, Rule, Share, Standing,
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
    pub(crate) categories: &'a [Part],
    /// The labels of the task without gold rows.
    pub(crate) without_rows: &'a [String],
    /// Where the candidate stands among earlier ones; `None` if no history was given.
    pub(crate) standing: Option<&'a Standing>,
    /// What only some cases bring along.
    pub(crate) given: Given<'a>,
}

impl<'a> Evidence<'a> {
    /// The evidence of a report, whose categories are these parts.
    pub(crate) fn of(report: &'a Report, categories: &'a [Part]) -> Self {
        Self {
            kind: PartKind::Category,
            confidence: report.confidence,
            accuracy: report.candidate.score.accuracy,
            comparison: &report.against_baseline,
            categories,
            without_rows: &report.gold.without_rows,
            standing: report.standing.as_ref(),
            given: Given::default(),
        }
    }

    pub(crate) fn judge(&self, rule: &Rule) -> Finding {
        if rule.against() == Against::Baseline && rule.categories().is_empty() {
            self.judge_in_scope(rule)
        } else {
            self.scoped(rule)
        }
    }

    /// Judges a rule by the comparison and the categories at hand, whichever they are.
    fn judge_in_scope(&self, rule: &Rule) -> Finding {
        match *rule {
            Rule::Superior { .. } => self.superior(rule),
            Rule::NotInferior { margin, .. } => self.not_inferior(rule, margin),
            Rule::AccuracyFloor { accuracy } => self.accuracy_floor(rule, accuracy),
            Rule::CategoryFloor {
                recall, min_support, ..
            } => self.category_floor(rule, recall, min_support),
            Rule::NoCategoryRegressed {
                alpha,
                max_suspect_drop,
                max_unproven_drop,
                ..
            } => self.no_category_regressed(rule, alpha, max_suspect_drop, max_unproven_drop),
            Rule::Guard {
                max_losses,
                max_support,
                ..
            } => self.guard(rule, max_losses, max_support.unwrap_or(u64::MAX)),
            Rule::BetterThanBest {} => self.better_than_best(rule),
            Rule::MaxCandidates { max } => self.max_candidates(rule, max),
            Rule::Latency { percentile, max_ms } => self.latency(rule, percentile / 100.0, max_ms),
            Rule::Cost { max_usd, per_answers } => self.cost(rule, max_usd, per_answers),
            Rule::RelativeCost { max_share } => self.relative_cost(rule, max_share),
            Rule::Calibration { max_error } => self.calibration_limit(rule, max_error),
            Rule::Coverage { coverage, accuracy } => self.coverage(rule, coverage, accuracy),
            Rule::OutsideAnswers { max_share } => self.outside_answers(rule, max_share),
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
mod measured_tests;
#[cfg(test)]
mod tests;
