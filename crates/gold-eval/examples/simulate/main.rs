//! How often the gate errs, by simulation: the figures of `docs/GATE.md`, and those of a gold set of your own.
//!
//! ```text
//! simulate rates                          # each preset on four gold sets: ship, hold, cannot tell
//! simulate rates --supports 120,60,30,8   # the same on the rows by category of your own
//! simulate rates --hardest --accuracy 0.7,0.8,0.9   # the errors at several baselines
//! simulate sizes                          # how many rows it takes to ship what deserves it
//! simulate candidates                     # 500 candidates against one gold set, the best picked
//! simulate attack --svg ladder.svg        # a score without a model
//! ```
//!
//! The same arguments give the same figures, on however many threads.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

mod attack;
mod boosting;
mod candidates;
mod pairs;
mod picture;
mod rates;
mod said;
mod sizes;
mod stream;

use std::error::Error;

use clap::{Parser, Subcommand};

/// Simulate how often the gate errs.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// How often each preset ships, holds and cannot tell, by what the candidate truly is.
    Rates(rates::Rates),
    /// How often a candidate of each quality ships, by the number of gold rows.
    Sizes(sizes::Sizes),
    /// Many candidates against one gold set: how far the score of the best is above its truth.
    Candidates(candidates::Candidates),
    /// A model that knows nothing, made from scores alone (Blum and Hardt 2015).
    Attack(boosting::Boosting),
}

fn main() -> Result<(), Box<dyn Error>> {
    match Cli::parse().command {
        Command::Rates(rates) => rates::run(&rates),
        Command::Sizes(sizes) => sizes::run(&sizes),
        Command::Candidates(candidates) => candidates::run(&candidates),
        Command::Attack(boosting) => boosting::run(&boosting),
    }
}
