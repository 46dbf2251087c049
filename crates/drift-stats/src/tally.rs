//! What is counted of served rows.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use task_spec::Served;

use crate::{
    UnitHistogram,
    text::{is_cut, skeleton, words},
};

/// Rows that are not quite what a served row should be: they are counted here and used as far as they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RowProblems {
    /// The confidence is NaN, infinite or outside 0..1; the row counts, its confidence does not.
    pub confidence_not_a_probability: u64,
    /// The same of the probability outside the label set.
    pub outside_not_a_probability: u64,
    /// The input has no visible character.
    pub blank_inputs: u64,
    /// The input is longer than [`MAX_INPUT_CHARS`](crate::MAX_INPUT_CHARS); only its beginning is read.
    pub cut_inputs: u64,
    /// The label is blank.
    pub blank_labels: u64,
    /// The id occurred before in the same window; the row counts all the same.
    pub repeated_ids: u64,
}

impl RowProblems {
    /// True if every row is as it should be.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn merge(&mut self, other: &Self) {
        self.confidence_not_a_probability += other.confidence_not_a_probability;
        self.outside_not_a_probability += other.outside_not_a_probability;
        self.blank_inputs += other.blank_inputs;
        self.cut_inputs += other.cut_inputs;
        self.blank_labels += other.blank_labels;
        self.repeated_ids += other.repeated_ids;
    }
}

/// A served row with what is counted of it.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) served: &'a Served,
    pub(crate) words: BTreeSet<String>,
    pub(crate) skeleton: String,
}

impl<'a> Row<'a> {
    pub(crate) fn read(served: &'a Served) -> Self {
        Self {
            served,
            words: words(&served.input),
            skeleton: skeleton(&served.input),
        }
    }
}

/// The rows in an order that depends on what they hold and not on how they came.
pub(crate) fn in_fixed_order(rows: &[Served]) -> Vec<&Served> {
    let mut order: Vec<&Served> = rows.iter().collect();
    order.sort_by(|a, b| {
        let key = |row| {
            let Served {
                id,
                at,
                input,
                label,
                adapter,
                ..
            }: &Served = row;
            (id.as_str(), *at, input.as_str(), label.as_str(), adapter.as_str())
        };
        let outside = |row: &Served| row.outside.unwrap_or(f64::NAN);
        key(a)
            .cmp(&key(b))
            .then_with(|| a.confidence.total_cmp(&b.confidence))
            .then_with(|| outside(a).total_cmp(&outside(b)))
    });
    order
}

/// Counts of rows. Adding rows in any order, or merging the counts of parts, gives the same tally.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    pub(crate) rows: u64,
    /// First and last time, in seconds since the Unix epoch.
    pub(crate) span: Option<(i64, i64)>,
    pub(crate) adapters: BTreeMap<String, u64>,
    pub(crate) labels: BTreeMap<String, u64>,
    /// To the number of rows that have the word.
    pub(crate) words: BTreeMap<String, u64>,
    pub(crate) skeletons: BTreeMap<String, u64>,
    pub(crate) confidence: UnitHistogram,
    pub(crate) outside: UnitHistogram,
    pub(crate) problems: RowProblems,
}

impl Tally {
    pub(crate) fn of<'a>(rows: impl IntoIterator<Item = &'a Row<'a>>) -> Self {
        let mut tally = Self::default();
        for row in rows {
            tally.add(row);
        }
        tally
    }

    pub(crate) fn add(&mut self, row: &Row<'_>) {
        let served = row.served;
        self.rows += 1;
        self.widen(Some((served.at, served.at)));
        count(&mut self.adapters, &served.adapter, 1);
        count(&mut self.labels, &served.label, 1);
        count(&mut self.skeletons, &row.skeleton, 1);
        for word in &row.words {
            count(&mut self.words, word, 1);
        }
        let problems = &mut self.problems;
        problems.confidence_not_a_probability += u64::from(!self.confidence.add(served.confidence));
        problems.outside_not_a_probability +=
            u64::from(served.outside.is_some_and(|outside| !self.outside.add(outside)));
        problems.blank_inputs += u64::from(row.skeleton.is_empty());
        problems.cut_inputs += u64::from(is_cut(&served.input));
        problems.blank_labels += u64::from(served.label.trim().is_empty());
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.widen(other.span);
        let tables = [
            (&mut self.adapters, &other.adapters),
            (&mut self.labels, &other.labels),
            (&mut self.words, &other.words),
            (&mut self.skeletons, &other.skeletons),
        ];
        for (table, more) in tables {
            for (value, rows) in more {
                count(table, value, *rows);
            }
        }
        self.confidence.merge(&other.confidence);
        self.outside.merge(&other.outside);
        self.problems.merge(&other.problems);
    }

    fn widen(&mut self, other: Option<(i64, i64)>) {
        self.span = match (self.span, other) {
            (Some((from, to)), Some((other_from, other_to))) => {
                Some((from.min(other_from), to.max(other_to)))
            }
            (span, other) => span.or(other),
        };
    }
}

/// Adds to a count without a copy of the key where it is there already.
fn count(table: &mut BTreeMap<String, u64>, value: &str, rows: u64) {
    match table.get_mut(value) {
        Some(found) => *found += rows,
        None => {
            table.insert(value.to_owned(), rows);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
