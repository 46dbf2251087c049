//! Which served rows go back to the teacher.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use task_spec::Served;

use crate::{
    Finding,
    discovery::usable,
    lottery::{ticket, unit},
    tally::in_fixed_order,
    text::normalised,
};

/// Settings of a [`RelabelPlan`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RelabelConfig {
    /// Rows that the teacher may be asked, in all. 300.
    pub budget: usize,
    /// The share of the budget that is drawn by chance, from all rows, to estimate live agreement, in 0..=1.
    /// 0.4.
    pub random_share: f64,
    /// The share of the budget that rows of findings may take, in 0..=1; with `random_share` at most 1. What
    /// neither takes goes to the rows of least confidence. 0.4.
    pub findings_share: f64,
    /// How often a fully confident row is drawn by chance for every time that the most doubtful one is, above
    /// 0 and at most 1: 1 draws all alike, less spends the draws where answers are likelier to be wrong. 0.4.
    pub confident_rate: f64,
    /// Seed of the draw. 0.
    pub seed: u64,
}

impl Default for RelabelConfig {
    fn default() -> Self {
        Self {
            budget: 300,
            random_share: 0.4,
            findings_share: 0.4,
            confident_rate: 0.4,
            seed: 0,
        }
    }
}

/// Why relabelling settings cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RelabelConfigError {
    /// Nothing may be asked.
    #[error("budget is 0 rows, it must be at least 1")]
    NoBudget,
    /// The shares are no shares, or more than the whole.
    #[error(
        "random_share {random_share} and findings_share {findings_share} must be shares that sum to at most 1"
    )]
    Shares {
        /// The setting.
        random_share: f64,
        /// The setting.
        findings_share: f64,
    },
    /// Confident rows would never, or more than doubtful ones, be drawn.
    #[error("confident_rate is {found}, it must be above 0 and at most 1")]
    ConfidentRate {
        /// The setting.
        found: f64,
    },
}

impl RelabelConfig {
    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// [`RelabelConfigError`] names what is out of range.
    pub fn check(self) -> Result<RelabelPlan, RelabelConfigError> {
        let Self {
            random_share,
            findings_share,
            confident_rate,
            ..
        } = self;
        if self.budget == 0 {
            return Err(RelabelConfigError::NoBudget);
        }
        if !(random_share >= 0.0 && findings_share >= 0.0 && random_share + findings_share <= 1.0 + 1e-9) {
            return Err(RelabelConfigError::Shares {
                random_share,
                findings_share,
            });
        }
        if !(confident_rate > 0.0 && confident_rate <= 1.0) {
            return Err(RelabelConfigError::ConfidentRate {
                found: confident_rate,
            });
        }
        Ok(RelabelPlan { config: self })
    }
}

/// Why a row was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelabelReason {
    /// It belongs to something that moved.
    Finding,
    /// The model was least sure of it.
    LeastConfident,
    /// It was drawn by chance, with a known probability.
    Random,
}

/// A row for the teacher: a line of `relabel.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RelabelRow {
    /// The id in `served.jsonl`.
    pub id: String,
    /// The input to ask again.
    pub input: String,
    /// The label that was served.
    pub predicted: String,
    /// Its confidence; `None` if it was no probability.
    pub confidence: Option<f64>,
    /// Why the row is here.
    pub reason: RelabelReason,
    /// The probability with which a row drawn by chance came to be drawn, above 0 and at most 1; `None` for
    /// rows that were picked, from which nothing can be concluded about the others.
    pub sampling_probability: Option<f64>,
}

/// Checked settings that choose rows.
#[derive(Debug, Clone, PartialEq)]
pub struct RelabelPlan {
    config: RelabelConfig,
}

impl RelabelPlan {
    /// Chooses rows of a window: first the random share, from all rows; then rows of the findings in turn,
    /// strongest finding first; then those of least confidence. Picked rows are of distinct normalised text;
    /// drawn ones are not sifted, for that would undo their probabilities. An id that occurs twice is one
    /// row. The order of the window does not matter; the result has at most `budget` rows, in the order named.
    #[must_use]
    pub fn choose(&self, window: &[Served], findings: &[Finding]) -> Vec<RelabelRow> {
        let mut rows = in_fixed_order(window);
        rows.dedup_by(|a, b| a.id == b.id);
        let budget = self.config.budget.min(rows.len());
        let mut chosen: Vec<RelabelRow> = self
            .draw(&rows, (budget as f64 * self.config.random_share).round() as usize)
            .into_iter()
            .map(|(served, probability)| relabel_row(served, RelabelReason::Random, Some(probability)))
            .collect();
        let mut picked = Picked::of(&chosen);

        let by_id: BTreeMap<&str, &Served> = rows.iter().map(|row| (row.id.as_str(), *row)).collect();
        let for_findings = (budget as f64 * self.config.findings_share).round() as usize;
        let most = budget.min(chosen.len() + for_findings);
        for id in in_turn(findings) {
            if chosen.len() == most {
                break;
            }
            if let Some(served) = by_id.get(id).filter(|served| picked.take(served)) {
                chosen.push(relabel_row(served, RelabelReason::Finding, None));
            }
        }

        let confidence = |row: &Served| usable(row.confidence).unwrap_or(0.0);
        rows.sort_by(|a, b| confidence(a).total_cmp(&confidence(b)));
        for served in rows {
            if chosen.len() == budget {
                break;
            }
            if picked.take(served) {
                chosen.push(relabel_row(served, RelabelReason::LeastConfident, None));
            }
        }
        chosen
    }

    /// Draws `draws` rows with probability in proportion to a size that grows with doubt: systematic sampling
    /// along a random order (Hartley and Rao 1962), which gives each row exactly its probability and draws
    /// exactly the number wanted.
    fn draw<'a>(&self, rows: &[&'a Served], draws: usize) -> Vec<(&'a Served, f64)> {
        let draws = draws.min(rows.len());
        if draws == 0 {
            return Vec::new();
        }
        let mut order: Vec<(u64, &Served)> = rows
            .iter()
            .map(|row| (ticket(self.config.seed, "draw", row), *row))
            .collect();
        order.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.id.cmp(&b.1.id)));
        let sizes: Vec<f64> = order.iter().map(|(_, row)| self.size(row.confidence)).collect();
        let probabilities = inclusion_probabilities(&sizes, draws);
        // The start is a draw of its own: the first row's ticket for another purpose.
        let start = unit(ticket(self.config.seed, "start", order[0].1));
        let mut reached = 0.0;
        let mut drawn = Vec::with_capacity(draws);
        for ((_, row), probability) in order.into_iter().zip(probabilities) {
            let before = reached;
            reached += probability;
            if (reached - start).ceil() > (before - start).ceil() {
                drawn.push((row, probability));
            }
        }
        drawn
    }

    /// The relative rate of a row: in proportion to the standard deviation of being right, as the best
    /// allocation is (Neyman 1934), from `confident_rate` up to 1.
    fn size(&self, confidence: f64) -> f64 {
        let doubt = usable(confidence).map_or(1.0, |p| 2.0 * (p * (1.0 - p)).sqrt());
        // Below one half the answer is likelier wrong than right: no less worth asking than at one half.
        let doubt = if confidence < 0.5 { 1.0 } else { doubt };
        self.config.confident_rate + (1.0 - self.config.confident_rate) * doubt
    }
}

/// Probabilities in proportion to the sizes that sum to `draws`, those that would pass 1 being 1.
fn inclusion_probabilities(sizes: &[f64], draws: usize) -> Vec<f64> {
    let mut certain = vec![false; sizes.len()];
    loop {
        let (mut left, mut total) = (draws as f64, 0.0);
        for (size, certain) in sizes.iter().zip(&certain) {
            if *certain {
                left -= 1.0;
            } else {
                total += size;
            }
        }
        let rate = if total > 0.0 { left / total } else { 0.0 };
        let mut more = false;
        for (size, certain) in sizes.iter().zip(&mut certain) {
            if !*certain && size * rate >= 1.0 {
                (*certain, more) = (true, true);
            }
        }
        if !more {
            return sizes
                .iter()
                .zip(&certain)
                .map(|(size, certain)| if *certain { 1.0 } else { size * rate })
                .collect();
        }
    }
}

/// What was chosen so far.
struct Picked {
    ids: BTreeSet<String>,
    texts: BTreeSet<String>,
}

impl Picked {
    fn of(chosen: &[RelabelRow]) -> Self {
        Self {
            ids: chosen.iter().map(|row| row.id.clone()).collect(),
            texts: chosen.iter().map(|row| normalised(&row.input)).collect(),
        }
    }

    /// True, once, for a row whose id and text were not chosen yet.
    fn take(&mut self, served: &Served) -> bool {
        !self.ids.contains(&served.id)
            && self.texts.insert(normalised(&served.input))
            && self.ids.insert(served.id.clone())
    }
}

/// The row ids of the findings: the first of each, then the second of each, and so on.
fn in_turn(findings: &[Finding]) -> impl Iterator<Item = &str> {
    let longest = findings
        .iter()
        .map(|finding| finding.row_ids.len())
        .max()
        .unwrap_or(0);
    (0..longest).flat_map(move |turn| {
        findings
            .iter()
            .filter_map(move |finding| finding.row_ids.get(turn))
            .map(String::as_str)
    })
}

fn relabel_row(served: &Served, reason: RelabelReason, sampling_probability: Option<f64>) -> RelabelRow {
    RelabelRow {
        id: served.id.clone(),
        input: served.input.clone(),
        predicted: served.label.clone(),
        confidence: usable(served.confidence),
        reason,
        sampling_probability,
    }
}

#[cfg(test)]
mod tests;
