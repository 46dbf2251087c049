//! Files known by what is in them.

use std::{fmt, fs::File, path::Path};

use serde::{Deserialize, Serialize};

use crate::FileError;

/// BLAKE3 of some bytes, as 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContentHash(String);

impl ContentHash {
    /// The hash of bytes in memory.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes).to_hex().to_string())
    }

    /// The hash of a file's bytes, read in pieces.
    ///
    /// # Errors
    ///
    /// [`FileError::Read`] if the file cannot be opened or read.
    pub fn of_file(path: &Path) -> Result<Self, FileError> {
        let read = |source| FileError::Read {
            path: path.to_owned(),
            source,
        };
        let mut hasher = blake3::Hasher::new();
        hasher
            .update_reader(File::open(path).map_err(read)?)
            .map_err(read)?;
        Ok(Self::of_hasher(&hasher))
    }

    /// The 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }

    pub(crate) fn of_hasher(hasher: &blake3::Hasher) -> Self {
        Self(hasher.finalize().to_hex().to_string())
    }
}

/// The [`ContentHash`] of bytes that come piece by piece, for those that are in no file and not all in memory.
///
/// ```
/// use stage_files::{ContentHash, ContentHasher};
///
/// let mut hasher = ContentHasher::default();
/// hasher.push(b"where is ");
/// hasher.push(b"my card");
/// assert_eq!(hasher.finish(), ContentHash::of_bytes(b"where is my card"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct ContentHasher(blake3::Hasher);

impl ContentHasher {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all bytes so far.
    #[must_use]
    pub fn finish(&self) -> ContentHash {
        ContentHash::of_hasher(&self.0)
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({})", self.short())
    }
}
