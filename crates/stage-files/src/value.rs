//! Values read from files.

use std::{fs, path::Path};

use serde::de::DeserializeOwned;

use crate::{BadLine, ContentHash, FileError, Lines};

/// Reads one value from a JSON file.
///
/// # Errors
///
/// [`FileError::Read`] or [`FileError::Json`].
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, FileError> {
    let bytes = fs::read(path).map_err(|source| FileError::Read {
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_slice(&bytes).map_err(|source| FileError::Json {
        path: path.to_owned(),
        source,
    })
}

/// Reads one value from a TOML file.
///
/// # Errors
///
/// [`FileError::Read`] or [`FileError::Toml`].
pub fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T, FileError> {
    let text = fs::read_to_string(path).map_err(|source| FileError::Read {
        path: path.to_owned(),
        source,
    })?;
    toml::from_str(&text).map_err(|source| FileError::Toml {
        path: path.to_owned(),
        source: Box::new(source),
    })
}

/// Reads a JSON-lines file of a stage of ours, in which every line must be good.
///
/// For files from outside use [`Lines`], which lets the caller set bad lines aside.
///
/// # Errors
///
/// [`FileError::Read`], or [`FileError::Line`] at the first line that is not a `T`.
pub fn read_json_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, FileError> {
    read_json_lines_and_hash(path).map(|(rows, _)| rows)
}

/// [`read_json_lines`], with the hash of the bytes that the rows come from.
///
/// # Errors
///
/// As [`read_json_lines`].
pub fn read_json_lines_and_hash<T: DeserializeOwned>(
    path: &Path,
) -> Result<(Vec<T>, ContentHash), FileError> {
    let mut lines = Lines::open(path)?;
    let rows = lines
        .by_ref()
        .map(|line| {
            let line = line?;
            line.text
                .and_then(|text| serde_json::from_str(&text).map_err(BadLine::Json))
                .map_err(|source| FileError::Line {
                    path: path.to_owned(),
                    line: line.number,
                    source,
                })
        })
        .collect::<Result<_, _>>()?;
    Ok((rows, lines.hash()?))
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn the_line_at_fault_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl");
        fs::write(&path, "1\n2\nthree\n").unwrap();
        let error = read_json_lines::<u32>(&path).unwrap_err();
        assert!(error.to_string().ends_with("rows.jsonl, line 3"), "{error}");
        assert!(error.source().unwrap().source().is_some());
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read_toml::<u32>(Path::new("/nowhere/task.toml")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/task.toml"), "{error}");
    }
}
