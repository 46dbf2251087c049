//! A list as one JSON value, item by item.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::{ContentHash, FileError, WholeFile};

/// A file that holds a list as [`write_json`](crate::write_json) writes it, whose items come one by one and need not be in one
/// memory. It is whole or absent, as a [`WholeFile`] is.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let [whole, items] = ["whole.json", "items.json"].map(|name| folder.path().join(name));
/// let list = [serde_json::json!({"a": [1, {}]}), serde_json::json!("two\nlines")];
/// let hash = stage_files::write_json(&whole, &list)?;
/// let mut file = stage_files::JsonList::create(&items)?;
/// for item in &list {
///     file.push(item)?;
/// }
/// assert_eq!(file.finish()?, hash);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct JsonList {
    path: PathBuf,
    file: WholeFile,
    is_empty: bool,
}

impl JsonList {
    /// Starts a file that will be called `path`; missing folders are made.
    ///
    /// # Errors
    ///
    /// [`FileError::Write`] if the folder or the temporary file cannot be made.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        Ok(Self {
            path: path.to_owned(),
            file: WholeFile::create(path)?,
            is_empty: true,
        })
    }

    /// Adds an item.
    ///
    /// # Errors
    ///
    /// [`FileError::Encode`] or [`FileError::Write`].
    pub fn push<T: Serialize>(&mut self, item: &T) -> Result<(), FileError> {
        let item = serde_json::to_string_pretty(item).map_err(|source| FileError::Encode {
            path: self.path.clone(),
            source,
        })?;
        let before = if self.is_empty { "[\n  " } else { ",\n  " };
        self.is_empty = false;
        // A line feed within a text is written as two characters.
        self.write(before)?;
        self.write(&item.replace('\n', "\n  "))
    }

    fn write(&mut self, text: &str) -> Result<(), FileError> {
        self.file
            .write_all(text.as_bytes())
            .map_err(|source| FileError::Write {
                path: self.path.clone(),
                source,
            })
    }

    /// Ends the list, syncs the file, gives it its name, and returns the hash of its content.
    ///
    /// # Errors
    ///
    /// [`FileError::Write`]; the file that had the name before then still has it.
    pub fn finish(mut self) -> Result<ContentHash, FileError> {
        self.write(if self.is_empty { "[]\n" } else { "\n]\n" })?;
        self.file.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_no_items_is_written_as_a_whole_one() {
        let folder = tempfile::tempdir().unwrap();
        let [whole, items] = ["whole.json", "items.json"].map(|name| folder.path().join(name));
        let hash = crate::write_json(&whole, &Vec::<u8>::new()).unwrap();
        let file = JsonList::create(&items).unwrap();
        assert!(!items.exists());
        assert_eq!(file.finish().unwrap(), hash);
        assert_eq!(std::fs::read(items).unwrap(), std::fs::read(whole).unwrap());
    }
}
