//! Curates logs into a folder and prints the account.
//!
//! `cargo run --release -p distill-data --example curate -- --task task.toml --log log.jsonl --gold gold.jsonl
//! --out curated`

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program speaks to its user"
)]

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, builder::PossibleValuesParser};
use distill_data::{
    CurateConfig, CurateInput, GoldRows, LogFormat, LogOptions, PersonalDataMask, ReviewedRow, ReviewedRows,
    SplitBy, SplitPart, Verdict, curate_with_progress,
};
use stage_files::read_toml;
use task_spec::Task;

/// Turns a teacher's log into rows to train on, rows to review, and an account of all the others.
///
/// The folder that is written holds train.jsonl (what a small model learns from), review.csv (what a person is asked),
/// curation.html (all that is known, as a page) and more. The program ends with 0 where the rows may be used, with 2 where they
/// may not, and with 1 where it could not do its work.
#[derive(Parser)]
struct Arguments {
    /// The task (task.toml): its labels, and their other spellings.
    #[arg(long, value_name = "FILE")]
    task: PathBuf,
    /// A log; may be given several times.
    #[arg(long, required = true, value_name = "FILE")]
    log: Vec<PathBuf>,
    /// The folder to write.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// The gold set (gold.jsonl) that training rows must not touch.
    #[arg(long, value_name = "FILE")]
    gold: Option<PathBuf>,
    /// What a person has reviewed: review.csv as a spreadsheet saved it, Label Studio's export (.json), or JSON lines of
    /// input and label (.jsonl); may be given several times, the last answer to a text counts.
    #[arg(long, value_name = "FILE")]
    reviewed: Vec<PathBuf>,
    /// Settings (TOML); what is not in it has its default.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// How the logs are written.
    #[arg(
        long,
        default_value = "jsonl",
        value_parser = PossibleValuesParser::new(LogFormat::NAMES),
        help_heading = "How logs are read"
    )]
    format: String,
    /// Field of the question in a JSONL log, or its column in CSV: a key, dotted keys or a JSON pointer.
    #[arg(
        long,
        default_value = "input",
        value_name = "FIELD",
        help_heading = "How logs are read"
    )]
    input_field: String,
    /// Field or column of the answer.
    #[arg(
        long,
        default_value = "answer",
        value_name = "FIELD",
        help_heading = "How logs are read"
    )]
    answer_field: String,
    /// Field or column of the time of the call.
    #[arg(
        long,
        default_value = "timestamp",
        value_name = "FIELD",
        help_heading = "How logs are read"
    )]
    time_field: String,
    /// If answers are JSON objects: the field of the label in them.
    #[arg(long, value_name = "FIELD", help_heading = "How logs are read")]
    label_field: Option<String>,
    /// The task's question, where a call asks several; without it all of which the task knows an answer.
    #[arg(long, help_heading = "How logs are read")]
    question: Option<String>,
    /// Scores of the answers in a file beside the log: Langfuse's scores, tensorzero's feedback; joined to the calls by their
    /// ids.
    #[arg(long, value_name = "FILE", help_heading = "How logs are read")]
    scores: Option<PathBuf>,
    /// The name of the score that is an answer's confidence, in 0..1.
    #[arg(
        long,
        value_name = "NAME",
        requires = "scores",
        help_heading = "How logs are read"
    )]
    confidence_score: Option<String>,
    /// The name of the score by which a person says that an answer is right (1, true) or wrong (0, false).
    #[arg(
        long,
        value_name = "NAME",
        requires = "scores",
        help_heading = "How logs are read"
    )]
    judgement_score: Option<String>,

    /// Keeps a share of the rows from training, in a file of that name, as in heldout=0.1; may be given several times.
    #[arg(long, value_name = "NAME=SHARE", help_heading = "What is kept from training")]
    split: Vec<SplitPart>,
    /// What stays together in a split: cluster (near-duplicates), group (log files), time (the latest calls are held out) or
    /// log-order (the last lines are).
    #[arg(
        long,
        requires = "split",
        default_value = "cluster",
        help_heading = "What is kept from training"
    )]
    split_by: SplitBy,
    /// The most rows of a label to train on: those that stand best for all; the others go into over_class_cap.jsonl.
    #[arg(long, value_name = "ROWS", help_heading = "What is kept from training")]
    class_cap: Option<usize>,
    /// Masks card numbers, IBANs, e-mail addresses and phone numbers in everything that is written.
    #[arg(long, help_heading = "What is kept from training")]
    mask_personal_data: bool,
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
    let options = LogOptions {
        format: arguments.format.clone(),
        input_field: arguments.input_field.clone(),
        answer_field: arguments.answer_field.clone(),
        time_field: arguments.time_field.clone(),
        label_field: arguments.label_field.clone(),
        question: arguments.question.clone(),
        scores: arguments.scores.clone(),
        confidence_score: arguments.confidence_score.clone(),
        judgement_score: arguments.judgement_score.clone(),
    };
    let logs = options.logs(&arguments.log)?;
    let mut config: CurateConfig = match &arguments.config {
        Some(path) => read_toml(path)?,
        None => CurateConfig::default(),
    };
    if let Some(answer) = options.answer_format()? {
        config.answer = answer;
    }
    if !arguments.split.is_empty() {
        let split = config.split.get_or_insert_default();
        split.parts = arguments.split.clone();
        split.by = arguments.split_by;
    }
    config.class_cap = arguments.class_cap.or(config.class_cap);
    if arguments.mask_personal_data {
        config.personal_data = PersonalDataMask::all();
    }
    let gold = arguments.gold.as_deref().map(GoldRows::read).transpose()?;
    let mut reviewed: Vec<ReviewedRow> = Vec::new();
    for path in &arguments.reviewed {
        reviewed.append(&mut read_reviewed(path, &task)?);
    }
    let mut input = CurateInput::new(&task, &logs).with_reviewed(&reviewed);
    if let Some(gold) = &gold {
        input = input.with_gold(gold);
    }
    let curated = curate_with_progress(&input, &config.check()?, &mut |event| {
        eprint!("\r\x1b[K{} ({} rows)", event.stage.as_str(), event.rows);
    })?;
    eprintln!();
    let manifest = curated.write(&arguments.out)?;
    print!("{manifest}");
    println!(
        "\nWritten to {}; {} shows all of this and more.",
        arguments.out.display(),
        arguments.out.join("curation.html").display()
    );
    if !curated.review.is_empty() || !curated.audit.is_empty() {
        println!("Give review.csv back, when it is filled in, with --reviewed.");
    }
    Ok(manifest.verdict)
}

/// The answers in a file; what cannot be used is told to the user.
fn read_reviewed(path: &Path, task: &Task) -> Result<Vec<ReviewedRow>, Box<dyn Error>> {
    let found = ReviewedRows::read(path, task)?;
    println!("{}: {found}", path.display());
    Ok(found.rows)
}
