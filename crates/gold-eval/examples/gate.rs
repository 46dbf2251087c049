//! The gate on files: freeze a gold set, pin a teacher's answers, judge a candidate's.
//!
//! ```text
//! gate freeze --task task.toml --gold gold.jsonl --version 1
//! gate pin    --task task.toml --gold gold.jsonl --answers teacher.jsonl --model gpt-4o-2024-08-06 \
//!             --prompt prompt.txt --baseline baseline.json
//! gate judge  --task task.toml --gold gold.jsonl --baseline baseline.json --predictions predictions.jsonl \
//!             --train data/train.jsonl --manifest data/manifest.json --adapter adapter \
//!             --at 2026-11-05T09:00:00Z --history history.jsonl --out run
//! ```
//!
//! Exit codes: 0 ship (or done), 1 hold, 2 cannot tell, 3 broken input or wrong usage.

#![expect(clippy::print_stderr, reason = "a program for the terminal")]

use std::{
    collections::BTreeSet,
    error::Error,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand, error::ErrorKind};
use gold_eval::{
    BROKEN_INPUT_EXIT_CODE, Baseline, Case, Gate, GateConfig, GoldSet, History, Outcome, Predictions, Preset,
    Report, Teacher, TeacherAnswer, TrainingRecord, judge,
};
use stage_files::{read_json_lines, read_toml};
use task_spec::Task;

/// How many categories the terminal shows.
const LISTED_CATEGORIES: usize = 12;

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
    /// Judge a candidate's answers; writes report.json, report.md and report.html.
    Judge(Box<JudgeFiles>),
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

#[derive(Args)]
struct JudgeFiles {
    #[command(flatten)]
    gold: GoldFiles,
    /// The pinned baseline.
    #[arg(long)]
    baseline: PathBuf,
    /// The candidate's answers: JSON lines of {"id", "answer", "confidence"?, "probabilities"?, "outside"?}.
    #[arg(long)]
    predictions: PathBuf,
    /// The candidate's name.
    #[arg(long, default_value = "candidate")]
    name: String,
    /// clear-the-line, not-inferior or strict.
    #[arg(long, default_value_t = Preset::ClearTheLine, conflicts_with = "gate")]
    preset: Preset,
    /// A gate of your own, in TOML.
    #[arg(long)]
    gate: Option<PathBuf>,
    /// The answers of the model that was shipped last.
    #[arg(long)]
    shipped: Option<PathBuf>,
    /// Ids of gold rows that have a near neighbour in training, one a line.
    #[arg(long)]
    near: Option<PathBuf>,
    /// The rows that the candidate was trained on (train.jsonl): the leakage certificate is computed again from them.
    #[arg(long)]
    train: Option<PathBuf>,
    /// The account of the curation that made them (manifest.json), which holds the certificate.
    #[arg(long)]
    manifest: Option<PathBuf>,
    /// The adapter's folder: its training.json must name these rows.
    #[arg(long)]
    adapter: Option<PathBuf>,
    /// Where every look is counted.
    #[arg(long)]
    history: Option<PathBuf>,
    /// When this is, for the reports.
    #[arg(long, default_value = "undated")]
    at: String,
    /// The folder for the reports.
    #[arg(long, default_value = ".")]
    out: PathBuf,
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
        Command::Judge(files) => judge_files(&files),
    }
}

fn open(files: &GoldFiles) -> Result<(Task, GoldSet), Box<dyn Error>> {
    let task: Task = read_toml(&files.task)?;
    let set = GoldSet::open(&files.gold, &files.gold.with_extension("lock"), &task)?;
    Ok((task, set))
}

fn judge_files(files: &JudgeFiles) -> Result<u8, Box<dyn Error>> {
    let (_, gold) = open(&files.gold)?;
    let baseline = Baseline::open(&files.baseline, &gold)?;
    let candidate = Predictions::open(&files.predictions, &files.name, &gold)?;
    let open_shipped = |path: &PathBuf| Predictions::open(path, "last shipped", &gold);
    let shipped = files.shipped.as_ref().map(open_shipped).transpose()?;
    let near = files.near.as_deref().map(read_ids).transpose()?;
    let training = training(files)?;
    let history = files.history.as_deref().map(History::open).transpose()?;

    let mut case = Case::new(&gold, &baseline, &candidate, &files.at);
    case.shipped = shipped.as_ref();
    case.near_in_training = near.as_ref();
    case.training = training.as_ref();
    case.history = history.as_ref();
    let report = judge(&case, &gate(files)?)?;

    // The look is counted before anyone can see what it showed.
    if let Some(path) = &files.history {
        History::append(path, &report.look())?;
    }
    report.write(&files.out)?;
    say(&table(&report))?;
    Ok(report.verdict.exit_code())
}

/// What the candidate was trained on; `None` if nothing was said of it.
fn training(files: &JudgeFiles) -> Result<Option<TrainingRecord>, Box<dyn Error>> {
    let mut record = TrainingRecord::default();
    if let Some(path) = &files.train {
        record = record.with_rows(path)?;
    }
    if let Some(path) = &files.manifest {
        record = record.with_manifest(path)?;
    }
    if let Some(folder) = &files.adapter {
        record = record.with_adapter(folder)?;
    }
    Ok(Some(record).filter(|record| *record != TrainingRecord::default()))
}

fn gate(files: &JudgeFiles) -> Result<Gate, Box<dyn Error>> {
    let config: GateConfig = match &files.gate {
        Some(path) => read_toml(path)?,
        None => files.preset.config(),
    };
    Ok(config.check()?)
}

fn read_ids(path: &Path) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let text = fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    Ok(text
        .lines()
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
        .collect())
}

/// The verdict, the rules and the worst categories, as lines.
fn table(report: &Report) -> String {
    let mut lines = vec![
        report.verdict.to_string().to_uppercase(),
        report.summary.clone(),
        String::new(),
    ];
    for finding in &report.rules {
        let word = match finding.outcome {
            Outcome::Pass => "pass",
            Outcome::Fail => "FAIL",
            Outcome::CannotTell => "cannot tell",
        };
        lines.push(format!(
            "{word:>12}  {}\n{:14}{}",
            finding.rule.title(),
            "",
            finding.evidence
        ));
    }
    lines.push(format!(
        "\n{:<32} {:>5} {:>7} {:>15} {:>9} {:>7} {:>8}",
        "category", "rows", "recall", "interval", "baseline", "change", "p worse"
    ));
    lines.extend(report.categories.iter().take(LISTED_CATEGORIES).map(|category| {
        format!(
            "{:<32} {:>5} {:>6.1}% {:>6.1} to {:>5.1} {:>8.1}% {:>+7.1} {:>8.4}",
            category.label.chars().take(32).collect::<String>(),
            category.support,
            100.0 * category.recall,
            100.0 * category.recall_interval.low,
            100.0 * category.recall_interval.high,
            100.0 * category.baseline_recall,
            100.0 * category.difference,
            category.p_worse_holm
        )
    }));
    if let Some(more) = report.categories.len().checked_sub(LISTED_CATEGORIES + 1) {
        lines.push(format!("... {} more in report.html", more + 1));
    }
    lines.push(String::new());
    lines.extend(report.notes.iter().map(|note| format!("- {note}")));
    lines.join("\n")
}

/// Prints; a reader that has heard enough, such as `head`, does not change the verdict.
fn say(text: &str) -> Result<(), Box<dyn Error>> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
