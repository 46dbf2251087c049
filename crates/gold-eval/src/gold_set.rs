//! The gold set: rows with their right answers, frozen before anything is judged by them.

use std::{
    borrow::Cow,
    collections::HashMap,
    fs,
    io::BufRead,
    path::{Path, PathBuf},
};

use stage_files::{ContentHash, FileError, Unpacked, read_json, read_json_lines_and_hash};
use task_spec::{LabelSet, Task};

use crate::{
    Frozen, GoldKind, GoldLock, Reasons, gold_versions,
    narration::{SentenceSetError, StyleError},
};

/// Why a gold set cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GoldError {
    /// A file could not be read or written, or a line of it is no gold row.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no row.
    #[error("{} has no rows: a gold set needs rows of at least two categories", path.display())]
    Empty {
        /// The gold file.
        path: PathBuf,
    },
    /// The file is not the one that was frozen.
    #[error(
        "{} was edited after it was frozen as version {version}: expected content {}, found {}; put the frozen \
         file back, or freeze this one as version {} and carry its baseline over",
        path.display(), expected.short(), found.short(), version.saturating_add(1)
    )]
    Edited {
        /// The gold file.
        path: PathBuf,
        /// The version that the lock names.
        version: u32,
        /// The content hash in the lock.
        expected: ContentHash,
        /// The content hash of the file.
        found: ContentHash,
    },
    /// Another content, or another label set, is frozen under this version or a later one.
    #[error(
        "{} already freezes version {locked}, which differs from what is here: freeze it as version {} or later, \
         not as {asked}", path.display(), locked.saturating_add(1)
    )]
    AlreadyFrozen {
        /// The lock.
        path: PathBuf,
        /// The version that it holds.
        locked: u32,
        /// The version that was asked for.
        asked: u32,
    },
    /// The lock was made for another task.
    #[error("{} belongs to the task {expected:?}, not to {found:?}", path.display())]
    OtherTask {
        /// The lock.
        path: PathBuf,
        /// The task in the lock.
        expected: String,
        /// The task at hand.
        found: String,
    },
    /// The task's labels are not those for which the set was frozen.
    #[error(
        "the labels of task {task:?} are not those for which gold version {version} was frozen: restore them, or \
         freeze version {} for the new ones", version.saturating_add(1)
    )]
    OtherLabels {
        /// The task.
        task: String,
        /// The version that the lock names.
        version: u32,
    },
    /// The file begins with a byte order mark, which the readers of other stages would take for a part of the first
    /// row.
    #[error("{} begins with a byte order mark: save it as UTF-8 without one", path.display())]
    ByteOrderMark {
        /// The gold file.
        path: PathBuf,
    },
    /// The file differs from what was frozen in its line ends alone.
    #[error(
        "{} has other line ends than when it was frozen as version {version}, as git's autocrlf makes them: put the frozen \
         file back, and give it `-text` in .gitattributes", path.display()
    )]
    LineEnds {
        /// The gold file.
        path: PathBuf,
        /// The version that the lock names.
        version: u32,
    },
    /// The rows of a frozen version are not where freezing put them.
    #[error(
        "{} should hold the rows of version {version}, content {}, and {}: put them there, from a backup or from version \
         control", path.display(), expected.short(),
        found.as_ref().map_or_else(|| "is not there".to_owned(), |found| format!("has content {}", found.short()))
    )]
    Kept {
        /// Where the rows should be.
        path: PathBuf,
        /// The version.
        version: u32,
        /// The content hash in the lock.
        expected: ContentHash,
        /// The content hash of what is there.
        found: Option<ContentHash>,
    },
    /// A later version than the lock's was frozen here.
    #[error(
        "{} is there, and {} knows nothing of it: the lock was removed or put back, or a kill came between the two; copy the \
         first over the second", newer.display(), path.display()
    )]
    LockBehind {
        /// The lock.
        path: PathBuf,
        /// The lock of the later version.
        newer: PathBuf,
    },
    /// A new version changes rows of the old one, and nobody says why.
    #[error(
        "version {version} would change {} of version {} and gives no reason: {removed} removed, {relabelled} with another \
         label, {reworded} reworded, such as {}; give one, for these rows or for all",
        crate::figures::counted(*rows, "row"), before, crate::figures::names(ids.iter().map(String::as_str), 5)
    )]
    Unexplained {
        /// The version that was asked for.
        version: u32,
        /// The version before it.
        before: u32,
        /// Rows without a reason.
        rows: u64,
        /// Rows among them that are gone.
        removed: u64,
        /// Rows among them that have another label.
        relabelled: u64,
        /// Rows among them that ask another question.
        reworded: u64,
        /// Their ids.
        ids: Vec<String>,
    },
    /// A reason is given for a row that did not change.
    #[error("a reason is given for row {id:?}, which is as it was: correct the id or remove the reason")]
    NeedlessReason {
        /// The row.
        id: String,
    },
    /// The lock fits the file's hash but not its rows, so it was edited by hand.
    #[error("{} does not describe the rows that it freezes: it was edited; freeze the set again", path.display())]
    LockEdited {
        /// The lock.
        path: PathBuf,
    },
    /// Two rows have one id.
    #[error("gold row {row} has the id {id:?} of row {first}: give it an id of its own")]
    DuplicateId {
        /// The id.
        id: String,
        /// The later row, counted from 1.
        row: usize,
        /// The earlier row.
        first: usize,
    },
    /// An id is empty or white space.
    #[error("gold row {row} has a blank id: answers are joined on it, so give it one")]
    BlankId {
        /// The row, counted from 1.
        row: usize,
    },
    /// A question is empty or white space.
    #[error("gold row {row}, {id:?}, has a blank input: write the question or remove the row")]
    BlankInput {
        /// The row, counted from 1.
        row: usize,
        /// Its id.
        id: String,
    },
    /// A right answer is none of the task's labels.
    #[error(
        "gold row {row}, {id:?}, has the label {label:?}, which is none of the task's: correct one of the two"
    )]
    LabelOutside {
        /// The row, counted from 1.
        row: usize,
        /// Its id.
        id: String,
        /// The label as written.
        label: String,
    },
    /// The task's fields are not those for which the set was frozen.
    #[error(
        "the fields of task {task:?}, or the rules by which their values are compared, are not those for which gold \
         version {version} was frozen: restore them, or freeze version {} for the new ones", version.saturating_add(1)
    )]
    OtherFields {
        /// The task.
        task: String,
        /// The version that the lock names.
        version: u32,
    },
    /// The task's style is not that for which the set was frozen.
    #[error(
        "the style of task {task:?} is not that for which gold version {version} was frozen, and other sentences would be \
         right: restore it, or freeze version {} for the new one", version.saturating_add(1)
    )]
    OtherStyle {
        /// The task.
        task: String,
        /// The version that the lock names.
        version: u32,
    },
    /// A row is none that a sentence could be about.
    #[error(transparent)]
    Sentences(#[from] SentenceSetError),
    /// Sentences about the rows cannot be checked by the task's style.
    #[error("the task's style does not fit the gold rows")]
    Style(#[from] StyleError),
    /// A row says nothing of any field.
    #[error("gold row {row}, {id:?}, has no fields: write what each one holds, or remove the row")]
    NotAnnotated {
        /// The row, counted from 1.
        row: usize,
        /// Its id.
        id: String,
    },
    /// A field is none of the task's.
    #[error(
        "gold row {row}, {id:?}, has the field {field:?}, which is none of the task's: correct one of the two"
    )]
    FieldOutside {
        /// The row, counted from 1.
        row: usize,
        /// Its id.
        id: String,
        /// The field as written.
        field: String,
    },
    /// A field's value cannot be right.
    #[error("gold row {row}, {id:?}: the value {value:?} of the field {field:?} {what}")]
    FieldValue {
        /// The row, counted from 1.
        row: usize,
        /// Its id.
        id: String,
        /// The field.
        field: String,
        /// The value as written.
        value: String,
        /// What is wrong with it, and what to do.
        what: &'static str,
    },
    /// Every row has the same label.
    #[error("all {rows} gold rows are {label:?}: nothing can be told from one category, add rows of others")]
    OneCategory {
        /// The label.
        label: String,
        /// How many rows there are.
        rows: usize,
    },
}

/// A gold set whose content is what its lock says; `K` is the kind of its task, by what the answers are.
#[derive(Debug, Clone)]
pub struct GoldSet<K: GoldKind = LabelSet> {
    rows: Vec<K::Row>,
    truth: K::Truth,
    output: K,
    lock: GoldLock,
}

impl<K: GoldKind> GoldSet<K> {
    /// Freezes `gold` as `version`: checks every row, writes `gold.lock` beside it (the same name with the
    /// extension `lock`), and returns the set.
    ///
    /// Nothing that was frozen is lost: a copy of the rows and of the lock stays as `gold.v1.jsonl` and
    /// `gold.v1.lock`, by which the version can be opened again, and the lock of a later version lists those before
    /// it. Freezing the same content and version again changes nothing. A new version may add rows; where it removes,
    /// relabels or rewords some, reasons are asked for: see [`freeze_because`](Self::freeze_because).
    ///
    /// # Errors
    ///
    /// As [`GoldSet::freeze_because`] without reasons.
    pub fn freeze(gold: &Path, task: &Task<K>, version: u32) -> Result<Self, GoldError> {
        Self::freeze_because(gold, task, version, &Reasons::default()).map(|frozen| frozen.gold)
    }

    /// Freezes `gold` as `version`, as [`freeze`](Self::freeze), with the reasons why rows of the version before
    /// changed; and says what changed, which it also writes beside it as `gold.v2.diff.json`.
    ///
    /// # Errors
    ///
    /// [`GoldError::AlreadyFrozen`] if the lock, or the copy of this version, holds other content or was made for other
    /// answers, or the lock a later version than asked for; [`GoldError::Unexplained`] and
    /// [`GoldError::NeedlessReason`]; [`GoldError::Kept`] if the rows of the version before are not where they were kept;
    /// [`GoldError::LockBehind`]; otherwise as [`GoldSet::open`].
    pub fn freeze_because(
        gold: &Path,
        task: &Task<K>,
        version: u32,
        reasons: &Reasons,
    ) -> Result<Frozen<K>, GoldError> {
        gold_versions::freeze(gold, task, version, reasons)
    }

    /// Opens a frozen set: `gold` must be, byte for byte, what `lock` froze for this task's answers.
    ///
    /// # Errors
    ///
    /// [`GoldError`]; its variants name the row, or the two hashes.
    pub fn open(gold: &Path, lock: &Path, task: &Task<K>) -> Result<Self, GoldError> {
        let locked: GoldLock = read_json(lock)?;
        if locked.task != task.name {
            return Err(GoldError::OtherTask {
                path: lock.to_owned(),
                expected: locked.task,
                found: task.name.clone(),
            });
        }
        let found = ContentHash::of_file(gold)?;
        if found != locked.hash {
            return Err(edited(gold, locked, found)?);
        }
        if locked.output_hash != task.output.fingerprint() {
            return Err(K::other_output(task.name.clone(), locked.version));
        }
        let mut set = Self::read(gold, task, locked.version)?;
        if !set.lock.freezes_as(&locked) || !locked.is_in_order() {
            return Err(GoldError::LockEdited {
                path: lock.to_owned(),
            });
        }
        set.lock = locked;
        Ok(set)
    }

    /// Reads and checks rows that are about to be frozen, or that were.
    pub(crate) fn read(gold: &Path, task: &Task<K>, version: u32) -> Result<Self, GoldError> {
        if Unpacked::open(gold).and_then(|file| begins_with_mark(gold, file))? {
            return Err(GoldError::ByteOrderMark {
                path: gold.to_owned(),
            });
        }
        let (rows, hash) = read_json_lines_and_hash::<K::Row>(gold)?;
        if rows.is_empty() {
            return Err(GoldError::Empty {
                path: gold.to_owned(),
            });
        }
        let truth = task.output.check(&rows)?;
        let lock = GoldLock::of(&rows, task, version, hash);
        Ok(Self {
            rows,
            truth,
            output: task.output.clone(),
            lock,
        })
    }

    /// The rows in the order of the file.
    #[must_use]
    pub fn rows(&self) -> &[K::Row] {
        &self.rows
    }

    /// The ids in the order of the file.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &str> {
        self.rows.iter().map(K::id)
    }

    /// The questions in the order of the file.
    pub fn inputs(&self) -> impl ExactSizeIterator<Item = Cow<'_, str>> {
        self.rows.iter().map(K::question)
    }

    /// What was frozen: version, hashes and counts.
    #[must_use]
    pub fn lock(&self) -> &GoldLock {
        &self.lock
    }

    /// What an answer of the task may be.
    #[must_use]
    pub fn output(&self) -> &K {
        &self.output
    }

    pub(crate) fn with_earlier(mut self, earlier: Vec<crate::FrozenVersion>) -> Self {
        self.lock.earlier = earlier;
        self
    }

    /// The right answers, made ready to be compared with, in the order of the file.
    pub(crate) fn truth(&self) -> &K::Truth {
        &self.truth
    }
}

impl GoldSet {
    /// The task's labels.
    #[must_use]
    pub fn labels(&self) -> &LabelSet {
        &self.output
    }
}

fn begins_with_mark(path: &Path, mut file: Unpacked) -> Result<bool, FileError> {
    match file.fill_buf() {
        Ok(begin) => Ok(begin.starts_with("\u{feff}".as_bytes())),
        // What cannot be unpacked is told where its rows are read.
        Err(source) if source.raw_os_error().is_none() => Ok(false),
        Err(source) => Err(FileError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

/// How a file differs from what was frozen.
fn edited(gold: &Path, locked: GoldLock, found: ContentHash) -> Result<GoldError, FileError> {
    let bytes = fs::read(gold).map_err(|source| FileError::Read {
        path: gold.to_owned(),
        source,
    })?;
    let without: Vec<u8> = bytes.iter().copied().filter(|&byte| byte != b'\r').collect();
    let with: Vec<u8> = (without.iter())
        .flat_map(|&byte| {
            if byte == b'\n' {
                vec![b'\r', b'\n']
            } else {
                vec![byte]
            }
        })
        .collect();
    let is_it = |bytes: &[u8]| ContentHash::of_bytes(bytes) == locked.hash;
    let (path, version) = (gold.to_owned(), locked.version);
    if is_it(&without) || is_it(&with) {
        return Ok(GoldError::LineEnds { path, version });
    }
    Ok(GoldError::Edited {
        path,
        version,
        expected: locked.hash,
        found,
    })
}

/// The ids of the rows so far, whatever the kind of the task.
#[derive(Default)]
pub(crate) struct Ids<'a> {
    seen: HashMap<&'a str, usize>,
}

impl<'a> Ids<'a> {
    /// Refuses a row without an id or a question, and one with the id of a row before; rows are counted from 1.
    pub(crate) fn take(&mut self, row: usize, id: &'a str, input: &str) -> Result<(), GoldError> {
        if id.trim().is_empty() {
            return Err(GoldError::BlankId { row });
        }
        let id_of_row = id.to_owned();
        if let Some(first) = self.seen.insert(id, row) {
            return Err(GoldError::DuplicateId {
                id: id_of_row,
                row,
                first,
            });
        }
        if input.trim().is_empty() {
            return Err(GoldError::BlankInput { row, id: id_of_row });
        }
        Ok(())
    }
}
