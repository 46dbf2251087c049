//! Every category at or above a recall.

use crate::{
    Finding, Outcome, RowsNeeded, Rule,
    evidence::{Evidence, also},
    figures::{count, counted, percent_range, quoted},
    finding::rows_until,
    interval::{two_sided_quantile, wilson_of_share},
    part::Part,
};

/// The floor with the quantiles at which a recall lies above or below it.
struct Floor {
    recall: f64,
    min_support: u64,
    /// That every category is above needs no correction, since each of them has to be shown.
    above: f64,
    /// That one of many is below does (Bonferroni).
    below: f64,
}

impl Floor {
    fn is_cleared(&self, recall: f64, rows: u64) -> bool {
        rows >= self.min_support && wilson_of_share(recall, rows as f64, self.above).low >= self.recall
    }

    fn is_missed(&self, recall: f64, rows: u64) -> bool {
        wilson_of_share(recall, rows as f64, self.below).high < self.recall
    }

    fn rows_needed(&self, label: &str, have: u64, recall: f64) -> Option<RowsNeeded> {
        let decides = |rows| self.is_cleared(recall, rows) || self.is_missed(recall, rows);
        Some(RowsNeeded {
            category: Some(label.to_owned()),
            have,
            need: rows_until(have, decides)?,
        })
    }
}

impl Evidence<'_> {
    pub(super) fn category_floor(&self, rule: &Rule, recall: f64, min_support: u64) -> Finding {
        let floor = Floor {
            recall,
            min_support,
            above: two_sided_quantile(self.confidence),
            below: two_sided_quantile(1.0 - (1.0 - self.confidence) / self.categories.len() as f64),
        };
        let missed: Vec<&Part> = self
            .categories
            .iter()
            .filter(|c| floor.is_missed(c.recall, c.support))
            .collect();
        let open: Vec<&Part> = self
            .categories
            .iter()
            .filter(|c| !floor.is_cleared(c.recall, c.support))
            .collect();
        let undecided = (open.len() - missed.len() + self.without_rows.len()) as u64;
        let worst = self.categories.first();
        let (outcome, turned_on) = match missed.first() {
            Some(first) => (Outcome::Fail, Some(*first)),
            None if undecided == 0 => (Outcome::Pass, worst),
            None => (Outcome::CannotTell, open.first().copied()),
        };
        let told = turned_on.map_or_else(String::new, |c| {
            format!(" {}: {}.", quoted(&c.label), recall_of(c))
        });
        let evidence = match outcome {
            Outcome::Fail => format!(
                "Shown to be below the floor:{told}{}",
                also("Below it too", &missed[1..])
            ),
            Outcome::Pass => format!(
                "Every {} is shown to be above the floor. The worst is{told}",
                self.kind.noun()
            ),
            Outcome::CannotTell => format!(
                "{} of {} cannot be shown to be on either side of the floor.{}{told}{}",
                count(undecided),
                counted(
                    (self.categories.len() + self.without_rows.len()) as u64,
                    self.kind.noun()
                ),
                if told.is_empty() {
                    ""
                } else {
                    " The worst of them is"
                },
                self.unseen()
            ),
        };
        let finding = Finding::new(rule, outcome, evidence)
            .about(turned_on.map(|c| c.label.as_str()))
            .broken_by(missed.iter().map(|c| c.label.as_str()))
            .with_numbers([
                ("worst_recall", worst.map_or(0.0, |c| c.recall)),
                ("below", missed.len() as f64),
                ("undecided", undecided as f64),
            ]);
        if outcome != Outcome::CannotTell {
            return finding;
        }
        let with_rows = open
            .iter()
            .filter_map(|c| floor.rows_needed(&c.label, c.support, c.recall));
        // Nothing is known of a category without rows; the fewest that could settle it are all right.
        let without = self
            .without_rows
            .iter()
            .filter_map(|label| floor.rows_needed(label, 0, 1.0));
        finding.settled_by(with_rows.chain(without))
    }
}

fn recall_of(c: &Part) -> String {
    format!(
        "{} of {} right ({})",
        count(c.correct),
        counted(c.support, "row"),
        percent_range(c.recall_interval)
    )
}
