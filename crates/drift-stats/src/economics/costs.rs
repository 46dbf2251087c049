//! Costs per day.

use serde::{Deserialize, Serialize};

use super::{DAYS_PER_MONTH, OwnershipPlan};

/// The three ways beside one another, in money per day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DailyCosts {
    /// Every call to the frontier model.
    pub frontier: f64,
    /// Every call to a hosted decision model.
    pub hosted_decision: f64,
    /// The owned model, upkeep included.
    pub owned: OwnedCost,
}

/// What the owned model costs, in money per day, by cause.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OwnedCost {
    /// Machines.
    pub machines: f64,
    /// How many machines that is.
    pub machine_count: u64,
    /// People who keep it running.
    pub maintenance: f64,
    /// Retraining: machine time, the teacher's labels, people's labels.
    pub retraining: f64,
    /// Calls handed over to the frontier model.
    pub handed_over: f64,
}

impl OwnedCost {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.machines + self.maintenance + self.retraining + self.handed_over
    }
}

impl OwnershipPlan {
    /// The cost per day at another volume than the workload's, in calls per day.
    #[must_use]
    pub fn costs_at(&self, calls_per_day: f64) -> DailyCosts {
        let machine_count = (calls_per_day / self.case.prices.calls_per_machine_per_day)
            .ceil()
            .max(0.0);
        DailyCosts {
            frontier: calls_per_day * self.frontier_call(),
            hosted_decision: calls_per_day * self.hosted_call(),
            owned: OwnedCost {
                machines: machine_count * self.machine_day(),
                machine_count: machine_count as u64,
                maintenance: self.maintenance_day(),
                retraining: self.retraining_day(),
                handed_over: calls_per_day * self.handed_over_call(),
            },
        }
    }

    /// One call of the frontier model.
    pub(super) fn frontier_call(&self) -> f64 {
        let (workload, prices) = (&self.case.workload, &self.case.prices);
        (workload.input_tokens_per_call * prices.frontier_input_per_million
            + workload.output_tokens_per_call * prices.frontier_output_per_million)
            / 1e6
    }

    /// One call of the hosted decision model.
    pub(super) fn hosted_call(&self) -> f64 {
        self.case.workload.input_tokens_per_call * self.case.prices.decision_per_million / 1e6
    }

    /// What each call of the owned model costs on average for those that it hands over.
    pub(super) fn handed_over_call(&self) -> f64 {
        self.case.upkeep.handed_over_share * self.frontier_call()
    }

    pub(super) fn machine_day(&self) -> f64 {
        self.case.prices.machine_per_month / DAYS_PER_MONTH
    }

    pub(super) fn maintenance_day(&self) -> f64 {
        self.case.upkeep.maintenance_hours_per_month * self.case.upkeep.cost_per_hour / DAYS_PER_MONTH
    }

    pub(super) fn retraining_day(&self) -> f64 {
        let upkeep = &self.case.upkeep;
        let once = upkeep.cost_per_retrain
            + upkeep.relabelled_calls_per_retrain * self.frontier_call()
            + upkeep.gold_rows_per_retrain * upkeep.cost_per_gold_row;
        once * upkeep.retrains_per_year / (12.0 * DAYS_PER_MONTH)
    }

    /// What is paid once, to build it.
    pub(super) fn build(&self) -> f64 {
        self.case.upkeep.build_hours * self.case.upkeep.cost_per_hour + self.case.upkeep.build_cost
    }
}
