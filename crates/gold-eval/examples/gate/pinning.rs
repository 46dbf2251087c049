//! `gate pin`, `gate rescore` and `gate carry`: the line to beat.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use gold_eval::{
    Baseline, Carry, GoldKind, GoldSet, RescoredRow, Teacher, TeacherAnswer, Usage, figures::one_line,
};
use stage_files::{read_json_lines, write_json_lines};

use crate::{GoldFiles, open, say, with_task};

/// How many answers that changed their meaning are listed.
const LISTED: usize = 20;

#[derive(Args)]
pub(crate) struct PinFiles {
    #[command(flatten)]
    gold: GoldFiles,
    /// JSON lines of {"id", "answer", "confidence"?, "latency_ms"?, "cost_usd"?}.
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
}

#[derive(Args)]
pub(crate) struct RescoreFiles {
    #[command(flatten)]
    gold: GoldFiles,
    /// The pinned baseline, which stays as it is.
    #[arg(long)]
    baseline: PathBuf,
    /// Where the baseline goes that is scored again. Without it the change is only shown.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct CarryFiles {
    /// The task and the gold set, frozen as its new version.
    #[command(flatten)]
    gold: GoldFiles,
    /// The baseline that was pinned on an earlier version, which stays as it is.
    #[arg(long)]
    from: PathBuf,
    /// Write the rows that the teacher has to be asked: JSON lines of {"id", "input"}.
    #[arg(long, value_name = "FILE", conflicts_with = "answers")]
    ask: Option<PathBuf>,
    /// The teacher's answers to these rows: JSON lines of {"id", "answer", "confidence"?}.
    #[arg(long, requires_all = ["model", "prompt"])]
    answers: Option<PathBuf>,
    /// The dated id of the model that answered; it has to be that of the baseline.
    #[arg(long)]
    model: Option<String>,
    /// The file with the prompt it was asked with; it has to be that of the baseline.
    #[arg(long)]
    prompt: Option<PathBuf>,
    /// Where the new baseline goes. Without it the change is only shown.
    #[arg(long)]
    baseline: Option<PathBuf>,
}

pub(crate) fn pin(files: &PinFiles) -> Result<u8, Box<dyn Error>> {
    with_task!(&files.gold.task, task => pin_for(&open(task, &files.gold)?, files))
}

fn pin_for<K: GoldKind>(gold: &GoldSet<K>, files: &PinFiles) -> Result<u8, Box<dyn Error>> {
    let teacher = teacher(&files.model, &files.prompt)?;
    let usage = Usage::open(&files.answers)?;
    let answers: Vec<TeacherAnswer> = read_json_lines(&files.answers)?;
    let pinned = Baseline::pin(gold, teacher, answers)?.with_usage(usage);
    pinned.write(&files.baseline)?;
    say(&format!("pinned {}", in_words(&pinned, gold)))?;
    Ok(0)
}

pub(crate) fn rescore(files: &RescoreFiles) -> Result<u8, Box<dyn Error>> {
    with_task!(&files.gold.task, task => rescore_for(&open(task, &files.gold)?, files))
}

fn rescore_for<K: GoldKind>(gold: &GoldSet<K>, files: &RescoreFiles) -> Result<u8, Box<dyn Error>> {
    let (baseline, change) = Baseline::rescore(&files.baseline, gold)?;
    say(&format!(
        "{} answers mean something else now: {} of {} rows right before, {} after; {} outside the task before, {} after",
        change.rows.len(),
        change.correct_before,
        gold.rows().len(),
        change.correct_after,
        change.outside_before,
        change.outside_after
    ))?;
    list(&change.rows)?;
    write(&baseline, gold, files.out.as_deref(), "--out")?;
    Ok(0)
}

pub(crate) fn carry(files: &CarryFiles) -> Result<u8, Box<dyn Error>> {
    with_task!(&files.gold.task, task => carry_for(&open(task, &files.gold)?, files))
}

fn carry_for<K: GoldKind>(gold: &GoldSet<K>, files: &CarryFiles) -> Result<u8, Box<dyn Error>> {
    let carry = Carry::open(&files.from, &files.gold.gold, gold)?;
    say(&format!(
        "{} answers of {} are kept, {} are dropped, {} rows have to be asked",
        carry.kept(),
        carry.teacher().model,
        carry.dropped(),
        carry.to_ask().len()
    ))?;
    if !carry.rescored().is_empty() {
        say(&format!(
            "{} of the kept answers mean something else than when they were pinned:",
            carry.rescored().len()
        ))?;
        list(carry.rescored())?;
    }
    if let Some(path) = &files.ask {
        write_json_lines(path, carry.to_ask())?;
        say(&format!(
            "{}: ask {} these, with the prompt whose BLAKE3 begins with {}, and give its answers by --answers",
            path.display(),
            carry.teacher().model,
            carry.teacher().prompt_hash.short()
        ))?;
        return Ok(0);
    }
    let (asked, answers) = match (&files.answers, &files.model, &files.prompt) {
        (Some(answers), Some(model), Some(prompt)) => (
            teacher(model, prompt)?,
            read_json_lines::<TeacherAnswer>(answers)?,
        ),
        _ if carry.to_ask().is_empty() => (carry.teacher().clone(), Vec::new()),
        _ => {
            let needed = "write the rows that have to be asked by --ask FILE, and give the teacher's answers by --answers, \
                          --model and --prompt";
            return Err(needed.into());
        }
    };
    let baseline = carry.finish(gold, &asked, answers)?;
    write(&baseline, gold, files.baseline.as_deref(), "--baseline")?;
    Ok(0)
}

fn teacher(model: &str, prompt: &Path) -> Result<Teacher, Box<dyn Error>> {
    let text = fs::read_to_string(prompt).map_err(|e| format!("cannot read {}: {e}", prompt.display()))?;
    Ok(Teacher::new(model, &text))
}

fn write<K: GoldKind>(
    baseline: &Baseline<K>,
    gold: &GoldSet<K>,
    to: Option<&Path>,
    option: &str,
) -> Result<(), Box<dyn Error>> {
    let Some(path) = to else {
        return say(&format!("nothing is written without {option}"));
    };
    baseline.write(path)?;
    say(&format!("{}: {}", path.display(), in_words(baseline, gold)))
}

fn in_words<K: GoldKind>(baseline: &Baseline<K>, gold: &GoldSet<K>) -> String {
    format!(
        "{}: {} of {} rows right, {} answers outside the task",
        baseline.teacher().model,
        baseline.correct(),
        gold.rows().len(),
        baseline.outside()
    )
}

fn list(rows: &[RescoredRow]) -> Result<(), Box<dyn Error>> {
    let meaning = |meaning: &Option<String>| {
        let of_none = || "outside the task".to_owned();
        meaning
            .as_ref()
            .map_or_else(of_none, |meaning| one_line(meaning, 60))
    };
    for row in rows.iter().take(LISTED) {
        let (before, after) = (meaning(&row.before), meaning(&row.after));
        say(&format!(
            "  {}  {before} -> {after} (right: {}): “{}”",
            row.id,
            one_line(&row.right, 60),
            one_line(&row.answer, 60)
        ))?;
    }
    match rows.len().saturating_sub(LISTED) {
        0 => Ok(()),
        more => say(&format!("  ... {more} more")),
    }
}
