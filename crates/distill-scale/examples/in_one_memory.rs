//! The same log curated in one memory by distill-data: what a run at scale is to be measured against.
//!
//! `cargo run --release --example in_one_memory -- --calls calls/calls.jsonl --task calls/task.toml`
//!
//! With `--out` it also writes what distill-data writes, to be held against an export.

#![allow(clippy::print_stdout, reason = "a command-line program speaks to its user")]

use std::{error::Error, path::PathBuf, time::Instant};

use clap::{Parser, builder::PossibleValuesParser};
use distill_data::{CurateConfig, CurateInput, LogFormat, LogOptions, curate};
use stage_files::read_toml;
use task_spec::Task;

#[derive(Parser)]
struct Arguments {
    /// The log.
    #[arg(long)]
    calls: PathBuf,
    /// How it is written.
    #[arg(long, default_value = "jsonl", value_parser = PossibleValuesParser::new(LogFormat::NAMES))]
    format: String,
    /// task.toml.
    #[arg(long)]
    task: PathBuf,
    /// A folder for the outcome.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Leaves out the search for wrong labels.
    #[arg(long)]
    keep_suspects: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let task: Task = read_toml(&arguments.task)?;
    let options = LogOptions {
        format: arguments.format,
        ..LogOptions::default()
    };
    let logs = options.logs(&[arguments.calls])?;
    let mut config = CurateConfig::default();
    if arguments.keep_suspects {
        config.suspects = None;
    }
    let plan = config.check()?;
    let begin = Instant::now();
    let curated = curate(&CurateInput::new(&task, &logs), &plan)?;
    let seconds = begin.elapsed().as_secs_f64();
    if let Some(out) = &arguments.out {
        curated.write(out)?;
    }
    let ledger = &curated.manifest.ledger;
    println!("{} calls, {} rows to train on", ledger.calls, ledger.train);
    println!(
        "in review: {:?}, merged: {} near",
        ledger.review, ledger.merged_near
    );
    println!(
        "{seconds:8.1} s, {:.0} calls a second",
        ledger.calls as f64 / seconds
    );
    println!("{:8} MiB, the most that this process had", peak_mib());
    Ok(())
}

/// The most memory that the process has had, as Linux counts it; 0 elsewhere.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
