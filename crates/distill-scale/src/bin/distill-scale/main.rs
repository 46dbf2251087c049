//! Curates logs that no memory holds, and starts the processes of a cluster.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program speaks to its user"
)]

mod arguments;

use std::{error::Error, io::IsTerminal, path::Path, process::ExitCode, time::Instant};

use clap::Parser;
use distill_data::{
    CurateConfig, LogOptions, PersonalDataMask, ReviewedRow, ReviewedRows, SplitConfig, SuspectConfig,
    Verdict,
};
use distill_scale::{
    Calls, Engine, ExportConfig, Limits, ReadInput, ScaleConfig, ScaleInput, curate_at_scale,
    export_examples_with, read_logs,
};
use near_texts::GoldRows;
use stage_files::read_toml;
use task_spec::Task;

use arguments::{Arguments, Command, Curate, Export, Read};

/// What Ballista warns of, on standard error.
#[cfg(feature = "ballista")]
struct Warnings;

#[cfg(feature = "ballista")]
impl log::Log for Warnings {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            use std::io::Write;
            // A warning that cannot be written is no reason to stop.
            writeln!(
                std::io::stderr(),
                "{} {}: {}",
                record.level(),
                record.target(),
                record.args()
            )
            .ok();
        }
    }

    fn flush(&self) {}
}

fn main() -> ExitCode {
    #[cfg(feature = "ballista")]
    if log::set_logger(&Warnings).is_ok() {
        log::set_max_level(log::LevelFilter::Warn);
    }
    // Plans are trees of some depth, and are walked by recursion.
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(16 << 20)
        .build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(arguments)),
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// An error and what it comes from; the engine's own errors say again what they hold.
fn chain(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let says = error.to_string();
        if !said.contains(&says) {
            said = format!("{said}: {says}");
        }
        source = error.source();
    }
    said
}

async fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    match arguments.command {
        Command::Read(given) => return read(given),
        Command::Curate(given) => curate(given).await?,
        Command::Export(given) => export(given).await?,
        #[cfg(feature = "ballista")]
        Command::Scheduler {
            address,
            executor_timeout,
        } => {
            let scheduler = distill_scale::cluster::Scheduler {
                address,
                executor_timeout_seconds: executor_timeout,
            };
            distill_scale::cluster::serve_scheduler(&scheduler).await?;
        }
        #[cfg(feature = "ballista")]
        Command::Executor {
            scheduler,
            host,
            bind,
            port,
            cores,
            memory,
            folder,
        } => {
            let executor = distill_scale::cluster::Executor {
                host,
                bind,
                cores,
                memory: memory << 20,
                ..distill_scale::cluster::Executor::new(scheduler, port, folder)
            };
            distill_scale::cluster::serve_executor(&executor).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn read(given: Read) -> Result<ExitCode, Box<dyn Error>> {
    let task: Task = read_toml(&given.task)?;
    let options = LogOptions {
        format: given.format,
        input_field: given.input_field,
        answer_field: given.answer_field,
        time_field: given.time_field,
        label_field: given.label_field,
        question: given.question,
        scores: given.scores,
        confidence_score: given.confidence_score,
        judgement_score: given.judgement_score,
    };
    let mut config: CurateConfig = match &given.config {
        Some(path) => read_toml(path)?,
        None => CurateConfig::default(),
    };
    if let Some(answer) = options.answer_format()? {
        config.answer = answer;
    }
    if given.mask_personal_data {
        config.personal_data = PersonalDataMask::all();
    }
    let logs = options.logs(&given.logs)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (plan, begin) = (config.check()?, Instant::now());
    let input = ReadInput::new(&task, &logs, &plan).with_threads(given.threads.unwrap_or(threads));
    let is_shown = std::io::stderr().is_terminal();
    let report = read_logs(&input, &given.out, &|items| {
        if is_shown && items % 100_000 == 0 {
            // A line that is written over.
            eprint!("\r\x1b[K{items} calls");
        }
    });
    if is_shown {
        eprint!("\r\x1b[K");
    }
    let report = report?;
    print!("{report}");
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "{seconds:8.1} s, {:.0} calls a second",
        report.account.calls as f64 / seconds.max(1e-9)
    );
    println!("{:8} MiB, the most that this process had", peak_mib());
    Ok(match report.verdict {
        Verdict::Usable => ExitCode::SUCCESS,
        _ => ExitCode::from(2),
    })
}

async fn export(given: Export) -> Result<(), Box<dyn Error>> {
    let task: Task = read_toml(&given.task)?;
    let limits = Limits::default();
    let engine = Engine::here(&Limits {
        memory: given.memory << 20,
        scratch: given.scratch.unwrap_or_else(|| limits.scratch.clone()),
        ..limits
    })?;
    let (from, to) = (std::path::absolute(&given.from)?, std::path::absolute(&given.to)?);
    let merged = given.merged.as_deref().map(std::path::absolute).transpose()?;
    let config = ExportConfig {
        weight_by_calls: given.weight_by_calls,
        merged: merged.map(Calls::at),
    };
    let report = export_examples_with(&engine, &config, &task, (&from, &to)).await?;
    print!("{report}");
    println!("{:8} MiB, the most that this process had", peak_mib());
    Ok(())
}

async fn curate(given: Curate) -> Result<(), Box<dyn Error>> {
    let task: Task = read_toml(&given.task)?;
    let settings: CurateConfig = match &given.config {
        Some(path) => read_toml(path)?,
        None => CurateConfig::default(),
    };
    let of_file = ScaleConfig::from(&settings);
    let config = ScaleConfig {
        near_threshold: given.near_threshold.unwrap_or(of_file.near_threshold),
        conflict_majority: given.conflict_majority.unwrap_or(of_file.conflict_majority),
        min_confidence: given.min_confidence.unwrap_or(of_file.min_confidence),
        target_precision: given.target_precision.or(of_file.target_precision),
        review_unknown: given.review_unknown || of_file.review_unknown,
        class_cap: given.class_cap.or(of_file.class_cap),
        class_floor: given.class_floor.unwrap_or(of_file.class_floor),
        review: of_file.review,
        passes: given.passes,
    };
    let suspects = settings.suspects.filter(|_| !given.keep_suspects);
    let split = match given.split.is_empty() {
        true => settings.split,
        false => Some(SplitConfig {
            parts: given.split.clone(),
            by: given.split_by,
            group: given.split_group,
            seed: given.seed,
            ..SplitConfig::default()
        }),
    };
    let split = split.map(|split| SplitConfig {
        measure: split.measure && !given.unmeasured,
        ..split
    });
    let mut reviewed = Vec::new();
    for path in &given.reviewed {
        reviewed.append(&mut read_reviewed(path, &task)?);
    }
    let engine = engine(&given)?;
    let calls = Calls::at(std::path::absolute(&given.calls)?);
    let out = std::path::absolute(&given.out)?;
    let gold = given.gold.as_deref().map(GoldRows::read).transpose()?;
    let mut input = ScaleInput::new(&calls, task.labels()).with_reviewed(&reviewed);
    if let Some(gold) = &gold {
        input = input.with_gold(gold);
    }
    let suspects = suspects.map(SuspectConfig::check).transpose()?;
    let mut plan = config.check()?.with_suspects(suspects);
    if let Some(split) = split {
        plan = plan.with_split(split.check()?)?;
    }
    let report = curate_at_scale(&engine, &input, &plan, &out).await?;
    print!("{report}");
    println!("{:8} MiB, the most that this process had", peak_mib());
    Ok(())
}

/// The answers in a file; what cannot be used is told to the user.
fn read_reviewed(path: &Path, task: &Task) -> Result<Vec<ReviewedRow>, Box<dyn Error>> {
    let found = ReviewedRows::read(path, task)?;
    println!("{}: {found}", path.display());
    Ok(found.rows)
}

fn engine(given: &Curate) -> Result<Engine, Box<dyn Error>> {
    #[cfg(feature = "ballista")]
    if let Some(url) = &given.scheduler {
        let engine = Engine::on_cluster(url, given.partitions.unwrap_or(16))?;
        return Ok(engine.with_stage_limit(std::time::Duration::from_secs(given.stage_limit)));
    }
    let limits = Limits::default();
    Ok(Engine::here(&Limits {
        memory: given.memory << 20,
        partitions: given.partitions.unwrap_or(limits.partitions),
        scratch: given.scratch.clone().unwrap_or(limits.scratch),
    })?)
}

/// The most memory that the process has had, as Linux counts it; 0 elsewhere.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
