//! Rules on every category.

use statrs::distribution::DiscreteCDF;

use crate::{
    CategoryScore, Finding, Outcome, RowsNeeded, Rule,
    evidence::{Evidence, scaled},
    figures::{count, counted, names, p_value, percent, percent_range, points, quoted},
    finding::rows_until,
    interval::{two_sided_quantile, wilson_of_share},
    mcnemar::fair_coin,
    mcnemar_mid_p_worse,
};

impl Evidence<'_> {
    pub(super) fn category_floor(&self, rule: &Rule, floor: f64, min_support: u64) -> Finding {
        let z = two_sided_quantile(self.confidence);
        let tested = self.categories.len() as f64;
        // That one of many is below the floor needs more evidence than of one alone; that all are above it
        // does not, since each has to be shown.
        let strict_z = two_sided_quantile(1.0 - (1.0 - self.confidence) / tested);
        let below = |c: &&CategoryScore| wilson_of_share(c.recall, c.support as f64, strict_z).high < floor;
        let shown = |c: &CategoryScore| c.support >= min_support && c.recall_interval.low >= floor;
        let failed: Vec<&CategoryScore> = self.categories.iter().filter(below).collect();
        let open: Vec<&CategoryScore> = self.categories.iter().filter(|c| !shown(c)).collect();
        let rows_needed = |label: &str, have: u64, recall: f64| {
            let decides = |rows: u64| {
                let interval = wilson_of_share(recall, rows as f64, z);
                rows >= min_support && (interval.low >= floor || interval.high < floor)
            };
            Some(RowsNeeded {
                category: Some(label.to_owned()),
                have,
                need: rows_until(have, decides)?,
            })
        };
        let worst = self.categories.first();
        let numbers = [
            ("worst_recall", worst.map_or(0.0, |c| c.recall)),
            ("below", failed.len() as f64),
            ("undecided", (open.len() + self.without_rows.len()) as f64),
        ];
        let (outcome, evidence, turned_on) = if let Some(first) = failed.first() {
            let more = names(failed.iter().skip(1).map(|c| c.label.as_str()), 5);
            let also = if more.is_empty() {
                String::new()
            } else {
                format!(" Below it too: {more}.")
            };
            (
                Outcome::Fail,
                format!(
                    "{} is below the floor: {}.{also}",
                    quoted(&first.label),
                    recall_of(first)
                ),
                Some(*first),
            )
        } else if open.is_empty() && self.without_rows.is_empty() {
            let evidence = worst.map_or_else(String::new, |c| {
                format!(
                    "Every category is shown to be above the floor; the worst is {}: {}.",
                    quoted(&c.label),
                    recall_of(c)
                )
            });
            (Outcome::Pass, evidence, worst)
        } else {
            let undecided = (open.len() + self.without_rows.len()) as u64;
            let first = open.first().map_or_else(String::new, |c| {
                format!(" The worst of them is {}: {}.", quoted(&c.label), recall_of(c))
            });
            let evidence = format!(
                "{} of {} cannot be shown to be on either side of the floor.{first}{}",
                count(undecided),
                counted(
                    (self.categories.len() + self.without_rows.len()) as u64,
                    "category"
                ),
                self.unseen()
            );
            (Outcome::CannotTell, evidence, open.first().copied())
        };
        let finding = Finding::new(rule, outcome, evidence)
            .about(turned_on.map(|c| c.label.as_str()))
            .with_numbers(numbers);
        if outcome != Outcome::CannotTell {
            return finding;
        }
        let with_rows = open
            .iter()
            .filter_map(|c| rows_needed(&c.label, c.support, c.recall));
        // Nothing is known of a category without rows; the fewest that could settle it are all right.
        let without = self
            .without_rows
            .iter()
            .filter_map(|label| rows_needed(label, 0, 1.0));
        finding.settled_by(with_rows.chain(without))
    }

    pub(super) fn no_category_regressed(&self, rule: &Rule, alpha: f64, max_unproven_drop: f64) -> Finding {
        let tested = self.categories.len();
        let mut by_p: Vec<&CategoryScore> = self.categories.iter().collect();
        by_p.sort_by(|a, b| {
            (a.p_worse.total_cmp(&b.p_worse))
                .then(a.difference.total_cmp(&b.difference))
                .then_with(|| a.label.cmp(&b.label))
        });
        let worse: Vec<&&CategoryScore> = by_p.iter().filter(|c| c.p_worse_holm <= alpha).collect();
        let suspect: Vec<&&CategoryScore> = by_p
            .iter()
            .filter(|c| c.p_worse <= alpha || -c.difference > max_unproven_drop)
            .collect();
        let blind: Vec<&&CategoryScore> = by_p
            .iter()
            .filter(|c| c.smallest_visible_drop.is_none())
            .collect();
        let numbers = [
            ("tested", tested as f64),
            ("worse", worse.len() as f64),
            ("suspect", suspect.len() as f64),
            ("too_small_to_show_any_drop", blind.len() as f64),
            ("smallest_p", by_p.first().map_or(1.0, |c| c.p_worse)),
            ("smallest_p_holm", by_p.first().map_or(1.0, |c| c.p_worse_holm)),
        ];
        let (outcome, evidence, turned_on) = if let Some(first) = worse.first() {
            let more = names(
                worse
                    .iter()
                    .skip(1)
                    .map(|c| c.label.as_str())
                    .collect::<Vec<_>>()
                    .into_iter(),
                5,
            );
            let also = if more.is_empty() {
                String::new()
            } else {
                format!(" Worse too: {more}.")
            };
            (
                Outcome::Fail,
                format!("{} is worse: {}.{also}", quoted(&first.label), loss_of(first)),
                Some(**first),
            )
        } else if let Some(first) = suspect.first() {
            let more = names(
                suspect
                    .iter()
                    .skip(1)
                    .map(|c| c.label.as_str())
                    .collect::<Vec<_>>()
                    .into_iter(),
                5,
            );
            let also = if more.is_empty() {
                String::new()
            } else {
                format!(" So do {more}.")
            };
            let evidence = format!(
                "{} looks worse, but its rows cannot settle it among {}: {}.{also}",
                quoted(&first.label),
                counted(tested as u64, "category"),
                loss_of(first)
            );
            (Outcome::CannotTell, evidence, Some(**first))
        } else {
            let nearest = by_p.first().filter(|c| c.counts.losses > 0).map_or_else(
                || " None lost a row.".to_owned(),
                |c| format!(" The nearest to it is {}: {}.", quoted(&c.label), loss_of(c)),
            );
            let evidence = format!(
                "No category is shown to be worse.{nearest}{}{}",
                too_small(&blind),
                self.unseen()
            );
            (Outcome::Pass, evidence, by_p.first().copied())
        };
        let finding = Finding::new(rule, outcome, evidence)
            .about(turned_on.map(|c| c.label.as_str()))
            .with_numbers(numbers);
        if outcome != Outcome::CannotTell {
            return finding;
        }
        finding.settled_by(suspect.iter().filter_map(|c| {
            let (gains, losses, have) = (c.counts.gains, c.counts.losses, c.support);
            let decides = |rows| {
                let p = mcnemar_mid_p_worse(scaled(gains, have, rows), scaled(losses, have, rows));
                p <= alpha / tested as f64
            };
            Some(RowsNeeded {
                category: Some(c.label.clone()),
                have,
                need: rows_until(have, decides)?,
            })
        }))
    }

    pub(super) fn guard(&self, rule: &Rule, max_losses: u64, max_support: u64) -> Finding {
        let watched = || self.categories.iter().filter(|c| c.support <= max_support);
        let most = watched().max_by(|a, b| {
            (a.counts.net_losses().cmp(&b.counts.net_losses()))
                .then(b.support.cmp(&a.support))
                .then_with(|| b.label.cmp(&a.label))
        });
        let lost = most.map_or(0, |c| c.counts.net_losses());
        let outcome = if lost >= 0 && lost.unsigned_abs() >= max_losses {
            Outcome::Fail
        } else {
            Outcome::Pass
        };
        let no_alarm: f64 = watched()
            .map(|c| 1.0 - chance_of_net_losses(c, max_losses))
            .product();
        let what = match most {
            Some(c) if lost > 0 => format!("{} lost most: {}.", quoted(&c.label), loss_of(c)),
            Some(_) => "None lost more rows than it gained.".to_owned(),
            None => "No category is so small.".to_owned(),
        };
        let evidence = format!(
            "{} watched. {what} Two equal models that disagree as often would trip this in {} of cases.",
            counted(watched().count() as u64, "category"),
            percent(1.0 - no_alarm)
        );
        Finding::new(rule, outcome, evidence)
            .about(most.map(|c| c.label.as_str()))
            .with_numbers([
                ("watched", watched().count() as f64),
                ("net_losses", lost as f64),
                ("false_alarm", 1.0 - no_alarm),
            ])
    }

    /// What to say of the task's labels without gold rows.
    fn unseen(&self) -> String {
        if self.without_rows.is_empty() {
            return String::new();
        }
        let listed = names(self.without_rows.iter().map(String::as_str), 5);
        format!(" Nothing is known of categories without gold rows: {listed}.")
    }
}

/// The probability that a category whose disagreements are even loses so many more than it gains.
fn chance_of_net_losses(category: &CategoryScore, net: u64) -> f64 {
    let disagreements = category.counts.gains + category.counts.losses;
    let Some(losses) = fair_coin(disagreements).filter(|_| net <= disagreements) else {
        return 0.0;
    };
    losses.sf((disagreements + net).div_ceil(2) - 1)
}

fn recall_of(c: &CategoryScore) -> String {
    format!(
        "{} of {} right ({})",
        count(c.correct),
        counted(c.support, "row"),
        percent_range(c.recall_interval)
    )
}

fn loss_of(c: &CategoryScore) -> String {
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

fn too_small(blind: &[&&CategoryScore]) -> String {
    if blind.is_empty() {
        return String::new();
    }
    let labels: Vec<&str> = blind.iter().map(|c| c.label.as_str()).collect();
    let verb = if blind.len() == 1 { "has" } else { "have" };
    format!(
        " {} {verb} too few rows to show any drop by this test ({}).",
        counted(blind.len() as u64, "category"),
        names(labels.into_iter(), 5)
    )
}
