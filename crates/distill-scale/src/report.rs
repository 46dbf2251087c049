//! What a curation at scale has done, for people and programs.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

/// The account of a run, `scale.json` in the folder of its outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScaleReport {
    /// Lines of the table of calls.
    pub calls: u64,
    /// Those that make no row, by reason: no text, no label of the task.
    pub rejected: BTreeMap<String, u64>,
    /// Distinct texts.
    pub rows: u64,
    /// Near-duplicates among them.
    pub pairs: u64,
    /// The most keys that a text was found by.
    pub most_keys: usize,
    /// Rows by what became of them.
    pub fates: BTreeMap<String, u64>,
    /// Calls behind the rows that are trained on, those of merged rows among them.
    pub calls_in_train: u64,
    /// The version of the normaliser.
    pub normaliser: &'static str,
    /// How often a stage was done again because an executor was lost or its time was over; empty in one process.
    pub repeats: BTreeMap<&'static str, u64>,
    /// Seconds by stage, in order.
    pub seconds: Vec<(&'static str, f64)>,
}

impl ScaleReport {
    /// Whether every call has exactly one end: rejected, or behind a row with one fate.
    #[must_use]
    pub fn balances(&self) -> bool {
        let rows: u64 = self.fates.values().sum();
        rows == self.rows && self.calls_in_train <= self.calls - self.rejected.values().sum::<u64>()
    }
}

impl fmt::Display for ScaleReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |counts: &BTreeMap<String, u64>| {
            let counts: Vec<String> = counts
                .iter()
                .map(|(name, count)| format!("{name} {count}"))
                .collect();
            counts.join(", ")
        };
        writeln!(
            f,
            "{} calls, {} texts, {} near pairs",
            self.calls, self.rows, self.pairs
        )?;
        if !self.rejected.is_empty() {
            writeln!(f, "rejected: {}", list(&self.rejected))?;
        }
        writeln!(f, "rows: {}", list(&self.fates))?;
        for (stage, repeats) in &self.repeats {
            writeln!(
                f,
                "{stage} done again, for an executor was lost or the time was over: {repeats}"
            )?;
        }
        let all: f64 = self.seconds.iter().map(|(_, seconds)| seconds).sum();
        for (stage, seconds) in &self.seconds {
            writeln!(f, "{seconds:8.1} s  {stage}")?;
        }
        writeln!(
            f,
            "{all:8.1} s, {:.0} calls a second",
            self.calls as f64 / all.max(1e-9)
        )
    }
}
