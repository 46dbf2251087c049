//! How many rows a class may have, and how many it should have.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{TrainRow, row::Strength};

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
/// The strongest stay ([`Strength`]).
pub(crate) fn take_over_cap(rows: &mut Vec<TrainRow>, cap: usize) -> Vec<TrainRow> {
    let mut of_class: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        let label = row.example.answer().unwrap_or_default();
        of_class.entry(label.to_owned()).or_default().push(index);
    }
    let mut is_over = vec![false; rows.len()];
    for members in of_class.values_mut() {
        members.sort_by(|&a, &b| strength(&rows[a]).stronger_first(&strength(&rows[b])));
        members.iter().skip(cap).for_each(|&row| is_over[row] = true);
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
