//! Why a curation could not be run.

use stage_files::FileError;

/// A curation could not be run. Bad rows are no error: they end in the ledger.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CurateError {
    /// A log could not be opened or read to its end.
    #[error("cannot read a log")]
    Log(#[source] FileError),
    /// What was read could not be handed on: the reader of a stream had an error of its own.
    #[error("what was read from a log cannot be written")]
    Output(#[source] FileError),
    /// A log's weight is none.
    #[error("log {file} has the weight {found}: give a number above 0")]
    LogWeight {
        /// The log.
        file: String,
        /// Its weight.
        found: f64,
    },
    /// A gold set was given and it has no rows.
    #[error("the gold set is empty: give its rows, or leave it out to curate without a leakage certificate")]
    EmptyGold,
    /// A reviewed row has a label that the task does not know.
    #[error("reviewed row {row} has the label {label:?}, which is not one of the task's")]
    ReviewedLabel {
        /// The row, from 1.
        row: usize,
        /// The label.
        label: String,
    },
    /// The plan has a cost for a label that the task does not know.
    #[error("review.costs names the label {label:?}, which is not one of the task's")]
    CostLabel {
        /// The label.
        label: String,
    },
    /// Rows are to be split by the time of their calls, which is not in the logs.
    #[error(
        "no call says when it was made, so rows cannot be split by time: name the field of the time, or split by log-order if \
         the lines of the logs come in the order of the calls"
    )]
    NoCallTimes,
    /// A precision was asked for without anything to measure it on.
    #[error("target_precision needs reviewed rows to measure precision on: give some, or set min_confidence")]
    NoReviewedRows,
}
