//! Says of the workloads in some logs whether they are narrow, fixed and of high volume, and what to do about them.
//!
//! `cargo run --release -p distill-data --example shape -- --log log.jsonl --format openai-chat --html shape.html`

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program speaks to its user"
)]

use std::{error::Error, path::PathBuf, process::ExitCode};

use clap::{Parser, builder::PossibleValuesParser};
use distill_data::{
    CsvTable, FieldPath, LogFile, LogFormat, ShapeConfig, ShapeReport, ShapeVerdict, shape_with_progress,
};
use stage_files::{read_toml, write_json, write_whole};

/// Is a workload narrow, fixed and of high volume? From a log alone: stay with the frontier model, use a hosted decision
/// model, or own a small one, with what each costs a month.
///
/// Prices and hours are assumptions of November 2026 (--print-config shows them) until you give yours.
#[derive(Parser)]
struct Arguments {
    /// A log; may be given several times.
    #[arg(long, required_unless_present = "print_config")]
    log: Vec<PathBuf>,
    /// How the logs are written.
    #[arg(long, default_value = "jsonl", value_parser = PossibleValuesParser::new(LogFormat::NAMES))]
    format: String,
    /// Field of the question in a JSONL log, or its column in CSV: a key, dotted keys or a JSON pointer.
    #[arg(long, default_value = "input")]
    input_field: String,
    /// Field or column of the answer.
    #[arg(long, default_value = "answer")]
    answer_field: String,
    /// Field or column of the time.
    #[arg(long, default_value = "timestamp")]
    time_field: String,
    /// Settings (TOML): prices, upkeep, limits; what is not in it has its default.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Price of the frontier model per million tokens read, in place of the settings'.
    #[arg(long)]
    frontier_input: Option<f64>,
    /// Price of the frontier model per million tokens read out of its cache.
    #[arg(long)]
    frontier_cached: Option<f64>,
    /// Price of the frontier model per million tokens written.
    #[arg(long)]
    frontier_output: Option<f64>,
    /// Price of a hosted decision model per million tokens read.
    #[arg(long)]
    decision: Option<f64>,
    /// Calls a day of all workloads together, for logs without times.
    #[arg(long)]
    calls_per_day: Option<f64>,
    /// The share of the traffic that the logs hold, above 0 and at most 1.
    #[arg(long)]
    traffic_share: Option<f64>,
    /// A field of JSON answers that does not count, besides those of the settings; may be given several times.
    #[arg(long)]
    ignore_field: Vec<String>,
    /// Also writes the report as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Also writes the report as a page.
    #[arg(long)]
    html: Option<PathBuf>,
    /// Prints the settings as TOML, to be edited and given as --config, and does nothing else.
    #[arg(long)]
    print_config: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(Some(report)) if is_told(&report) => ExitCode::SUCCESS,
        Ok(Some(_)) => ExitCode::from(2),
        Ok(None) => ExitCode::SUCCESS,
        Err(error) => {
            eprint!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprint!(": {error}");
                cause = error.source();
            }
            eprintln!();
            ExitCode::FAILURE
        }
    }
}

/// Whether anything could be told of any workload.
fn is_told(report: &ShapeReport) -> bool {
    let verdicts = report.workloads.iter().map(|workload| workload.verdict);
    verdicts
        .into_iter()
        .any(|verdict| verdict != ShapeVerdict::CannotTell)
}

fn run(arguments: &Arguments) -> Result<Option<ShapeReport>, Box<dyn Error>> {
    let config = config(arguments)?;
    if arguments.print_config {
        print!("{}", toml::to_string(&config)?);
        return Ok(None);
    }
    let mut format = LogFormat::by_name(&arguments.format).ok_or("--format names no format")?;
    if let LogFormat::Jsonl(map) | LogFormat::Csv(CsvTable { fields: map, .. }) = &mut format {
        map.input = FieldPath::new(&arguments.input_field)?;
        map.answer = FieldPath::new(&arguments.answer_field)?;
        map.time = FieldPath::new(&arguments.time_field)?;
    }
    let logs: Vec<LogFile> = arguments
        .log
        .iter()
        .map(|path| LogFile::new(path, format.clone()))
        .collect();
    let report = shape_with_progress(&logs, &config.check()?, &mut |lines| {
        if lines % 10_000 == 0 {
            eprint!("\r\x1b[K{lines} lines read, each counted twice");
        }
    })?;
    eprint!("\r\x1b[K");
    print!("{report}");
    if let Some(path) = &arguments.json {
        write_json(path, &report)?;
        println!("written to {}", path.display());
    }
    if let Some(path) = &arguments.html {
        write_whole(path, report.to_html().as_bytes())?;
        println!("written to {}", path.display());
    }
    Ok(Some(report))
}

/// The settings, with what was given beside them.
fn config(arguments: &Arguments) -> Result<ShapeConfig, Box<dyn Error>> {
    let mut config: ShapeConfig = match &arguments.config {
        Some(path) => read_toml(path)?,
        None => ShapeConfig::default(),
    };
    let prices = &mut config.prices;
    let given = [
        (&mut prices.frontier_input_per_million, arguments.frontier_input),
        (&mut prices.frontier_cached_per_million, arguments.frontier_cached),
        (&mut prices.frontier_output_per_million, arguments.frontier_output),
        (&mut prices.decision_per_million, arguments.decision),
        (&mut config.traffic_share, arguments.traffic_share),
    ];
    for (setting, given) in given {
        *setting = given.unwrap_or(*setting);
    }
    config.calls_per_day = arguments.calls_per_day.or(config.calls_per_day);
    config
        .limits
        .ignored_fields
        .extend(arguments.ignore_field.iter().cloned());
    Ok(config)
}
