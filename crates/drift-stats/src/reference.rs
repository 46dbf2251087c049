//! The period that live windows are compared with.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use task_spec::Served;

use crate::{
    RowProblems, TEXT_VERSION, UnitHistogram, ValueTable,
    lottery::{ticket, unit},
    tally::{Row, Tally},
};

/// The share of reference rows that is held out, to learn how often a row brings a word that the rest of the
/// reference does not have. Each row is held out or not by a draw on its id.
const HELD_OUT: f64 = 0.2;

/// How many distinct words, and how many distinct skeletons, a reference keeps unless told otherwise.
const MAX_VALUES: usize = 100_000;

/// More rows than any log has; a file that claims more is damaged, and its sums could overflow.
const MAX_ROWS: u64 = 1_000_000_000_000;

/// Why a `reference.json` cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// The words were split by other rules, so that their counts cannot be compared with ours.
    #[error(
        "the reference was made by version {found} of the text rules, this is version {TEXT_VERSION}: build it again from its served rows"
    )]
    TextVersion {
        /// The version in the file.
        found: u32,
    },
    /// Counts contradict one another: the file was damaged or edited.
    #[error("the reference's {part} contradict its {rows} rows: build it again from its served rows")]
    Inconsistent {
        /// Which counts.
        part: &'static str,
        /// The number of rows that the file claims.
        rows: u64,
    },
}

/// A summary of the rows served in a period that was found good: what `reference.json` holds.
///
/// Build it from rows as they were served (not from training rows: those are deduplicated, and traffic is
/// not), and leave it fixed: comparing with last week instead would get used to slow drift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Summary")]
pub struct Reference(Summary);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Summary {
    text_version: u32,
    rows: u64,
    /// First and last time, in seconds since the Unix epoch.
    span: Option<(i64, i64)>,
    /// Rows by the content hash of the adapter that answered.
    adapters: BTreeMap<String, u64>,
    labels: BTreeMap<String, u64>,
    words: ValueTable,
    skeletons: ValueTable,
    confidence: UnitHistogram,
    outside: UnitHistogram,
    held_out: HeldOut,
    problems: RowProblems,
}

/// What the rows that were held out say about novelty without drift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct HeldOut {
    /// How many rows were held out.
    rows: u64,
    /// How many of them have a word that no other row of the reference, but perhaps another held-out one, has.
    rows_with_unfamiliar_words: u64,
    /// The words of the table that only held-out rows have.
    only_here: BTreeSet<String>,
}

impl Reference {
    /// Summarises rows, in any order.
    pub fn from_rows<'a>(rows: impl IntoIterator<Item = &'a Served>) -> Self {
        let mut builder = ReferenceBuilder::default();
        builder.extend(rows);
        builder.finish()
    }

    /// How many rows it summarises.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.0.rows
    }

    /// First and last time of its rows, in seconds since the Unix epoch; `None` of no rows.
    #[must_use]
    pub fn span(&self) -> Option<(i64, i64)> {
        self.0.span
    }

    /// Rows by the adapter that answered.
    #[must_use]
    pub fn adapters(&self) -> &BTreeMap<String, u64> {
        &self.0.adapters
    }

    /// Rows by predicted label.
    #[must_use]
    pub fn labels(&self) -> &BTreeMap<String, u64> {
        &self.0.labels
    }

    /// Rows by word; see [`words`](crate::words).
    #[must_use]
    pub fn words(&self) -> &ValueTable {
        &self.0.words
    }

    /// Rows by format; see [`skeleton`](crate::skeleton).
    #[must_use]
    pub fn skeletons(&self) -> &ValueTable {
        &self.0.skeletons
    }

    /// The confidences.
    #[must_use]
    pub fn confidence(&self) -> &UnitHistogram {
        &self.0.confidence
    }

    /// The probabilities outside the label set.
    #[must_use]
    pub fn outside(&self) -> &UnitHistogram {
        &self.0.outside
    }

    /// Rows that were not quite right.
    #[must_use]
    pub fn problems(&self) -> RowProblems {
        self.0.problems
    }

    /// How many rows were held out of the vocabulary, and how many of those have a word that is unfamiliar to
    /// the rest: the yardstick for how many rows of a window may have one.
    #[must_use]
    pub fn held_out(&self) -> (u64, u64) {
        (self.0.held_out.rows, self.0.held_out.rows_with_unfamiliar_words)
    }

    /// True unless a row that was not held out has the word. Judged by these rows alone, so that held-out
    /// rows and window rows meet it on equal terms.
    pub(crate) fn is_unfamiliar(&self, word: &str) -> bool {
        self.0.words.get(word).is_none() || self.0.held_out.only_here.contains(word)
    }
}

impl TryFrom<Summary> for Reference {
    type Error = ReferenceError;

    fn try_from(summary: Summary) -> Result<Self, Self::Error> {
        if summary.text_version != TEXT_VERSION {
            return Err(ReferenceError::TextVersion {
                found: summary.text_version,
            });
        }
        let rows = summary.rows;
        let sums_to_rows = |counts: &BTreeMap<String, u64>| {
            counts
                .values()
                .try_fold(0_u64, |sum, count| sum.checked_add(*count))
                == Some(rows)
        };
        let probabilities =
            |histogram: &UnitHistogram| histogram.count() <= rows && histogram.is_consistent();
        let held_out = &summary.held_out;
        let checks = [
            ("numbers", rows <= MAX_ROWS),
            ("labels", sums_to_rows(&summary.labels)),
            ("adapters", sums_to_rows(&summary.adapters)),
            ("words", summary.words.is_consistent(rows)),
            ("skeletons", summary.skeletons.is_consistent(rows)),
            ("confidences", probabilities(&summary.confidence)),
            ("outside probabilities", probabilities(&summary.outside)),
            (
                "held-out rows",
                held_out.rows <= rows && held_out.rows_with_unfamiliar_words <= held_out.rows,
            ),
        ];
        match checks.into_iter().find(|(_, good)| !good) {
            Some((part, _)) => Err(ReferenceError::Inconsistent { part, rows }),
            None => Ok(Self(summary)),
        }
    }
}

/// Collects the rows of a reference, in any order and in as many parts as there are.
///
/// Memory grows with the distinct words and with the held-out fifth of the rows, not with the bytes read.
#[derive(Debug, Clone)]
pub struct ReferenceBuilder {
    max_values: usize,
    kept: Tally,
    held_out: Tally,
    /// The words of each held-out row: whether they are unfamiliar is known only at the end.
    held_out_words: Vec<BTreeSet<String>>,
}

impl Default for ReferenceBuilder {
    fn default() -> Self {
        Self {
            max_values: MAX_VALUES,
            kept: Tally::default(),
            held_out: Tally::default(),
            held_out_words: Vec::new(),
        }
    }
}

impl ReferenceBuilder {
    /// A builder without rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many distinct words, and how many distinct skeletons, the reference keeps (100,000 unless
    /// set). Rarer ones are summed up, and each is then tested as if it had been as frequent as the most
    /// frequent of them: fewer names, never a false one.
    #[must_use]
    pub fn with_max_values(mut self, max_values: usize) -> Self {
        self.max_values = max_values;
        self
    }

    /// Adds a row.
    pub fn add(&mut self, served: &Served) {
        let row = Row::read(served);
        if unit(ticket(0, "held out", served)) < HELD_OUT {
            self.held_out.add(&row);
            self.held_out_words.push(row.words);
        } else {
            self.kept.add(&row);
        }
    }

    /// Adds the rows of another builder; the result is that of one builder which saw the rows of both.
    pub fn merge(&mut self, other: Self) {
        self.kept.merge(&other.kept);
        self.held_out.merge(&other.held_out);
        self.held_out_words.extend(other.held_out_words);
    }

    /// Summarises what was added.
    #[must_use]
    pub fn finish(self) -> Reference {
        let Self {
            max_values,
            kept,
            held_out,
            held_out_words,
        } = self;
        let mut all = kept.clone();
        all.merge(&held_out);
        // Ranked by the rows that were not held out: a rank by all rows would let the held-out rows choose
        // which words are familiar.
        let rank = |word: &str| kept.words.get(word).copied().unwrap_or(0);
        let words = ValueTable::bounded(all.words, max_values, rank);
        let skeletons = all.skeletons.clone();
        let mut reference = Reference(Summary {
            text_version: TEXT_VERSION,
            rows: all.rows,
            span: all.span,
            adapters: all.adapters,
            labels: all.labels,
            skeletons: ValueTable::bounded(all.skeletons, max_values, |skeleton| skeletons[skeleton]),
            held_out: HeldOut {
                rows: held_out.rows,
                rows_with_unfamiliar_words: 0,
                only_here: words
                    .iter()
                    .map(|(word, _)| word)
                    .filter(|word| rank(word) == 0)
                    .map(str::to_owned)
                    .collect(),
            },
            words,
            confidence: all.confidence,
            outside: all.outside,
            problems: all.problems,
        });
        let unfamiliar = held_out_words
            .iter()
            .filter(|words| words.iter().any(|word| reference.is_unfamiliar(word)));
        reference.0.held_out.rows_with_unfamiliar_words = unfamiliar.count() as u64;
        reference
    }
}

impl<'a> Extend<&'a Served> for ReferenceBuilder {
    fn extend<I: IntoIterator<Item = &'a Served>>(&mut self, rows: I) {
        for row in rows {
            self.add(row);
        }
    }
}

#[cfg(test)]
mod tests;
