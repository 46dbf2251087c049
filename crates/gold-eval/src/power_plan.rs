//! How many more gold rows a gold set needs, and in which categories.

mod config;
mod reach;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Gate, GoldSet,
    figures::{counted, quoted},
    power::smallest_drop,
};
use config::LEAST_ALPHA;
pub use config::{PowerPlanConfig, PowerPlanError};
use reach::Reach;

/// What is asked of a gold set, checked: made by [`PowerPlanConfig::check`].
#[derive(Debug, Clone, PartialEq)]
pub struct PowerTarget {
    config: PowerPlanConfig,
}

/// The rows that each category needs to show a drop, cheapest first.
///
/// The test is the gate's on categories: one-sided mid-p McNemar at the hardest step of Holm. A category that is the
/// only one to drop has to pass just that step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PowerPlan {
    /// The net drop that is to be seen in every category, as a share of its rows.
    pub drop: f64,
    /// The level of the test, before Holm.
    pub alpha: f64,
    /// The level at the hardest step of Holm: `alpha` by the number of categories.
    pub step: f64,
    /// The chance with which the drop is to be seen, in 0.5..1.
    pub power: f64,
    /// The share of a category's rows that is assumed to be gained while it drops.
    pub gains: f64,
    /// All gold rows.
    pub rows: u64,
    /// The fewest rows that see the drop.
    pub fewest: u64,
    /// The rows from which on every number sees it. Between the two the answer is a saw: where one loss more is asked
    /// for, a row more can see less.
    pub steady: u64,
    /// Categories that see the drop with the rows they have.
    pub seen: u64,
    /// The rows to add in all categories together.
    pub add: u64,
    /// Every category: the fewest rows to add first, then by name.
    pub categories: Vec<CategoryRows>,
}

/// What one category has and needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CategoryRows {
    /// The label.
    pub label: String,
    /// Its gold rows.
    pub have: u64,
    /// The smallest net drop that these show; `None` where no drop is seen so surely.
    pub visible_drop: Option<f64>,
    /// The fewest rows, not below `have`, that show the drop that is asked for.
    pub need: u64,
    /// `need - have`.
    pub add: u64,
}

/// The drop that a report plans for.
const REPORTED_DROP: f64 = 0.10;

/// The plan of a report: for a drop of ten points in the categories with gold rows, which are those that the gate tests.
pub(crate) fn power_plan(gold: &GoldSet, gate: &Gate) -> PowerPlan {
    let config = PowerPlanConfig::new(REPORTED_DROP).with_alpha(gate.category_alpha().max(LEAST_ALPHA));
    let with_rows = gold.lock().parts.iter().filter(|(_, rows)| **rows > 0);
    // The drop is in range, and the gate's level was checked with the gate, but for how near to 0 it is.
    PowerTarget { config }.plan(with_rows.map(|(label, rows)| (label.clone(), *rows)).collect())
}

impl PowerTarget {
    /// The plan for categories with so many gold rows each. A label of 0 rows is a category that is to be filled, and
    /// counts as one of those that Holm corrects for.
    ///
    /// ```
    /// use gold_eval::PowerPlanConfig;
    ///
    /// let target = PowerPlanConfig::new(0.10).check()?;
    /// let plan = target.plan([("fees", 45), ("travel", 400)].map(|(label, rows)| (label.to_owned(), rows)).into());
    /// assert_eq!((plan.seen, plan.categories[0].label.as_str()), (1, "travel"));
    /// assert_eq!(plan.add, plan.categories[1].need - 45);
    /// # Ok::<(), gold_eval::PowerPlanError>(())
    /// ```
    #[must_use]
    pub fn plan(&self, rows_by_label: BTreeMap<String, u64>) -> PowerPlan {
        let PowerPlanConfig {
            drop,
            alpha,
            power,
            gains,
        } = self.config;
        let step = alpha / rows_by_label.len().max(1) as f64;
        let reach = Reach::of(drop, gains, step, power);
        // Many categories have the same number of rows.
        let mut known: BTreeMap<u64, (u64, Option<f64>)> = BTreeMap::new();
        let rows = rows_by_label.values().sum();
        let mut categories: Vec<CategoryRows> = rows_by_label
            .into_iter()
            .map(|(label, have)| {
                let (need, visible_drop) = *known
                    .entry(have)
                    .or_insert_with(|| (reach.fewest_from(have), smallest_drop(have, step, gains, power)));
                CategoryRows {
                    label,
                    have,
                    visible_drop,
                    need,
                    add: need - have,
                }
            })
            .collect();
        categories.sort_by(|a, b| a.add.cmp(&b.add).then_with(|| a.label.cmp(&b.label)));
        PowerPlan {
            drop,
            alpha,
            step,
            power,
            gains,
            rows,
            fewest: reach.fewest_from(0),
            steady: reach.steady(),
            seen: categories.iter().filter(|category| category.add == 0).count() as u64,
            add: categories.iter().map(|category| category.add).sum(),
            categories,
        }
    }
}

impl PowerPlan {
    /// The categories that see the drop once `budget` rows are added where they are fewest, and the rows that this
    /// takes: no other way of spending as much lets more categories see it.
    #[must_use]
    pub fn within(&self, budget: u64) -> (&[CategoryRows], u64) {
        let mut spent = 0;
        let paid = |category: &&CategoryRows| {
            let fits = category.add <= budget - spent;
            spent += if fits { category.add } else { 0 };
            fits
        };
        let categories = self.categories.iter().take_while(paid).count();
        (&self.categories[..categories], spent)
    }

    /// The plan in a sentence or two, with the `most` cheapest categories by name.
    #[must_use]
    pub fn in_words(&self, most: usize) -> String {
        let asked = format!(
            "A drop of {} points is seen with {:.0}% power in {} of {}",
            (1000.0 * self.drop).round() / 10.0,
            100.0 * self.power,
            self.seen,
            counted(self.categories.len() as u64, "category")
        );
        if self.add == 0 {
            return format!("{asked}.");
        }
        let open: Vec<&CategoryRows> = self
            .categories
            .iter()
            .filter(|category| category.add > 0)
            .collect();
        let fewest = open[0].add;
        if open.len() > 1 && open.iter().all(|category| category.add == fewest) {
            return format!(
                "{asked}. To see it in every one, add {} to each of {}: {} in all.",
                counted(fewest, "row"),
                counted(open.len() as u64, "category"),
                counted(self.add, "row")
            );
        }
        let mut listed: Vec<String> = open
            .iter()
            .take(most)
            .map(|category| format!("{} to {}", counted(category.add, "row"), quoted(&category.label)))
            .collect();
        if open.len() > most {
            listed.push(format!("and so on for {} more", open.len() - most));
        }
        format!(
            "{asked}. To see it in every one, add {}: {} in all.",
            listed.join(", "),
            counted(self.add, "row")
        )
    }
}

#[cfg(test)]
mod tests;
