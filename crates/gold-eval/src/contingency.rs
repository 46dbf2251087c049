//! A paired comparison from a table that somebody else counted.

use std::str::FromStr;

use crate::PairedCounts;

/// Why a table is not that of a paired comparison.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// A confusion matrix over labels, say.
    #[error(
        "a {rows}x{columns} table where a 2x2 is meant: count the rows by whether the candidate is right and whether \
         the other model is, not by label"
    )]
    NotTwoByTwo {
        /// Its rows.
        rows: usize,
        /// Its columns, those of the first row.
        columns: usize,
    },
    /// The rows are not of one length.
    #[error("row {row} of the table has {found} counts, the first has {expected}")]
    Ragged {
        /// The row, counted from 1.
        row: usize,
        /// The counts of the first row.
        expected: usize,
        /// The counts of this row.
        found: usize,
    },
    /// A cell is not a whole number of rows.
    #[error("row {row}, column {column} of the table is {found:?}: need a count, a whole number from 0")]
    NotACount {
        /// The row, counted from 1.
        row: usize,
        /// The column, counted from 1.
        column: usize,
        /// What stands there.
        found: String,
    },
    /// The text begins as a list and is not one of lists.
    #[error(
        "the table is neither a JSON list of lists nor lines of comma-separated counts: write [[80, 12], [5, 3]]"
    )]
    NotATable,
    /// The counts do not add up to a number.
    #[error("the counts of the table sum to more than 2^63")]
    TooMany,
}

impl PairedCounts {
    /// The counts of a 2x2 table as statsmodels and R lay it out: rows by the candidate, right and then wrong, columns
    /// by the other model, right and then wrong.
    ///
    /// ```
    /// use gold_eval::{PairedCounts, TableError};
    ///
    /// let counts = PairedCounts::from_table(&[[80, 12], [5, 3]])?;
    /// assert_eq!((counts.gains, counts.losses), (12, 5));
    /// // A confusion matrix over three labels is something else.
    /// let wrong = PairedCounts::from_table(&[[8, 1, 0], [0, 9, 1], [0, 0, 4]]);
    /// assert_eq!(wrong, Err(TableError::NotTwoByTwo { rows: 3, columns: 3 }));
    /// # Ok::<(), TableError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TableError`] for any other shape.
    pub fn from_table<R: AsRef<[u64]>>(table: &[R]) -> Result<Self, TableError> {
        let columns = table.first().map_or(0, |row| row.as_ref().len());
        let ragged = (1..).zip(table).find(|(_, row)| row.as_ref().len() != columns);
        if let Some((row, cells)) = ragged {
            return Err(TableError::Ragged {
                row,
                expected: columns,
                found: cells.as_ref().len(),
            });
        }
        let cells: Vec<u64> = table
            .iter()
            .flat_map(|row| row.as_ref().iter().copied())
            .collect();
        let (2, &[both_right, gains, losses, both_wrong]) = (columns, cells.as_slice()) else {
            return Err(TableError::NotTwoByTwo {
                rows: table.len(),
                columns,
            });
        };
        let sum = cells.iter().try_fold(0_u64, |sum, &count| sum.checked_add(count));
        sum.filter(|&sum| i64::try_from(sum).is_ok())
            .ok_or(TableError::TooMany)?;
        Ok(Self {
            both_right,
            gains,
            losses,
            both_wrong,
        })
    }
}

/// Reads a table as text: a line of comma-separated counts for each of its rows, or a JSON list of two lists.
impl FromStr for PairedCounts {
    type Err = TableError;

    fn from_str(text: &str) -> Result<Self, TableError> {
        let text = text.trim_start_matches('\u{feff}').trim();
        let table: Vec<Vec<String>> = if text.starts_with('[') {
            let lists: Vec<Vec<serde_json::Value>> =
                serde_json::from_str(text).map_err(|_| TableError::NotATable)?;
            let cells = |list: Vec<serde_json::Value>| list.iter().map(ToString::to_string).collect();
            lists.into_iter().map(cells).collect()
        } else {
            let cells = |line: &str| line.split(',').map(|cell| cell.trim().to_owned()).collect();
            text.lines().map(cells).collect()
        };
        let counts: Vec<Vec<u64>> = (1..).zip(table).map(counts).collect::<Result<_, _>>()?;
        Self::from_table(&counts)
    }
}

fn counts((row, cells): (usize, Vec<String>)) -> Result<Vec<u64>, TableError> {
    let count = |(column, cell): (usize, String)| {
        cell.parse().map_err(|_| TableError::NotACount {
            row,
            column,
            found: cell.chars().take(40).collect(),
        })
    };
    (1..).zip(cells).map(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_table_as_lists_and_as_text() {
        let counts = PairedCounts::from_table(&[[80, 12], [5, 3]]).unwrap();
        assert_eq!(
            (counts.both_right, counts.gains, counts.losses, counts.both_wrong),
            (80, 12, 5, 3)
        );
        for text in [
            "80,12\n5,3",
            "80, 12\r\n5, 3\r\n",
            "\u{feff}[[80, 12],\n [5, 3]]",
            "[ [80,12],[5,3] ]",
        ] {
            assert_eq!(text.parse(), Ok(counts), "{text:?}");
        }
    }

    #[test]
    fn every_other_shape_is_refused_with_its_shape() {
        let three = "1,2,3\n4,5,6\n7,8,9".parse::<PairedCounts>();
        assert_eq!(three, Err(TableError::NotTwoByTwo { rows: 3, columns: 3 }));
        assert_eq!("[[1,2,3],[4,5,6],[7,8,9]]".parse::<PairedCounts>(), three);
        let shape = |rows, columns| Err(TableError::NotTwoByTwo { rows, columns });
        assert_eq!(PairedCounts::from_table(&[[1, 2, 3, 4]]), shape(1, 4));
        assert_eq!(PairedCounts::from_table(&[[1], [2], [3], [4]]), shape(4, 1));
        assert_eq!(PairedCounts::from_table::<[u64; 2]>(&[]), shape(0, 0));
        let ragged = PairedCounts::from_table(&[vec![1, 2], vec![3]]);
        assert!(matches!(
            ragged,
            Err(TableError::Ragged {
                row: 2,
                expected: 2,
                found: 1
            })
        ));
        let too_many = PairedCounts::from_table(&[[u64::MAX, 1], [0, 0]]);
        assert_eq!(too_many, Err(TableError::TooMany));
    }

    #[test]
    fn a_cell_that_is_no_count_is_named() {
        for (text, row, column) in [("1,2\n3,x", 2, 2), ("1,-2\n3,4", 1, 2), ("[[1,2],[0.5,4]]", 2, 1)] {
            let found = text.parse::<PairedCounts>();
            assert!(
                matches!(&found, Err(TableError::NotACount { row: r, column: c, .. }) if (*r, *c) == (row, column)),
                "{text:?}: {found:?}"
            );
        }
        assert_eq!("[[1,2],[3".parse::<PairedCounts>(), Err(TableError::NotATable));
        assert_eq!("[1,2]".parse::<PairedCounts>(), Err(TableError::NotATable));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[\\[\\]0-9,.\\- \n]{0,40}|\\PC{0,40}") {
            let _read = text.parse::<PairedCounts>();
        }

        #[test]
        fn what_is_written_reads_back(cells in proptest::array::uniform4(0_u64..1_000_000)) {
            let [a, b, c, d] = cells;
            let counts = PairedCounts::from_table(&[[a, b], [c, d]]).unwrap();
            proptest::prop_assert_eq!(format!("{a},{b}\n{c},{d}\n").parse(), Ok(counts));
            proptest::prop_assert_eq!(format!("[[{a},{b}],[{c},{d}]]").parse(), Ok(counts));
        }
    }
}
