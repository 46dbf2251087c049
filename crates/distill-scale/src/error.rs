//! What can go wrong beyond one machine's memory.

use std::path::PathBuf;

use datafusion::error::DataFusionError;
use distill_data::{CurateError, Verdict};
use near_texts::JoinPlanError;
use stage_files::FileError;

/// Why a curation at scale has no outcome.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScaleError {
    /// The engine refused a plan or could not carry it out: a file it cannot read, a table without a column, more memory
    /// than it was given, executors that are gone.
    #[error("the engine failed at the stage {stage}")]
    Engine {
        /// The stage, as it is named in the report.
        stage: &'static str,
        /// What the engine says.
        source: Box<DataFusionError>,
    },
    /// The table of calls lacks a column.
    #[error("{} has no column {column:?}: name the columns input, answer and, where there are any, confidence, id and reviewed", path.display())]
    NoColumn {
        /// The table.
        path: PathBuf,
        /// The column.
        column: &'static str,
    },
    /// A gold set was given and it has no rows.
    #[error("the gold set is empty: give its rows, or leave it out to curate without a leakage certificate")]
    EmptyGold,
    /// Rows are to be split by time, and no call has one.
    #[error(
        "no call has a time: name its field to the reader of the logs, or split by log order if they grew at their end"
    )]
    NoCallTimes,
    /// The order of the logs or their lines are asked for, and the table has none.
    #[error(
        "no call has the line that it is in: give a table with the columns file and line, as read writes it"
    )]
    NoCallPlaces,
    /// The table of calls is not the one that was curated.
    #[error("{} has {found} calls of the rows that were curated, which are of {expected} calls: name the table that they are of", path.display())]
    OtherCalls {
        /// The table.
        path: PathBuf,
        /// Its calls of texts that are among the rows.
        found: u64,
        /// How many there should be.
        expected: u64,
    },
    /// The file's name says nothing of how it is read.
    #[error("{} is neither .parquet nor .jsonl, and no folder of such files", path.display())]
    Format {
        /// The file or folder.
        path: PathBuf,
    },
    /// A file could not be written or read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The folder is in use.
    #[error("{} holds files already: name a new folder, or remove it", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// Logs could not be read, or what was read could not be written; or reviewed rows cannot be used, or are missing where a
    /// precision is to be measured on them.
    #[error(transparent)]
    Read(#[from] CurateError),
    /// The calls are of logs that are not to be believed.
    #[error("{} says that its calls are not to be used: {}", path.display(), of_verdict(verdict))]
    NotUsable {
        /// The account of the reading.
        path: PathBuf,
        /// What it says.
        verdict: Verdict,
    },
    /// The folder holds no finished curation.
    #[error("{} holds no scale.json: name the folder of a curation that has ended", path.display())]
    Unfinished {
        /// The folder.
        path: PathBuf,
    },
    /// The task is not the one that the rows were curated for.
    #[error("a row of {} has the label {label:?}, which is none of the task's: give the task that it was curated with", path.display())]
    Label {
        /// The folder of the curation.
        path: PathBuf,
        /// The label.
        label: String,
    },
    /// The scheduler's address is none.
    #[error("{url:?} is no scheduler's address: write http://HOST:PORT")]
    Address {
        /// What was given.
        url: String,
    },
}

fn of_verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::TooDamaged { share, allowed } => format!(
            "{:.1}% of the lines are damaged, and {:.1}% are allowed",
            100.0 * share,
            100.0 * allowed
        ),
        _ => "no call has a legal label".to_owned(),
    }
}

/// Why the rows of a stage could not be folded. It reaches the caller inside of the engine's error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReduceError {
    /// A stage was handed another table than it knows.
    #[error("the stage {stage} needs a column {column} of another type than it has, or it has none")]
    Column {
        /// The stage.
        stage: &'static str,
        /// The column.
        column: &'static str,
    },
    /// Two texts have the same id, so that one would be taken for the other.
    #[error("two texts have the id {id:016x}: {first:?} and {second:?}; curate them apart")]
    SameId {
        /// The id.
        id: u64,
        /// The one text.
        first: String,
        /// The other.
        second: String,
    },
    /// A pair names a row that is not there.
    #[error(
        "the row {id:016x} has near-duplicates and is not among the rows: do not mix folders of two runs"
    )]
    NoRow {
        /// The row's id.
        id: u64,
    },
    /// The plan of the join does not fit.
    #[error(transparent)]
    Plan(#[from] JoinPlanError),
    /// What is written as JSON could not be.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A result could not be put into a table.
    #[error(transparent)]
    Arrow(#[from] datafusion::arrow::error::ArrowError),
}

impl From<ReduceError> for DataFusionError {
    fn from(error: ReduceError) -> Self {
        Self::External(Box::new(error))
    }
}
