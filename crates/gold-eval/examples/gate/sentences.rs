//! `gate sentences`: sentences about rows of data, checked against their rows, beside another model's.

use std::{error::Error, fmt::Write, path::PathBuf};

use clap::Args;
use gold_eval::{
    PairedCounts, PredictedRow,
    figures::{count, counted, one_line, percent},
    holm, mcnemar_mid_p,
    narration::{SentenceChecker, SentenceGrades, SentenceReport, SentenceSet, grade_sentences},
    overlap::{Bleu, Chrf, OverlapMetric, RANDOMISATION_TRIALS, approximate_randomisation},
};
use stage_files::{read_json_lines, read_toml, write_json};
use task_spec::{SentenceStyle, Task};

use crate::say;

/// So that two runs on the same files print the same p-values.
const SEED: u64 = 20_261_126;

#[derive(Args)]
pub(crate) struct SentenceFiles {
    /// The task, whose output is of the kind "sentence".
    #[arg(long)]
    task: PathBuf,
    /// The rows: JSON lines of {"id", "row": {name: value}, "references": [sentences]}.
    #[arg(long)]
    gold: PathBuf,
    /// The sentences: JSON lines of {"id", "answer"}.
    #[arg(long)]
    predictions: PathBuf,
    /// The name of the model that wrote them.
    #[arg(long, default_value = "candidate")]
    name: String,
    /// The sentences of the model to compare with.
    #[arg(long)]
    baseline: Option<PathBuf>,
    /// The name of that model.
    #[arg(long, default_value = "baseline")]
    baseline_name: String,
    /// Where all figures go, with examples of each fault.
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(crate) fn run(files: &SentenceFiles) -> Result<u8, Box<dyn Error>> {
    let task: Task<SentenceStyle> = read_toml(&files.task)?;
    let set = SentenceSet::open(&files.gold).map_err(|error| format!("{}: {error}", files.gold.display()))?;
    let checker = SentenceChecker::new(&task.output, &set)?;
    let grade = |path: &PathBuf| -> Result<SentenceGrades, Box<dyn Error>> {
        let rows: Vec<PredictedRow> = read_json_lines(path)?;
        let answers = rows.into_iter().map(|row| (row.id, row.prediction.answer));
        Ok(grade_sentences(&checker, &set, answers)
            .map_err(|error| format!("{}: {error}", path.display()))?)
    };
    let candidate = grade(&files.predictions)?;
    let report = candidate.report(&files.name, &set);
    let baseline = files.baseline.as_ref().map(grade).transpose()?;
    let other = baseline
        .as_ref()
        .map(|grades| (grades, grades.report(&files.baseline_name, &set)));

    say(&text(&report, other.as_ref().map(|(_, report)| report), &set))?;
    if let Some((grades, _)) = &other {
        say(&comparison(&candidate, grades, &set))?;
    }
    if let Some(path) = &files.out {
        let both: Vec<&SentenceReport> = std::iter::once(&report)
            .chain(other.as_ref().map(|(_, r)| r))
            .collect();
        write_json(path, &both)?;
    }
    // Figures alone decide nothing.
    Ok(0)
}

/// The checks, worst first, beside those of the other model.
fn text(report: &SentenceReport, other: Option<&SentenceReport>, set: &SentenceSet) -> String {
    let mut out = format!(
        "{} about {}\n\n",
        report.predictor,
        counted(set.rows().len() as u64, "row")
    );
    let of_other = |check: &str| {
        let score = other.and_then(|other| other.checks.iter().find(|score| score.check == check));
        score.map_or_else(String::new, |score| percent(score.share.value))
    };
    let line = |name: &str, share: String, interval: String, rows: String, other: String| {
        format!("{name:<24} {share:>7} {interval:>16} {rows:>7} {other:>10}\n")
    };
    out += &line(
        "check",
        "passes".into(),
        "95% interval".into(),
        "rows".into(),
        other.map_or_else(String::new, |o| o.predictor.clone()),
    );
    for score in &report.checks {
        let share = &score.share;
        let interval = format!(
            "{} to {}",
            percent(share.interval.low),
            percent(share.interval.high)
        );
        out += &line(
            &score.check,
            percent(share.value),
            interval,
            count(share.of),
            of_other(&score.check),
        );
    }
    let right = &report.right;
    let interval = format!(
        "{} to {}",
        percent(right.interval.low),
        percent(right.interval.high)
    );
    let of_other = other.map_or_else(String::new, |other| percent(other.right.value));
    out += &line(
        "all of them",
        percent(right.value),
        interval,
        count(right.of),
        of_other,
    );
    let mut last = "";
    for example in &report.examples {
        if last == example.fault.check {
            continue;
        }
        last = &example.fault.check;
        let quote = example
            .fault
            .quote(&example.sentence)
            .map_or_else(String::new, |quote| format!(" ({quote:?})"));
        let what = one_line(
            &format!("{last}: row {}: {}{quote}", example.id, example.message),
            160,
        );
        // Writing to a string does not fail.
        let _ = write!(out, "\n{what}\n  {}", one_line(&example.sentence, 240));
    }
    out
}

/// Scores against the references, and which checks tell the two models apart.
fn comparison(candidate: &SentenceGrades, other: &SentenceGrades, set: &SentenceSet) -> String {
    let mut out = format!(
        "\n{:<24} {:>7} {:>10} {:>9}\n",
        "against the references", "here", "there", "p"
    );
    for metric in [
        &Bleu::corpus() as &dyn OverlapMetric,
        &Chrf::default(),
        &Chrf::plus_plus(),
    ] {
        let (here, there) = (candidate.counts(metric, set), other.counts(metric, set));
        if here.is_empty() {
            continue;
        }
        let found = approximate_randomisation(metric, &here, &there, RANDOMISATION_TRIALS, SEED);
        let _ = writeln!(
            out,
            "{:<24} {:>7.1} {:>10.1} {:>9.4}",
            metric.name(),
            found.score,
            found.other,
            found.p
        );
    }
    let _ = write!(
        out,
        "\n{:<24} {:>7} {:>6} {:>6} {:>9}\n",
        "paired, by check", "points", "gains", "losses", "p (Holm)"
    );
    let checks = candidate.grades().aspects();
    let paired: Vec<PairedCounts> = (0..checks.len())
        .map(|check| pair(candidate, other, check))
        .collect();
    let p: Vec<f64> = paired
        .iter()
        .map(|counts| mcnemar_mid_p(counts.gains, counts.losses))
        .collect();
    let adjusted = holm(&p);
    let mut order: Vec<usize> = (0..checks.len())
        .filter(|&check| paired[check].rows() > 0)
        .collect();
    order.sort_by(|&a, &b| adjusted[a].total_cmp(&adjusted[b]).then(a.cmp(&b)));
    for check in order {
        let counts = &paired[check];
        let _ = writeln!(
            out,
            "{:<24} {:>+7.1} {:>6} {:>6} {:>9.4}",
            checks[check],
            100.0 * counts.difference(),
            counts.gains,
            counts.losses,
            adjusted[check]
        );
    }
    out
}

/// How the two agree on the rows to which a check applies for both.
fn pair(candidate: &SentenceGrades, other: &SentenceGrades, check: usize) -> PairedCounts {
    let mut counts = PairedCounts::default();
    for (here, there) in candidate.grades().rows().iter().zip(other.grades().rows()) {
        if let (Some(here), Some(there)) = (here[check], there[check]) {
            counts.add(here, there);
        }
    }
    counts
}
