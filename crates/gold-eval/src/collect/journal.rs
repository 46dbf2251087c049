//! The answers of a run that is not finished, in the order in which they came.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use stage_files::{BadLine, ContentHash, FileError};

use super::{CollectError, CollectedAccount};
use crate::{AnswerSource, AnswerTimes, GoldKind, GoldSet, TimedRow};

/// Who is asked what: the first line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) predictor: String,
    identity: String,
    gold_hash: ContentHash,
}

impl Run {
    pub(super) fn of<K: GoldKind>(source: &dyn AnswerSource, gold: &GoldSet<K>) -> Self {
        Self {
            predictor: source.name().to_owned(),
            identity: source.identity(),
            gold_hash: gold.lock().hash.clone(),
        }
    }

    pub(super) fn in_account(account: &CollectedAccount) -> Self {
        Self {
            predictor: account.predictor.clone(),
            identity: account.identity.clone(),
            gold_hash: account.gold_hash.clone(),
        }
    }

    pub(super) fn account<K: GoldKind>(
        &self,
        gold: &GoldSet<K>,
        hash: ContentHash,
        rows: &[TimedRow],
    ) -> CollectedAccount {
        CollectedAccount {
            predictor: self.predictor.clone(),
            identity: self.identity.clone(),
            gold_version: gold.lock().version,
            gold_hash: self.gold_hash.clone(),
            predictions_hash: hash,
            rows: rows.len() as u64,
            times: AnswerTimes::of(rows.iter().filter_map(|row| row.latency_ms)),
        }
    }

    /// Whether answers of the run `found`, which lie at `path`, are answers of this one. The name does not matter: the
    /// same source may be called something else.
    pub(super) fn same_as(&self, found: &Self, path: &Path) -> Result<(), CollectError> {
        if self.identity == found.identity && self.gold_hash == found.gold_hash {
            return Ok(());
        }
        Err(CollectError::OtherRun {
            path: path.to_owned(),
            expected: self.words(),
            found: found.words(),
        })
    }

    fn words(&self) -> String {
        format!("{} to gold content {}", self.identity, self.gold_hash.short())
    }
}

/// An open journal, locked against other processes.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Opens or creates it: with the answers that it holds.
    ///
    /// A kill can leave part of a last line, which is cut off.
    pub(super) fn open(path: &Path, run: &Run) -> Result<(Self, Vec<TimedRow>), CollectError> {
        let mut file = open_file(path).map_err(|source| written(path, source))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(CollectError::InUse {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(written(path, source).into()),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|source| FileError::Read {
            path: path.to_owned(),
            source,
        })?;
        bytes.truncate(bytes.iter().rposition(|&b| b == b'\n').map_or(0, |end| end + 1));
        let whole = bytes.len() as u64;
        file.set_len(whole)
            .and_then(|()| file.seek(SeekFrom::Start(whole)))
            .map_err(|source| written(path, source))?;
        let mut journal = Self {
            path: path.to_owned(),
            file,
        };
        let mut lines = (1..)
            .zip(bytes.split(|&b| b == b'\n'))
            .filter(|(_, line)| !line.is_empty());
        match lines.next() {
            Some((number, line)) => run.same_as(&parsed(path, number, line)?, path)?,
            None => journal.append(run)?,
        }
        let rows = lines.map(|(number, line)| parsed(path, number, line));
        let rows = rows.collect::<Result<_, FileError>>()?;
        Ok((journal, rows))
    }

    /// Adds a line. It reaches the system at once, so that a kill of this process loses nothing.
    pub(super) fn append<T: Serialize>(&mut self, value: &T) -> Result<(), FileError> {
        let mut line = serde_json::to_vec(value).map_err(|source| FileError::Encode {
            path: self.path.clone(),
            source,
        })?;
        line.push(b'\n');
        self.file
            .write_all(&line)
            .map_err(|source| written(&self.path, source))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn remove(self) -> Result<(), FileError> {
        std::fs::remove_file(&self.path).map_err(|source| written(&self.path, source))
    }
}

fn open_file(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

fn parsed<T: DeserializeOwned>(path: &Path, line: u64, text: &[u8]) -> Result<T, FileError> {
    serde_json::from_slice(text).map_err(|source| FileError::Line {
        path: path.to_owned(),
        line,
        source: BadLine::Json(source),
    })
}

fn written(path: &Path, source: io::Error) -> FileError {
    FileError::Write {
        path: path.to_owned(),
        source,
    }
}
