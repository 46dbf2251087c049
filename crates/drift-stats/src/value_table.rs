//! How often each value occurred in the reference, in bounded space.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use crate::MAX_INPUT_CHARS;

/// What is left of the values that did not fit into a [`ValueTable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tail {
    /// How many distinct values.
    pub values: u64,
    /// Their rows, summed.
    pub rows: u64,
    /// The most rows that any one of them had.
    pub most_rows: u64,
}

/// Values with the number of reference rows that have them; the rarest may be summed up as a [`Tail`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ValueTable {
    rows: BTreeMap<String, u64>,
    #[serde(default)]
    tail: Tail,
}

impl ValueTable {
    /// Keeps the `most` values that come first by `rank`, high to low, then by text.
    pub(crate) fn bounded(rows: BTreeMap<String, u64>, most: usize, rank: impl Fn(&str) -> u64) -> Self {
        if rows.len() <= most {
            return Self {
                rows,
                tail: Tail::default(),
            };
        }
        let mut order: Vec<(String, u64)> = rows.into_iter().collect();
        order.sort_by_cached_key(|(value, _)| (Reverse(rank(value)), value.clone()));
        let mut tail = Tail::default();
        for (_, rows) in order.drain(most..) {
            tail.values += 1;
            tail.rows += rows;
            tail.most_rows = tail.most_rows.max(rows);
        }
        Self {
            rows: order.into_iter().collect(),
            tail,
        }
    }

    /// The values with their rows, in the order of their text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.rows.iter().map(|(value, rows)| (value.as_str(), *rows))
    }

    /// The rows that have this value; `None` if it is not in the table, that is, if it never occurred or is
    /// one of the [`tail`](Self::tail).
    #[must_use]
    pub fn get(&self, value: &str) -> Option<u64> {
        self.rows.get(value).copied()
    }

    /// The most rows that can have had this value: what a test must assume so as not to claim too much.
    #[must_use]
    pub fn at_most(&self, value: &str) -> u64 {
        self.get(value).unwrap_or(self.tail.most_rows)
    }

    /// What did not fit.
    #[must_use]
    pub fn tail(&self) -> Tail {
        self.tail
    }

    /// Pairs each value of either side with its rows on both. Where there is a tail, what is not in the table
    /// is one cell, since it cannot be told apart.
    pub(crate) fn beside(&self, window: &BTreeMap<String, u64>) -> Vec<Cell> {
        let mut cells: Vec<Cell> = self
            .rows
            .iter()
            .map(|(value, &reference)| Cell {
                reference,
                window: window.get(value).copied().unwrap_or(0),
            })
            .collect();
        let rest = window
            .iter()
            .filter(|(value, _)| !self.rows.contains_key(*value))
            .map(|(_, rows)| *rows);
        if self.tail.values == 0 {
            cells.extend(rest.map(|window| Cell { reference: 0, window }));
        } else {
            cells.push(Cell {
                reference: self.tail.rows,
                window: rest.sum(),
            });
        }
        cells
    }

    /// True if no value has more rows than there are, and the tail could be what is left of them.
    pub(crate) fn is_consistent(&self, rows: u64) -> bool {
        let tail = self.tail;
        self.rows.values().all(|&count| count <= rows)
            && tail.most_rows <= rows.min(tail.rows)
            && tail.values <= tail.rows
            && tail.rows <= tail.values.saturating_mul(tail.most_rows)
            && tail.rows <= rows.saturating_mul(MAX_INPUT_CHARS as u64)
    }
}

/// One value's count in the reference and in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Its count in the reference.
    pub reference: u64,
    /// Its count in the window.
    pub window: u64,
}

impl Cell {
    /// Both counts together.
    #[must_use]
    pub fn total(self) -> u64 {
        self.reference.saturating_add(self.window)
    }
}

/// Pairs two tables of counts, in the order of their keys.
#[must_use]
pub fn cells(reference: &BTreeMap<String, u64>, window: &BTreeMap<String, u64>) -> Vec<Cell> {
    let mut paired: BTreeMap<&str, Cell> = BTreeMap::new();
    let empty = Cell {
        reference: 0,
        window: 0,
    };
    for (value, rows) in reference {
        paired.entry(value).or_insert(empty).reference = *rows;
    }
    for (value, rows) in window {
        paired.entry(value).or_insert(empty).window = *rows;
    }
    paired.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, u64)]) -> BTreeMap<String, u64> {
        rows.iter()
            .map(|(value, rows)| ((*value).to_owned(), *rows))
            .collect()
    }

    #[test]
    fn the_tail_says_what_was_left_out() {
        let rows = table(&[("a", 5), ("b", 1), ("c", 9), ("d", 2)]);
        let rank = rows.clone();
        let bounded = ValueTable::bounded(rows, 2, |value| rank[value]);
        assert_eq!(bounded.iter().collect::<Vec<_>>(), [("a", 5), ("c", 9)]);
        assert_eq!(
            bounded.tail(),
            Tail {
                values: 2,
                rows: 3,
                most_rows: 2
            }
        );
        // A value that is not in the table may have been in two rows: a test must not call it unseen.
        assert_eq!((bounded.at_most("c"), bounded.at_most("zzz")), (9, 2));
        assert_eq!(
            bounded
                .beside(&table(&[("c", 1), ("d", 1), ("e", 1)]))
                .last()
                .unwrap()
                .window,
            2
        );
    }

    #[test]
    fn cells_hold_every_value_of_either_side_once() {
        let found = cells(&table(&[("a", 1), ("b", 2)]), &table(&[("b", 3), ("c", 4)]));
        let expected = [(1, 0), (2, 3), (0, 4)].map(|(reference, window)| Cell { reference, window });
        assert_eq!(found, expected);
    }
}
