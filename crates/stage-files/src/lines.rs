//! A file line by line, in bounded memory.

use std::{
    io::BufRead,
    path::{Path, PathBuf},
};

use crate::{ContentHash, FileError, Unpacked, unpacked};

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
    /// The file is packed, and cannot be unpacked from here on: it was cut off, or bytes were changed.
    #[error("the file cannot be unpacked from here on")]
    Packed(#[source] std::io::Error),
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

/// One line of a file, whatever is in it.
#[derive(Debug)]
pub struct LineBytes {
    /// Its number, from 1.
    pub number: u64,
    /// Its bytes without the line feed, or why it has none.
    pub bytes: Result<Vec<u8>, BadLine>,
}

/// The lines of a file, blank ones left out.
///
/// A file that is packed by gzip (RFC 1952) or zstd (RFC 8878) is unpacked as it is read, by its first bytes and whatever
/// its name; memory is bounded all the same, by a window of at most 128 MiB.
///
/// A damaged line is an item like any other, so that a reader can set it aside and go on; only a failure of
/// the disk itself is an error of the iterator.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    reader: Unpacked,
    number: u64,
    max_bytes: usize,
    /// What was found when the beginning was looked at.
    damage: Option<std::io::Error>,
    failed: bool,
}

impl Lines {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// [`FileError::Read`] if it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        Ok(Self::of(path, Unpacked::open(path)?))
    }

    /// The lines of what is read of a file, such as through [`Unpacked::through`]; `path` is its name in errors.
    #[must_use]
    pub fn of(path: &Path, reader: Unpacked) -> Self {
        Self {
            path: path.to_owned(),
            reader,
            number: 0,
            max_bytes: MAX_LINE_BYTES,
            damage: None,
            failed: false,
        }
    }

    /// Whether the content, unpacked where the file is packed, begins with these bytes, before anything was read. At most as
    /// many as a packed file is known by are looked for: 4.
    ///
    /// # Errors
    ///
    /// [`FileError::Read`] if the file cannot be read. One that cannot be unpacked begins with nothing, and its first line
    /// says why.
    pub fn begins_with(&mut self, bytes: &[u8]) -> Result<bool, FileError> {
        match self.reader.fill_buf() {
            Ok(begin) => Ok(begin.starts_with(bytes)),
            Err(source) if unpacked::is_damage(&source) => {
                self.damage = Some(source);
                Ok(false)
            }
            Err(source) => Err(FileError::Read {
                path: self.path.clone(),
                source,
            }),
        }
    }

    /// Lowers the longest line that is kept, in bytes.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// The hash of the file's bytes, as they lie there; what was not read so far is read now.
    ///
    /// # Errors
    ///
    /// [`FileError::Read`] if the file cannot be read to its end.
    pub fn hash(self) -> Result<ContentHash, FileError> {
        self.reader.hash()
    }

    /// The next line as it lies there, blank or not, with the carriage return that it may end in: for formats whose rows
    /// may have several lines.
    ///
    /// # Errors
    ///
    /// [`FileError::Read`] if the disk fails; there are no more lines then.
    pub fn next_bytes(&mut self) -> Option<Result<LineBytes, FileError>> {
        if self.failed {
            return None;
        }
        let line = match self.read_line() {
            Ok(line) => line?,
            Err(source) => {
                self.failed = true;
                return Some(match unpacked::is_damage(&source) {
                    true => Ok(LineBytes {
                        number: self.number + 1,
                        bytes: Err(BadLine::Packed(source)),
                    }),
                    false => Err(FileError::Read {
                        path: self.path.clone(),
                        source,
                    }),
                });
            }
        };
        self.number += 1;
        let (kept, bytes) = line;
        Some(Ok(LineBytes {
            number: self.number,
            bytes: match bytes > self.max_bytes as u64 {
                true => Err(BadLine::TooLong { bytes }),
                false => Ok(kept),
            },
        }))
    }

    /// The next line with its length in bytes; a line beyond the limit is counted but not kept.
    fn read_line(&mut self) -> std::io::Result<Option<(Vec<u8>, u64)>> {
        if let Some(damage) = self.damage.take() {
            return Err(damage);
        }
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
        loop {
            let LineBytes { number, bytes } = match self.next_bytes()? {
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            let text = bytes.and_then(|bytes| {
                String::from_utf8(bytes).map_err(|error| BadLine::NotUtf8 {
                    at: error.utf8_error().valid_up_to(),
                })
            });
            if text.as_ref().is_ok_and(|text| text.trim().is_empty()) {
                continue;
            }
            let text = text.map(|mut text| {
                if text.ends_with('\r') {
                    text.pop();
                }
                text
            });
            return Some(Ok(Line { number, text }));
        }
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
    fn lines_may_be_changed_on_their_way_and_the_hash_stays_the_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "one;two;").unwrap();
        let reader = Unpacked::open(&path).unwrap().through(|mut bytes| {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut bytes, &mut text).unwrap();
            Box::new(std::io::Cursor::new(text.replace(';', "\n")))
        });
        let mut lines = Lines::of(&path, reader);
        let found: Vec<String> = lines.by_ref().map(|line| line.unwrap().text.unwrap()).collect();
        assert_eq!(found, ["one", "two"]);
        assert_eq!(lines.hash().unwrap(), ContentHash::of_bytes(b"one;two;"));
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut packed, bytes).unwrap();
        packed.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    /// A frame that is no data, as seekable formats put one at the end.
    fn skipped(bytes: &[u8]) -> Vec<u8> {
        let length = u32::try_from(bytes.len()).unwrap();
        [&[0x5e, 0x2a, 0x4d, 0x18], &length.to_le_bytes()[..], bytes].concat()
    }

    fn texts(found: Vec<(u64, Result<String, BadLine>)>) -> Vec<String> {
        found.into_iter().map(|(_, text)| text.unwrap()).collect()
    }

    #[test]
    fn packed_files_have_the_lines_of_all_their_parts() {
        let parts = |pack: fn(&[u8]) -> Vec<u8>| [pack(b"one\ntw"), pack(b""), pack(b"o\nthree")].concat();
        for packed in [parts(gzip), parts(zstd)] {
            assert_eq!(texts(lines(&packed, 100)), ["one", "two", "three"]);
        }
        let with_skipped = [
            skipped(b"who"),
            zstd(b"one\n"),
            skipped(b""),
            zstd(b"two"),
            skipped(b"end"),
        ]
        .concat();
        assert_eq!(texts(lines(&with_skipped, 100)), ["one", "two"]);
    }

    #[test]
    fn a_line_that_unpacks_to_much_is_too_long_and_takes_no_memory() {
        let long = vec![b'a'; 50_000_000];
        for packed in [gzip(&long), zstd(&long)] {
            assert!(packed.len() < 200_000);
            let found = lines(&packed, 1000);
            assert!(
                matches!(&found[..], [(1, Err(BadLine::TooLong { bytes: 50_000_000 }))]),
                "{found:?}"
            );
        }
    }

    #[test]
    fn a_packed_file_that_is_cut_or_changed_ends_in_a_damaged_line() {
        let text: Vec<u8> = (0..20_000_u32)
            .flat_map(|n| format!("{}\n", n.wrapping_mul(2_654_435_761)).into_bytes())
            .collect();
        for packed in [gzip(&text), zstd(&text)] {
            let cut = lines(&packed[..packed.len() / 2], 1000);
            let (last, whole) = cut.split_last().unwrap();
            assert!(matches!(last.1, Err(BadLine::Packed(_))), "{last:?}");
            assert!(whole.iter().all(|(_, text)| text.is_ok()));
            let mut changed = packed.clone();
            let middle = changed.len() / 2;
            changed[middle] ^= 0x55;
            let found = lines(&changed, 1000);
            assert!(
                matches!(found.last(), Some((_, Err(BadLine::Packed(_))))),
                "{:?}",
                found.last()
            );
        }
    }

    #[test]
    fn looking_at_the_beginning_takes_nothing_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut changed = gzip(b"PAR1\n");
        changed[11] ^= 0x55;
        for (bytes, begins, lines) in [
            (b"PAR1\nb".to_vec(), true, 2),
            (gzip(b"PAR1\n"), true, 1),
            (zstd(b"PAR1\n"), true, 1),
            (b"PAR".to_vec(), false, 1),
            (b"".to_vec(), false, 0),
            (changed, false, 1),
        ] {
            fs::write(&path, &bytes).unwrap();
            let mut file = Lines::open(&path).unwrap();
            assert_eq!(file.begins_with(b"PAR1").unwrap(), begins, "{bytes:?}");
            assert_eq!(file.by_ref().map(Result::unwrap).count(), lines, "{bytes:?}");
            assert_eq!(file.hash().unwrap(), ContentHash::of_bytes(&bytes));
        }
    }

    #[test]
    fn the_hash_is_that_of_the_file_whatever_was_read_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let text = "some line\n".repeat(50_000).into_bytes();
        let mut changed = gzip(&text);
        changed[12] ^= 0x55;
        for bytes in [
            b"".to_vec(),
            b"a".to_vec(),
            text.clone(),
            gzip(&text),
            zstd(&text),
            changed,
        ] {
            fs::write(&path, &bytes).unwrap();
            for read in [0, 3, usize::MAX] {
                let mut lines = Lines::open(&path).unwrap();
                lines.by_ref().take(read).for_each(drop);
                assert_eq!(lines.hash().unwrap(), ContentHash::of_bytes(&bytes));
            }
        }
    }

    /// What is written to a pipe arrives in pieces, the first of which may be a single byte.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_is_read_like_a_file() {
        use std::{io::Write, os::fd::AsRawFd, thread};

        let text = b"one\ntwo\n";
        for bytes in [text.to_vec(), gzip(text), zstd(text)] {
            let (from, mut to) = std::io::pipe().unwrap();
            let path = PathBuf::from(format!("/proc/self/fd/{}", from.as_raw_fd()));
            let hash = ContentHash::of_bytes(&bytes);
            let writer = thread::spawn(move || {
                for byte in bytes {
                    to.write_all(&[byte]).unwrap();
                    thread::sleep(std::time::Duration::from_micros(200));
                }
            });
            let mut lines = Lines::open(&path).unwrap();
            let read: Vec<String> = lines.by_ref().map(|line| line.unwrap().text.unwrap()).collect();
            writer.join().unwrap();
            assert_eq!(read, ["one", "two"]);
            assert_eq!(lines.hash().unwrap(), hash);
        }
    }

    #[test]
    fn a_directory_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = Lines::open(folder.path()).unwrap_err();
        assert!(
            matches!(&error, FileError::Read { path, .. } if path == folder.path()),
            "{error}"
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
