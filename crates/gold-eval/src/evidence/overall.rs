//! Rules on all rows.

use crate::{
    Finding, Outcome, RowsNeeded, Rule,
    evidence::{Evidence, scaled},
    figures::{count, counted, p_value, percent, percent_range, points, points_range},
    finding::rows_until,
    interval::{two_sided_quantile, wilson_of_share},
    mcnemar_mid_p_worse,
    paired_difference::tango,
};

impl Evidence<'_> {
    pub(super) fn superior(&self, rule: &Rule) -> Finding {
        let one_sided = (1.0 - self.confidence) / 2.0;
        let comparison = self.comparison;
        let outcome = if comparison.p_better <= one_sided {
            Outcome::Pass
        } else if comparison.p_worse <= one_sided {
            Outcome::Fail
        } else {
            Outcome::CannotTell
        };
        let verb = match outcome {
            Outcome::Pass => "The candidate is better",
            Outcome::Fail => "The candidate is worse",
            Outcome::CannotTell => "The candidate is shown to be neither better nor worse",
        };
        let (gains, losses) = (comparison.counts.gains, comparison.counts.losses);
        let settle = self.settling(outcome, |rows, have| {
            let (gains, losses) = (scaled(gains, have, rows), scaled(losses, have, rows));
            mcnemar_mid_p_worse(gains, losses).min(mcnemar_mid_p_worse(losses, gains)) <= one_sided
        });
        let evidence = format!(
            "{verb}: {}.{}",
            self.difference(),
            what_settles(outcome, settle.as_ref())
        );
        self.overall(Finding::new(rule, outcome, evidence))
            .settled_by(settle)
    }

    pub(super) fn not_inferior(&self, rule: &Rule, margin: f64) -> Finding {
        let interval = self.comparison.interval;
        let outcome = if interval.low >= -margin {
            Outcome::Pass
        } else if interval.high < -margin {
            Outcome::Fail
        } else {
            Outcome::CannotTell
        };
        let verb = match outcome {
            Outcome::Pass => "The whole interval lies within the margin",
            Outcome::Fail => "The whole interval lies below the margin",
            Outcome::CannotTell => "The interval reaches across the margin",
        };
        let (z, counts) = (two_sided_quantile(self.confidence), self.comparison.counts);
        let settle = self.settling(outcome, |rows, have| {
            let factor = rows as f64 / have as f64;
            let interval = tango(
                counts.gains as f64 * factor,
                counts.losses as f64 * factor,
                rows as f64,
                z,
            );
            interval.low >= -margin || interval.high < -margin
        });
        let evidence = format!(
            "{verb}: {}.{}",
            self.difference(),
            what_settles(outcome, settle.as_ref())
        );
        self.overall(Finding::new(rule, outcome, evidence))
            .settled_by(settle)
    }

    pub(super) fn accuracy_floor(&self, rule: &Rule, floor: f64) -> Finding {
        let accuracy = self.accuracy;
        let outcome = if accuracy.interval.low >= floor {
            Outcome::Pass
        } else if accuracy.interval.high < floor {
            Outcome::Fail
        } else {
            Outcome::CannotTell
        };
        let verb = match outcome {
            Outcome::Pass => "above the floor",
            Outcome::Fail => "below the floor",
            Outcome::CannotTell => "on both sides of the floor",
        };
        let z = two_sided_quantile(self.confidence);
        let settle = self.settling(outcome, |rows, _| {
            let interval = wilson_of_share(accuracy.value, rows as f64, z);
            interval.low >= floor || interval.high < floor
        });
        let evidence = format!(
            "Accuracy is {}, and its interval, {}, lies {verb}.{}",
            percent(accuracy.value),
            percent_range(accuracy.interval),
            what_settles(outcome, settle.as_ref())
        );
        Finding::new(rule, outcome, evidence)
            .with_numbers([
                ("accuracy", accuracy.value),
                ("low", accuracy.interval.low),
                ("high", accuracy.interval.high),
            ])
            .settled_by(settle)
    }

    /// The rows that would settle a rule on all rows, where it is not settled.
    pub(super) fn settling(
        &self,
        outcome: Outcome,
        decides: impl Fn(u64, u64) -> bool,
    ) -> Option<RowsNeeded> {
        let have = self.accuracy.of;
        let open = outcome == Outcome::CannotTell;
        let need = open
            .then(|| rows_until(have, |rows| decides(rows, have)))
            .flatten()?;
        Some(RowsNeeded {
            category: None,
            have,
            need,
        })
    }

    fn difference(&self) -> String {
        let comparison = self.comparison;
        format!(
            "{} points ({}), {} gained and {} lost, mid-p {}",
            points(comparison.difference),
            points_range(comparison.interval),
            counted(comparison.counts.gains, "row"),
            count(comparison.counts.losses),
            p_value(comparison.p_mid)
        )
    }

    fn overall(&self, finding: Finding) -> Finding {
        let comparison = self.comparison;
        finding.with_numbers([
            ("difference", comparison.difference),
            ("low", comparison.interval.low),
            ("high", comparison.interval.high),
            ("p_mid", comparison.p_mid),
            ("p_better", comparison.p_better),
            ("p_worse", comparison.p_worse),
            ("gains", comparison.counts.gains as f64),
            ("losses", comparison.counts.losses as f64),
        ])
    }
}

pub(super) fn what_settles(outcome: Outcome, settle: Option<&RowsNeeded>) -> String {
    match (outcome, settle) {
        (Outcome::CannotTell, Some(rows)) => format!(
            " If it goes on like this, at least {} in all would settle it.",
            counted(rows.need, "row")
        ),
        (Outcome::CannotTell, None) => " At these rates no number of rows would settle it.".to_owned(),
        _ => String::new(),
    }
}
