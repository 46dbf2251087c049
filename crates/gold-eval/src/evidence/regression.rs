//! No category worse than the baseline.

use crate::{
    Finding, Outcome, RowsNeeded, Rule,
    evidence::{Evidence, also, loss_of, scaled},
    figures::{counted, names, quoted},
    finding::rows_until,
    mcnemar_mid_p_worse,
    part::Part,
};

impl Evidence<'_> {
    pub(super) fn no_category_regressed(
        &self,
        rule: &Rule,
        alpha: f64,
        max_suspect_drop: f64,
        max_unproven_drop: f64,
    ) -> Finding {
        let mut by_p: Vec<&Part> = self.categories.iter().collect();
        by_p.sort_by(|a, b| {
            (a.p_worse.total_cmp(&b.p_worse))
                .then(a.difference.total_cmp(&b.difference))
                .then_with(|| a.label.cmp(&b.label))
        });
        let those = |found: &dyn Fn(&Part) -> bool| -> Vec<&Part> {
            by_p.iter().copied().filter(|c| found(c)).collect()
        };
        let worse = those(&|c| c.p_worse_holm <= alpha);
        let suspect = those(&|c| {
            let most = if c.p_worse <= alpha {
                max_suspect_drop
            } else {
                max_unproven_drop
            };
            -c.difference > most
        });
        let blind = those(&|c| c.smallest_visible_drop.is_none());
        let (outcome, turned_on) = match (worse.first(), suspect.first()) {
            (Some(first), _) => (Outcome::Fail, Some(*first)),
            (None, Some(first)) => (Outcome::CannotTell, Some(*first)),
            (None, None) => (
                Outcome::Pass,
                by_p.first().copied().filter(|c| c.counts.net_losses() > 0),
            ),
        };
        let told = turned_on.map_or_else(String::new, |c| format!(" {}: {}.", quoted(&c.label), loss_of(c)));
        let evidence = match outcome {
            Outcome::Fail => format!("Shown to be worse:{told}{}", also("Worse too", &worse[1..])),
            Outcome::CannotTell => format!(
                "Looks worse, but its rows cannot settle it among {}:{told}{}",
                counted(by_p.len() as u64, self.kind.noun()),
                also("So do", &suspect[1..])
            ),
            Outcome::Pass => format!(
                "None is shown to be worse. {}{told}{}{}",
                if told.is_empty() {
                    "None lost more rows than it gained."
                } else {
                    "The nearest to it is"
                },
                self.too_small(&blind),
                self.unseen()
            ),
        };
        let finding = Finding::new(rule, outcome, evidence)
            .about(turned_on.map(|c| c.label.as_str()))
            .broken_by(worse.iter().map(|c| c.label.as_str()))
            .with_numbers([
                ("tested", by_p.len() as f64),
                ("worse", worse.len() as f64),
                ("suspect", suspect.len() as f64),
                ("blind", blind.len() as f64),
                ("smallest_p", by_p.first().map_or(1.0, |c| c.p_worse)),
                ("smallest_p_holm", by_p.first().map_or(1.0, |c| c.p_worse_holm)),
            ]);
        if outcome != Outcome::CannotTell {
            return finding;
        }
        let first_step = alpha / by_p.len() as f64;
        finding.settled_by(suspect.iter().filter_map(|c| rows_needed(c, first_step)))
    }

    fn too_small(&self, blind: &[&Part]) -> String {
        if blind.is_empty() {
            return String::new();
        }
        format!(
            " {} {} too few rows for this test to see any drop with 80% power ({}).",
            counted(blind.len() as u64, self.kind.noun()),
            if blind.len() == 1 { "has" } else { "have" },
            names(blind.iter().map(|c| c.label.as_str()), 5)
        )
    }
}

/// The rows at which the drop seen would be evidence at the hardest step of Holm.
fn rows_needed(c: &Part, alpha: f64) -> Option<RowsNeeded> {
    let have = c.support;
    let seen = |rows| {
        mcnemar_mid_p_worse(
            scaled(c.counts.gains, have, rows),
            scaled(c.counts.losses, have, rows),
        ) <= alpha
    };
    Some(RowsNeeded {
        category: Some(c.label.clone()),
        have,
        need: rows_until(have, seen)?,
    })
}
