//! Files of answers, as this crate and other tools write them.

use std::{fmt, path::Path, str::FromStr};

use serde::{Deserialize, Serialize};
use stage_files::FileError;

use crate::TimedRow;

mod csv_table;
mod lm_eval;
mod openai_batch;
mod promptfoo;

/// What wrote a file of answers. Whatever it is, answers are joined by the gold row's id, never by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AnswerFile {
    /// `predictions.jsonl`: lines of `{"id", "answer", "confidence"?, "probabilities"?, "outside"?, "latency_ms"?,
    /// "cost_usd"?}`.
    Jsonl,
    /// A table with a header: columns `id` and `answer`, and `confidence`, `latency_ms` and `cost_usd` where there are any;
    /// other columns are passed over, and an empty cell is no value.
    Csv,
    /// The JSON that `promptfoo eval --output answers.json` writes. The id is the test's variable `id`, or else the
    /// `id` of its metadata; the answer is the provider's output, and its cost is kept where it is above 0, which
    /// stands for one that is not known. One provider and one prompt: with several, each row
    /// would be answered more than once.
    Promptfoo,
    /// A `samples_*.jsonl` that lm-evaluation-harness writes with `--log_samples`. The id is the field `id` of the
    /// document (`doc_id` is only its position). The answer is the filtered response of a generation; of a multiple
    /// choice it is the likeliest continuation, with the softmax of the log-likelihoods as its distribution. With
    /// several filters in one file each row is there more than once: keep the lines of one.
    LmEval,
    /// The output file of OpenAI's batch API, of chat completions: the id is `custom_id`.
    OpenaiBatch,
}

impl AnswerFile {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Jsonl,
        Self::Csv,
        Self::Promptfoo,
        Self::LmEval,
        Self::OpenaiBatch,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Promptfoo => "promptfoo",
            Self::LmEval => "lm-eval",
            Self::OpenaiBatch => "openai-batch",
        }
    }
}

impl fmt::Display for AnswerFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// No kind of file has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no file of answers: name jsonl, csv, promptfoo, lm-eval or openai-batch")]
pub struct UnknownAnswerFile {
    /// The name as given.
    pub name: String,
}

impl FromStr for AnswerFile {
    type Err = UnknownAnswerFile;

    fn from_str(name: &str) -> Result<Self, UnknownAnswerFile> {
        let found = Self::ALL.into_iter().find(|kind| kind.word() == name);
        found.ok_or_else(|| UnknownAnswerFile {
            name: name.to_owned(),
        })
    }
}

/// Why a file of answers cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerFileError {
    /// The file could not be read, or a line of it is not of the kind.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is no table.
    #[error("{} is not the table that is expected here", path.display())]
    Csv {
        /// The file.
        path: std::path::PathBuf,
        /// Where and why.
        source: csv::Error,
    },
    /// A table has no column of this name, or two.
    #[error("{} has {found} columns called {column:?}: need one", path.display())]
    Column {
        /// The file.
        path: std::path::PathBuf,
        /// The column.
        column: &'static str,
        /// How many there are.
        found: usize,
    },
    /// A cell is no number.
    #[error("{}, line {line}: {column} is {value:?}, which is no number", path.display())]
    Number {
        /// The file.
        path: std::path::PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column.
        column: &'static str,
        /// The cell.
        value: String,
    },
    /// An answer does not say whose it is.
    #[error("{}, answer {number}: {missing}", path.display())]
    NoId {
        /// The file.
        path: std::path::PathBuf,
        /// Which answer, from 1.
        number: u64,
        /// What is not there, and where to put it.
        missing: &'static str,
    },
    /// The tool got no answer to a row.
    #[error("{}: row {id:?} has no answer: {reason}; ask it again", path.display())]
    NoAnswer {
        /// The file.
        path: std::path::PathBuf,
        /// The row.
        id: String,
        /// What the tool says of it.
        reason: String,
    },
}

/// Reads a file of answers, in its order.
///
/// # Errors
///
/// [`AnswerFileError`], which names the line or the row.
pub fn read_answers(path: &Path, kind: AnswerFile) -> Result<Vec<TimedRow>, AnswerFileError> {
    match kind {
        AnswerFile::Jsonl => Ok(stage_files::read_json_lines(path)?),
        AnswerFile::Csv => csv_table::read(path),
        AnswerFile::Promptfoo => promptfoo::read(path),
        AnswerFile::LmEval => lm_eval::read(path),
        AnswerFile::OpenaiBatch => openai_batch::read(path),
    }
}

#[cfg(test)]
mod tests;
