//! Rows of data with reference sentences: the gold set of a narration task.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    path::Path,
};

use serde::{Deserialize, Serialize};
use stage_files::{FileError, read_json_lines};

use crate::{JoinError, join};

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "serde_json::Value", into = "serde_json::Value")]
pub enum RowValue {
    /// Text: a name, a date, a word of a closed list, a number with its unit.
    Text(String),
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// Nothing is known: a sentence may not say it.
    Missing,
}

/// A value of a row that is a list or an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found} is no value of a row: give each part a name of its own, with text, a number, true, false or null"
)]
pub struct RowValueError {
    /// What was found.
    found: &'static str,
}

impl TryFrom<serde_json::Value> for RowValue {
    type Error = RowValueError;

    fn try_from(value: serde_json::Value) -> Result<Self, RowValueError> {
        match value {
            serde_json::Value::String(text) if text.trim().is_empty() => Ok(Self::Missing),
            serde_json::Value::String(text) => Ok(Self::Text(text)),
            serde_json::Value::Number(number) => number.as_f64().map(Self::Number).ok_or(RowValueError {
                found: "a number beyond a double",
            }),
            serde_json::Value::Bool(flag) => Ok(Self::Flag(flag)),
            serde_json::Value::Null => Ok(Self::Missing),
            serde_json::Value::Array(_) => Err(RowValueError { found: "a list" }),
            serde_json::Value::Object(_) => Err(RowValueError { found: "an object" }),
        }
    }
}

impl From<RowValue> for serde_json::Value {
    fn from(value: RowValue) -> Self {
        match value {
            RowValue::Text(text) => text.into(),
            RowValue::Number(number) => number.into(),
            RowValue::Flag(flag) => flag.into(),
            RowValue::Missing => Self::Null,
        }
    }
}

impl fmt::Display for RowValue {
    /// As phrases are listed for it: `true` and `false` for a flag.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Missing => Ok(()),
        }
    }
}

/// A row of data and what people wrote about it: a line of a narration task's `gold.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentenceRow {
    /// Unique in the set; answers are joined on it, never on position.
    pub id: String,
    /// The question as the model is asked; the row as JSON unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The values by name; null, blank text and an absent name are the same.
    pub row: BTreeMap<String, RowValue>,
    /// Sentences that say the row; none are needed for the checks of what is said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
}

impl SentenceRow {
    /// The value of a field, `None` where it is missing.
    #[must_use]
    pub fn value(&self, field: &str) -> Option<&RowValue> {
        self.row.get(field).filter(|value| **value != RowValue::Missing)
    }

    /// The question: the input, or else the values as a JSON object in the order of their names.
    #[must_use]
    pub fn question(&self) -> String {
        let json = || serde_json::to_string(&self.row).unwrap_or_default();
        self.input.clone().unwrap_or_else(json)
    }

    pub(super) fn references(&self) -> Vec<&str> {
        self.references.iter().map(String::as_str).collect()
    }
}

/// Why rows are no gold set of sentences.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SentenceSetError {
    /// The file could not be read, or a line of it is no row.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no row.
    #[error("there are no rows: a set of sentences needs at least one")]
    Empty,
    /// An id is empty or white space.
    #[error("row {row} has a blank id: answers are joined on it, so give it one")]
    BlankId {
        /// The row, counted from 1.
        row: usize,
    },
    /// Two rows have one id.
    #[error("row {row} has the id {id:?} of row {first}: give it an id of its own")]
    DuplicateId {
        /// The id.
        id: String,
        /// The later row, counted from 1.
        row: usize,
        /// The earlier row.
        first: usize,
    },
    /// Every value of a row is missing.
    #[error("row {row}, {id:?}, holds no value: there is nothing to say, remove it")]
    NothingToSay {
        /// The row, counted from 1.
        row: usize,
        /// Its id.
        id: String,
    },
    /// A reference is empty or white space.
    #[error("row {row}, {id:?}, has a blank reference: remove it")]
    BlankReference {
        /// The row, counted from 1.
        row: usize,
        /// Its id.
        id: String,
    },
}

/// Rows whose ids differ and each of which has something to say.
#[derive(Debug, Clone, PartialEq)]
pub struct SentenceSet {
    rows: Vec<SentenceRow>,
}

impl SentenceSet {
    /// Checks the rows.
    ///
    /// # Errors
    ///
    /// [`SentenceSetError`] names the row.
    pub fn new(rows: Vec<SentenceRow>) -> Result<Self, SentenceSetError> {
        if rows.is_empty() {
            return Err(SentenceSetError::Empty);
        }
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (number, row) in (1..).zip(&rows) {
            let id = || row.id.clone();
            if row.id.trim().is_empty() {
                return Err(SentenceSetError::BlankId { row: number });
            }
            if let Some(first) = seen.insert(&row.id, number) {
                return Err(SentenceSetError::DuplicateId {
                    id: id(),
                    row: number,
                    first,
                });
            }
            if row.row.values().all(|value| *value == RowValue::Missing) {
                return Err(SentenceSetError::NothingToSay {
                    row: number,
                    id: id(),
                });
            }
            if row.references.iter().any(|reference| reference.trim().is_empty()) {
                return Err(SentenceSetError::BlankReference {
                    row: number,
                    id: id(),
                });
            }
        }
        Ok(Self { rows })
    }

    /// Reads a file of rows, one in each line.
    ///
    /// # Errors
    ///
    /// [`SentenceSetError`] names the line or the row.
    pub fn open(path: &Path) -> Result<Self, SentenceSetError> {
        Self::new(read_json_lines(path)?)
    }

    /// The rows in the order of the file.
    #[must_use]
    pub fn rows(&self) -> &[SentenceRow] {
        &self.rows
    }

    /// Joins answers, as pairs of id and sentence, to the rows by id.
    ///
    /// # Errors
    ///
    /// [`JoinError`] names a row that is answered not once, or an answer of no row.
    pub fn join(
        &self,
        answers: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Vec<String>, JoinError> {
        let ids: Vec<&str> = self.rows.iter().map(|row| row.id.as_str()).collect();
        join::by_ids(&ids, answers)
    }
}
