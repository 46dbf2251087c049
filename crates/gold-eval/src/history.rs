//! Every look at the gold set, for each one wears it out a little.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};
use stage_files::{BadLine, ContentHash, FileError};

use crate::{GoldLock, RightRows, Verdict};

/// One candidate judged once: a line of `history.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// When, as the caller wrote it.
    pub at: String,
    /// The version of the gold set.
    pub gold_version: u32,
    /// The content hash of the gold set.
    pub gold_hash: ContentHash,
    /// The candidate's name.
    pub predictor: String,
    /// The content hash of the candidate's model, where it was given.
    pub model_hash: Option<ContentHash>,
    /// The content hash of the candidate's answers.
    pub answers_hash: ContentHash,
    /// The gate's name.
    pub gate: String,
    /// The candidate's accuracy, in 0..1.
    pub accuracy: f64,
    /// What the gate said.
    pub verdict: Verdict,
    /// Which rows the candidate had right, for later ones to be compared with; lines of the first versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<RightRows>,
}

/// The looks so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    looks: Vec<Look>,
}

/// How often the gold set was looked at before, as a report states it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LooksBefore {
    /// Earlier looks at this very gold set.
    pub looks: u64,
    /// Different sets of answers among them.
    pub candidates: u64,
    /// The best accuracy among them.
    pub best_accuracy: Option<f64>,
    /// Looks at the versions before it: the rows that it has from them are as worn as they were.
    #[serde(default)]
    pub at_earlier_versions: u64,
}

impl History {
    /// Reads `history.jsonl`; a file that is not there is an empty history.
    ///
    /// A last line without its line feed is what a crash left of an append, and is passed over.
    ///
    /// # Errors
    ///
    /// [`FileError::Read`], or [`FileError::Line`] for any other line that is no look.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => {
                return Err(FileError::Read {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        let whole = &bytes[..whole_lines(&bytes)];
        let lines = (1..)
            .zip(whole.split(|&b| b == b'\n'))
            .filter(|(_, line)| !line.trim_ascii().is_empty());
        let looks = lines
            .map(|(line, text)| {
                serde_json::from_slice(text).map_err(|source| FileError::Line {
                    path: path.to_owned(),
                    line,
                    source: BadLine::Json(source),
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { looks })
    }

    /// Adds a look to `history.jsonl` and waits until it is on disk.
    ///
    /// The line is appended under a lock on the file, so that gates that run side by side each leave theirs. A
    /// kill can leave part of a last line, which the next append removes; the lines before are never rewritten.
    ///
    /// Each of these gates knows the looks that were there when it opened the history. Gates that come later see all
    /// of them, in the order of the file, and count alike.
    ///
    /// # Errors
    ///
    /// [`FileError::Write`] or [`FileError::Encode`].
    pub fn append(path: &Path, look: &Look) -> Result<(), FileError> {
        let mut line = serde_json::to_vec(look).map_err(|source| FileError::Encode {
            path: path.to_owned(),
            source,
        })?;
        line.push(b'\n');
        append_line(path, &line).map_err(|source| FileError::Write {
            path: path.to_owned(),
            source,
        })
    }

    /// The looks in the order in which they were added.
    #[must_use]
    pub fn looks(&self) -> &[Look] {
        &self.looks
    }

    /// The looks at one gold set.
    #[must_use]
    pub fn before(&self, gold_hash: &ContentHash) -> LooksBefore {
        let at_it = || self.looks.iter().filter(|look| look.gold_hash == *gold_hash);
        LooksBefore {
            looks: at_it().count() as u64,
            candidates: at_it()
                .map(|look| &look.answers_hash)
                .collect::<BTreeSet<_>>()
                .len() as u64,
            best_accuracy: at_it().map(|look| look.accuracy).max_by(f64::total_cmp),
            at_earlier_versions: 0,
        }
    }

    /// The looks at a version of a gold set, and how many there were at the versions before it: a new version has
    /// mostly old rows, and does not begin unseen.
    #[must_use]
    pub fn before_version(&self, lock: &GoldLock) -> LooksBefore {
        let earlier: BTreeSet<&ContentHash> = lock.earlier.iter().map(|earlier| &earlier.hash).collect();
        let is_earlier = |look: &&Look| look.gold_hash != lock.hash && earlier.contains(&look.gold_hash);
        LooksBefore {
            at_earlier_versions: self.looks.iter().filter(is_earlier).count() as u64,
            ..self.before(&lock.hash)
        }
    }
}

fn append_line(path: &Path, line: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file: File = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    file.lock()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let whole = whole_lines(&bytes) as u64;
    file.set_len(whole)?;
    file.seek(SeekFrom::Start(whole))?;
    file.write_all(line)?;
    file.sync_all()
}

/// How many bytes belong to lines that end in a line feed.
fn whole_lines(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|&b| b == b'\n').map_or(0, |end| end + 1)
}

#[cfg(test)]
mod tests;
