//! A month of live traffic: served, watched, sent back to the teacher.

use std::{collections::BTreeMap, path::Path};

use adapter_runtime::Classifier;
use distill_data::{LogFile, LogFormat};
use drift_stats::{
    DriftConfig, LiveAccuracy, Monitor, Reference, RelabelConfig, RelabelReason, RelabelRow, WindowReport,
    estimate_live_accuracy,
};
use indicatif::{ProgressBar, ProgressStyle};
use stage_files::{write_json, write_json_lines, write_whole};
use task_spec::{Served, Task};
use transactions::{LiveRow, Recorder, Teacher};

use crate::{Fallible, say};

/// Days that are taken as good: what the monitor compares with.
const REFERENCE_DAYS: usize = 7;
/// The asks of the log are numbered from 0; those of the month from here.
const MONTH_ASKS: u64 = 1 << 41;

/// What a month brought.
pub(crate) struct Played {
    /// One report a day after the reference.
    pub(crate) windows: Vec<WindowReport>,
    pub(crate) relabelled: Vec<RelabelRow>,
    pub(crate) agreement: Option<LiveAccuracy>,
    /// The rows that went back to the teacher, as a log.
    pub(crate) log: LogFile,
    /// Right answers of each day, from day 1.
    pub(crate) right: Vec<u64>,
}

/// Plays the days up to `until`: serves every row, checks every day against the first week, and on days with
/// an alarm sends rows back to the teacher.
pub(crate) fn play(
    days: &[Vec<LiveRow>],
    until: usize,
    (classifier, task, teacher): (&Classifier, &Task, &Teacher),
    budget: usize,
    folder: &Path,
) -> Fallible<Played> {
    let served = serve(days, classifier)?;
    write_json_lines(&folder.join("served.jsonl"), served.iter().flatten())?;
    let reference = Reference::from_rows(served.iter().take(REFERENCE_DAYS).flatten());
    write_json(&folder.join("reference.json"), &reference)?;
    let config = DriftConfig {
        min_reference_rows: 500,
        min_window_rows: 50,
        ..DriftConfig::default()
    };
    let mut monitor = Monitor::new(reference, config.check()?);
    let plan = RelabelConfig {
        budget,
        ..RelabelConfig::default()
    }
    .check()?;
    let (mut windows, mut relabelled, mut moved_rows) = (Vec::new(), Vec::new(), 0);
    for (day, window) in served.iter().enumerate().take(until).skip(REFERENCE_DAYS) {
        let report = monitor.check(window);
        if report.alarm {
            say(&format!("day {}: ALARM", day + 1));
            for finding in report.findings.iter().take(3) {
                let example = finding.examples.first().map_or("", |row| row.input.as_str());
                say(&format!("    {}; such as {example:?}", finding.movement));
            }
            relabelled.extend(plan.choose(window, &report.findings));
            moved_rows += window.len();
        }
        windows.push(report);
    }
    write_json(&folder.join("drift.json"), &windows)?;
    write_json_lines(&folder.join("relabel.jsonl"), &relabelled)?;
    let rows: BTreeMap<&str, &LiveRow> = days.iter().flatten().map(|row| (row.id.as_str(), row)).collect();
    let (log, answers) = ask_again(&relabelled, &rows, task, teacher, folder)?;
    // They stand for all that was served on the days from which they were chosen.
    let log = log.with_weight(moved_rows.max(1) as f64 / relabelled.len().max(1) as f64);
    let agreement = estimate_live_accuracy(&relabelled, &answers, 0.95).ok();
    say(&format!("{} rows went back to the teacher", relabelled.len()));
    if let Some(agreement) = &agreement {
        let share = &agreement.agreement;
        say(&format!(
            "agreement with the teacher on days with an alarm, from {} rows drawn by chance: {:.1}% ({:.1} to {:.1})",
            agreement.rows,
            100.0 * share.share,
            100.0 * share.low,
            100.0 * share.high
        ));
    }
    Ok(Played {
        windows,
        relabelled,
        agreement,
        log,
        right: count_right(days, &served),
    })
}

/// Answers every row of every day.
pub(crate) fn serve(days: &[Vec<LiveRow>], classifier: &Classifier) -> Fallible<Vec<Vec<Served>>> {
    let bar = ProgressBar::new(days.len() as u64);
    bar.set_style(ProgressStyle::with_template(
        "{prefix:>12} [{bar:32}] day {pos} of {len} ({elapsed} gone)",
    )?);
    bar.set_prefix("serving");
    let adapter = classifier.hash().to_string();
    let served = days
        .iter()
        .map(|rows| {
            let texts: Vec<&str> = rows.iter().map(|row| row.transaction.text.as_str()).collect();
            let answers = classifier.answers(&texts)?;
            bar.inc(1);
            Ok(rows
                .iter()
                .zip(answers)
                .map(|(row, answer)| Served {
                    id: row.id.clone(),
                    at: row.at,
                    input: row.transaction.text.clone(),
                    label: answer.answer,
                    confidence: answer.confidence.unwrap_or_default(),
                    outside: answer.outside,
                    adapter: adapter.clone(),
                })
                .collect())
        })
        .collect();
    bar.finish_and_clear();
    served
}

/// Right answers of each day.
pub(crate) fn count_right(days: &[Vec<LiveRow>], served: &[Vec<Served>]) -> Vec<u64> {
    days.iter()
        .zip(served)
        .map(|(rows, answers)| {
            let right = rows.iter().zip(answers);
            right
                .filter(|(row, answer)| row.transaction.category.name() == answer.label)
                .count() as u64
        })
        .collect()
}

/// Sends rows back to the teacher and writes its calls as a log.
fn ask_again(
    rows: &[RelabelRow],
    live: &BTreeMap<&str, &LiveRow>,
    task: &Task,
    teacher: &Teacher,
    folder: &Path,
) -> Fallible<(LogFile, BTreeMap<String, String>)> {
    let recorder = Recorder::new(task, teacher);
    let (mut lines, mut answers) = (String::new(), BTreeMap::new());
    for (index, row) in rows.iter().enumerate() {
        let source = live
            .get(row.id.as_str())
            .ok_or("a row to relabel was not served")?;
        let ask = MONTH_ASKS + index as u64;
        let (answer, line) = recorder.answered_line(source.transaction.case(), ask, source.at);
        lines.push_str(&line);
        lines.push('\n');
        if let Some(label) = answer.said.and_then(|said| task.labels().resolve(&said)) {
            answers.insert(row.id.clone(), task.labels().labels()[label].name.clone());
        }
    }
    let path = folder.join("relabelled.jsonl");
    write_whole(&path, lines)?;
    Ok((LogFile::new(path, LogFormat::OpenaiChat), answers))
}

/// How many rows were chosen for a reason.
pub(crate) fn chosen_for(rows: &[RelabelRow], reason: RelabelReason) -> u64 {
    rows.iter().filter(|row| row.reason == reason).count() as u64
}
