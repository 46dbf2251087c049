//! Logs in Apache Parquet (<https://parquet.apache.org/docs/file-format/>): a row is a line, with the columns as fields.
//!
//! Each row is written as the JSON line that it stands for, and goes to the reader of the log's format, so that every format
//! may lie in Parquet and the limits of a line hold.

#[cfg(feature = "parquet")]
mod assembly;
#[cfg(feature = "parquet")]
mod columns;
#[cfg(feature = "parquet")]
mod footer;
#[cfg(feature = "parquet")]
mod pages;
#[cfg(feature = "parquet")]
mod rows;
#[cfg(feature = "parquet")]
mod shapes;
#[cfg(feature = "parquet")]
mod thrift;
#[cfg(feature = "parquet")]
mod values;

use std::{io, path::Path};

use stage_files::{FileError, Line};

/// How a file in Parquet begins, and ends.
pub(super) const MAGIC: [u8; 4] = *b"PAR1";

/// Why a file in Parquet is not read at all.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[cfg(not(feature = "parquet"))]
    #[error("it is in Parquet: switch on the feature `parquet` of distill-data, or export JSON lines")]
    FeatureOff,
    #[cfg(feature = "parquet")]
    #[error(
        "it is in Parquet and a pipe, and what Parquet holds is said at its end: write it to a file first"
    )]
    Pipe,
    #[cfg(feature = "parquet")]
    #[error("it is in Parquet and packed as a whole, so that its end cannot be found: unpack it first")]
    Packed,
}

/// The rows of a file whose content begins with [`MAGIC`], as lines.
///
/// # Errors
///
/// [`FileError::Read`] of the kind [`Unsupported`](io::ErrorKind::Unsupported) where it cannot be read as it is, and of
/// others where it cannot be opened. One that is damaged has a damaged line instead.
#[cfg(feature = "parquet")]
pub(super) fn rows(path: &Path) -> Result<impl Iterator<Item = Result<Line, FileError>>, FileError> {
    let unreadable = |source| FileError::Read {
        path: path.to_owned(),
        source,
    };
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(refused(path, Refused::Pipe));
    }
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let mut begin = [0; MAGIC.len()];
    io::Read::read_exact(&mut file, &mut begin).map_err(unreadable)?;
    if begin != MAGIC {
        return Err(refused(path, Refused::Packed));
    }
    Ok(rows::Rows::of(file).map(Ok))
}

/// Without the feature there are none.
#[cfg(not(feature = "parquet"))]
pub(super) fn rows(path: &Path) -> Result<std::iter::Empty<Result<Line, FileError>>, FileError> {
    Err(refused(path, Refused::FeatureOff))
}

fn refused(path: &Path, why: Refused) -> FileError {
    FileError::Read {
        path: path.to_owned(),
        source: io::Error::new(io::ErrorKind::Unsupported, why),
    }
}

#[cfg(feature = "parquet")]
#[cfg(test)]
mod tests;
