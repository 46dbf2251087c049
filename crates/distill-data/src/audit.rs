//! How many wrong labels are left among the rows that are kept: a random sample of them, read by a person.
//!
//! The population is what the plan keeps on the teacher's word alone, labels and calls as they are before any person has
//! spoken, so that it is the same at the first run and when answers have come back. What is drawn of it depends on
//! ids and a seed alone: neither the order of lines nor threads matter, and a log that grows keeps most of its draw.
//!
//! Rows are drawn without replacement, and the interval of their share of wrong labels inverts the hypergeometric test.
//! Calls are drawn with replacement, each with its row, so that the number of wrong ones is binomial however unevenly
//! calls are spread over rows, and the interval is that of Clopper and Pearson. Both are exact: they cover the truth at
//! least 95% of the time whatever the teacher's errors are like, for nothing is assumed of them.
//!
//! Answers that are missing are not assumed to be missing by chance. All draws are read in one order, which is random.
//! Whoever stops early has read a smaller sample, and nothing is lost. Rows that were passed over before the last
//! answer may be right, for the lower end of the interval, and wrong, for the upper one.

mod draw;
mod drawing;
mod interval;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{CurateConfigError, review::range_fault};

use drawing::DrawnLists;
pub use drawing::{AuditCounts, AuditDraw, DrawnAudit, KeptRows};
use interval::{clopper_pearson, hypergeometric};

/// How many of the kept rows a person is asked about. With `share`, `least` and `least_rare` of 0 there is no audit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditConfig {
    /// The share of the kept rows that is drawn, in 0..=1. Default 0.02.
    pub share: f64,
    /// The fewest rows that are drawn, as far as there are so many. Default 60: where none of them is wrong, no
    /// more than 6% of all are.
    pub least: usize,
    /// The most rows that are drawn. Default 300: how wide the interval is depends on their number, hardly on their
    /// share. Where none is wrong, no more than 1.2% of all are.
    pub most: usize,
    /// Labels with fewer kept rows than this are rare, and are audited together beside the whole. Default 50: of
    /// fewer, the default share draws not even one.
    pub rare_below: usize,
    /// The fewest rows of rare labels that are drawn, as far as there are so many. Default 30.
    pub least_rare: usize,
    /// Another seed draws other rows. Default 0.
    pub seed: u64,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self {
            share: 0.02,
            least: 60,
            most: 300,
            rare_below: 50,
            least_rare: 30,
            seed: 0,
        }
    }
}

impl AuditConfig {
    pub(crate) fn check(&self) -> Result<(), CurateConfigError> {
        range_fault(
            "review.audit.share",
            "0..=1",
            self.share,
            (0.0..=1.0).contains(&self.share),
        )?;
        let least = self.least.max(self.least_rare);
        range_fault(
            "review.audit.most",
            "at least review.audit.least and least_rare",
            self.most as f64,
            self.most >= least,
        )
    }
}

/// What an audit has found so far. Shares and intervals are of the rows that were kept on the teacher's word alone; of what
/// a person has found wrong among them, nothing is left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Rows drawn, each counted once however many draws name it.
    pub drawn: usize,
    /// Of those, answered by a person.
    pub answered: usize,
    /// Of those, given another label.
    pub wrong: usize,
    /// Minutes that the rows in `audit.jsonl` are expected to take, which have no answer yet.
    pub minutes: f64,
    /// Of all kept rows.
    pub all: AuditEstimate,
    /// Of the kept rows of rare labels together, if there are any.
    pub rare: Option<RareEstimate>,
}

/// The share of wrong labels, counted both ways.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEstimate {
    /// Each row counted once.
    pub by_rows: AuditShare,
    /// Each row counted with the calls that it stands for: as the traffic meets them.
    pub by_calls: AuditShare,
}

/// The share of wrong labels among the rows of rare labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RareEstimate {
    /// The rare labels with the rows that are kept of each.
    pub labels: BTreeMap<String, usize>,
    /// The share.
    #[serde(flatten)]
    pub estimate: AuditEstimate,
}

/// A share of wrong labels, estimated from draws.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AuditShare {
    /// How many rows, or calls, there are.
    pub of: u64,
    /// How many were drawn, in a random order.
    pub drawn: usize,
    /// Of those, answered, up to where the reading has come.
    pub answered: usize,
    /// Of those before the last answer, passed over.
    pub passed_over: usize,
    /// Of the answered, wrong.
    pub wrong: usize,
    /// The share of the answered that is wrong, in 0..=1; `null` before there is an answer.
    pub share: Option<f64>,
    /// A 95% interval of the share of all that is wrong, exact, whatever those passed over are.
    pub interval: (f64, f64),
}

/// How far the drawn rows have been read.
#[derive(Debug)]
struct Reading {
    /// Of each drawn row whether a person has found it wrong; `None` if nobody has read it.
    verdicts: Vec<Option<bool>>,
    /// The place of each drawn row in the order of reading.
    place: BTreeMap<usize, usize>,
    /// The place after that of the last row that was answered.
    read_to: usize,
}

impl Reading {
    fn of(verdicts: Vec<Option<bool>>, order: &[usize]) -> Self {
        let is_read = |row: &usize| verdicts[*row].is_some();
        Self {
            place: order
                .iter()
                .enumerate()
                .map(|(place, &row)| (row, place))
                .collect(),
            read_to: order.iter().rposition(is_read).map_or(0, |last| last + 1),
            verdicts,
        }
    }

    fn estimate(&self, draws: &DrawnLists) -> AuditEstimate {
        let mut by_rows = self.share(&draws.rows, draws.of_rows);
        let upper = (by_rows.wrong + by_rows.passed_over) as u64;
        let read = (by_rows.answered + by_rows.passed_over) as u64;
        let share = |wrong: u64| wrong as f64 / draws.of_rows.max(1) as f64;
        by_rows.interval = match draws.of_rows {
            0 => (0.0, 1.0),
            of => (
                share(hypergeometric(by_rows.wrong as u64, read, of).0),
                share(hypergeometric(upper, read, of).1),
            ),
        };
        let by_calls = match draws.calls.is_empty() {
            true => AuditShare {
                of: draws.of_calls,
                ..by_rows
            },
            false => {
                let mut by_calls = self.share(&draws.calls, draws.of_calls);
                let upper = by_calls.wrong + by_calls.passed_over;
                let read = by_calls.answered + by_calls.passed_over;
                by_calls.interval = (
                    clopper_pearson(by_calls.wrong, read).0,
                    clopper_pearson(upper, read).1,
                );
                by_calls
            }
        };
        AuditEstimate { by_rows, by_calls }
    }

    /// Counts the draws of a list up to the first that lies beyond what has been read. Later ones that were answered because
    /// another list has them too were not drawn by this one's chances so far.
    fn share(&self, draws: &[usize], of: u64) -> AuditShare {
        let read = draws.iter().take_while(|row| self.place[row] < self.read_to);
        let verdicts: Vec<Option<bool>> = read.map(|&row| self.verdicts[row]).collect();
        let answered = verdicts.iter().flatten().count();
        let wrong = verdicts.iter().filter(|verdict| **verdict == Some(true)).count();
        AuditShare {
            of,
            drawn: draws.len(),
            answered,
            passed_over: verdicts.len() - answered,
            wrong,
            share: (answered > 0).then(|| wrong as f64 / answered as f64),
            interval: (0.0, 1.0),
        }
    }
}

#[cfg(test)]
mod tests;
