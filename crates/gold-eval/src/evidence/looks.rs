//! Rules on the looks at the gold set.

use crate::{
    Comparison, Finding, Outcome, PairedCounts, Place, RowsNeeded, Rule, Standing,
    evidence::{Evidence, scaled},
    figures::counted,
    finding::rows_until,
};

const NO_HISTORY: &str = "No history was given, so it is not known what this gold set has judged before.";

impl Evidence<'_> {
    pub(super) fn better_than_best(&self, rule: &Rule) -> Finding {
        let Some(standing) = self.standing else {
            return Finding::new(rule, Outcome::CannotTell, NO_HISTORY.to_owned());
        };
        let against_best = standing.best.as_ref().and_then(|best| best.comparison.as_ref());
        let one_sided = (1.0 - self.confidence) / 2.0;
        let outcome = match standing.place {
            Place::First | Place::Better | Place::StillBest => Outcome::Pass,
            Place::NoBetter if against_best.is_some_and(|c| c.p_worse <= one_sided) => Outcome::Fail,
            Place::NoBetter => Outcome::CannotTell,
        };
        let settle = against_best
            .filter(|_| outcome == Outcome::CannotTell)
            .and_then(|comparison| rows_needed(standing, comparison));
        let mut numbers = vec![
            ("released", standing.released),
            ("candidates", standing.candidates as f64),
        ];
        numbers.extend(standing.step.map(|step| ("step", step)));
        if let Some(comparison) = against_best {
            numbers.extend([
                ("difference", comparison.difference),
                ("gains", comparison.counts.gains as f64),
                ("losses", comparison.counts.losses as f64),
            ]);
        }
        let mut finding = Finding::new(rule, outcome, standing.in_words()).settled_by(settle);
        finding.numbers = (numbers.into_iter())
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        finding
    }

    pub(super) fn max_candidates(&self, rule: &Rule, max: u64) -> Finding {
        let Some(standing) = self.standing else {
            return Finding::new(rule, Outcome::CannotTell, NO_HISTORY.to_owned());
        };
        let worn = standing.candidates > max;
        let evidence = format!(
            "This version of the gold set has judged {}, this one among them.{}",
            counted(standing.candidates, "candidate"),
            if worn {
                " What it says of one more is too much luck: freeze a version with fresh rows."
            } else {
                ""
            }
        );
        let outcome = if worn { Outcome::CannotTell } else { Outcome::Pass };
        Finding::new(rule, outcome, evidence).with_numbers([("candidates", standing.candidates as f64)])
    }
}

/// The rows at which the gain seen would be a step.
fn rows_needed(standing: &Standing, against_best: &Comparison) -> Option<RowsNeeded> {
    let counts = &against_best.counts;
    let have = counts.rows();
    let need = rows_until(have, |rows| {
        let (gains, losses) = (
            scaled(counts.gains, have, rows),
            scaled(counts.losses, have, rows),
        );
        let grown = PairedCounts {
            both_right: 0,
            gains,
            losses,
            both_wrong: rows.saturating_sub(gains + losses),
        };
        standing.ladder.is_reached(&grown, standing.comparison())
    })?;
    Some(RowsNeeded {
        category: None,
        have,
        need,
    })
}
