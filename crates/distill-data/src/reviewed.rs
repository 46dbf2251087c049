//! What a person has said about rows: read back from the files that people edit.

mod json_lines;
mod label_studio;
mod table;

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fmt,
    io::Read,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use stage_files::{FileError, Unpacked};
use task_spec::{LabelSet, Task};

use crate::{
    normalise,
    row::{ID_DIGITS, text_id},
};

/// The largest table or export that is read, in bytes (256 MiB), for they are read as a whole.
const MAX_BYTES: u64 = 256 << 20;

/// A row that a person has reviewed: what the label should be.
///
/// Given to a curation, it overrides the teacher on that text and calibrates its confidence.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReviewedRow {
    /// The id that the row had in the review, if it came from one: it still names the text where a spreadsheet has changed
    /// how that is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The question, spelt as in the log up to the normaliser.
    pub input: String,
    /// The right label.
    pub label: String,
    /// The label that the person was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<String>,
    /// Ids of nearly equal texts that the person was told about. The label is theirs too, as far as the teacher's is still
    /// the one that the person was shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub similar: Vec<String>,
}

impl ReviewedRow {
    /// A question with its right label.
    #[must_use]
    pub fn new(input: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            input: input.into(),
            label: label.into(),
            ..Self::default()
        }
    }
}

/// The reviewed rows of a file, and what else is in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReviewedRows {
    /// Rows with a label of the task, by its own name.
    pub rows: Vec<ReviewedRow>,
    /// Rows without an answer.
    pub blank: usize,
    /// Rows that the person did not want to answer.
    pub skipped: usize,
    /// Rows whose answer cannot be used, for the person to look at again.
    pub set_aside: Vec<SetAside>,
}

/// How many there are of each, and a line for each row that is set aside.
impl fmt::Display for ReviewedRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (answers, skipped, blank) = (self.rows.len(), self.skipped, self.blank);
        write!(
            f,
            "{answers} answers, {skipped} rows skipped, {blank} not answered"
        )?;
        for SetAside { row, input, problem } in &self.set_aside {
            write!(f, "\n  row {row} ({input:?}) is set aside: {problem}")?;
        }
        Ok(())
    }
}

/// A row whose answer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Which row of the spreadsheet, line of the file or task of the export, from 1.
    pub row: u64,
    /// The question, as far as there is one.
    pub input: String,
    /// Why.
    pub problem: AnswerProblem,
}

/// Why an answer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerProblem {
    /// It is no label of the task.
    #[error("{answer:?} is no label of the task: correct it, or give the label that alias in the task")]
    UnknownLabel {
        /// The answer.
        answer: String,
    },
    /// It says that the given label is right, and there is none.
    #[error("the answer is \"ok\", and the row does not say for which label: write the label")]
    NothingGiven,
    /// Several answers name different labels.
    #[error("there are several answers, {}: leave one", .answers.join(" and "))]
    Disagreement {
        /// The labels.
        answers: Vec<String>,
    },
    /// There is neither a text nor an id.
    #[error("the row has neither a text nor an id, so that nobody can tell what was answered")]
    NoText,
}

/// A file of reviewed rows could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewedError {
    /// The file itself.
    #[error("cannot read reviewed rows")]
    File(#[source] FileError),
    /// The name says nothing of what is in the file.
    #[error("{} is no file of reviewed rows: name it .jsonl, .csv, .tsv, .txt or .json by what it holds", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The file is too large to be read as a whole.
    #[error("{} has more than the {MAX_BYTES} bytes that are read: cut it into several", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// The table is in an encoding that does not say which.
    #[error("{} is not UTF-8: save it as \"CSV UTF-8\"", path.display())]
    Encoding {
        /// The file.
        path: PathBuf,
    },
    /// The table lacks a column.
    #[error("{} has the columns {}, and needs text (or id) and right_label", path.display(), found.join(", "))]
    Columns {
        /// The file.
        path: PathBuf,
        /// The columns by the delimiter that fits best.
        found: Vec<String>,
    },
    /// The JSON is no list of tasks.
    #[error("{} is no list of tasks: export the project from Label Studio as JSON or JSON-MIN", path.display())]
    NotTasks {
        /// The file.
        path: PathBuf,
    },
}

impl ReviewedRows {
    /// Reads what a person has edited, by the ending of the file's name:
    ///
    /// - `.csv`, `.tsv`, `.txt`: `review.csv` as a spreadsheet saved it, with commas, semicolons or tabs, in UTF-8 or
    ///   UTF-16, with columns in any order and more of them; or any table with the columns `text` and `label`;
    /// - `.json`: Label Studio's export, JSON or JSON-MIN;
    /// - `.jsonl`: a [`ReviewedRow`] a line, or lines of `review.jsonl` to which `right_label` was added.
    ///
    /// An answer is a label in any spelling that the task knows; `ok` where the given label is right; `skip` where the person
    /// does not want to say; or nothing where the row was not looked at. (A task may have labels of these names: they
    /// are labels then.) Any other answer is set aside, with its row, and so are answers to one text that differ.
    ///
    /// # Errors
    ///
    /// [`ReviewedError`] if the file cannot be read, or is nothing of these.
    pub fn read(path: &Path, task: &Task) -> Result<Self, ReviewedError> {
        let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        let mut reading = Reading::new(task.labels());
        match ending.to_lowercase().as_str() {
            "jsonl" => json_lines::read(path, &mut reading)?,
            "csv" | "tsv" | "txt" => table::read(path, &mut reading)?,
            "json" => label_studio::read(path, &mut reading)?,
            _ => {
                return Err(ReviewedError::UnknownFormat {
                    path: path.to_owned(),
                });
            }
        }
        Ok(reading.finish())
    }
}

/// A row as a file has it.
#[derive(Debug, Default)]
struct Answered {
    /// Which one of the file, from 1.
    row: u64,
    id: Option<String>,
    input: String,
    given: Option<String>,
    similar: Vec<String>,
    /// What was answered; several answers where several people were asked.
    answers: Vec<String>,
}

/// What has been read of a file.
struct Reading<'a> {
    labels: &'a LabelSet,
    rows: Vec<Answered>,
    /// Where the first row about each text is.
    place: BTreeMap<String, usize>,
}

impl<'a> Reading<'a> {
    fn new(labels: &'a LabelSet) -> Self {
        Self {
            labels,
            rows: Vec::new(),
            place: BTreeMap::new(),
        }
    }

    /// Takes a row; answers about one text come together.
    fn take(&mut self, mut answered: Answered) {
        let text = normalise(&answered.input);
        let key = match &answered.id {
            Some(id) => id.clone(),
            None if text.is_empty() => format!("row {}", answered.row),
            None => text_id(&text),
        };
        let place = *self.place.entry(key).or_insert(self.rows.len());
        match self.rows.get_mut(place) {
            Some(first) => first.answers.append(&mut answered.answers),
            None => self.rows.push(answered),
        }
    }

    /// Puts each row where its answers say.
    fn finish(mut self) -> ReviewedRows {
        let mut found = ReviewedRows::default();
        for answered in std::mem::take(&mut self.rows) {
            match self.label(&answered) {
                Ok(Some(label)) => found.rows.push(ReviewedRow {
                    label: self.name(label),
                    id: answered.id,
                    input: answered.input,
                    given: answered.given,
                    similar: answered.similar,
                }),
                Ok(None) if answered.answers.iter().all(|answer| answer.trim().is_empty()) => {
                    found.blank += 1
                }
                Ok(None) => found.skipped += 1,
                Err(problem) => found.set_aside.push(SetAside {
                    row: answered.row,
                    input: answered.input,
                    problem,
                }),
            }
        }
        found
    }

    /// The label that all answers of a row mean; `None` if none is a label, on purpose.
    fn label(&self, answered: &Answered) -> Result<Option<usize>, AnswerProblem> {
        let given = answered.given.as_deref();
        let answers = answered
            .answers
            .iter()
            .map(|answer| self.meant(answer.trim(), given));
        let labels: BTreeSet<usize> = answers.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        let Some(&label) = labels.first() else {
            return Ok(None);
        };
        if labels.len() > 1 {
            let answers = labels.iter().map(|&label| self.name(label)).collect();
            return Err(AnswerProblem::Disagreement { answers });
        }
        match answered.input.trim().is_empty() && answered.id.is_none() {
            true => Err(AnswerProblem::NoText),
            false => Ok(Some(label)),
        }
    }

    /// The label that an answer means; `None` if it is none on purpose.
    fn meant(&self, answer: &str, given: Option<&str>) -> Result<Option<usize>, AnswerProblem> {
        if let Some(label) = self.labels.resolve(answer) {
            return Ok(Some(label));
        }
        if answer.is_empty() || answer.eq_ignore_ascii_case("skip") {
            return Ok(None);
        }
        if answer.eq_ignore_ascii_case("ok") {
            let given = given.and_then(|given| self.labels.resolve(given));
            return given.map(Some).ok_or(AnswerProblem::NothingGiven);
        }
        Err(AnswerProblem::UnknownLabel {
            answer: answer.to_owned(),
        })
    }

    fn name(&self, label: usize) -> String {
        self.labels.name(label).unwrap_or_default().to_owned()
    }
}

/// The id of a row as a review writes it, if that is what a text holds.
fn row_id(text: &str) -> Option<String> {
    let id = text.trim().trim_start_matches('#');
    let digits = id.get(..ID_DIGITS)?;
    let is_id = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| digits.to_owned())
}

/// The ids in a cell that lists some.
fn row_ids(cell: &str) -> Vec<String> {
    cell.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .filter_map(row_id)
        .collect()
}

/// A file as a whole.
fn read_whole(path: &Path) -> Result<Vec<u8>, ReviewedError> {
    let file = Unpacked::open(path).map_err(ReviewedError::File)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| {
            ReviewedError::File(FileError::Read {
                path: path.to_owned(),
                source,
            })
        })?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ReviewedError::TooLong {
            path: path.to_owned(),
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
