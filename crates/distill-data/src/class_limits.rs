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

/// Takes what is more than `cap` rows of a class out of rows that are sorted by id; both stay sorted.
///
/// Of each class the rows stay that stand best for all of it, see `representatives.rs`; those with a person's label first.
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
        // The rarity of a word is that in its class: what all its texts share tells none of them apart.
        let features = Features::of(texts.iter().map(String::as_str));
        let candidates: Vec<Candidate<'_>> = members
            .iter()
            .enumerate()
            .map(|(row, &member)| Candidate {
                row,
                strength: strength(&rows[member]),
            })
            .collect();
        members.iter().for_each(|&member| is_over[member] = true);
        for kept in representatives(&candidates, cap, &features) {
            is_over[members[kept]] = false;
        }
    }
    let mut is_over = is_over.into_iter();
    rows.extract_if(.., |_| is_over.next() == Some(true)).collect()
}

fn strength(row: &TrainRow) -> Strength<'_> {
    Strength {
        by_person: row.by_person,
        calls: row.calls,
        confidence: row.example.confidence,
        id: &row.example.id,
    }
}

/// The rows that each label lacks, of those that lack some.
pub(crate) fn below_floor<'a>(
    labels: impl Iterator<Item = &'a str>,
    rows: &[TrainRow],
    floor: usize,
) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<&str, usize> = labels.map(|label| (label, 0)).collect();
    for row in rows {
        if let Some(count) = row.example.answer().and_then(|label| counts.get_mut(label)) {
            *count += 1;
        }
    }
    counts
        .into_iter()
        .filter(|&(_, rows)| rows < floor)
        .map(|(label, rows)| (label.to_owned(), floor - rows))
        .collect()
}

#[cfg(test)]
mod tests;
