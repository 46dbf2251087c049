//! Curates logs into a folder and prints the ledger.
//!
//! `cargo run --release -p distill-data --example curate -- --task task.toml --log log.jsonl --gold gold.jsonl
//! --out curated`

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program speaks to its user"
)]

use std::{cmp::Reverse, error::Error, path::PathBuf, process::ExitCode};

use clap::{Parser, builder::PossibleValuesParser};
use distill_data::{
    AnswerFormat, ClassBasis, CsvTable, CurateConfig, CurateInput, FieldPath, GoldRows, LogFile, LogFormat,
    Manifest, ReviewedRow, Verdict, curate_with_progress,
};
use stage_files::{read_json_lines, read_toml};
use task_spec::Task;

/// Turns a teacher's log into rows to train on, rows to review, and an account of all the others.
#[derive(Parser)]
struct Arguments {
    /// The task (task.toml).
    #[arg(long)]
    task: PathBuf,
    /// A log; may be given several times.
    #[arg(long, required = true)]
    log: Vec<PathBuf>,
    /// How the logs are written.
    #[arg(long, default_value = "jsonl", value_parser = PossibleValuesParser::new(LogFormat::NAMES))]
    format: String,
    /// The task's question, where a call asks several; without it all of which the task knows an answer.
    #[arg(long)]
    question: Option<String>,
    /// Field of the question in a JSONL log, or its column in CSV: a key, dotted keys or a JSON pointer.
    #[arg(long, default_value = "input")]
    input_field: String,
    /// Field or column of the answer.
    #[arg(long, default_value = "answer")]
    answer_field: String,
    /// If answers are JSON objects: the field of the label in them.
    #[arg(long)]
    label_field: Option<String>,
    /// The gold set (gold.jsonl) that training rows must not touch.
    #[arg(long)]
    gold: Option<PathBuf>,
    /// Rows that a person has reviewed: JSON lines of input and label.
    #[arg(long)]
    reviewed: Option<PathBuf>,
    /// Settings (TOML); what is not in it has its default.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The folder to write.
    #[arg(long)]
    out: PathBuf,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(Verdict::Usable) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(2),
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

fn run(arguments: &Arguments) -> Result<Verdict, Box<dyn Error>> {
    let task: Task = read_toml(&arguments.task)?;
    let mut format = LogFormat::by_name(&arguments.format).ok_or("--format names no format")?;
    if let LogFormat::Jsonl(map) | LogFormat::Csv(CsvTable { fields: map, .. }) = &mut format {
        map.input = FieldPath::new(&arguments.input_field)?;
        map.answer = FieldPath::new(&arguments.answer_field)?;
    }
    if let Some(question) = &arguments.question {
        format = format.with_question(question);
    }
    let logs: Vec<LogFile> = arguments
        .log
        .iter()
        .map(|path| LogFile::new(path, format.clone()))
        .collect();
    let mut config: CurateConfig = match &arguments.config {
        Some(path) => read_toml(path)?,
        None => CurateConfig::default(),
    };
    if let Some(label) = &arguments.label_field {
        config.answer = AnswerFormat::Json {
            label: FieldPath::new(label)?,
            confidence: Some(FieldPath::key("confidence")),
            scale: distill_data::ConfidenceScale::Unit,
        };
    }
    let gold = arguments.gold.as_deref().map(GoldRows::read).transpose()?;
    let reviewed: Vec<ReviewedRow> = match &arguments.reviewed {
        Some(path) => read_json_lines(path)?,
        None => Vec::new(),
    };
    let mut input = CurateInput::new(&task, &logs).with_reviewed(&reviewed);
    if let Some(gold) = &gold {
        input = input.with_gold(gold);
    }
    let curated = curate_with_progress(&input, &config.check()?, &mut |event| {
        eprint!("\r\x1b[K{} ({} rows)", event.stage.as_str(), event.rows);
    })?;
    eprintln!();
    let manifest = curated.write(&arguments.out)?;
    print_account(&manifest);
    println!("\nwritten to {}", arguments.out.display());
    Ok(manifest.verdict)
}

/// The manifest, for a person.
fn print_account(manifest: &Manifest) {
    let ledger = &manifest.ledger;
    println!("{:>9}  lines read", ledger.lines);
    if ledger.calls != ledger.lines_with_calls {
        println!("{:>9}  calls in them, one for each question", ledger.calls);
    }
    println!(
        "{:>9}  to train on ({} calls)",
        ledger.train, ledger.calls_in_train
    );
    println!("{:>9}  merged into a row of the same text", ledger.merged_exact);
    println!(
        "{:>9}  merged into a row of nearly the same text",
        ledger.merged_near
    );
    for (heading, reasons) in [
        ("to review", &ledger.review),
        ("rejected", &ledger.rejected),
        ("another question", &ledger.other_questions),
        ("no call", &ledger.lines_without_call),
        ("quarantined", &ledger.quarantined),
    ] {
        for (reason, count) in reasons {
            println!("{count:>9}  {heading}: {}", reason.replace('_', " "));
        }
    }
    print_unknown_labels(manifest);
    print_suspects(manifest);
    match &manifest.leakage {
        Some(leakage) => println!(
            "gold set: {} of {} rows were near the log, {} word for word; {} are near a training row",
            leakage.log.gold_at(leakage.log.threshold.get()).count(),
            leakage.log.gold_rows,
            leakage.log.exact,
            leakage.train.gold_at(leakage.train.threshold.get()).count(),
        ),
        None => println!("gold set: none given, so that nothing is certified about leakage"),
    }
    match manifest.verdict {
        Verdict::Usable => println!("verdict: usable"),
        Verdict::TooDamaged { share, allowed } => println!(
            "verdict: not usable, {:.1}% of the lines are damaged and {:.1}% are allowed; see quarantine.jsonl",
            100.0 * share,
            100.0 * allowed
        ),
        Verdict::NothingKept => println!("verdict: not usable, no row was left to train on"),
        _ => println!("verdict: {:?}", manifest.verdict),
    }
}

/// What the search for wrong labels found, and each class that was too small to be judged by itself.
fn print_suspects(manifest: &Manifest) {
    const SHOWN: usize = 8;
    let Some(suspects) = &manifest.suspects else {
        return;
    };
    println!(
        "wrong labels: {} of {} rows suspected by a model that finds {:.1}% of the labels by itself",
        suspects.suspects,
        suspects.judged,
        100.0 * suspects.agreement
    );
    println!(
        "  estimated: {:.1}% of the labels by the chances of the rows, {:.1}% by the confident joint",
        100.0 * suspects.wrong_share,
        100.0 * suspects.wrong_share_by_joint
    );
    for pair in suspects.confused.iter().take(3) {
        println!(
            "  about {:.0} rows given {} are {}",
            pair.rows, pair.given, pair.right
        );
    }
    if !suspects.protected_classes.is_empty() {
        println!(
            "  kept more than was suspected of: {}",
            suspects.protected_classes.join(", ")
        );
    }
    let small: Vec<String> = manifest
        .labels
        .iter()
        .filter_map(|label| {
            let found = label.suspicion?;
            let how = match found.basis {
                ClassBasis::Pooled => format!("judged with pooled estimates, {} suspected", found.suspected),
                ClassBasis::None => "not judged, for no other text has the label".to_owned(),
                _ => return None,
            };
            Some(format!(
                "  small class {}: {} rows, {how}",
                label.label, found.rows
            ))
        })
        .collect();
    for line in small.iter().take(SHOWN) {
        println!("{line}");
    }
    if small.len() > SHOWN {
        println!(
            "  and {} other small classes, in manifest.json",
            small.len() - SHOWN
        );
    }
}

/// The answers outside the task that came most often: what the task may lack.
fn print_unknown_labels(manifest: &Manifest) {
    const SHOWN: usize = 8;
    let mut unknown: Vec<_> = manifest.unknown_labels.iter().collect();
    unknown.sort_by_key(|&(name, &count)| (Reverse(count), name));
    for (name, count) in unknown.iter().take(SHOWN) {
        println!("{count:>9}  times the answer was {name:?}, which is no label of the task");
    }
    if unknown.len() > SHOWN {
        println!(
            "           and {} other names, in manifest.json",
            unknown.len() - SHOWN
        );
    }
}
