//! What can stop a run.

use base_model::{AdapterError, LabelTrieError, MergeError, TokenizerError, WeightWriterError, WeightsError};
use stage_files::FileError;

use crate::TargetError;

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
    /// The run does not fit into the machine's memory.
    #[error(
        "the run would take {needed} bytes of memory, {available} are free: set micro_rows lower, or batch_rows or \
         max_tokens"
    )]
    Memory {
        /// What it would take at most, in bytes.
        needed: u64,
        /// What the process may still take, with what it has.
        available: u64,
    },
    /// A setting does not fit the task or the base model.
    #[error("the setting {field} cannot be used here")]
    Setting {
        /// The setting.
        field: &'static str,
        /// Why.
        source: SettingError,
    },
    /// The run has ended and its result is not what was asked for.
    #[error("the run does not stand up to its own check: what is in {folder} must not be used")]
    SelfCheck {
        /// The adapter folder.
        folder: String,
        /// What was found.
        source: SelfCheckError,
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
    #[error(
        "the row has {tokens} tokens with its answer, more than {limit}: raise max_tokens, if the base reads more, or \
         shorten the row"
    )]
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
    /// A label's probability is none.
    #[error("the probability {probability} of {label:?} is outside 0..=1")]
    Probability {
        /// The label.
        label: String,
        /// Its probability.
        probability: f64,
    },
    /// The row has probabilities, and all are 0.
    #[error("all its probabilities are 0: leave them out to learn the answer")]
    NoProbability,
    /// The question is no token long.
    #[error("the question is no token long: there is nothing to learn from")]
    NoTokens,
    /// The network cannot learn what the row wants.
    #[error("the network cannot learn it")]
    Target(#[from] TargetError),
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

/// Why a setting does not fit the task or the base model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// A label that the task does not have.
    #[error("{label:?} is no label of the task")]
    Label {
        /// The label.
        label: String,
    },
    /// The task's labels are none to this model: two of them are the same tokens, or one cannot be encoded.
    #[error(transparent)]
    Labels(#[from] LabelTrieError),
    /// Something is asked for that takes tokens which see nothing that comes after them, of an encoder, or of a decoder
    /// whose attention runs both ways.
    #[error("{what} is not possible where tokens see what comes after them: {why}")]
    SeesAhead {
        /// What was asked for.
        what: &'static str,
        /// Why it is not possible.
        why: &'static str,
    },
    /// The prompts of the rows do not all end alike, so that nothing can call an activated adapter.
    #[error("the prompts do not end in the same tokens, which an activated adapter is called by")]
    NoCommonEnd,
}

/// What is wrong with a run's result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelfCheckError {
    /// The adapter that was read back does not answer as the trained one does.
    #[error("the adapter read back differs from the trained one by up to {difference} in its scores")]
    ReadBack {
        /// The largest difference of two scores.
        difference: f64,
    },
    /// Merged into the base, the adapter answers otherwise than beside it.
    #[error("merged into the base, the adapter differs by up to {difference} in its scores")]
    Merged {
        /// The largest difference of two scores.
        difference: f64,
    },
    /// The adapter cannot be merged into the base.
    #[error("the adapter cannot be merged into the base")]
    Merge(#[source] Box<MergeError>),
    /// Tensors that no gradient has ever reached.
    #[error(
        "nothing was learnt in {count} of {of} tensors, among them {first}: no gradient has reached them"
    )]
    NotTrained {
        /// How many.
        count: usize,
        /// Of how many.
        of: usize,
        /// The first one's name.
        first: String,
    },
    /// An epoch did not see every row once.
    #[error("epoch {epoch} saw other rows than it was to see, each once")]
    Rows {
        /// The epoch, from 1.
        epoch: usize,
    },
    /// Targets were not counted as they were to be.
    #[error("{found} targets were learnt where {expected} were to be")]
    Targets {
        /// As counted in the loss.
        found: f64,
        /// As the rows have them.
        expected: f64,
    },
    /// A file of the folder holds other tensors than were trained.
    #[error("{missing} is not in the file that was written")]
    Missing {
        /// The tensor's name.
        missing: String,
    },
    /// The base writes the task in other ids than when the run began.
    #[error("the tokenizer or the chat template has changed while the run went on")]
    Template,
}
