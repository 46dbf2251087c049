//! A file line by line, in bounded memory.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use crate::FileError;

/// The longest line that is kept in memory, in bytes (16 MiB); a longer one is a [`BadLine::TooLong`].
pub const MAX_LINE_BYTES: usize = 16 << 20;

/// Why a line is not usable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadLine {
    /// The line is longer than [`MAX_LINE_BYTES`]; it was passed over without being kept.
    #[error("the line is {bytes} bytes long, more than the {MAX_LINE_BYTES} that are read")]
    TooLong {
        /// Its length in bytes, without the line feed.
        bytes: u64,
    },
    /// The line is not UTF-8.
    #[error("the line is not UTF-8 from byte {at}")]
    NotUtf8 {
        /// Offset in the line of the first byte at fault.
        at: usize,
    },
    /// The line is not JSON, or not of the expected shape.
    #[error("the line is not the JSON that is expected here")]
    Json(#[source] serde_json::Error),
}

/// One line of a file.
#[derive(Debug)]
pub struct Line {
    /// Its number, from 1.
    pub number: u64,
    /// Its text without the line end, or why it has none.
    pub text: Result<String, BadLine>,
}

/// The lines of a file, blank ones left out.
///
/// A damaged line is an item like any other, so that a reader can set it aside and go on; only a failure of
/// the disk itself is an error of the iterator.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    number: u64,
    max_bytes: usize,
    failed: bool,
}

impl Lines {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// [`FileError::Read`] if it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let file = File::open(path).map_err(|source| FileError::Read {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            reader: BufReader::with_capacity(1 << 16, file),
            number: 0,
            max_bytes: MAX_LINE_BYTES,
            failed: false,
        })
    }

    /// Lowers the longest line that is kept, in bytes.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// The next line with its length in bytes; a line beyond the limit is counted but not kept.
    fn next_raw(&mut self) -> std::io::Result<Option<(Vec<u8>, u64)>> {
        let (mut kept, mut bytes, mut ended) = (Vec::new(), 0_u64, false);
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            let (piece, used) = match buffer.iter().position(|&b| b == b'\n') {
                Some(end) => {
                    ended = true;
                    (&buffer[..end], end + 1)
                }
                None => (buffer, buffer.len()),
            };
            bytes += piece.len() as u64;
            if bytes <= self.max_bytes as u64 {
                kept.extend_from_slice(piece);
            }
            self.reader.consume(used);
            if ended {
                break;
            }
        }
        Ok((ended || bytes > 0).then_some((kept, bytes)))
    }
}

impl Iterator for Lines {
    type Item = Result<Line, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            let (kept, bytes) = match self.next_raw() {
                Ok(line) => line?,
                Err(source) => {
                    self.failed = true;
                    return Some(Err(FileError::Read {
                        path: self.path.clone(),
                        source,
                    }));
                }
            };
            self.number += 1;
            let text = if bytes > self.max_bytes as u64 {
                Err(BadLine::TooLong { bytes })
            } else {
                String::from_utf8(kept).map_err(|error| BadLine::NotUtf8 {
                    at: error.utf8_error().valid_up_to(),
                })
            };
            if text.as_ref().is_ok_and(|text| text.trim().is_empty()) {
                continue;
            }
            let text = text.map(|mut text| {
                if text.ends_with('\r') {
                    text.pop();
                }
                text
            });
            return Some(Ok(Line {
                number: self.number,
                text,
            }));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn lines(bytes: &[u8], max: usize) -> Vec<(u64, Result<String, BadLine>)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, bytes).unwrap();
        let lines = Lines::open(&path).unwrap().with_max_bytes(max);
        lines
            .map(|line| line.unwrap())
            .map(|line| (line.number, line.text))
            .collect()
    }

    #[test]
    fn blank_lines_count_but_do_not_appear() {
        let found = lines(b"a\r\n\n  \nb", 100);
        assert!(
            matches!(&found[..], [(1, Ok(a)), (4, Ok(b))] if a == "a" && b == "b"),
            "{found:?}"
        );
    }

    #[test]
    fn a_damaged_line_is_an_item_and_not_the_end() {
        let found = lines(b"ok\n\xff\xfe\n123456789\nend\n", 5);
        assert!(
            matches!(
                &found[..],
                [
                    (1, Ok(_)),
                    (2, Err(BadLine::NotUtf8 { at: 0 })),
                    (3, Err(BadLine::TooLong { bytes: 9 })),
                    (4, Ok(_))
                ]
            ),
            "{found:?}"
        );
    }

    #[test]
    fn an_empty_file_has_no_lines() {
        assert!(lines(b"", 5).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn lines_equal_the_standard_library(bytes in proptest::collection::vec(0_u8..128, 0..300)) {
            let text = String::from_utf8(bytes.clone()).unwrap();
            let expected: Vec<(u64, String)> = text
                .split('\n')
                .enumerate()
                .filter(|(_, line)| !line.trim().is_empty())
                .map(|(i, line)| (i as u64 + 1, line.strip_suffix('\r').unwrap_or(line).to_owned()))
                .collect();
            let found: Vec<_> = lines(&bytes, 1000).into_iter().map(|(n, t)| (n, t.unwrap())).collect();
            proptest::prop_assert_eq!(found, expected);
        }
    }
}
