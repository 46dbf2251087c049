//! `gate judge`: a candidate's answers against a pinned baseline.

use std::{
    collections::BTreeSet,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use gold_eval::{Baseline, Case, Gate, GateConfig, History, Predictions, Preset, TrainingRecord, judge};
use stage_files::read_toml;

use crate::{GoldFiles, fields, open, say, terminal};

#[derive(Args)]
pub(crate) struct JudgeFiles {
    #[command(flatten)]
    gold: GoldFiles,
    /// The pinned baseline.
    #[arg(long)]
    baseline: PathBuf,
    /// The candidate's answers: JSON lines of {"id", "answer", "confidence"?, "probabilities"?, "outside"?}; of a task of
    /// fields {"id", "answer"} or {"id", "fields"}.
    #[arg(long)]
    predictions: PathBuf,
    /// Further answers of the same model to the same rows, if it does not always give the same; may be repeated.
    #[arg(long = "repeat", value_name = "PREDICTIONS")]
    repeats: Vec<PathBuf>,
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
    /// Write no report and say only the verdict and the Ladder's score: what may be told to whoever makes the next
    /// candidate.
    #[arg(long, requires = "history")]
    blind: bool,
    /// When this is, for the reports.
    #[arg(long, default_value = "undated")]
    at: String,
    /// The folder for the reports.
    #[arg(long, default_value = ".")]
    out: PathBuf,
}

pub(crate) fn run(files: &JudgeFiles) -> Result<u8, Box<dyn Error>> {
    if let Some(task) = fields::task(&files.gold.task)? {
        return fields::judge(&task, &of_fields(files)?, &gate(files)?);
    }
    let (_, gold) = open(&files.gold)?;
    let baseline = Baseline::open(&files.baseline, &gold)?;
    let candidate = Predictions::open(&files.predictions, &files.name, &gold)?;
    let open_shipped = |path: &PathBuf| Predictions::open(path, "last shipped", &gold);
    let shipped = files.shipped.as_ref().map(open_shipped).transpose()?;
    let repeats = (files.repeats.iter())
        .map(|path| Predictions::open(path, &files.name, &gold))
        .collect::<Result<Vec<_>, _>>()?;
    let near = files.near.as_deref().map(read_ids).transpose()?;
    let training = training(files)?;
    let history = files.history.as_deref().map(History::open).transpose()?;

    let mut case = Case::new(&gold, &baseline, &candidate, &files.at);
    case.repeats = &repeats;
    case.shipped = shipped.as_ref();
    case.near_in_training = near.as_ref();
    case.training = training.as_ref();
    case.history = history.as_ref();
    let report = judge(&case, &gate(files)?)?;

    // The look is counted before anyone can see what it showed.
    if let Some(path) = &files.history {
        History::append(path, &report.look())?;
    }
    if let Some(standing) = report.standing.as_ref().filter(|_| files.blind) {
        say(&format!(
            "{}\n{}",
            report.verdict.to_string().to_uppercase(),
            standing.released_in_words()
        ))?;
        return Ok(report.verdict.exit_code());
    }
    report.write(&files.out)?;
    say(&terminal::table(&report))?;
    Ok(report.verdict.exit_code())
}

/// The same files for a task whose answers are fields.
fn of_fields(files: &JudgeFiles) -> Result<fields::Files<'_>, Box<dyn Error>> {
    if files.near.is_some() {
        return Err(
            "--near is for tasks of labels: give --train, from which near documents are found".into(),
        );
    }
    Ok(fields::Files {
        gold: &files.gold,
        baseline: &files.baseline,
        predictions: &files.predictions,
        name: &files.name,
        shipped: files.shipped.as_ref(),
        training: training(files)?,
        history: files.history.as_ref(),
        at: &files.at,
        out: &files.out,
    })
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
