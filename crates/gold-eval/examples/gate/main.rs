//! The gate on files: import a gold set, freeze it, pin a teacher's answers, judge a candidate's.
//!
//! ```text
//! gate import  --from test.csv --new-task task.toml --out gold.jsonl
//! gate freeze  --task task.toml --gold gold.jsonl --version 1
//! gate power   --task task.toml --gold gold.jsonl --drop 10
//! gate pin     --task task.toml --gold gold.jsonl --answers teacher.jsonl --model gpt-4o-2024-08-06 \
//!              --prompt prompt.txt --baseline baseline.json
//! gate predict --task task.toml --gold gold.jsonl --command "python model.py" --out predictions.jsonl
//! gate judge   --task task.toml --gold gold.jsonl --baseline baseline.json --predictions predictions.jsonl \
//!              --train data/train.jsonl --manifest data/manifest.json --adapter adapter \
//!              --at 2026-11-05T09:00:00Z --history history.jsonl --out run
//! gate presets strict > gate.toml     (a gate to change; `gate rules` shows every rule that there is)
//! ```
//!
//! When rows come to the gold set or are corrected:
//!
//! ```text
//! gate diff    --task task.toml --gold gold.jsonl
//! gate freeze  --task task.toml --gold gold.jsonl --version 2 --because "fees have a category of their own"
//! gate carry   --task task.toml --gold gold.jsonl --from baseline.json --ask ask.jsonl
//! gate carry   --task task.toml --gold gold.jsonl --from baseline.json --answers answers.jsonl \
//!              --model gpt-4o-2024-08-06 --prompt prompt.txt --baseline baseline.v2.json
//! ```
//!
//! When the task has new aliases: `gate rescore --task task.toml --gold gold.jsonl --baseline baseline.json --out
//! new.json`.
//!
//! All of this but `import` and `power` is the same for tasks of other kinds. Of documents with fields gold rows are
//! `{"id", "input", "fields": {…}}`, and answers are what a model wrote, or the objects themselves; of sentences about rows of
//! data they are `{"id", "row": {…}, "references": […]}`.
//!
//! Exit codes: 0 ship (or done), 1 hold (of import: rows were set aside), 2 cannot tell, 3 broken input or wrong usage.

#![expect(clippy::print_stderr, reason = "a program for the terminal")]

mod freezing;
mod importing;
mod judged;
mod judging;
mod pinning;
mod planning;
mod predicting;
mod presets;
mod terminal;

use std::{
    error::Error,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand, error::ErrorKind};
use gold_eval::{BROKEN_INPUT_EXIT_CODE, GoldError, GoldKind, GoldSet};
use task_spec::Task;

/// Decide whether a candidate ships.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 ship (or done), 1 hold (of import: rows were set aside), 2 cannot tell, 3 broken input or wrong usage."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make gold rows from CSV, JSON lines, OpenAI evals or promptfoo test cases.
    Import(Box<importing::ImportFiles>),
    /// Freeze a gold set: check every row, write gold.lock beside it, and say what changed since the version before.
    ///
    /// A copy of the rows stays as gold.v1.jsonl, with its lock as gold.v1.lock; what changed is also in
    /// gold.v2.diff.json.
    Freeze(freezing::FreezeFiles),
    /// Show what freezing the next version would change; writes nothing.
    Diff(freezing::DiffFiles),
    /// Pin a teacher's raw answers as the line to beat.
    Pin(pinning::PinFiles),
    /// Score the raw answers of a baseline again, after the task's aliases changed.
    Rescore(pinning::RescoreFiles),
    /// Carry a baseline over to a new version of the gold set: the teacher is asked only what is new.
    Carry(pinning::CarryFiles),
    /// Say what the gold set can show, and how many more rows of which category would show a drop: before any model is
    /// judged.
    Power(planning::PowerFiles),
    /// Ask a model every question of the gold set, or bring in answers that another tool collected.
    Predict(Box<predicting::PredictArgs>),
    /// Judge a candidate's answers; writes report.json, report.md, report.html and junit.xml.
    Judge(Box<judging::JudgeFiles>),
    /// List the presets, or print one as TOML, to be changed and given to judge --gate.
    Presets(presets::PresetName),
    /// Print every rule that a gate may have, as TOML with what each setting means.
    Rules,
}

#[derive(Args)]
struct GoldFiles {
    /// The task.
    #[arg(long)]
    task: PathBuf,
    /// The gold rows; the lock is the same name with the extension `lock`.
    #[arg(long)]
    gold: PathBuf,
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            // Nothing is left to be done if even this cannot be printed.
            let _unprinted = error.print();
            // clap's own code for wrong usage is 2, which here means "cannot tell".
            return ExitCode::from(if asked { 0 } else { BROKEN_INPUT_EXIT_CODE });
        }
    };
    match run(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because {cause}");
                source = cause.source();
            }
            ExitCode::from(BROKEN_INPUT_EXIT_CODE)
        }
    }
}

fn run(command: Command) -> Result<u8, Box<dyn Error>> {
    match command {
        Command::Import(files) => importing::run(&files),
        Command::Freeze(files) => freezing::freeze(&files),
        Command::Diff(files) => freezing::diff(&files),
        Command::Pin(files) => pinning::pin(&files),
        Command::Rescore(files) => pinning::rescore(&files),
        Command::Carry(files) => pinning::carry(&files),
        Command::Power(files) => planning::run(&files),
        Command::Predict(args) => predicting::run(&args),
        Command::Judge(files) => judging::run(&files),
        Command::Presets(name) => presets::print(&name),
        Command::Rules => presets::print_every_rule(),
    }
}

/// Does something with the task of a file, whatever its kind: `task` is a `Task` of one of the kinds that there are.
macro_rules! with_task {
    ($path:expr, $task:ident => $run:expr) => {{
        let any: task_spec::Task<task_spec::Output> = stage_files::read_toml($path)?;
        let (name, system) = (any.name, any.system);
        match any.output {
            task_spec::Output::Labels { labels: output } => {
                let $task = &task_spec::Task { name, system, output };
                $run
            }
            task_spec::Output::Fields { fields: output } => {
                let $task = &task_spec::Task { name, system, output };
                $run
            }
            task_spec::Output::Sentence { style: output } => {
                let $task = &task_spec::Task { name, system, output };
                $run
            }
            other => Err(format!("there is no gate for answers of the kind {:?}", other.kind()).into()),
        }
    }};
}
pub(crate) use with_task;

fn open<K: GoldKind>(task: &Task<K>, files: &GoldFiles) -> Result<GoldSet<K>, GoldError> {
    GoldSet::open(&files.gold, &files.gold.with_extension("lock"), task)
}

/// Prints; a reader that has heard enough, such as `head`, does not change the verdict.
fn say(text: &str) -> Result<(), Box<dyn Error>> {
    match writeln!(anstream::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
