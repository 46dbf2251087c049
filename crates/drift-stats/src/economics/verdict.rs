//! Savings beside upkeep, and what follows.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{BreakEven, DailyCosts, OwnershipPlan};

/// A way to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Every call to the frontier model.
    Frontier,
    /// Every call to a hosted decision model.
    HostedDecision,
    /// A model of one's own.
    Owned,
}

/// Savings beside what it takes to have them, against one other way, in money per day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The other way.
    pub against: Way,
    /// What the other way costs, less the machines and the calls handed over of the owned one.
    pub saved_per_day: f64,
    /// Maintenance and retraining.
    pub upkeep_per_day: f64,
    /// Saved less upkeep; negative where owning is dearer.
    pub net_per_day: f64,
    /// Days until building it is paid for; `None` if never.
    pub payback_days: Option<f64>,
    /// Calls a day from which owning is never dearer; `None` if at no volume.
    pub break_even_calls_per_day: Option<f64>,
    /// The same if maintenance takes half, as much and twice the hours that were planned.
    pub sensitivity: Vec<Sensitivity>,
}

/// The break-even with other hours of maintenance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    /// Times the planned hours.
    pub maintenance_times: f64,
    /// Calls a day from which owning is never dearer; `None` if at no volume.
    pub break_even_calls_per_day: Option<f64>,
}

/// What to do, as far as money says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The owned model is cheapest, and pays for itself in time.
    Own,
    /// The owned model is cheapest to run, but does not pay for its building in time.
    DoNotBuildYet,
    /// Another way is cheapest.
    DoNotOwn,
}

/// The whole case, weighed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    /// What to do.
    pub verdict: Verdict,
    /// The cheapest way at this volume, building left out.
    pub cheapest: Way,
    /// The volume, in calls per day.
    pub calls_per_day: f64,
    /// The currency of all sums.
    pub currency: String,
    /// What each way costs per day.
    pub costs: DailyCosts,
    /// What is paid once, to build the owned model.
    pub build_cost: f64,
    /// Within how many days that must come back.
    pub patience_days: f64,
    /// Against the frontier model.
    pub frontier: Comparison,
    /// Against the hosted decision model.
    pub hosted_decision: Comparison,
}

impl OwnershipPlan {
    /// Weighs the case at its own volume.
    #[must_use]
    pub fn weigh(&self) -> Balance {
        let calls = self.case.workload.calls_per_day;
        let costs = self.costs_at(calls);
        let frontier = self.compare(Way::Frontier, &costs);
        let hosted_decision = self.compare(Way::HostedDecision, &costs);
        let owned = costs.owned.total();
        // At equal cost the way with the least to look after.
        let cheapest = if costs.frontier <= costs.hosted_decision.min(owned) {
            Way::Frontier
        } else if costs.hosted_decision <= owned {
            Way::HostedDecision
        } else {
            Way::Owned
        };
        // Against the better of the two others: to beat only the dearer one is no reason to build.
        let rival = if costs.frontier <= costs.hosted_decision {
            &frontier
        } else {
            &hosted_decision
        };
        let in_time = rival
            .payback_days
            .is_some_and(|days| days <= self.case.patience_days);
        let verdict = match (cheapest, in_time) {
            (Way::Owned, true) => Verdict::Own,
            (Way::Owned, false) => Verdict::DoNotBuildYet,
            _ => Verdict::DoNotOwn,
        };
        Balance {
            verdict,
            cheapest,
            calls_per_day: calls,
            currency: self.case.prices.currency.clone(),
            costs,
            build_cost: self.build(),
            patience_days: self.case.patience_days,
            frontier,
            hosted_decision,
        }
    }

    fn compare(&self, against: Way, costs: &DailyCosts) -> Comparison {
        let (cost, call) = match against {
            Way::Frontier => (costs.frontier, self.frontier_call()),
            _ => (costs.hosted_decision, self.hosted_call()),
        };
        let saved_per_day = cost - costs.owned.machines - costs.owned.handed_over;
        let upkeep_per_day = costs.owned.maintenance + costs.owned.retraining;
        let net_per_day = saved_per_day - upkeep_per_day;
        let break_even = |maintenance_times: f64| {
            BreakEven {
                fixed_per_day: maintenance_times * costs.owned.maintenance + costs.owned.retraining,
                machine_per_day: self.machine_day(),
                calls_per_machine: self.case.prices.calls_per_machine_per_day,
                saved_per_call: call - self.handed_over_call(),
            }
            .calls_per_day()
        };
        let sensitivity = [0.5, 1.0, 2.0].map(|maintenance_times| Sensitivity {
            maintenance_times,
            break_even_calls_per_day: break_even(maintenance_times),
        });
        Comparison {
            against,
            saved_per_day,
            upkeep_per_day,
            net_per_day,
            payback_days: (net_per_day > 0.0).then(|| self.build() / net_per_day),
            break_even_calls_per_day: break_even(1.0),
            sensitivity: sensitivity.to_vec(),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Frontier => "the frontier model",
            Self::HostedDecision => "a hosted decision model",
            Self::Owned => "a model of your own",
        })
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "against {}: saves {:.2} a day, upkeep takes {:.2}, net {:.2}; ",
            self.against, self.saved_per_day, self.upkeep_per_day, self.net_per_day
        )?;
        match self.payback_days {
            Some(days) => write!(f, "pays for its building in {days:.0} days; ")?,
            None => f.write_str("never pays for its building; ")?,
        }
        f.write_str("no dearer from ")?;
        for (place, sensitivity) in self.sensitivity.iter().enumerate() {
            f.write_str(if place > 0 { ", " } else { "" })?;
            match sensitivity.break_even_calls_per_day {
                Some(calls) => write!(f, "{calls:.0}")?,
                None => f.write_str("no number of")?,
            }
            write!(
                f,
                " calls a day at {} times the maintenance",
                sensitivity.maintenance_times
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owned = &self.costs.owned;
        writeln!(
            f,
            "{:.0} calls a day, in {} per day:",
            self.calls_per_day, self.currency
        )?;
        writeln!(
            f,
            "  {:<26}{:>12.2}",
            Way::Frontier.to_string(),
            self.costs.frontier
        )?;
        writeln!(
            f,
            "  {:<26}{:>12.2}",
            Way::HostedDecision.to_string(),
            self.costs.hosted_decision
        )?;
        writeln!(
            f,
            "  {:<26}{:>12.2}  (machines {:.2}, maintenance {:.2}, retraining {:.2}, handed over {:.2})",
            Way::Owned.to_string(),
            owned.total(),
            owned.machines,
            owned.maintenance,
            owned.retraining,
            owned.handed_over
        )?;
        writeln!(f, "{}", self.frontier)?;
        writeln!(f, "{}", self.hosted_decision)?;
        match self.verdict {
            Verdict::Own => write!(f, "verdict: own it"),
            Verdict::DoNotBuildYet => write!(
                f,
                "verdict: do not build it yet; it is cheapest to run, but {:.0} to build do not come back within {:.0} days",
                self.build_cost, self.patience_days
            ),
            Verdict::DoNotOwn => write!(
                f,
                "verdict: do not own it; {} is cheapest at this volume",
                self.cheapest
            ),
        }
    }
}
