//! What it costs to serve, three ways, and when owning pays.

use serde::{Deserialize, Serialize};

mod break_even;
mod costs;
mod verdict;

pub use break_even::BreakEven;
pub use costs::{DailyCosts, OwnedCost};
pub use verdict::{Balance, Comparison, Sensitivity, Verdict, Way};

/// Days in a month: a twelfth of a Gregorian year.
const DAYS_PER_MONTH: f64 = 365.2425 / 12.0;

/// What is asked of the service.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// Calls per day.
    pub calls_per_day: f64,
    /// Tokens that a call reads, the instructions among them.
    pub input_tokens_per_call: f64,
    /// Tokens that a call writes.
    pub output_tokens_per_call: f64,
}

/// What the ways to serve charge, in one currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// The currency, for reports.
    pub currency: String,
    /// The frontier model, per million tokens read.
    pub frontier_input_per_million: f64,
    /// The frontier model, per million tokens written.
    pub frontier_output_per_million: f64,
    /// A hosted decision model, per million tokens read; it writes none.
    pub decision_per_million: f64,
    /// A machine that serves the owned model, per month.
    pub machine_per_month: f64,
    /// Calls that one such machine serves in a day. Measure it; leave room for peaks and for a spare.
    pub calls_per_machine_per_day: f64,
}

impl Prices {
    /// Example prices in US dollars as of November 2026, to see the tool work; yours are in your contracts.
    ///
    /// A frontier model at 3 per million tokens read and 15 written; a hosted decision model at 0.07 per
    /// million tokens, that is 63 per million decisions of 900 tokens, where 40 to 90 were asked; a small
    /// rented machine without GPU at 60 a month that serves 2 million calls a day.
    #[must_use]
    pub fn example_november_2026() -> Self {
        Self {
            currency: "USD".to_owned(),
            frontier_input_per_million: 3.0,
            frontier_output_per_million: 15.0,
            decision_per_million: 0.07,
            machine_per_month: 60.0,
            calls_per_machine_per_day: 2_000_000.0,
        }
    }
}

/// What the owned model needs besides a machine: the part that is easily forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Upkeep {
    /// Hours of people per month: watching, upgrades, being called. 8.
    pub maintenance_hours_per_month: f64,
    /// What an hour costs, all in. 100.
    pub cost_per_hour: f64,
    /// Retrainings per year. 6.
    pub retrains_per_year: f64,
    /// Machine time and handling of one retraining. 20.
    pub cost_per_retrain: f64,
    /// Calls that the teacher labels anew for one retraining, at the frontier price. 2,000.
    pub relabelled_calls_per_retrain: f64,
    /// Gold rows that people label for one retraining. 50.
    pub gold_rows_per_retrain: f64,
    /// What a person's label of one row costs. 0.5.
    pub cost_per_gold_row: f64,
    /// The share of calls that the owned model hands over to the frontier model, in 0..=1. 0.02.
    pub handed_over_share: f64,
    /// Hours of people to build it, once. 80.
    pub build_hours: f64,
    /// Everything else that is paid once: gold set, first training. 500.
    pub build_cost: f64,
}

impl Default for Upkeep {
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
        }
    }
}

/// The case for or against owning a model; [`check`](Self::check) makes it an [`OwnershipPlan`].
///
/// Money only: what a wrong answer costs, and which way is wrong how often, is for the gate to weigh first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnershipConfig {
    /// What is asked.
    pub workload: Workload,
    /// What the ways to serve charge.
    pub prices: Prices,
    /// What the owned model needs.
    pub upkeep: Upkeep,
    /// Within how many days building it must have paid for itself. 365 is usual.
    pub patience_days: f64,
}

/// Why a case cannot be weighed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OwnershipError {
    /// A number is negative, NaN or too large to be one.
    #[error("{field} is {found}, it must be a number from 0 to 1e15")]
    OutOfRange {
        /// The field.
        field: &'static str,
        /// What it holds.
        found: f64,
    },
    /// A machine that serves nothing.
    #[error("calls_per_machine_per_day is {found}, it must be at least 1")]
    Capacity {
        /// What it holds.
        found: f64,
    },
    /// A share above the whole.
    #[error("handed_over_share is {found}, it must be at most 1")]
    HandedOver {
        /// What it holds.
        found: f64,
    },
}

/// A case whose numbers are numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnershipPlan {
    case: OwnershipConfig,
}

impl OwnershipConfig {
    /// A case with the upkeep of [`Upkeep::default`] and a year's patience.
    #[must_use]
    pub fn new(workload: Workload, prices: Prices) -> Self {
        Self {
            workload,
            prices,
            upkeep: Upkeep::default(),
            patience_days: 365.0,
        }
    }

    /// Sets what the owned model needs.
    #[must_use]
    pub fn with_upkeep(mut self, upkeep: Upkeep) -> Self {
        self.upkeep = upkeep;
        self
    }

    /// Checks that every number is one.
    ///
    /// # Errors
    ///
    /// [`OwnershipError`] names the first that is not.
    pub fn check(self) -> Result<OwnershipPlan, OwnershipError> {
        let (workload, prices, upkeep) = (&self.workload, &self.prices, &self.upkeep);
        let fields = [
            ("calls_per_day", workload.calls_per_day),
            ("input_tokens_per_call", workload.input_tokens_per_call),
            ("output_tokens_per_call", workload.output_tokens_per_call),
            ("frontier_input_per_million", prices.frontier_input_per_million),
            ("frontier_output_per_million", prices.frontier_output_per_million),
            ("decision_per_million", prices.decision_per_million),
            ("machine_per_month", prices.machine_per_month),
            ("calls_per_machine_per_day", prices.calls_per_machine_per_day),
            ("maintenance_hours_per_month", upkeep.maintenance_hours_per_month),
            ("cost_per_hour", upkeep.cost_per_hour),
            ("retrains_per_year", upkeep.retrains_per_year),
            ("cost_per_retrain", upkeep.cost_per_retrain),
            (
                "relabelled_calls_per_retrain",
                upkeep.relabelled_calls_per_retrain,
            ),
            ("gold_rows_per_retrain", upkeep.gold_rows_per_retrain),
            ("cost_per_gold_row", upkeep.cost_per_gold_row),
            ("handed_over_share", upkeep.handed_over_share),
            ("build_hours", upkeep.build_hours),
            ("build_cost", upkeep.build_cost),
            ("patience_days", self.patience_days),
        ];
        if let Some((field, found)) = fields
            .into_iter()
            .find(|(_, value)| !(0.0..=1e15).contains(value))
        {
            return Err(OwnershipError::OutOfRange { field, found });
        }
        if prices.calls_per_machine_per_day < 1.0 {
            return Err(OwnershipError::Capacity {
                found: prices.calls_per_machine_per_day,
            });
        }
        if upkeep.handed_over_share > 1.0 {
            return Err(OwnershipError::HandedOver {
                found: upkeep.handed_over_share,
            });
        }
        Ok(OwnershipPlan { case: self })
    }
}

#[cfg(test)]
mod tests;
