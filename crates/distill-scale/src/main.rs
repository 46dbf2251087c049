//! Curates logs that no memory holds, and starts the processes of a cluster.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program speaks to its user"
)]

use std::{
    error::Error,
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use clap::{Parser, Subcommand, builder::PossibleValuesParser};
use distill_data::{
    CurateConfig, LogFormat, LogOptions, PersonalDataMask, ReviewedRow, ReviewedRows, SourceField, SplitBy,
    SplitConfig, SplitPart, SuspectConfig, Verdict, WeightByCalls,
};
use distill_scale::{
    Calls, Engine, ExportConfig, Limits, ReadInput, ScaleConfig, ScaleInput, curate_at_scale,
    export_examples_with, read_logs,
};
use near_texts::GoldRows;
use serde::de::DeserializeOwned;
use stage_files::read_toml;
use task_spec::Task;

/// Curates logs that no memory holds: read makes a table of calls of them, curate says what becomes of each text, and export
/// writes what a small model learns from.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a table of calls of logs of any format that distill-data reads.
    ///
    /// Ends with 2 where the logs are not to be believed, for too much of them is damaged or no call has a legal label.
    Read(Read),
    /// Writes what becomes of each distinct text of a table of calls.
    Curate(Curate),
    /// Makes a training set of the outcome: train.jsonl, a file for each part that is kept from training, and review.jsonl.
    Export(Export),
    /// Runs the scheduler of a cluster.
    #[cfg(feature = "ballista")]
    Scheduler {
        /// Where it listens: 0.0.0.0:50050 for executors of other machines too. Only in a network that you trust, for
        /// whoever reaches it may have plans carried out.
        #[arg(long, default_value = "127.0.0.1:50050")]
        address: std::net::SocketAddr,
        /// After how many seconds without a sign of life an executor is given up, at least 10.
        #[arg(long, default_value_t = 15)]
        executor_timeout: u64,
    },
    /// Runs an executor of a cluster.
    #[cfg(feature = "ballista")]
    Executor {
        /// The scheduler, HOST:PORT.
        #[arg(long, default_value = "127.0.0.1:50050")]
        scheduler: String,
        /// The name or address by which other executors and the client reach this machine.
        #[arg(long, default_value = "127.0.0.1")]
        host: String,
        /// The address of this machine that it listens at: 0.0.0.0 for all.
        #[arg(long, default_value = "127.0.0.1")]
        bind: std::net::IpAddr,
        /// Where others fetch its results.
        #[arg(long)]
        port: u16,
        /// How many parts it works on at a time.
        #[arg(long, default_value_t = 1)]
        cores: usize,
        /// MiB that the engine may hold.
        #[arg(long, default_value_t = 1024)]
        memory: u64,
        /// Where it writes what others fetch and what it cannot hold.
        #[arg(long)]
        folder: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct Read {
    /// The logs, packed by gzip or zstd or not.
    #[arg(required = true, value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// task.toml, with the labels and their other spellings.
    #[arg(long)]
    task: PathBuf,
    /// A folder that is new or empty.
    #[arg(long)]
    out: PathBuf,
    /// Settings of distill-data's curation (TOML), of which answer, personal_data and max_damaged_share count.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How the logs are written.
    #[arg(long, default_value = "jsonl", value_parser = PossibleValuesParser::new(LogFormat::NAMES))]
    format: String,
    /// Field of the question in JSON lines, or its column in CSV: a key, dotted keys or a JSON pointer.
    #[arg(long, default_value = "input", value_name = "FIELD")]
    input_field: String,
    /// Field or column of the answer.
    #[arg(long, default_value = "answer", value_name = "FIELD")]
    answer_field: String,
    /// Field or column of the time of the call.
    #[arg(long, default_value = "timestamp", value_name = "FIELD")]
    time_field: String,
    /// If answers are JSON objects: the field of the label in them.
    #[arg(long, value_name = "FIELD")]
    label_field: Option<String>,
    /// The task's question, where a call asks several; without it all of which the task knows an answer.
    #[arg(long)]
    question: Option<String>,
    /// Scores of the answers in a file beside the log, which is held in memory; joined to the calls by their ids.
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,
    /// The name of the score that is an answer's confidence, in 0..1.
    #[arg(long, value_name = "NAME", requires = "scores")]
    confidence_score: Option<String>,
    /// The name of the score by which a person says that an answer is right (1, true) or wrong (0, false).
    #[arg(long, value_name = "NAME", requires = "scores")]
    judgement_score: Option<String>,
    /// Masks card numbers, IBANs, e-mail addresses and phone numbers in everything that is written.
    #[arg(long)]
    mask_personal_data: bool,
    /// How many logs are read at a time. Default: as many as there are cores.
    #[arg(long)]
    threads: Option<usize>,
}

#[derive(Debug, clap::Args)]
struct Export {
    /// The folder of a curation that has ended.
    #[arg(long)]
    from: PathBuf,
    /// task.toml, as the curation had it.
    #[arg(long)]
    task: PathBuf,
    /// A folder that is new or empty.
    #[arg(long)]
    to: PathBuf,
    /// How the calls that a row stands for become its weight: none, sqrt or linear.
    #[arg(long, default_value = "none", value_parser = named::<WeightByCalls>)]
    weight_by_calls: WeightByCalls,
    /// The table of calls that was curated, to write merged.jsonl of: the calls that stand behind another.
    #[arg(long, value_name = "CALLS")]
    merged: Option<PathBuf>,
    /// MiB that the engine may hold before it writes to disk.
    #[arg(long, default_value_t = 1024)]
    memory: usize,
    /// Where it writes what it cannot hold.
    #[arg(long)]
    scratch: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Curate {
    /// The folder that read has written; or a table of calls: Parquet (.parquet) or JSON lines (.jsonl), a file or a folder of
    /// files, with the columns input, answer and, where there are any, confidence and reviewed.
    #[arg(long)]
    calls: PathBuf,
    /// task.toml, with the labels.
    #[arg(long)]
    task: PathBuf,
    /// gold.jsonl: calls whose text is a gold row's, or nearly, are left out, and scale.json gets the leakage certificates.
    #[arg(long)]
    gold: Option<PathBuf>,
    /// What a person has reviewed: review.csv of distill-data as a spreadsheet saved it, Label Studio's export (.json), or JSON
    /// lines. May be given several times.
    #[arg(long, value_name = "FILE")]
    reviewed: Vec<PathBuf>,
    /// A folder that is new or empty.
    #[arg(long)]
    out: PathBuf,
    /// Settings of distill-data's curation (TOML), of which near_threshold, conflict_majority, min_confidence, target_precision,
    /// unknown_confidence, suspects, split, class_cap and class_floor count. What is given beside it takes the place of what is in
    /// it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The Jaccard similarity of character 3-grams from which texts are near-duplicates. Default 0.8.
    #[arg(long)]
    near_threshold: Option<f64>,
    /// The share of the support that a label needs to win a conflict. Default 2/3.
    #[arg(long)]
    conflict_majority: Option<f64>,
    /// Rows below this confidence are reviewed. Default 0.5.
    #[arg(long)]
    min_confidence: Option<f64>,
    /// In its place, the share of reviewed rows that was right at the lowest confidence that is kept.
    #[arg(long, value_name = "SHARE", requires = "reviewed")]
    target_precision: Option<f64>,
    /// Rows of unknown confidence are reviewed.
    #[arg(long)]
    review_unknown: bool,
    /// Leaves out the search for wrong labels, which holds some 1 kB for each row that could be trained on.
    #[arg(long)]
    keep_suspects: bool,
    /// Keeps a share of the rows from training, as a part of that name, as in heldout=0.1; may be given several times. In place
    /// of the split of the settings file, with --split-by, --split-group and --seed.
    #[arg(long, alias = "part", value_name = "NAME=SHARE")]
    split: Vec<SplitPart>,
    /// What stays together in a split: cluster (near-duplicates), group (log files), time (the latest calls are held out) or
    /// log-order (the last lines are).
    #[arg(long, requires = "split", default_value = "cluster")]
    split_by: SplitBy,
    /// Where rows are split by group, what names it: file (the log) or question (of several that a call asks).
    #[arg(long, default_value = "file", value_parser = named::<SourceField>)]
    split_group: SourceField,
    /// Which of many equally good splits.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The most rows of a label to train on: those that stand best for all; the others go into over_class_cap.jsonl. A label
    /// that has more is held in memory, one at a time.
    #[arg(long, value_name = "ROWS")]
    class_cap: Option<usize>,
    /// The fewest rows that a label should have; those that lack some are named. Default 10.
    #[arg(long, value_name = "ROWS")]
    class_floor: Option<usize>,
    /// In how many passes near-duplicates are looked for: with twice as many, half the scratch space does.
    #[arg(long, default_value_t = 1)]
    passes: u32,
    /// MiB that the engine of this process may hold before it writes to disk.
    #[arg(long, default_value_t = 1024)]
    memory: usize,
    /// Into how many parts tables are dealt. Default: as many as there are cores, or 16 on a cluster.
    #[arg(long)]
    partitions: Option<usize>,
    /// Where this process writes what it cannot hold.
    #[arg(long)]
    scratch: Option<PathBuf>,
    /// The scheduler of a cluster, http://HOST:PORT, in place of this process.
    #[cfg(feature = "ballista")]
    #[arg(long)]
    scheduler: Option<String>,
    /// Seconds that a stage may take on a cluster before it is cancelled and tried again, three times in all.
    #[cfg(feature = "ballista")]
    #[arg(long, default_value_t = 3600)]
    stage_limit: u64,
}

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
    println!(
        "{}: {} answers, {} rows skipped, {} not answered",
        path.display(),
        found.rows.len(),
        found.skipped,
        found.blank
    );
    for aside in &found.set_aside {
        println!(
            "  row {} ({:?}) is set aside: {}",
            aside.row, aside.input, aside.problem
        );
    }
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

/// A setting by its name in a settings file.
fn named<T: DeserializeOwned>(name: &str) -> Result<T, serde_json::Error> {
    serde_json::from_value(name.into())
}

/// The most memory that the process has had, as Linux counts it; 0 elsewhere.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
