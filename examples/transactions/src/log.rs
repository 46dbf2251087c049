//! A year of calls to the teacher: which lines, and the file that a team would have of them.

use std::{collections::HashSet, io::Write, path::Path};

use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, FileError, WholeFile};
use task_spec::Task;

use crate::{
    Case, Recorder, Teacher, Transaction, World,
    calendar::{DAY, LOG_BEGINS},
    dice::Dice,
};

/// How the log comes about. Every share is a probability in 0..1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// How many calls there are. Default 20,000.
    pub rows: usize,
    /// How many calls ask about a line of the gold set, word for word. Default 0.0025.
    pub gold_rows: f64,
    /// How many calls ask about a line of the gold set with another reference behind it. Default 0.0015.
    pub near_gold_rows: f64,
    /// How many calls repeat one of the last few hundred, as clients do that try again. Default 0.02.
    pub repeats: f64,
    /// How many lines of the file are damaged. Default 0.002.
    pub damaged: f64,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            rows: 20_000,
            gold_rows: 0.0025,
            near_gold_rows: 0.0015,
            repeats: 0.02,
            damaged: 0.002,
        }
    }
}

/// One row that was sent to the teacher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// What was asked about.
    pub transaction: Transaction,
    /// When, in seconds since the Unix epoch, UTC.
    pub at: i64,
}

impl World {
    /// The rows of the log in order of time, some of them rows of `gold`.
    #[must_use]
    pub fn log(&self, gold: &[Transaction], config: &LogConfig) -> Vec<LogRow> {
        let mut rows: Vec<LogRow> = Vec::with_capacity(config.rows);
        let golden: HashSet<&str> = gold.iter().map(|row| row.text.as_str()).collect();
        let year = 365 * DAY;
        for index in 0..config.rows {
            let mut dice = Dice::new(self.seed(), "log/kind", index as u64);
            let step = year / config.rows as i64;
            let at = LOG_BEGINS * DAY + index as i64 * step + dice.below(step as usize) as i64;
            let (kind, few) = (dice.unit(), rows.len().min(300));
            let near = config.gold_rows + config.near_gold_rows;
            let transaction = if kind < config.gold_rows && !gold.is_empty() {
                dice.pick(gold).clone()
            } else if kind < near && !gold.is_empty() {
                let mut near = dice.pick(gold).clone();
                near.text = format!("{} {}", near.text, dice.digits(2));
                near
            } else if (near..near + config.repeats).contains(&kind) && few > 0 {
                rows[rows.len() - 1 - dice.below(few)].transaction.clone()
            } else {
                self.line_outside(&golden, index as u64, at / DAY)
            };
            rows.push(LogRow { transaction, at });
        }
        rows
    }

    /// A line of the log that is not a row of the gold set.
    ///
    /// A bill that is worded the same each month would be in both; how much of the gold set is in the log is what
    /// [`LogConfig`] says and nothing else.
    fn line_outside(&self, golden: &HashSet<&str>, index: u64, day: i64) -> Transaction {
        let mut attempt = 0;
        loop {
            let line = self.line_on(&format!("log/{attempt}"), index, day, |_| 1.0);
            if !golden.contains(line.text.as_str()) {
                return line;
            }
            attempt += 1;
        }
    }
}

/// What [`write_log`] wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSummary {
    /// How many lines the file has.
    pub lines: usize,
    /// How many of them are damaged.
    pub damaged: usize,
    /// The hash of the file.
    pub hash: ContentHash,
}

/// Asks the teacher about each case and writes the calls, one line of JSON each, in the given order.
///
/// The number of the ask is the case's position, so that repeated texts are asked anew. A share `damaged` of the
/// lines is broken the way real logs are: cut off, empty answers of a gateway, two writers on one line.
///
/// # Errors
///
/// [`FileError::Write`] if the file cannot be written.
pub fn write_log<'a>(
    path: &Path,
    task: &Task,
    teacher: &Teacher,
    cases: impl IntoIterator<Item = (Case<'a>, i64)>,
    damaged: f64,
) -> Result<LogSummary, FileError> {
    let recorder = Recorder::new(task, teacher);
    let mut file = WholeFile::create(path)?;
    let mut summary = LogSummary {
        lines: 0,
        damaged: 0,
        hash: ContentHash::of_bytes(b""),
    };
    for (index, (case, at)) in cases.into_iter().enumerate() {
        let mut line = recorder.line(case, index as u64, at);
        let mut dice = Dice::new(teacher.config().seed, "log/damage", index as u64);
        if dice.chance(damaged) {
            line = damage(&line, &mut dice);
            summary.damaged += 1;
        }
        writeln!(file, "{line}").map_err(|source| FileError::Write {
            path: path.to_owned(),
            source,
        })?;
        summary.lines += 1;
    }
    summary.hash = file.finish()?;
    Ok(summary)
}

/// Breaks a line of JSON; what is left is never JSON.
fn damage(line: &str, dice: &mut Dice) -> String {
    let head: String = line.chars().take(dice.between(1, line.len() - 2)).collect();
    match dice.below(4) {
        0 | 1 => head,
        2 => "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>".to_owned(),
        _ => format!("{head}{line}"),
    }
}

#[cfg(test)]
mod tests;
