//! What the shape of a workload is judged by: prices, upkeep and limits, all of which have defaults.

use serde::{Deserialize, Serialize};

/// What the ways to serve charge. The fields and defaults are those of `drift-stats`, which weighs the case again with live
/// numbers.
///
/// **The defaults are assumptions, in US dollars of November 2026, to see the tool work.** Yours are in your contracts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServingPrices {
    /// The currency, for reports. Default USD.
    pub currency: String,
    /// The frontier model, per million tokens read. Default 3.
    pub frontier_input_per_million: f64,
    /// The frontier model, per million tokens read out of its cache. Default 0.30.
    pub frontier_cached_per_million: f64,
    /// The frontier model, per million tokens written. Default 15.
    pub frontier_output_per_million: f64,
    /// A hosted decision model, per million tokens read; it writes none. Default 0.07.
    pub decision_per_million: f64,
    /// The least that one may cost. Default 0.04.
    pub decision_per_million_low: f64,
    /// The most that one may cost. Default 0.10.
    pub decision_per_million_high: f64,
    /// A machine that serves the owned model, per month. Default 60: a small rented one without GPU.
    pub machine_per_month: f64,
    /// Calls that one such machine serves in a day. Default 2,000,000; measure it.
    pub calls_per_machine_per_day: f64,
}

impl Default for ServingPrices {
    fn default() -> Self {
        Self {
            currency: "USD".to_owned(),
            frontier_input_per_million: 3.0,
            frontier_cached_per_million: 0.3,
            frontier_output_per_million: 15.0,
            decision_per_million: 0.07,
            decision_per_million_low: 0.04,
            decision_per_million_high: 0.10,
            machine_per_month: 60.0,
            calls_per_machine_per_day: 2_000_000.0,
        }
    }
}

/// What the other ways need besides what they charge: the part that is easily forgotten. The defaults are assumptions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServingUpkeep {
    /// Hours of people per month for an owned model: watching, upgrades, being called. Default 8.
    pub maintenance_hours_per_month: f64,
    /// What an hour costs, all in. Default 100.
    pub cost_per_hour: f64,
    /// Retrainings per year. Default 6.
    pub retrains_per_year: f64,
    /// Machine time and handling of one retraining. Default 20.
    pub cost_per_retrain: f64,
    /// Calls that the frontier model labels anew for one retraining. Default 2,000.
    pub relabelled_calls_per_retrain: f64,
    /// Gold rows that people label for one retraining. Default 50.
    pub gold_rows_per_retrain: f64,
    /// What a person's label of one row costs. Default 0.5.
    pub cost_per_gold_row: f64,
    /// The share of calls that the owned model hands over to the frontier model, in 0..=1. Default 0.02.
    pub handed_over_share: f64,
    /// Hours of people to build the owned model, once. Default 80.
    pub build_hours: f64,
    /// Everything else that is paid once: gold set, first training. Default 500.
    pub build_cost: f64,
    /// Hours of people per month for a hosted decision model. Default 1.
    pub hosted_hours_per_month: f64,
    /// Hours of people to move to a hosted decision model and prove that it does as well, once. Default 16.
    pub switch_hours: f64,
}

impl Default for ServingUpkeep {
    fn default() -> Self {
        Self {
            maintenance_hours_per_month: 8.0,
            cost_per_hour: 100.0,
            retrains_per_year: 6.0,
            cost_per_retrain: 20.0,
            relabelled_calls_per_retrain: 2_000.0,
            gold_rows_per_retrain: 50.0,
            cost_per_gold_row: 0.5,
            handed_over_share: 0.02,
            build_hours: 80.0,
            build_cost: 500.0,
            hosted_hours_per_month: 1.0,
            switch_hours: 16.0,
        }
    }
}

/// The limits of the rules by which a workload is judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShapeLimits {
    /// With fewer answered calls nothing is said. Default 1,000.
    pub least_calls: u64,
    /// With a shorter span, in days, nothing is said. Default 7: weekdays and weekends differ.
    pub least_days: u64,
    /// The most answers that a set to choose from has. Default 255, what one question of a hosted decision model takes.
    pub most_answers: u64,
    /// The largest share of future calls whose answer has never come before, by the upper end of its interval, in 0..=1.
    /// Default 0.02.
    pub most_unseen: f64,
    /// The share of the values of a field of a JSON answer that stand in the question word for word, from which the field
    /// counts as copied, in 0..=1. Default 0.8.
    pub least_copied: f64,
    /// The share of answers that must be JSON objects for their fields to be judged, in 0..=1. Default 0.9.
    pub least_json: f64,
    /// The largest share of repeated questions to which different answers came, in 0..=1. Default 0.2.
    pub most_contradicted: f64,
    /// Repeated questions that it takes to judge that. Default 30.
    pub least_repeated: u64,
    /// Fields of JSON answers that do not count. Default `confidence`: other ways give their own.
    pub ignored_fields: Vec<String>,
}

impl Default for ShapeLimits {
    fn default() -> Self {
        Self {
            least_calls: 1000,
            least_days: 7,
            most_answers: 255,
            most_unseen: 0.02,
            least_copied: 0.8,
            least_json: 0.9,
            most_contradicted: 0.2,
            least_repeated: 30,
            ignored_fields: vec!["confidence".to_owned()],
        }
    }
}

/// The settings of a shape. Every field has a default; [`check`](ShapeConfig::check) makes it a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShapeConfig {
    /// What the ways to serve charge.
    pub prices: ServingPrices,
    /// What they need besides.
    pub upkeep: ServingUpkeep,
    /// What is narrow, fixed and enough.
    pub limits: ShapeLimits,
    /// Within how many days a change must have paid for itself. Default 365.
    pub patience_days: f64,
    /// The share of the traffic that the logs hold, above 0 and at most 1; for logs that are a sample. Default 1.
    pub traffic_share: f64,
    /// Calls a day of all workloads together, which they share as they do the calls, where the log has no times. Default:
    /// none, so that the volume of such a log is unknown.
    pub calls_per_day: Option<f64>,
    /// Distinct values that are counted exactly, of each kind and workload, at least 256; more are estimated from a sample
    /// of about so many. Default 20,000, some 4 MB a workload.
    pub exact_values: usize,
    /// How many workloads are told apart, those with the most calls; 1 to 1,000. Default 40.
    pub most_workloads: usize,
}

impl Default for ShapeConfig {
    fn default() -> Self {
        Self {
            prices: ServingPrices::default(),
            upkeep: ServingUpkeep::default(),
            limits: ShapeLimits::default(),
            patience_days: 365.0,
            traffic_share: 1.0,
            calls_per_day: None,
            exact_values: 20_000,
            most_workloads: 40,
        }
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeConfigError {
    /// A number is NaN or out of range.
    #[error("{field} is {found}, it must lie in {range}")]
    Range {
        /// The field.
        field: &'static str,
        /// What it may be.
        range: &'static str,
        /// What it is.
        found: f64,
    },
}

/// Settings that were checked; what [`shape`](crate::shape()) runs by.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShapePlan {
    config: ShapeConfig,
}

impl ShapePlan {
    /// The settings.
    #[must_use]
    pub fn config(&self) -> &ShapeConfig {
        &self.config
    }
}

impl ShapeConfig {
    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// [`ShapeConfigError`] that names the first field that is out of range.
    pub fn check(self) -> Result<ShapePlan, ShapeConfigError> {
        for (field, found) in self.amounts() {
            within(field, "0..=1e15", found, (0.0..=1e15).contains(&found))?;
        }
        let limits = &self.limits;
        for (field, found) in [
            ("upkeep.handed_over_share", self.upkeep.handed_over_share),
            ("limits.most_unseen", limits.most_unseen),
            ("limits.least_copied", limits.least_copied),
            ("limits.least_json", limits.least_json),
            ("limits.most_contradicted", limits.most_contradicted),
        ] {
            within(field, "0..=1", found, (0.0..=1.0).contains(&found))?;
        }
        let share = self.traffic_share;
        within(
            "traffic_share",
            "0..=1 and above 0",
            share,
            share > 0.0 && share <= 1.0,
        )?;
        let capacity = self.prices.calls_per_machine_per_day;
        within(
            "prices.calls_per_machine_per_day",
            "1..=1e15",
            capacity,
            capacity >= 1.0,
        )?;
        let values = self.exact_values;
        within(
            "exact_values",
            "256..=10000000",
            values as f64,
            (256..=10_000_000).contains(&values),
        )?;
        let workloads = self.most_workloads;
        within(
            "most_workloads",
            "1..=1000",
            workloads as f64,
            (1..=1000).contains(&workloads),
        )?;
        Ok(ShapePlan { config: self })
    }

    /// All that are amounts, with their names.
    fn amounts(&self) -> Vec<(&'static str, f64)> {
        let (prices, upkeep) = (&self.prices, &self.upkeep);
        vec![
            (
                "prices.frontier_input_per_million",
                prices.frontier_input_per_million,
            ),
            (
                "prices.frontier_cached_per_million",
                prices.frontier_cached_per_million,
            ),
            (
                "prices.frontier_output_per_million",
                prices.frontier_output_per_million,
            ),
            ("prices.decision_per_million", prices.decision_per_million),
            ("prices.decision_per_million_low", prices.decision_per_million_low),
            (
                "prices.decision_per_million_high",
                prices.decision_per_million_high,
            ),
            ("prices.machine_per_month", prices.machine_per_month),
            (
                "prices.calls_per_machine_per_day",
                prices.calls_per_machine_per_day,
            ),
            (
                "upkeep.maintenance_hours_per_month",
                upkeep.maintenance_hours_per_month,
            ),
            ("upkeep.cost_per_hour", upkeep.cost_per_hour),
            ("upkeep.retrains_per_year", upkeep.retrains_per_year),
            ("upkeep.cost_per_retrain", upkeep.cost_per_retrain),
            (
                "upkeep.relabelled_calls_per_retrain",
                upkeep.relabelled_calls_per_retrain,
            ),
            ("upkeep.gold_rows_per_retrain", upkeep.gold_rows_per_retrain),
            ("upkeep.cost_per_gold_row", upkeep.cost_per_gold_row),
            ("upkeep.build_hours", upkeep.build_hours),
            ("upkeep.build_cost", upkeep.build_cost),
            ("upkeep.hosted_hours_per_month", upkeep.hosted_hours_per_month),
            ("upkeep.switch_hours", upkeep.switch_hours),
            ("patience_days", self.patience_days),
            ("calls_per_day", self.calls_per_day.unwrap_or(0.0)),
        ]
    }
}

fn within(field: &'static str, range: &'static str, found: f64, ok: bool) -> Result<(), ShapeConfigError> {
    match ok {
        true => Ok(()),
        false => Err(ShapeConfigError::Range { field, range, found }),
    }
}
