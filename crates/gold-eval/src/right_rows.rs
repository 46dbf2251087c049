//! Which gold rows a model has right, in a form that fits on a line.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::PairedCounts;

/// How the text of a [`RightRows`] begins: another encoding gets another name.
const ENCODING: &str = "bits1";

/// Rows of one bit, `u64` after `u64`, the first row in the highest bit.
const WORD: usize = u64::BITS as usize;

/// Rows of one hexadecimal digit.
const DIGIT: usize = 4;

/// For each gold row, in the order of the gold set, whether a model has it right.
///
/// In files it is a text: the encoding, the rows, and a hexadecimal digit for every four of them, the first row in
/// the highest bit. So a look at 3,000 gold rows costs 750 characters of `history.jsonl`.
///
/// ```
/// use gold_eval::RightRows;
///
/// let ours = RightRows::new([true, true, false, true, false]);
/// assert_eq!(serde_json::to_string(&ours)?, r#""bits1:5:d0""#);
/// assert_eq!((ours.right(), ours.rows()), (3, 5));
///
/// let theirs = RightRows::new([true, false, true, false, false]);
/// let counts = ours.against(&theirs)?;
/// assert_eq!((counts.gains, counts.losses), (2, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RightRows {
    rows: usize,
    words: Vec<u64>,
}

/// Two models were not asked the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{found} rows stand against {expected}: both models must have answered the same gold rows")]
pub struct RowsDiffer {
    /// The rows of the one.
    pub expected: u64,
    /// The rows of the other.
    pub found: u64,
}

/// A text that is no [`RightRows`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RightRowsError {
    /// It does not begin as this version writes it.
    #[error("right rows begin with {found:?}, this version reads \"bits1:ROWS:HEX\": use the newer version")]
    Encoding {
        /// How it begins.
        found: String,
    },
    /// There are more or fewer digits than the rows need.
    #[error("{rows} right rows have {found} digits and need {expected}: the line was cut or edited")]
    Digits {
        /// The rows that it names.
        rows: usize,
        /// A digit for every four of them.
        expected: usize,
        /// The digits that there are.
        found: usize,
    },
    /// A digit is none, or the last one has bits of rows that do not exist.
    #[error("digit {place} of the right rows is {digit:?}, which says nothing of these rows")]
    Digit {
        /// Which digit, counted from 1.
        place: usize,
        /// What stands there.
        digit: char,
    },
}

impl RightRows {
    /// Of each row whether it is right, in the order of the gold set.
    #[must_use]
    pub fn new(right: impl IntoIterator<Item = bool>) -> Self {
        let (mut rows, mut words) = (0, Vec::new());
        for right in right {
            if rows % WORD == 0 {
                words.push(0);
            }
            if right {
                words[rows / WORD] |= bit(rows);
            }
            rows += 1;
        }
        Self { rows, words }
    }

    /// Of each row whether the answer is the truth.
    pub(crate) fn of_answers(truth: &[usize], answers: &[Option<usize>]) -> Self {
        Self::new(
            answers
                .iter()
                .zip(truth)
                .map(|(answer, truth)| *answer == Some(*truth)),
        )
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows as u64
    }

    /// How many of them are right.
    #[must_use]
    pub fn right(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// The share that is right, in 0..1; 0 of no rows.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.right() as f64 / (self.rows as f64).max(1.0)
    }

    /// Of each row whether it is right.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = bool> {
        (0..self.rows).map(|row| self.words[row / WORD] & bit(row) != 0)
    }

    /// The rows by who has them right: gains are those that only these have, losses those that only `other` has.
    ///
    /// # Errors
    ///
    /// [`RowsDiffer`] if they are not of the same number of rows.
    pub fn against(&self, other: &Self) -> Result<PairedCounts, RowsDiffer> {
        if self.rows != other.rows {
            return Err(RowsDiffer {
                expected: other.rows(),
                found: self.rows(),
            });
        }
        Ok(self.table(other))
    }

    /// The same of rows that are as many: those of one gold set.
    pub(crate) fn table(&self, other: &Self) -> PairedCounts {
        let pairs = || self.words.iter().zip(&other.words);
        let both_right = pairs().map(|(a, b)| u64::from((a & b).count_ones())).sum();
        let (gains, losses) = (self.right() - both_right, other.right() - both_right);
        PairedCounts {
            both_right,
            gains,
            losses,
            both_wrong: self.rows() - both_right - gains - losses,
        }
    }
}

/// The bit of a row in its word.
fn bit(row: usize) -> u64 {
    1 << (WORD - 1 - row % WORD)
}

impl From<RightRows> for String {
    fn from(right: RightRows) -> Self {
        let digits = right.rows.div_ceil(DIGIT);
        let mut hex = String::with_capacity(right.words.len() * WORD / DIGIT);
        for word in &right.words {
            // Writing into a string cannot fail.
            let _infallible = write!(hex, "{word:016x}");
        }
        hex.truncate(digits);
        format!("{ENCODING}:{}:{hex}", right.rows)
    }
}

impl TryFrom<String> for RightRows {
    type Error = RightRowsError;

    fn try_from(text: String) -> Result<Self, RightRowsError> {
        let unknown = || RightRowsError::Encoding {
            found: text.chars().take(20).collect(),
        };
        let (rows, hex) = text
            .strip_prefix(ENCODING)
            .and_then(|rest| rest.strip_prefix(':')?.split_once(':'))
            .ok_or_else(unknown)?;
        let rows: usize = rows.parse().map_err(|_| unknown())?;
        let (expected, found) = (rows.div_ceil(DIGIT), hex.chars().count());
        if expected != found {
            return Err(RightRowsError::Digits {
                rows,
                expected,
                found,
            });
        }
        let mut words = vec![0; rows.div_ceil(WORD)];
        for (place, digit) in hex.chars().enumerate() {
            let wrong = RightRowsError::Digit {
                place: place + 1,
                digit,
            };
            let first = place * DIGIT;
            let bits = u64::from(digit.to_digit(16).ok_or_else(|| wrong.clone())?);
            let beyond = (first + DIGIT).saturating_sub(rows);
            if bits & ((1 << beyond) - 1) != 0 {
                return Err(wrong);
            }
            words[first / WORD] |= bits << (WORD - DIGIT - first % WORD);
        }
        Ok(Self { rows, words })
    }
}

#[cfg(test)]
mod tests;
