//! The same log curated in one memory by distill-data, without the search for suspects: what a run at scale is to be
//! measured against.
//!
//! `cargo run --release --example in_one_memory -- --calls calls/calls.jsonl --task calls/task.toml`

#![allow(clippy::print_stdout, reason = "a command-line program speaks to its user")]

use std::{error::Error, path::PathBuf, time::Instant};

use clap::Parser;
use distill_data::{CurateConfig, CurateInput, FieldMap, LogFile, LogFormat, curate};
use stage_files::read_toml;
use task_spec::Task;

#[derive(Parser)]
struct Arguments {
    /// JSON lines.
    #[arg(long)]
    calls: PathBuf,
    /// task.toml.
    #[arg(long)]
    task: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { calls, task } = Arguments::parse();
    let task: Task = read_toml(&task)?;
    let logs = [LogFile::new(calls, LogFormat::Jsonl(FieldMap::default()))];
    let plan = CurateConfig {
        suspects: None,
        ..CurateConfig::default()
    };
    let plan = plan.check()?;
    let begin = Instant::now();
    let curated = curate(&CurateInput::new(&task, &logs), &plan)?;
    let seconds = begin.elapsed().as_secs_f64();
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
