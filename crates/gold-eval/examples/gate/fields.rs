//! The gate on documents with fields: the same subcommands for a task of that kind.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use gold_eval::{
    FieldAnswer, FieldAnswers, FieldBaseline, FieldCase, FieldDetails, FieldGold, Gate, GradedReport,
    History, Outcome, Teacher, TrainingRecord, judge_fields,
};
use stage_files::{read_json_lines, read_toml};
use task_spec::{FieldSchema, Output, Task};

use crate::{GoldFiles, say};

/// The task, if its answers are fields.
pub(crate) fn task(path: &Path) -> Result<Option<Task<FieldSchema>>, Box<dyn Error>> {
    let task: Task<Output> = read_toml(path)?;
    let Output::Fields { fields } = task.output else {
        return Ok(None);
    };
    Ok(Some(Task {
        name: task.name,
        system: task.system,
        output: fields,
    }))
}

fn open(task: &Task<FieldSchema>, files: &GoldFiles) -> Result<FieldGold, Box<dyn Error>> {
    Ok(FieldGold::open(
        &files.gold,
        &files.gold.with_extension("lock"),
        task,
    )?)
}

pub(crate) fn freeze(
    task: &Task<FieldSchema>,
    files: &GoldFiles,
    version: u32,
) -> Result<u8, Box<dyn Error>> {
    let set = FieldGold::freeze(&files.gold, task, version)?;
    let lock = set.lock();
    let mut lines = vec![
        format!(
            "frozen as version {}: {} rows, content {}",
            lock.version,
            lock.rows,
            lock.hash.short()
        ),
        format!(
            "{:<24} {:>10} {:>8} {:>14} {:>14}",
            "field", "with value", "without", "not annotated", "of other kind"
        ),
    ];
    lines.extend(lock.fields.iter().map(|(name, support)| {
        format!(
            "{:<24} {:>10} {:>8} {:>14} {:>14}",
            name.chars().take(24).collect::<String>(),
            support.with_value,
            support.without,
            support.not_annotated,
            support.of_other_kind
        )
    }));
    say(&lines.join("\n"))?;
    Ok(0)
}

pub(crate) fn pin(
    task: &Task<FieldSchema>,
    files: &GoldFiles,
    teacher: Teacher,
    answers: &Path,
    baseline: &Path,
) -> Result<u8, Box<dyn Error>> {
    let set = open(task, files)?;
    let answers: Vec<FieldAnswer> = read_json_lines(answers)?;
    let pinned = FieldBaseline::pin(&set, teacher, answers)?;
    pinned.write(baseline)?;
    say(&format!(
        "pinned {}: {} of {} whole records right, {} answers unreadable",
        pinned.teacher().model,
        pinned.correct(),
        set.rows().len(),
        pinned.unreadable()
    ))?;
    Ok(0)
}

/// The files of `gate judge` as they are for fields.
pub(crate) struct Files<'a> {
    pub(crate) gold: &'a GoldFiles,
    pub(crate) baseline: &'a Path,
    pub(crate) predictions: &'a Path,
    pub(crate) name: &'a str,
    pub(crate) shipped: Option<&'a PathBuf>,
    pub(crate) training: Option<TrainingRecord>,
    pub(crate) history: Option<&'a PathBuf>,
    pub(crate) at: &'a str,
    pub(crate) out: &'a Path,
}

pub(crate) fn judge(task: &Task<FieldSchema>, files: &Files<'_>, gate: &Gate) -> Result<u8, Box<dyn Error>> {
    let gold = open(task, files.gold)?;
    let baseline = FieldBaseline::open(files.baseline, &gold)?;
    let candidate = FieldAnswers::open(files.predictions, files.name, &gold)?;
    let open_shipped = |path: &PathBuf| FieldAnswers::open(path, "last shipped", &gold);
    let shipped = files.shipped.map(open_shipped).transpose()?;
    let history = files.history.map(|path| History::open(path)).transpose()?;

    let mut case = FieldCase::new(&gold, &baseline, &candidate, files.at);
    case.shipped = shipped.as_ref();
    case.training = files.training.as_ref();
    case.history = history.as_ref();
    let report = judge_fields(&case, gate)?;

    // The look is counted before anyone can see what it showed.
    if let Some(path) = files.history {
        History::append(path, &report.look())?;
    }
    report.write(files.out)?;
    say(&table(&report))?;
    Ok(report.verdict.exit_code())
}

/// The verdict, the rules and the fields, as lines of a terminal.
fn table(report: &GradedReport<FieldDetails>) -> String {
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
            finding.rule.title_of(report.kind),
            "",
            finding.evidence
        ));
    }
    lines.push(format!(
        "\n{:<24} {:>5} {:>7} {:>15} {:>9} {:>7} {:>8} {:>6} {:>8} {:>9}",
        "field", "rows", "right", "interval", "baseline", "change", "p worse", "wrong", "missing", "invented"
    ));
    for aspect in &report.aspects {
        let counts = (report.details.fields.iter())
            .find(|field| field.name == aspect.name)
            .map(|field| field.counts)
            .unwrap_or_default();
        lines.push(format!(
            "{:<24} {:>5} {:>6.1}% {:>6.1} to {:>5.1} {:>8.1}% {:>+7.1} {:>8.4} {:>6} {:>8} {:>9}",
            aspect.name.chars().take(24).collect::<String>(),
            aspect.right.of,
            100.0 * aspect.right.value,
            100.0 * aspect.right.interval.low,
            100.0 * aspect.right.interval.high,
            100.0 * aspect.baseline,
            100.0 * aspect.difference,
            aspect.p_worse_holm,
            counts.wrong,
            counts.missing,
            counts.invented
        ));
    }
    lines.push(String::new());
    lines.extend(report.notes.iter().map(|note| format!("- {note}")));
    lines.join("\n")
}
