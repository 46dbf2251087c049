//! What can be wrong with a file that gold rows are read from, and with a row of it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use stage_files::FileError;

use crate::figures::{counted, names, one_line};

/// Why a file gives no gold rows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The delimiter cannot stand between cells.
    #[error(
        "the delimiter {delimiter:?} is no ASCII character, or one that quotes or ends a row: name another"
    )]
    Delimiter {
        /// The delimiter.
        delimiter: char,
    },
    /// There is no encoding of this name.
    #[error(
        "{name:?} is no encoding of the WHATWG Encoding Standard: name one such as utf-8, utf-16le or windows-1252"
    )]
    UnknownEncoding {
        /// The name as given.
        name: String,
    },
    /// The byte order mark is that of another encoding.
    #[error("{} begins with the byte order mark of {marked} and is said to be {named}: leave out the encoding", path.display())]
    OtherEncoding {
        /// The file.
        path: PathBuf,
        /// What was said.
        named: &'static str,
        /// What the file says.
        marked: &'static str,
    },
    /// The file cannot be unpacked, or is not written in its encoding, from here on.
    #[error("{} cannot be read as {encoding} behind line {line}: name its encoding, or unpack it by hand", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The last line that could be read, from 1; 0 if none could.
        line: u64,
        /// The encoding.
        encoding: &'static str,
        /// What is wrong there.
        source: std::io::Error,
    },
    /// The ending of the name says nothing.
    #[error("{} may be a table, JSON lines or a document: say which", path.display())]
    UnknownKind {
        /// The file.
        path: PathBuf,
    },
    /// The file stands for another one that was not fetched.
    #[error("{} is a pointer of Git LFS and not the file itself: fetch it, `git lfs pull`", path.display())]
    LfsPointer {
        /// The file.
        path: PathBuf,
    },
    /// The first row of a table cannot name its columns.
    #[error("{}, line {line}: the columns have no usable names", path.display())]
    Header {
        /// The table.
        path: PathBuf,
        /// The line of the first row, from 1.
        line: u64,
        /// What is wrong with it.
        source: Unusable,
    },
    /// Two columns have one name.
    #[error("{}, line {line}: two columns are called {column:?}, rename one", path.display())]
    TwoColumns {
        /// The table.
        path: PathBuf,
        /// The line of the first row, from 1.
        line: u64,
        /// The name.
        column: String,
    },
    /// A document is longer than is read at once.
    #[error("{} is longer than the {most} bytes that are read of a document: make it JSON lines", path.display())]
    TooLarge {
        /// The document.
        path: PathBuf,
        /// How many bytes are read.
        most: u64,
    },
    /// A document is neither JSON nor YAML.
    #[error("{}, line {line}, column {column}: the document is not JSON or YAML of the expected shape", path.display())]
    Document {
        /// The document.
        path: PathBuf,
        /// The line, from 1; 0 where the parser names none.
        line: u64,
        /// The column, from 1; 0 where the parser names none.
        column: u64,
        /// Where and why.
        source: Box<serde_saphyr::Error>,
    },
    /// A document holds no list of rows.
    #[error("{} is neither a list nor an object with a list under `tests`", path.display())]
    NoTests {
        /// The document.
        path: PathBuf,
    },
    /// What is needed stands in another file.
    #[error("{} leaves its {what} to {names:?}: import the file that holds the test cases", path.display())]
    External {
        /// The document.
        path: PathBuf,
        /// `tests` or `defaultTest`.
        what: &'static str,
        /// What it names.
        names: String,
    },
    /// No row could be used.
    #[error("{} has no row that can be used, of {}", path.display(), counted(*rows, "row"))]
    NoRows {
        /// The file.
        path: PathBuf,
        /// How many rows there are.
        rows: u64,
        /// The first of them, if there is one.
        #[source]
        first: Option<Box<SetAside>>,
    },
    /// There is another file in the place of the result.
    #[error("{} is there and holds something else: choose another place, or remove it by hand", path.display())]
    AlreadyThere {
        /// The file.
        path: PathBuf,
    },
}

/// A row that could not be used: where it stands, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{file}, {}row {row}{}: {why}", line.map_or_else(String::new, |line| format!("line {line}, ")),
    field.as_ref().map_or_else(String::new, |field| format!(", {field:?}")))]
pub struct SetAside {
    /// The file.
    pub file: String,
    /// The line on which the row begins, from 1, where it is known.
    pub line: Option<u64>,
    /// The row, from 1; the names of a table's columns are none.
    pub row: u64,
    /// The field or column at fault, where it is one.
    pub field: Option<String>,
    /// What is wrong with it.
    pub why: Unusable,
    /// How its text begins.
    pub text: String,
}

/// Why a row could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unusable {
    /// It is longer than is read of a row.
    #[error("the row is {bytes} bytes long, more than the {most} that are read")]
    TooLong {
        /// Its length.
        bytes: u64,
        /// What is read.
        most: u64,
    },
    /// It is not UTF-8.
    #[error("byte {at} is not UTF-8: name the encoding of the file")]
    NotUtf8 {
        /// Where in the row or the cell.
        at: u64,
    },
    /// The line is no JSON.
    #[error("the line is no JSON: {detail}")]
    NotJson {
        /// Where and why.
        detail: String,
    },
    /// It is no object.
    #[error("it is {found} and no object with fields")]
    NotAnObject {
        /// What it is.
        found: String,
    },
    /// A quote of a table's cell is never closed, or before the cell ends.
    #[error("a quote is opened here and not closed where a cell ends")]
    StrayQuote,
    /// A table's row has more or fewer cells than there are columns.
    #[error("{found} cells under {expected} columns")]
    CellCount {
        /// Columns.
        expected: u64,
        /// Cells.
        found: u64,
    },
    /// A field is not there.
    #[error("there is no {wanted} among {}: name the field that holds it", names(fields.iter().map(String::as_str), 12))]
    Missing {
        /// What was looked for.
        wanted: String,
        /// The fields that are there.
        fields: Vec<String>,
    },
    /// Several fields could be the one.
    #[error("{} could each be the {wanted}: name one", names(fields.iter().map(String::as_str), 12))]
    WhichField {
        /// What was looked for.
        wanted: String,
        /// The fields.
        fields: Vec<String>,
    },
    /// A value is no text.
    #[error("{found} is no text")]
    NotText {
        /// What it is.
        found: String,
    },
    /// A value is empty or white space.
    #[error("it is blank")]
    Blank,
    /// The input is a conversation.
    #[error("a conversation of {turns} turns, and a gold row asks one question")]
    Conversation {
        /// Turns of users and assistants.
        turns: u64,
    },
    /// A test has no assertion `equals`.
    #[error("no assertion is `equals`{}: a gold row needs the right answer itself",
        if types.is_empty() { String::new() } else { format!(", but {}", names(types.iter().map(String::as_str), 6)) })]
    NoEquals {
        /// The assertions that it has.
        types: Vec<String>,
    },
    /// A value is a template that cannot be filled in here.
    #[error(
        "{:?} is a template: only the name of a variable can be filled in",
        one_line(text, 60)
    )]
    Template {
        /// The value.
        text: String,
    },
    /// A value stands in another file.
    #[error("it stands in another file, {:?}", one_line(names, 60))]
    External {
        /// What it names.
        names: String,
    },
    /// The right answer is none of the task's labels.
    #[error("the label {label:?} is none of the task's: correct one of the two, or add an alias")]
    LabelOutside {
        /// The label as written.
        label: String,
    },
    /// The right answer may be one of several labels.
    #[error("the right answer may be any of {}: keep one", names(labels.iter().map(String::as_str), 6))]
    SeveralLabels {
        /// The labels.
        labels: Vec<String>,
    },
    /// The row stands there twice and counts once.
    #[error("it repeats row {first}")]
    Repeated {
        /// The row that stays.
        first: u64,
    },
    /// The question has different right answers in different rows.
    #[error("rows {} ask the same and answer {}: keep one", rows_in_words(rows), names(labels.iter().map(String::as_str), 6))]
    Contradiction {
        /// The rows, this one among them.
        rows: Vec<u64>,
        /// The answers.
        labels: Vec<String>,
    },
    /// Different rows have one id.
    #[error("rows {} have the id {id:?}: give each its own", rows_in_words(rows))]
    IdTwice {
        /// The id.
        id: String,
        /// The rows, this one among them.
        rows: Vec<u64>,
    },
}

impl Unusable {
    /// The reason without its particulars, for counting.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too long",
            Self::NotUtf8 { .. } => "not UTF-8",
            Self::NotJson { .. } => "no JSON",
            Self::NotAnObject { .. } => "no object",
            Self::StrayQuote => "a stray quote",
            Self::CellCount { .. } => "another number of cells than columns",
            Self::Missing { .. } => "a field that is not there",
            Self::WhichField { .. } => "several fields that could be meant",
            Self::NotText { .. } => "a value that is no text",
            Self::Blank => "a blank value",
            Self::Conversation { .. } => "a conversation",
            Self::NoEquals { .. } => "no assertion `equals`",
            Self::Template { .. } => "a template",
            Self::External { .. } => "a value in another file",
            Self::LabelOutside { .. } => "a label outside the task",
            Self::SeveralLabels { .. } => "several right answers",
            Self::Repeated { .. } => "a row that stands twice",
            Self::Contradiction { .. } => "rows that contradict each other",
            Self::IdTwice { .. } => "rows of one id",
        }
    }
}

fn rows_in_words(rows: &[u64]) -> String {
    let listed: Vec<String> = rows.iter().take(6).map(u64::to_string).collect();
    match rows.len().saturating_sub(listed.len()) {
        0 => listed.join(", "),
        more => format!("{} and {more} more", listed.join(", ")),
    }
}
