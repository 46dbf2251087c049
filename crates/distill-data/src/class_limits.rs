//! How many rows a class may have, and how many it should have.
//!
//! # What was tried
//!
//! On BANKING77, whose classes have 35 to 187 rows: the share of the test file that the fast model of `suspects.rs` finds when it
//! is trained on what a cap leaves; eight draws of four fifths of the training file, 95% intervals of the difference, by `BANKING77=folder
//! cargo test --release -p distill-data --lib a_cap -- --nocapture`.
//!
//! | rows a class | labels | a random cap | representatives | gain in points |
//! |---|---|---|---|---|
//! | 20 | as published | 81.88% | 85.51% | 3.63 ± 0.98 |
//! | 50 | as published | 88.14% | 89.30% | 1.16 ± 0.22 |
//! | 20 | one in 20 wrong | 80.72% | 84.72% | 4.00 ± 0.77 |
//! | 50 | one in 20 wrong | 87.13% | 87.80% | 0.67 ± 0.35 |
//!
//! Beside it, with scikit-learn's logistic regression, 20 rows a class and four seeds: taking the row that is farthest from
//! those kept was worth 1.4 points where this was worth 3.6 (at 50 rows as much as this), one row after the other from clusters of
//! Jaccard similarity 0.5 worth 0.9, and from clusters of 0.35 it lost 6.5: what is farthest, and what hangs together with
//! nothing, is odd rather than typical. Clusters at the threshold of near-duplicates have a row each by then.

mod representatives;

use std::collections::BTreeMap;

use near_texts::normalise;
use serde::{Deserialize, Serialize};

use crate::{TrainRow, row::Strength, suspects::Features};

use representatives::{Candidate, representatives};

/// The file, without `.jsonl`, of rows that could be trained on and are more than their class may have; and their name in the
/// [ledger](crate::Ledger::set_apart).
pub const OVER_CLASS_CAP: &str = "over_class_cap";

/// What the limits of classes did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ClassLimitsRecord {
    /// The most rows that a class may have, if that is limited.
    pub cap: Option<usize>,
    /// The rows that classes over it have lost, by label.
    pub over_cap: BTreeMap<String, usize>,
    /// The fewest rows that a class should have.
    pub floor: usize,
    /// The rows that classes below it lack, by label; labels of the task without any row are among them. They are trained on
    /// nevertheless.
    pub below_floor: BTreeMap<String, usize>,
}

impl ClassLimitsRecord {
    /// The record for a task with these labels, of whose rows so many of each label have been lost to the cap and so many are
    /// trained on.
    #[must_use]
    pub fn of<'a>(
        (cap, floor): (Option<usize>, usize),
        labels: impl Iterator<Item = &'a str>,
        over_cap: BTreeMap<String, usize>,
        train: &BTreeMap<String, usize>,
    ) -> Self {
        let lacking = labels.filter_map(|label| {
            let rows = train.get(label).copied().unwrap_or(0);
            (rows < floor).then(|| (label.to_owned(), floor - rows))
        });
        Self {
            cap,
            over_cap,
            floor,
            below_floor: lacking.collect(),
        }
    }
}

/// What the cap of a class asks of a row of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassRow<'a> {
    /// The row's id.
    pub id: &'a str,
    /// The question, after the normaliser.
    pub text: &'a str,
    /// Whether a person gave the label.
    pub by_person: bool,
    /// How many calls the row stands for.
    pub calls: usize,
    /// How sure the teacher is of the label, in 0..=1.
    pub confidence: Option<f64>,
}

/// Which rows of a class are more than `cap`; the rows come by rising id.
///
/// The rows stay that stand best for all of the class, those with a person's label first: see
/// [`CurateConfig::class_cap`](crate::CurateConfig::class_cap). One class is in memory at a time, with 4 bytes for each word,
/// pair of words and piece of a word of each text, and 4 MiB for each thread.
///
/// ```
/// use distill_data::{ClassRow, rows_over_cap};
///
/// let texts = ["where is my card", "where is my new card", "my card is stolen", "where is my card now"];
/// let ids = ["a", "b", "c", "d"];
/// let row = |number: usize| ClassRow {
///     id: ids[number],
///     text: texts[number],
///     by_person: false,
///     calls: 1,
///     confidence: None,
/// };
/// assert_eq!(rows_over_cap(&[0, 1, 2, 3].map(row), 4), [false; 4]);
/// // The one that is most like all others stays.
/// assert_eq!(rows_over_cap(&[0, 1, 2, 3].map(row), 1), [false, true, true, true]);
/// ```
#[must_use]
pub fn rows_over_cap(rows: &[ClassRow<'_>], cap: usize) -> Vec<bool> {
    if rows.len() <= cap {
        return vec![false; rows.len()];
    }
    // The rarity of a word is that in its class: what all its texts share tells none of them apart.
    let features = Features::of(rows.iter().map(|row| row.text));
    let candidates: Vec<Candidate<'_>> = rows
        .iter()
        .enumerate()
        .map(|(row, of)| Candidate {
            row,
            strength: Strength {
                by_person: of.by_person,
                calls: of.calls,
                confidence: of.confidence,
                id: of.id,
            },
        })
        .collect();
    let mut is_over = vec![true; rows.len()];
    for kept in representatives(&candidates, cap, &features) {
        is_over[kept] = false;
    }
    is_over
}

/// Takes what is more than `cap` rows of a class out of rows that are sorted by id; both stay sorted.
pub(crate) fn take_over_cap(rows: &mut Vec<TrainRow>, cap: usize) -> Vec<TrainRow> {
    let mut of_class: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        let label = row.example.answer().unwrap_or_default();
        of_class.entry(label).or_default().push(index);
    }
    of_class.retain(|_, members| members.len() > cap);
    let mut is_over = vec![false; rows.len()];
    for members in of_class.values() {
        let texts: Vec<String> = members
            .iter()
            .map(|&row| normalise(rows[row].example.input().unwrap_or_default()))
            .collect();
        let class: Vec<ClassRow<'_>> = members
            .iter()
            .zip(&texts)
            .map(|(&row, text)| ClassRow {
                id: &rows[row].example.id,
                text,
                by_person: rows[row].by_person,
                calls: rows[row].calls,
                confidence: rows[row].example.confidence,
            })
            .collect();
        for (&member, over) in members.iter().zip(rows_over_cap(&class, cap)) {
            is_over[member] = over;
        }
    }
    let mut is_over = is_over.into_iter();
    rows.extract_if(.., |_| is_over.next() == Some(true)).collect()
}

/// How many rows each label has.
pub(crate) fn rows_of_label(rows: &[TrainRow]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        let label = row.example.answer().unwrap_or_default();
        *counts.entry(label.to_owned()).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests;
