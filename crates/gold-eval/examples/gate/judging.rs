//! `gate judge`: a candidate's answers against a pinned baseline.

use std::{
    collections::BTreeSet,
    env,
    error::Error,
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use clap::Args;
use gold_eval::{
    Baseline, Case, Gate, GateConfig, GoldKind, GoldSet, History, Predictions, Preset, TrainingRecord, Usage,
    github_annotations, judge,
};
use stage_files::read_toml;

use crate::{GoldFiles, judged::Judged, open, say, terminal, with_task};

const EXIT_CODES: &str = "\
Exit codes:
  0  ship         every rule passes
  1  hold         a rule fails, and the rows show it
  2  cannot tell  no rule fails, but rows or data are too few to say that all pass
  3  no verdict   broken input, a file that cannot be read or written, wrong usage

The same files give the same bytes in every report. Colour is for terminals; NO_COLOR turns it off.";

#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct JudgeFiles {
    #[command(flatten)]
    gold: GoldFiles,
    /// The pinned baseline.
    #[arg(long)]
    baseline: PathBuf,
    /// The candidate's answers: JSON lines of {"id", "answer", "confidence"?, "probabilities"?, "outside"?,
    /// "latency_ms"?, "cost_usd"?}; of a task of fields {"id", "answer"} or {"id", "fields"}.
    #[arg(long)]
    predictions: PathBuf,
    /// Further answers of the same model to the same rows, if it does not always give the same; may be repeated.
    #[arg(long = "repeat", value_name = "PREDICTIONS")]
    repeats: Vec<PathBuf>,
    /// The candidate's name.
    #[arg(long, default_value = "candidate")]
    name: String,
    /// clear-the-line, not-inferior or strict; `gate presets` says what they ask.
    #[arg(long, default_value_t = Preset::ClearTheLine, conflicts_with = "gate", help_heading = "The gate")]
    preset: Preset,
    /// A gate of your own, in TOML: start from `gate presets NAME`, take more from `gate rules`.
    #[arg(long, value_name = "FILE", help_heading = "The gate")]
    gate: Option<PathBuf>,
    /// The answers of the model that was shipped last, for rules against it.
    #[arg(long, value_name = "FILE", help_heading = "What rules may need")]
    shipped: Option<PathBuf>,
    /// Measured answers, such as a load test's: JSON lines of {"latency_ms"?, "cost_usd"?}. The predictions' own lines
    /// unless given.
    #[arg(long, value_name = "FILE", help_heading = "What rules may need")]
    usage: Option<PathBuf>,
    /// What each answer costs, where that is the same for all, as on a machine of your own: its dollars an hour divided
    /// by its answers an hour.
    #[arg(long, value_name = "USD", help_heading = "What rules may need")]
    usd_per_answer: Option<f64>,
    /// Ids of gold rows that have a near neighbour in training, one a line.
    #[arg(long, value_name = "FILE", help_heading = "What the candidate was trained on")]
    near: Option<PathBuf>,
    /// Its training rows (train.jsonl): the leakage certificate is computed again from them.
    #[arg(long, value_name = "FILE", help_heading = "What the candidate was trained on")]
    train: Option<PathBuf>,
    /// The account of the curation that made them (manifest.json), which holds the certificate.
    #[arg(long, value_name = "FILE", help_heading = "What the candidate was trained on")]
    manifest: Option<PathBuf>,
    /// The adapter's folder: its training.json must name these rows.
    #[arg(
        long,
        value_name = "FOLDER",
        help_heading = "What the candidate was trained on"
    )]
    adapter: Option<PathBuf>,
    /// Where every look at the gold set is counted.
    #[arg(long, value_name = "FILE", help_heading = "What comes out")]
    history: Option<PathBuf>,
    /// Write no report and say only the verdict and the Ladder's score: what may be told to whoever makes the next
    /// candidate.
    #[arg(long, requires = "history", help_heading = "What comes out")]
    blind: bool,
    /// When this is, for the reports: nothing here reads a clock.
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "undated",
        help_heading = "What comes out"
    )]
    at: String,
    /// The folder for the reports.
    #[arg(
        long,
        value_name = "FOLDER",
        default_value = ".",
        help_heading = "What comes out"
    )]
    out: PathBuf,
    /// Annotate a GitHub Actions run, and add the Markdown to its summary ($GITHUB_STEP_SUMMARY).
    #[arg(long, help_heading = "What comes out")]
    github: bool,
}

pub(crate) fn run(files: &JudgeFiles) -> Result<u8, Box<dyn Error>> {
    with_task!(&files.gold.task, task => judge_for(&open(task, &files.gold)?, files))
}

fn judge_for<K>(gold: &GoldSet<K>, files: &JudgeFiles) -> Result<u8, Box<dyn Error>>
where
    K: GoldKind,
    K::Report: Judged,
{
    let baseline = Baseline::open(&files.baseline, gold)?;
    let candidate = Predictions::open(&files.predictions, &files.name, gold)?;
    let open_shipped = |path: &PathBuf| Predictions::open(path, "last shipped", gold);
    let shipped = files.shipped.as_ref().map(open_shipped).transpose()?;
    let repeats = (files.repeats.iter())
        .map(|path| Predictions::open(path, &files.name, gold))
        .collect::<Result<Vec<_>, _>>()?;
    let near = files.near.as_deref().map(read_ids).transpose()?;
    let training = training(files)?;
    let history = files.history.as_deref().map(History::open).transpose()?;
    let usage = usage(files)?;

    let mut case = Case::new(gold, &baseline, &candidate, &files.at);
    case.repeats = &repeats;
    case.shipped = shipped.as_ref();
    case.near_in_training = near.as_ref();
    case.training = training.as_ref();
    case.history = history.as_ref();
    case.usage = usage.as_ref();
    let report = judge(&case, &gate(files)?)?;

    // The look is counted before anyone can see what it showed.
    if let Some(path) = &files.history {
        History::append(path, &report.look())?;
    }
    let about = report.about();
    let verdict = about.verdict;
    if let Some(standing) = about.standing.filter(|_| files.blind) {
        say(&format!(
            "{}\n{}",
            verdict.to_string().to_uppercase(),
            standing.released_in_words()
        ))?;
        return Ok(verdict.exit_code());
    }
    report.write(&files.out)?;
    let mut table = terminal::table(&report, terminal::width());
    table.push_str(&format!(
        "\n\nreport.html, report.md, report.json and junit.xml are in {}",
        files.out.display()
    ));
    say(&if files.github {
        for_github(&report, &table)?
    } else {
        table
    })?;
    Ok(verdict.exit_code())
}

/// The table between lines that keep the runner from taking any of it for a command, and the annotations after it.
fn for_github(report: &impl Judged, table: &str) -> Result<String, Box<dyn Error>> {
    if let Some(path) = env::var_os("GITHUB_STEP_SUMMARY") {
        let path = PathBuf::from(path);
        let mut file = OpenOptions::new().append(true).create(true).open(&path);
        let written = file.as_mut().map_err(|e| e.to_string());
        written
            .and_then(|file| {
                file.write_all(report.to_markdown().as_bytes())
                    .map_err(|e| e.to_string())
            })
            .map_err(|e| format!("cannot write the summary {}: {e}", path.display()))?;
    }
    // No text in the table can hold the hash of the answers that it is made of.
    let token = report.look().answers_hash;
    let token = token.as_str();
    let about = report.about();
    let annotations = github_annotations(about.verdict, about.summary, about.rules, about.kind);
    Ok(format!(
        "::stop-commands::{token}\n{table}\n::{token}::\n{annotations}"
    ))
}

/// What the candidate's answers took; `None` where nothing was measured.
fn usage(files: &JudgeFiles) -> Result<Option<Usage>, Box<dyn Error>> {
    let mut usage = Usage::open(files.usage.as_ref().unwrap_or(&files.predictions))?;
    if let Some(usd) = files.usd_per_answer {
        usage = usage
            .with_cost_of_each(usd)
            .map_err(|_| format!("--usd-per-answer {usd} is no amount of dollars"))?;
    }
    Ok(Some(usage).filter(|usage| !usage.is_empty()))
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
