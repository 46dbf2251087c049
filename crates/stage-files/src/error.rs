//! What can go wrong with a file.

use std::path::PathBuf;

use crate::BadLine;

/// A file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file could not be opened or read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file could not be created, written, synced or renamed into place; the old content, if any, stands.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line is not what it should be.
    #[error("{}, line {line}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        source: BadLine,
    },
    /// The file is not JSON of the expected shape.
    #[error("{} is not the JSON that is expected here", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// The file is not TOML of the expected shape.
    #[error("{} is not the TOML that is expected here", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A value could not be written as JSON.
    #[error("cannot express a value for {} as JSON", path.display())]
    Encode {
        /// The file that was to be written.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}
