//! Asks whether a model of your own would pay, against the frontier call and against a hosted decision model.
//!
//! ```text
//! cargo run -p drift-stats --example break_even -- --calls-per-day 50000 --maintenance-hours 12
//! ```
//!
//! Every price has a flag; the defaults are examples of November 2026 and not a quotation.

#![expect(clippy::print_stdout, reason = "printing is what this example is for")]

use std::error::Error;

use clap::Parser;
use drift_stats::{OwnershipConfig, Prices, Upkeep, Workload};

/// Weighs three ways to serve.
#[derive(Debug, Parser)]
struct Arguments {
    /// Calls per day.
    #[arg(long)]
    calls_per_day: f64,
    /// Tokens that a call reads.
    #[arg(long, default_value_t = 900.0)]
    input_tokens: f64,
    /// Tokens that a call writes.
    #[arg(long, default_value_t = 10.0)]
    output_tokens: f64,
    /// The frontier model, per million tokens read.
    #[arg(long)]
    frontier_input: Option<f64>,
    /// The frontier model, per million tokens written.
    #[arg(long)]
    frontier_output: Option<f64>,
    /// The hosted decision model, per million tokens read.
    #[arg(long)]
    decision: Option<f64>,
    /// A serving machine, per month.
    #[arg(long)]
    machine: Option<f64>,
    /// Calls that a machine serves in a day.
    #[arg(long)]
    calls_per_machine: Option<f64>,
    /// Hours of people per month.
    #[arg(long)]
    maintenance_hours: Option<f64>,
    /// What an hour costs.
    #[arg(long)]
    cost_per_hour: Option<f64>,
    /// Retrainings per year.
    #[arg(long)]
    retrains_per_year: Option<f64>,
    /// The share of calls handed over to the frontier model, in 0..1.
    #[arg(long)]
    handed_over: Option<f64>,
    /// Hours of people to build it.
    #[arg(long)]
    build_hours: Option<f64>,
    /// Days within which building must pay.
    #[arg(long, default_value_t = 365.0)]
    patience_days: f64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let flags = Arguments::parse();
    let (prices, upkeep) = (Prices::example_november_2026(), Upkeep::default());
    let case = OwnershipConfig {
        workload: Workload {
            calls_per_day: flags.calls_per_day,
            input_tokens_per_call: flags.input_tokens,
            output_tokens_per_call: flags.output_tokens,
        },
        prices: Prices {
            frontier_input_per_million: flags.frontier_input.unwrap_or(prices.frontier_input_per_million),
            frontier_output_per_million: flags
                .frontier_output
                .unwrap_or(prices.frontier_output_per_million),
            decision_per_million: flags.decision.unwrap_or(prices.decision_per_million),
            machine_per_month: flags.machine.unwrap_or(prices.machine_per_month),
            calls_per_machine_per_day: flags
                .calls_per_machine
                .unwrap_or(prices.calls_per_machine_per_day),
            ..prices
        },
        upkeep: Upkeep {
            maintenance_hours_per_month: flags
                .maintenance_hours
                .unwrap_or(upkeep.maintenance_hours_per_month),
            cost_per_hour: flags.cost_per_hour.unwrap_or(upkeep.cost_per_hour),
            retrains_per_year: flags.retrains_per_year.unwrap_or(upkeep.retrains_per_year),
            handed_over_share: flags.handed_over.unwrap_or(upkeep.handed_over_share),
            build_hours: flags.build_hours.unwrap_or(upkeep.build_hours),
            ..upkeep
        },
        patience_days: flags.patience_days,
    };
    let balance = case.check()?.weigh();
    if flags.json {
        println!("{}", serde_json::to_string_pretty(&balance)?);
    } else {
        println!("{balance}");
    }
    Ok(())
}
