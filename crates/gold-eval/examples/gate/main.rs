//! The gate on files: freeze a gold set, pin a teacher's answers, judge a candidate's.
//!
//! ```text
//! gate freeze --task task.toml --gold gold.jsonl --version 1
//! gate pin    --task task.toml --gold gold.jsonl --answers teacher.jsonl --model gpt-4o-2024-08-06 \
//!             --prompt prompt.txt --baseline baseline.json
//! gate predict --task task.toml --gold gold.jsonl --command "python model.py" --out predictions.jsonl
//! gate judge  --task task.toml --gold gold.jsonl --baseline baseline.json --predictions predictions.jsonl \
//!             --train data/train.jsonl --manifest data/manifest.json --adapter adapter \
//!             --at 2026-11-05T09:00:00Z --history history.jsonl --out run
//! ```
//!
//! Exit codes: 0 ship (or done), 1 hold, 2 cannot tell, 3 broken input or wrong usage.

#![expect(clippy::print_stderr, reason = "a program for the terminal")]

mod judging;
mod predicting;
mod terminal;

use std::{
    error::Error,
    fs,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand, error::ErrorKind};
use gold_eval::{BROKEN_INPUT_EXIT_CODE, Baseline, GoldSet, Teacher, TeacherAnswer};
use stage_files::{read_json_lines, read_toml};
use task_spec::Task;

/// Decide whether a candidate ships.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 ship (or done), 1 hold, 2 cannot tell, 3 broken input or wrong usage."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Freeze a gold set: check every row and write gold.lock beside it.
    Freeze {
        #[command(flatten)]
        gold: GoldFiles,
        /// The version to freeze it as; other content needs a higher one.
        #[arg(long = "as-version", alias = "version", default_value_t = 1)]
        version: u32,
    },
    /// Pin a teacher's raw answers as the line to beat.
    Pin {
        #[command(flatten)]
        gold: GoldFiles,
        /// JSON lines of {"id", "answer", "confidence"?}.
        #[arg(long)]
        answers: PathBuf,
        /// The dated id of the model that answered.
        #[arg(long)]
        model: String,
        /// The file with the prompt it was asked with.
        #[arg(long)]
        prompt: PathBuf,
        /// Where the baseline goes.
        #[arg(long, default_value = "baseline.json")]
        baseline: PathBuf,
    },
    /// Ask a model every question of the gold set, or bring in answers that another tool collected.
    Predict(Box<predicting::PredictArgs>),
    /// Judge a candidate's answers; writes report.json, report.md and report.html.
    Judge(Box<judging::JudgeFiles>),
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
        Command::Freeze { gold, version } => {
            let task: Task = read_toml(&gold.task)?;
            let set = GoldSet::freeze(&gold.gold, &task, version)?;
            let lock = set.lock();
            say(&format!(
                "frozen as version {}: {} rows, content {}",
                lock.version,
                lock.rows,
                lock.hash.short()
            ))?;
            Ok(0)
        }
        Command::Pin {
            gold,
            answers,
            model,
            prompt,
            baseline,
        } => {
            let (_, set) = open(&gold)?;
            let prompt =
                fs::read_to_string(&prompt).map_err(|e| format!("cannot read {}: {e}", prompt.display()))?;
            let answers: Vec<TeacherAnswer> = read_json_lines(&answers)?;
            let pinned = Baseline::pin(&set, Teacher::new(model, &prompt), answers)?;
            pinned.write(&baseline)?;
            say(&format!(
                "pinned {}: {} of {} rows right, {} answers outside the task",
                pinned.teacher().model,
                pinned.correct(),
                set.rows().len(),
                pinned.outside()
            ))?;
            Ok(0)
        }
        Command::Predict(args) => predicting::run(&args),
        Command::Judge(files) => judging::run(&files),
    }
}

fn open(files: &GoldFiles) -> Result<(Task, GoldSet), Box<dyn Error>> {
    let task: Task = read_toml(&files.task)?;
    let set = GoldSet::open(&files.gold, &files.gold.with_extension("lock"), &task)?;
    Ok((task, set))
}

/// Prints; a reader that has heard enough, such as `head`, does not change the verdict.
fn say(text: &str) -> Result<(), Box<dyn Error>> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
