//! The bytes of a file, unpacked where it is packed.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Chain, Cursor, Read},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use crate::{ContentHash, FileError};

/// Bytes that are read at once.
const BUFFER: usize = 1 << 16;

/// How a packed file begins: RFC 1952, section 2.3.1, and RFC 8878, sections 3.1.1 and 3.1.2. No text without control
/// characters does.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// All but the lowest four bits of the first byte of a frame that is to be skipped.
const ZSTD_SKIPPED: [u8; 4] = [0x50, 0x2a, 0x4d, 0x18];

/// The largest window that zstd's own program unpacks without being told to, and what memory is bounded by.
const LARGEST_WINDOW: u64 = 128 << 20;

/// The bytes of a file, unpacked if its first bytes are those of gzip (RFC 1952) or zstd (RFC 8878), whatever its name.
///
/// It is read once and in order, so that a pipe will do, and [`hash`](Self::hash) is of the very bytes that were read, also
/// of a file that somebody else writes to. Reading fails with an error of the system where the file cannot be read, and
/// with one that has no [`raw_os_error`](io::Error::raw_os_error) where it cannot be unpacked.
pub struct Unpacked {
    path: PathBuf,
    reader: Box<dyn BufRead + Send>,
    file: HashedFile,
}

impl fmt::Debug for Unpacked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unpacked")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Unpacked {
    /// Opens a file. Of a named pipe it waits for somebody who writes to it.
    ///
    /// # Errors
    ///
    /// [`FileError::Read`] if it cannot be opened, or is a directory.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let open = || -> io::Result<Self> {
            let file = HashedFile(Arc::new(Mutex::new(Hashed {
                file: File::open(path)?,
                hasher: blake3::Hasher::new(),
            })));
            Ok(Self {
                path: path.to_owned(),
                reader: by_its_beginning(file.clone())?,
                file,
            })
        };
        open().map_err(|source| FileError::Read {
            path: path.to_owned(),
            source,
        })
    }

    /// The same file with its bytes changed on their way, such as from another encoding; [`hash`](Self::hash) stays
    /// that of the bytes as they lie there.
    #[must_use]
    pub fn through(self, change: impl FnOnce(Box<dyn BufRead + Send>) -> Box<dyn BufRead + Send>) -> Self {
        Self {
            reader: change(self.reader),
            ..self
        }
    }

    /// The hash of all bytes of the file as they lie there, packed ones where it is packed. What was not read so far, because
    /// it could not be unpacked, is read now.
    ///
    /// # Errors
    ///
    /// [`FileError::Read`] if the file cannot be read to its end.
    pub fn hash(mut self) -> Result<ContentHash, FileError> {
        let rest = io::copy(&mut self.file, &mut io::sink());
        rest.map_err(|source| FileError::Read {
            path: self.path,
            source,
        })?;
        Ok(self.file.with(|hashed| ContentHash::of_hasher(&hashed.hasher)))
    }
}

impl Read for Unpacked {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        self.reader.read(place)
    }
}

impl BufRead for Unpacked {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.reader.consume(amount);
    }
}

/// A file of which all that is read is hashed. The one who unpacks it has one of the two handles.
#[derive(Clone)]
struct HashedFile(Arc<Mutex<Hashed>>);

struct Hashed {
    file: File,
    hasher: blake3::Hasher,
}

impl HashedFile {
    fn with<T>(&self, each: impl FnOnce(&mut Hashed) -> T) -> T {
        each(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Read for HashedFile {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        self.with(|hashed| {
            // A signal that arrives meanwhile is no end of the file.
            let count = loop {
                match hashed.file.read(place) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    done => break done?,
                }
            };
            hashed.hasher.update(&place[..count]);
            Ok(count)
        })
    }
}

/// Unpacks a file as its first bytes say, whatever its name.
fn by_its_beginning(mut file: HashedFile) -> io::Result<Box<dyn BufRead + Send>> {
    // A pipe gives what has been written so far, which may be less than is asked for.
    let mut begin = Vec::with_capacity(ZSTD.len());
    file.by_ref().take(ZSTD.len() as u64).read_to_end(&mut begin)?;
    let is_zstd = begin.starts_with(&ZSTD) || begin.first_chunk().is_some_and(is_skipped);
    let is_gzip = begin.starts_with(&GZIP);
    let file = BufReader::with_capacity(BUFFER, Cursor::new(begin).chain(file));
    Ok(if is_gzip {
        Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(file)))
    } else if is_zstd {
        Box::new(BufReader::with_capacity(BUFFER, Frames(State::Between(file))))
    } else {
        Box::new(file)
    })
}

/// Whether reading failed because of what is in the file, and not because it could not be read.
pub(crate) fn is_damage(error: &io::Error) -> bool {
    error.raw_os_error().is_none()
}

fn is_skipped(magic: &[u8; 4]) -> bool {
    [magic[0] & 0xf0, magic[1], magic[2], magic[3]] == ZSTD_SKIPPED
}

/// What the frames of a zstd file hold, one after the other.
struct Frames<R: Read>(State<R>);

enum State<R: Read> {
    Between(R),
    Inside(Box<StreamingDecoder<Frame<R>, FrameDecoder>>),
    /// After an error, or the last frame.
    Over,
}

/// A frame's first bytes, which were looked at, before all others.
type Frame<R> = Chain<Cursor<Vec<u8>>, R>;

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(&mut self.0, State::Over) {
                State::Over => return Ok(0),
                State::Between(file) => self.0 = next_frame(file)?,
                State::Inside(mut frame) => {
                    let count = frame.read(place)?;
                    if count > 0 || place.is_empty() {
                        self.0 = State::Inside(frame);
                        return Ok(count);
                    }
                    let decoder = &frame.decoder;
                    let stated = decoder.get_checksum_from_data();
                    if stated.is_some() && stated != decoder.get_calculated_checksum() {
                        return Err(damage("a frame's checksum is not that of its content"));
                    }
                    let (_, file) = frame.into_inner().into_inner();
                    self.0 = State::Between(file);
                }
            }
        }
    }
}

fn next_frame<R: Read>(mut file: R) -> io::Result<State<R>> {
    let mut begin = Vec::with_capacity(ZSTD.len());
    file.by_ref().take(ZSTD.len() as u64).read_to_end(&mut begin)?;
    if begin.is_empty() {
        return Ok(State::Over);
    }
    if begin.first_chunk().is_some_and(is_skipped) {
        let mut length = [0; 4];
        file.read_exact(&mut length)?;
        let length = u32::from_le_bytes(length).into();
        return match io::copy(&mut file.by_ref().take(length), &mut io::sink())? == length {
            true => Ok(State::Between(file)),
            // What came after it is gone too.
            false => Err(damage("the file ends within a frame that is to be skipped")),
        };
    }
    StreamingDecoder::new_with_max_window_size(Cursor::new(begin).chain(file), LARGEST_WINDOW)
        .map(|frame| State::Inside(Box::new(frame)))
        .map_err(|error| damage(&error.to_string()))
}

fn damage(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests;
