//! What can stop a run.

use base_model::{AdapterError, TokenizerError, WeightWriterError, WeightsError};
use stage_files::FileError;

/// A run could not start, go on or be finished.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A row cannot be trained on.
    #[error("row {id} cannot be trained on")]
    Row {
        /// The row's id.
        id: String,
        /// Why.
        source: RowError,
    },
    /// There are no rows, or none is left to train on after the held-out split.
    #[error("no rows to train on: {given} were given, {held_out} are held out")]
    NoRows {
        /// Rows that were given.
        given: usize,
        /// Rows that the split took away.
        held_out: usize,
    },
    /// The adapter could not be made, written or read back.
    #[error("the adapter could not be made or saved")]
    Adapter(#[from] AdapterError),
    /// The adapter to start from is not one that these settings and this task would make.
    #[error(
        "the adapter to start from has {field} {found}, this run has {expected}: give the same, or start afresh"
    )]
    OtherStart {
        /// What differs: a field of `adapter_config.json`, or `classes`.
        field: String,
        /// Of the run.
        expected: String,
        /// Of the adapter.
        found: String,
    },
    /// A file could not be read or written.
    #[error("a file of the run could not be read or written")]
    File(#[from] FileError),
    /// A checkpoint could not be written; the one before it is still there.
    #[error("a checkpoint could not be written")]
    WriteCheckpoint(#[source] WeightWriterError),
    /// A checkpoint could not be read.
    #[error("checkpoint {file} cannot be used: delete the checkpoints folder to start anew")]
    Checkpoint {
        /// The checkpoint's file name.
        file: String,
        /// Why.
        source: CheckpointError,
    },
    /// The loss is no number any more.
    #[error(
        "the loss is {loss} at step {step}, in a batch of these rows: {rows}; lower the learning rate or look at them"
    )]
    Diverged {
        /// The step, from 1.
        step: usize,
        /// The loss.
        loss: f64,
        /// The ids of the rows in the batch.
        rows: String,
    },
    /// The saved adapter does not answer as the trained one did.
    #[error(
        "the adapter read back from {folder} differs from the trained one by up to {difference} in its scores"
    )]
    SelfCheck {
        /// The adapter folder.
        folder: String,
        /// The largest difference of two scores.
        difference: f64,
    },
    /// The worker threads could not be started.
    #[error("cannot start {threads} worker threads")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the system said.
        source: rayon::ThreadPoolBuildError,
    },
    /// The lineage could not be expressed as TOML.
    #[error("the task cannot be written as TOML")]
    Task(#[from] toml::ser::Error),
    /// The progress hook asked for an end; the last checkpoint stands.
    #[error("stopped after step {step} as asked: run again with the same folder to go on")]
    Stopped {
        /// The last finished step.
        step: usize,
    },
}

/// Why a row cannot be trained on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// The chat does not end in an assistant's turn.
    #[error("the last message is not the assistant's: there is no answer to learn")]
    NoAnswer,
    /// The chat holds no user's turn.
    #[error("there is no user message: there is no question")]
    NoQuestion,
    /// The answer is no label of the task.
    #[error("the answer {answer:?} is no label of the task: curate the rows with this task first")]
    Label {
        /// The answer.
        answer: String,
    },
    /// The row is longer than the limit.
    #[error("the row has {tokens} tokens, more than max_tokens {limit}: raise the limit or shorten the row")]
    TooLong {
        /// Its length.
        tokens: usize,
        /// The limit.
        limit: usize,
    },
    /// The weight is not a positive number.
    #[error("the weight {weight} is not a positive number")]
    Weight {
        /// The weight.
        weight: f64,
    },
    /// The chat could not be turned into ids.
    #[error("the chat cannot be encoded")]
    Encode(#[from] TokenizerError),
}

/// Why a checkpoint is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file is damaged.
    #[error("the file is damaged")]
    Weights(#[from] WeightsError),
    /// The run's state inside the file is damaged.
    #[error("the state inside the file is damaged")]
    State(#[from] serde_json::Error),
    /// The checkpoint belongs to other rows, settings or another base model.
    #[error("it belongs to a run with another {what}")]
    OtherRun {
        /// What differs.
        what: &'static str,
    },
}
