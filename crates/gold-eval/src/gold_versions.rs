//! From one version of a gold set to the next: what is kept, and what has to be said.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use stage_files::{
    ContentHash, FileError, read_json, read_json_lines, read_json_lines_and_hash, write_json, write_whole,
};
use task_spec::{LabelSet, Task};

use crate::{FrozenVersion, GoldDiff, GoldError, GoldKind, GoldLock, GoldSet};

/// Why rows of a frozen version are removed, relabelled or reworded in the next.
///
/// A gold label that is corrected after candidates were seen is how a gate is talked round, so each change is on
/// record with its reason, in the [`GoldDiff`] of the version.
///
/// ```
/// use gold_eval::Reasons;
///
/// let reasons = Reasons::default()
///     .with_row("r-17", "labelled before fees had a category of their own")
///     .with_every("second pass by two annotators, 12 May");
/// assert_eq!(reasons.of("r-17"), Some("labelled before fees had a category of their own"));
/// assert_eq!(reasons.of("r-18"), Some("second pass by two annotators, 12 May"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reasons {
    every: Option<String>,
    rows: BTreeMap<String, String>,
}

/// A line of a file of reasons.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasonLine {
    id: String,
    reason: String,
}

impl Reasons {
    /// A reason for one row; a blank one is none.
    #[must_use]
    pub fn with_row(mut self, id: impl Into<String>, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        if !reason.trim().is_empty() {
            self.rows.insert(id.into(), reason);
        }
        self
    }

    /// A reason for every row that changes and has none of its own; a blank one is none.
    #[must_use]
    pub fn with_every(mut self, reason: impl Into<String>) -> Self {
        self.every = Some(reason.into()).filter(|reason| !reason.trim().is_empty());
        self
    }

    /// Adds the reasons in a file of JSON lines, `{"id": "r-17", "reason": "..."}`.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the file cannot be read or a line of it is no reason.
    pub fn with_file(self, path: &Path) -> Result<Self, FileError> {
        let lines: Vec<ReasonLine> = read_json_lines(path)?;
        Ok(lines
            .into_iter()
            .fold(self, |reasons, line| reasons.with_row(line.id, line.reason)))
    }

    /// The reason for a row, its own or that for every row.
    #[must_use]
    pub fn of(&self, id: &str) -> Option<&str> {
        self.rows.get(id).or(self.every.as_ref()).map(String::as_str)
    }

    /// The rows that have a reason of their own, by id.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(String::as_str)
    }
}

/// A version that was frozen, or that would be.
#[derive(Debug, Clone)]
pub struct Frozen<K: GoldKind = LabelSet> {
    /// The set.
    pub gold: GoldSet<K>,
    /// What changed since the version before; `None` for a first version, and where this one was frozen already.
    pub diff: Option<GoldDiff>,
    /// Where the diff is written, or would be.
    pub diff_file: Option<PathBuf>,
}

/// The files around a gold file.
pub(crate) struct VersionFiles<'a> {
    gold: &'a Path,
}

impl<'a> VersionFiles<'a> {
    pub(crate) fn of(gold: &'a Path) -> Self {
        Self { gold }
    }

    fn lock(&self) -> PathBuf {
        self.gold.with_extension("lock")
    }

    /// `gold.v1.` and an ending.
    fn of_version(&self, version: u32, ending: &str) -> PathBuf {
        let mut name = self.gold.file_stem().map_or_else(OsString::new, OsString::from);
        name.push(format!(".v{version}.{ending}"));
        self.gold.with_file_name(name)
    }

    fn kept_lock(&self, version: u32) -> PathBuf {
        self.of_version(version, "lock")
    }

    fn kept_rows(&self, version: u32) -> PathBuf {
        let ending = self
            .gold
            .extension()
            .map_or("jsonl".into(), |ending| ending.to_string_lossy());
        self.of_version(version, &ending)
    }

    /// The rows of a frozen version, from the copy that freezing left.
    pub(crate) fn rows_of<K: GoldKind>(&self, frozen: &FrozenVersion) -> Result<Vec<K::Row>, GoldError> {
        let path = self.kept_rows(frozen.version);
        let kept = |found| GoldError::Kept {
            path: path.clone(),
            version: frozen.version,
            expected: frozen.hash.clone(),
            found,
        };
        if !path.exists() {
            return Err(kept(None));
        }
        let found = ContentHash::of_file(&path)?;
        if found != frozen.hash {
            return Err(kept(Some(found)));
        }
        // Hashed again as it is read, in case it changed in between.
        let (rows, found) = read_json_lines_and_hash(&path)?;
        if found == frozen.hash {
            Ok(rows)
        } else {
            Err(kept(Some(found)))
        }
    }

    /// The newest version of which a copy of the lock is there, one version aside.
    fn newest_kept_but(&self, aside: u32) -> Result<Option<u32>, GoldError> {
        let folder = self.gold.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let entries = fs::read_dir(folder).map_err(|source| FileError::Read {
            path: folder.to_owned(),
            source,
        })?;
        let stem = self
            .gold
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        let begin = format!("{}.v", stem.unwrap_or_default());
        let version_of = |name: &str| {
            name.strip_prefix(&begin)?
                .strip_suffix(".lock")?
                .parse::<u32>()
                .ok()
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let versions = names.filter_map(|name| version_of(&name));
        Ok(versions.filter(|&version| version != aside).max())
    }

    /// Leaves a copy of a version's rows and lock; one that is there already must be the same.
    fn keep(&self, lock: &GoldLock) -> Result<(), GoldError> {
        let bytes = fs::read(self.gold).map_err(|source| read_error(self.gold, source))?;
        let found = ContentHash::of_bytes(&bytes);
        if found != lock.hash {
            return Err(GoldError::Edited {
                path: self.gold.to_owned(),
                version: lock.version,
                expected: lock.hash.clone(),
                found,
            });
        }
        let rows = self.kept_rows(lock.version);
        if rows.exists() && ContentHash::of_file(&rows)? != lock.hash {
            return Err(already_frozen(rows, lock.version, lock.version));
        }
        write_whole(&rows, &bytes)?;
        let kept = self.kept_lock(lock.version);
        if !kept.exists() {
            write_json(&kept, lock)?;
        } else if !read_json::<GoldLock>(&kept)?.freezes_as(lock) {
            return Err(already_frozen(kept, lock.version, lock.version));
        }
        Ok(())
    }
}

/// Reads `gold` as what would be frozen as `version`, and compares it with the newest version that is frozen: what
/// [`GoldSet::freeze_because`] would do, without writing anything or asking for reasons.
///
/// # Errors
///
/// As [`GoldSet::freeze_because`], but for reasons.
pub fn preview_freeze<K: GoldKind>(
    gold: &Path,
    task: &Task<K>,
    version: u32,
    reasons: &Reasons,
) -> Result<Frozen<K>, GoldError> {
    let files = VersionFiles::of(gold);
    let set = GoldSet::read(gold, task, version)?;
    let path = files.lock();
    let locked: Option<GoldLock> = match path.exists() {
        true => Some(read_json(&path)?),
        false => None,
    };
    let locked_version = locked.as_ref().map_or(0, |lock| lock.version);
    // A kill between the copy and the lock leaves a copy of this very version: freezing it again is the way on.
    let newest = files.newest_kept_but(version)?;
    if let Some(newest) = newest.filter(|&newest| newest > locked_version) {
        return Err(GoldError::LockBehind {
            path,
            newer: files.kept_lock(newest),
        });
    }
    let Some(locked) = locked else {
        return Ok(Frozen {
            gold: set,
            diff: None,
            diff_file: None,
        });
    };
    if locked.task != task.name {
        return Err(GoldError::OtherTask {
            path,
            expected: locked.task,
            found: task.name.clone(),
        });
    }
    if !locked.is_in_order() {
        return Err(GoldError::LockEdited { path });
    }
    if locked.version == version && set.lock().freezes_as(&locked) {
        let gold = set.with_earlier(locked.earlier);
        return Ok(Frozen {
            gold,
            diff: None,
            diff_file: None,
        });
    }
    if locked.version >= version {
        return Err(already_frozen(path, locked.version, version));
    }
    let frozen = locked.as_version();
    // Only the task may have changed.
    let before = match set.lock().hash == frozen.hash {
        true => set.rows().to_vec(),
        false => files.rows_of::<K>(&frozen)?,
    };
    let diff = GoldDiff::of_versions((&frozen, &before), &set, reasons);
    let mut earlier = locked.earlier;
    earlier.push(frozen);
    Ok(Frozen {
        gold: set.with_earlier(earlier),
        diff: Some(diff),
        diff_file: Some(files.of_version(version, "diff.json")),
    })
}

pub(crate) fn freeze<K: GoldKind>(
    gold: &Path,
    task: &Task<K>,
    version: u32,
    reasons: &Reasons,
) -> Result<Frozen<K>, GoldError> {
    let frozen = preview_freeze(gold, task, version, reasons)?;
    if let Some(diff) = &frozen.diff {
        diff.check_reasons(reasons)?;
    }
    let files = VersionFiles::of(gold);
    // The lock comes last: a kill before it leaves the version before in force.
    files.keep(frozen.gold.lock())?;
    if let (Some(diff), Some(path)) = (&frozen.diff, &frozen.diff_file) {
        write_json(path, diff)?;
    }
    write_json(&files.lock(), frozen.gold.lock())?;
    Ok(frozen)
}

fn already_frozen(path: PathBuf, locked: u32, asked: u32) -> GoldError {
    GoldError::AlreadyFrozen { path, locked, asked }
}

fn read_error(path: &Path, source: io::Error) -> FileError {
    FileError::Read {
        path: path.to_owned(),
        source,
    }
}
