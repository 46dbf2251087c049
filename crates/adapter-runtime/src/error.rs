//! What can stand between a request and its answer.

use std::path::PathBuf;

use base_model::{AdapterError, LabelTrieError, TokenizerError};
use stage_files::FileError;

/// An adapter cannot be served, or a text cannot be answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// A file of the adapter folder could not be read.
    #[error("cannot load the adapter in {}", folder.display())]
    File {
        /// The adapter folder.
        folder: PathBuf,
        /// Which file, and why.
        source: FileError,
    },
    /// The adapter does not fit the base model.
    #[error("cannot load the adapter in {}", folder.display())]
    Adapter {
        /// The adapter folder.
        folder: PathBuf,
        /// Which tensor or field, and why.
        source: AdapterError,
    },
    /// The adapter was trained on another base model, or its files were changed since.
    #[error("the adapter in {} was made for {what} {expected}, this is {found}", folder.display())]
    OtherLineage {
        /// The adapter folder.
        folder: PathBuf,
        /// What differs: the base model, the way texts become ids, the adapter's own weights.
        what: &'static str,
        /// The content hash in `training.json`.
        expected: String,
        /// The content hash of what is here.
        found: String,
    },
    /// The label head tells another number of labels apart than the task has.
    #[error("the adapter's head has {head} labels, the task {task}: they do not belong together")]
    OtherLabels {
        /// Labels of the head.
        head: usize,
        /// Labels of the task.
        task: usize,
    },
    /// The task's labels are none to this model: two of them are the same tokens, or one cannot be encoded.
    #[error(transparent)]
    Labels(#[from] LabelTrieError),
    /// A text is longer than the model takes.
    #[error(
        "text number {number} has {tokens} tokens with its prompt and answer, the model takes {limit}: shorten it"
    )]
    TooLong {
        /// Which text of the request, from 1.
        number: usize,
        /// Its length.
        tokens: usize,
        /// The limit.
        limit: usize,
    },
    /// A text could not be turned into ids.
    #[error("the text cannot be encoded")]
    Encode(#[from] TokenizerError),
}
