//! Compares the rows served lately with the rows of a good period, window by window.
//!
//! ```text
//! cargo run --release -p drift-stats --example watch -- --reference may.jsonl --live june.jsonl --window 2000
//! ```

#![expect(clippy::print_stdout, reason = "printing is what this example is for")]

use std::{error::Error, path::PathBuf};

use clap::Parser;
use drift_stats::{DriftConfig, Monitor, Reference, RelabelConfig, Spending};
use stage_files::{read_json_lines, write_json, write_json_lines};
use task_spec::Served;

/// Watches served answers for drift.
#[derive(Debug, Parser)]
struct Arguments {
    /// Served rows of a period that was found good (served.jsonl).
    #[arg(long)]
    reference: PathBuf,
    /// Served rows to watch, in the order of their time.
    #[arg(long)]
    live: PathBuf,
    /// Rows per window.
    #[arg(long, default_value_t = 2_000)]
    window: usize,
    /// The permitted chance of any false alarm over all windows, for ever.
    #[arg(long, default_value_t = 0.05)]
    alpha: f64,
    /// Permit that chance anew in each window instead.
    #[arg(long)]
    each_window: bool,
    /// Rows per window to send back to the teacher.
    #[arg(long, default_value_t = 200)]
    budget: usize,
    /// Folder for reference.json, drift.json and relabel.jsonl; nothing is written without it.
    #[arg(long)]
    out: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let reference = Reference::from_rows(&read_json_lines::<Served>(&arguments.reference)?);
    let mut live: Vec<Served> = read_json_lines(&arguments.live)?;
    live.sort_by_key(|row| row.at);

    let spending = if arguments.each_window {
        Spending::EachWindow
    } else {
        Spending::WholeLife
    };
    let plan = DriftConfig {
        alpha: arguments.alpha,
        spending,
        ..DriftConfig::default()
    }
    .check()?;
    let relabel = RelabelConfig {
        budget: arguments.budget,
        ..RelabelConfig::default()
    }
    .check()?;
    let mut monitor = Monitor::new(reference, plan);
    let (mut reports, mut to_relabel) = (Vec::new(), Vec::new());
    for window in live.chunks(arguments.window.max(1)) {
        let report = monitor.check(window);
        println!("{report}\n");
        to_relabel.extend(relabel.choose(window, &report.findings));
        reports.push(report);
    }
    let alarms = reports.iter().filter(|report| report.alarm).count();
    println!(
        "{alarms} of {} windows raise an alarm; {} rows go back to the teacher",
        reports.len(),
        to_relabel.len()
    );
    if let Some(out) = arguments.out {
        write_json(&out.join("reference.json"), monitor.reference())?;
        write_json(&out.join("drift.json"), &reports)?;
        write_json_lines(&out.join("relabel.jsonl"), &to_relabel)?;
    }
    Ok(())
}
