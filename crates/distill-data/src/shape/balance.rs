//! What each way to serve a workload costs a month, savings beside upkeep.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::config::ShapeConfig;

/// Days in a month: a twelfth of a Gregorian year.
pub(super) const DAYS_PER_MONTH: f64 = 365.2425 / 12.0;

/// A way to serve a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServingWay {
    /// Every call to the frontier model.
    Frontier,
    /// Every call to a hosted decision model.
    HostedDecision,
    /// A model of one's own.
    Owned,
}

impl fmt::Display for ServingWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Frontier => "the frontier model",
            Self::HostedDecision => "a hosted decision model",
            Self::Owned => "a model of your own",
        })
    }
}

/// What a call takes, in the mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CallTokens {
    /// Tokens read, those out of a cache among them.
    pub input: f64,
    /// Of those, out of a cache.
    pub cached: f64,
    /// Tokens written.
    pub output: f64,
    /// Whether they are estimated at four characters a token, for the log does not count them.
    pub estimated: bool,
}

/// The ways to serve a workload beside one another, in money per month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MonthlyBalance {
    /// The currency of all sums.
    pub currency: String,
    /// The volume, in calls per day.
    pub calls_per_day: f64,
    /// Every call to the frontier model, as now.
    pub frontier: f64,
    /// A hosted decision model at its price, instead.
    pub hosted_decision: WayBalance,
    /// What a hosted decision model charges at the least and at the most, without upkeep.
    pub hosted_decision_range: (f64, f64),
    /// An owned model, instead.
    pub owned: WayBalance,
}

/// Savings of one way against the frontier model beside what it takes to have them, in money per month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WayBalance {
    /// The way.
    pub way: ServingWay,
    /// What serving costs: what is charged, machines, calls handed over to the frontier model.
    pub serving: f64,
    /// Maintenance and retraining.
    pub upkeep: f64,
    /// What the frontier model costs less serving.
    pub saved: f64,
    /// Saved less upkeep; negative where the way is dearer.
    pub net: f64,
    /// What is paid once: building it, or moving to it.
    pub paid_once: f64,
    /// Days until that is paid for; `None` if never.
    pub payback_days: Option<f64>,
    /// Calls a day from which the way is never dearer than the frontier model; `None` if at no volume.
    pub break_even_calls_per_day: Option<f64>,
    /// The same if people take half and twice the hours that were planned.
    pub break_even_at_hours: [BreakEvenAtHours; 2],
}

/// A break-even with other hours of people.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BreakEvenAtHours {
    /// Times the planned hours.
    pub times: f64,
    /// Calls a day from which the way is never dearer than the frontier model; `None` if at no volume.
    pub calls_per_day: Option<f64>,
}

impl WayBalance {
    /// All that it costs a month.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.serving + self.upkeep
    }
}

/// What decides what a way costs at any volume.
struct Terms {
    way: ServingWay,
    /// What each call costs, handed-over ones in the mean.
    per_call: f64,
    machine_per_month: f64,
    /// Calls in the mean day that one machine serves, with room for the peak.
    calls_per_machine: f64,
    people: f64,
    retraining: f64,
    paid_once: f64,
}

/// Weighs the ways at so many calls in the mean day and in the peak day.
pub(super) fn weigh(
    config: &ShapeConfig,
    tokens: &CallTokens,
    calls_per_day: f64,
    peak_to_mean: f64,
) -> MonthlyBalance {
    let (prices, upkeep) = (&config.prices, &config.upkeep);
    let fresh = (tokens.input - tokens.cached).max(0.0);
    let frontier_call = (fresh * prices.frontier_input_per_million
        + tokens.cached * prices.frontier_cached_per_million
        + tokens.output * prices.frontier_output_per_million)
        / 1e6;
    let decision_call = |price: f64| tokens.input * price / 1e6;
    let per_month = |per_call: f64| per_call * calls_per_day * DAYS_PER_MONTH;
    let retrain = upkeep.cost_per_retrain
        + upkeep.relabelled_calls_per_retrain * frontier_call
        + upkeep.gold_rows_per_retrain * upkeep.cost_per_gold_row;
    let hosted = Terms {
        way: ServingWay::HostedDecision,
        per_call: decision_call(prices.decision_per_million),
        machine_per_month: 0.0,
        calls_per_machine: prices.calls_per_machine_per_day,
        people: upkeep.hosted_hours_per_month * upkeep.cost_per_hour,
        retraining: 0.0,
        paid_once: upkeep.switch_hours * upkeep.cost_per_hour,
    };
    let owned = Terms {
        way: ServingWay::Owned,
        per_call: upkeep.handed_over_share * frontier_call,
        machine_per_month: prices.machine_per_month,
        calls_per_machine: (prices.calls_per_machine_per_day / peak_to_mean.max(1.0)).max(1.0),
        people: upkeep.maintenance_hours_per_month * upkeep.cost_per_hour,
        retraining: retrain * upkeep.retrains_per_year / 12.0,
        paid_once: upkeep.build_hours * upkeep.cost_per_hour + upkeep.build_cost,
    };
    MonthlyBalance {
        currency: prices.currency.clone(),
        calls_per_day,
        frontier: per_month(frontier_call),
        hosted_decision: hosted.balance(frontier_call, calls_per_day),
        hosted_decision_range: (
            per_month(decision_call(prices.decision_per_million_low)),
            per_month(decision_call(prices.decision_per_million_high)),
        ),
        owned: owned.balance(frontier_call, calls_per_day),
    }
}

impl Terms {
    fn balance(&self, frontier_call: f64, calls_per_day: f64) -> WayBalance {
        let calls = calls_per_day * DAYS_PER_MONTH;
        let machines = (calls_per_day / self.calls_per_machine).ceil();
        let serving = calls * self.per_call + machines * self.machine_per_month;
        let upkeep = self.people + self.retraining;
        let saved = calls * frontier_call - serving;
        let net = saved - upkeep;
        let at_hours = |times: f64| BreakEvenAtHours {
            times,
            calls_per_day: self.break_even(frontier_call, times),
        };
        WayBalance {
            way: self.way,
            serving,
            upkeep,
            saved,
            net,
            paid_once: self.paid_once,
            payback_days: (net > 0.0).then(|| self.paid_once / net * DAYS_PER_MONTH),
            break_even_calls_per_day: self.break_even(frontier_call, 1.0),
            break_even_at_hours: [at_hours(0.5), at_hours(2.0)],
        }
    }

    /// The smallest number of calls a day from which on the way is never dearer, however many more come. Each further
    /// machine is a step up, so that there may be several crossings; this is the last.
    fn break_even(&self, frontier_call: f64, hours: f64) -> Option<f64> {
        let fixed = (hours * self.people + self.retraining) / DAYS_PER_MONTH;
        let machine = self.machine_per_month / DAYS_PER_MONTH;
        let saved = frontier_call - self.per_call;
        if fixed + machine <= 0.0 && saved >= 0.0 {
            return Some(0.0);
        }
        let gained_per_machine = saved * self.calls_per_machine - machine;
        if !(saved > 0.0 && gained_per_machine > 0.0) {
            return None;
        }
        // Just above so many full machines one more is paid and does nothing yet; from here on that is covered.
        let full = match machine > 0.0 {
            true => ((fixed + machine) / gained_per_machine).ceil(),
            false => 0.0,
        };
        let calls = (fixed + full * machine) / saved;
        calls.is_finite().then_some(calls)
    }
}

#[cfg(test)]
mod tests;
