//! Files that are whole or absent.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;
use tempfile::NamedTempFile;

use crate::{ContentHash, FileError};

/// How the names of temporary files begin.
const TEMPORARY: &str = ".partial-";

/// A file being written: it takes its name only in [`finish`](WholeFile::finish).
///
/// The bytes go to a temporary file in the same folder, which is synced and then renamed over the name, so
/// that a reader sees the old file or the new one and a kill leaves the old one. Dropped without `finish`, it
/// leaves nothing. A process that is killed leaves the temporary file, whose name begins with `.partial-`:
/// [`remove_leftovers`] takes such files away.
#[derive(Debug)]
pub struct WholeFile {
    path: PathBuf,
    writer: BufWriter<NamedTempFile>,
    hasher: blake3::Hasher,
}

impl WholeFile {
    /// Starts a file that will be called `path`; missing folders are made.
    ///
    /// # Errors
    ///
    /// [`FileError::Write`] if the folder or the temporary file cannot be made.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        let fail = |source| FileError::Write {
            path: path.to_owned(),
            source,
        };
        let folder = folder_of(path);
        std::fs::create_dir_all(folder).map_err(fail)?;
        Ok(Self {
            path: path.to_owned(),
            writer: BufWriter::new(temporary_in(folder).map_err(fail)?),
            hasher: blake3::Hasher::new(),
        })
    }

    /// Adds one value as a line of JSON.
    ///
    /// # Errors
    ///
    /// [`FileError::Encode`] or [`FileError::Write`].
    pub fn write_json_line<T: Serialize>(&mut self, value: &T) -> Result<(), FileError> {
        let mut line = serde_json::to_vec(value).map_err(|source| FileError::Encode {
            path: self.path.clone(),
            source,
        })?;
        line.push(b'\n');
        self.write_all(&line).map_err(|source| FileError::Write {
            path: self.path.clone(),
            source,
        })
    }

    /// Syncs the file, gives it its name, and returns the hash of its content.
    ///
    /// # Errors
    ///
    /// [`FileError::Write`]; the file that had the name before then still has it.
    pub fn finish(self) -> Result<ContentHash, FileError> {
        let Self { path, writer, hasher } = self;
        let fail = |source| FileError::Write {
            path: path.clone(),
            source,
        };
        let file = writer.into_inner().map_err(|error| fail(error.into_error()))?;
        widen_permissions(file.as_file()).map_err(fail)?;
        file.as_file().sync_all().map_err(fail)?;
        file.persist(&path).map_err(|error| fail(error.error))?;
        sync_folder(folder_of(&path)).map_err(fail)?;
        Ok(ContentHash::of_hasher(&hasher))
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Removes the temporary files that killed processes have left in a folder, and none that is being written.
///
/// A file that is written is locked, and the system unlocks what a process held when it ends, however it ends. Where files
/// cannot be locked, nothing is removed; a folder that is not there has none.
///
/// # Errors
///
/// [`FileError::Read`] if the folder cannot be listed.
pub fn remove_leftovers(folder: &Path) -> Result<(), FileError> {
    let fail = |source| FileError::Read {
        path: folder.to_owned(),
        source,
    };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(fail)?,
    };
    for entry in entries {
        let entry = entry.map_err(fail)?;
        let is_temporary = entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(TEMPORARY.as_bytes());
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if !(is_temporary && is_file) {
            continue;
        }
        // What is another user's, or gone by now, is none of ours.
        if let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// Writes bytes as a whole file.
///
/// # Errors
///
/// [`FileError::Write`].
pub fn write_whole(path: &Path, bytes: impl AsRef<[u8]>) -> Result<ContentHash, FileError> {
    let mut file = WholeFile::create(path)?;
    file.write_all(bytes.as_ref())
        .map_err(|source| FileError::Write {
            path: path.to_owned(),
            source,
        })?;
    file.finish()
}

/// Writes a value as indented JSON, ending in a line feed.
///
/// # Errors
///
/// [`FileError::Encode`] or [`FileError::Write`].
pub fn write_json<T: Serialize + ?Sized>(path: &Path, value: &T) -> Result<ContentHash, FileError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|source| FileError::Encode {
        path: path.to_owned(),
        source,
    })?;
    bytes.push(b'\n');
    write_whole(path, bytes)
}

/// Writes values as JSON lines.
///
/// # Errors
///
/// [`FileError::Encode`] or [`FileError::Write`].
pub fn write_json_lines<T: Serialize>(
    path: &Path,
    values: impl IntoIterator<Item = T>,
) -> Result<ContentHash, FileError> {
    let mut file = WholeFile::create(path)?;
    for value in values {
        file.write_json_line(&value)?;
    }
    file.finish()
}

/// A temporary file that is locked for as long as it is open.
fn temporary_in(folder: &Path) -> io::Result<NamedTempFile> {
    loop {
        let file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder)?;
        // Some file systems have no locks; there nothing is ever taken for a leftover.
        let is_locked = file.as_file().lock().is_ok();
        // Somebody who was faster with the lock has taken it for one.
        if !is_locked || file.path().exists() {
            return Ok(file);
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Temporary files are private to their owner; what takes a name should be as readable as any other file.
#[cfg(unix)]
fn widen_permissions(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn widen_permissions(_file: &File) -> io::Result<()> {
    Ok(())
}

/// A rename is on disk only once its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_unfinished_file_leaves_the_old_one_and_no_litter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.json");
        write_whole(&path, b"old").unwrap();
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"half of the new").unwrap();
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn leftovers_go_and_what_is_being_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".partial-Ab3xYz", ".partial", "rows.jsonl", "kept.partial-1"] {
            fs::write(folder.path().join(name), b"half").unwrap();
        }
        fs::create_dir(folder.path().join(".partial-folder")).unwrap();
        let path = folder.path().join("new.json");
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"whole").unwrap();
        remove_leftovers(folder.path()).unwrap();
        file.finish().unwrap();
        let entries = fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(
            names,
            [
                ".partial",
                ".partial-folder",
                "kept.partial-1",
                "new.json",
                "rows.jsonl"
            ]
        );
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        remove_leftovers(&folder.path().join("nowhere")).unwrap();
    }

    #[test]
    fn files_are_written_whole_while_others_clean_up() {
        let folder = tempfile::tempdir().unwrap();
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    remove_leftovers(folder.path()).unwrap();
                }
            });
            for number in 0..200 {
                let path = folder.path().join(format!("{number}.json"));
                let written = write_whole(&path, b"whole");
                done.store(written.is_err(), std::sync::atomic::Ordering::Relaxed);
                written.unwrap();
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
    }

    #[test]
    fn the_returned_hash_is_that_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl");
        let hash = write_json_lines(&path, ["a", "b"]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "\"a\"\n\"b\"\n");
        assert_eq!(hash, ContentHash::of_file(&path).unwrap());
        assert_eq!(hash, ContentHash::of_bytes(b"\"a\"\n\"b\"\n"));
    }

    #[test]
    fn a_folder_in_the_way_is_a_write_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_whole(folder.path(), b"x").unwrap_err();
        assert!(matches!(error, FileError::Write { .. }), "{error}");
    }
}
