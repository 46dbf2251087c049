//! Writes a made-up log of several workloads, to try `shape` on: chat completions with times and token usage.
//!
//! `cargo run --release -p distill-data --example mixed_log -- --calls 60000 --out mixed.jsonl`

#![allow(clippy::print_stderr, reason = "a command-line program speaks to its user")]

mod generator;

use std::{error::Error, path::PathBuf};

use clap::Parser;
use stage_files::write_json_lines;

/// Writes a made-up log of several workloads: sorting questions into 40 labels, reading invoices, judging reviews, rare
/// sorting, and talk.
#[derive(Parser)]
struct Arguments {
    /// How many calls, over 60 days.
    #[arg(long, default_value_t = 60_000)]
    calls: u64,
    /// What the random numbers begin with.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let lines = (0..arguments.calls).map(|number| generator::line(arguments.seed, number, arguments.calls));
    write_json_lines(&arguments.out, lines)?;
    eprintln!("{} calls written to {}", arguments.calls, arguments.out.display());
    Ok(())
}
