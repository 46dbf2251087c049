//! Files that are whole or absent.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;
use tempfile::NamedTempFile;

use crate::{ContentHash, FileError};

/// A file being written: it takes its name only in [`finish`](WholeFile::finish).
///
/// The bytes go to a temporary file in the same folder, which is synced and then renamed over the name, so
/// that a reader sees the old file or the new one and a kill leaves the old one. Dropped without `finish`, it
/// leaves nothing.
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
        let file = tempfile::Builder::new()
            .prefix(".partial-")
            .tempfile_in(folder)
            .map_err(fail)?;
        Ok(Self {
            path: path.to_owned(),
            writer: BufWriter::new(file),
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
