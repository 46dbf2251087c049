//! A file whose page headers are looked at before the library reads them.

use std::{
    fs::File,
    io::{self, Cursor, Read, Seek, SeekFrom},
};

use bytes::Bytes;
use parquet::{
    errors::Result,
    file::reader::{ChunkReader, Length},
};

use super::{footer, shapes::PAGE_HEADER, thrift::Thrift};

/// How much is read of a header at first, in bytes: most have some dozens.
const AT_FIRST: usize = 512;

/// The longest header that is read, in bytes (16 MiB): it may hold a page's least and greatest value.
const LONGEST: usize = 16 << 20;

/// The file.
#[derive(Debug)]
pub(super) struct Pages(pub(super) File);

impl Length for Pages {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Pages {
    type T = Header;

    fn get_read(&self, start: u64) -> Result<Header> {
        Ok(Header {
            file: self.0.try_clone()?,
            start,
            is_end: self.len().saturating_sub(start) <= footer::END as u64,
            bytes: None,
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.0.get_bytes(start, length)
    }
}

/// What the library reads bit by bit: the header of a page, or the file's last bytes.
///
/// It asks for a header where it has one already, and then does not read it.
#[derive(Debug)]
pub(super) struct Header {
    file: File,
    start: u64,
    is_end: bool,
    bytes: Option<Cursor<Vec<u8>>>,
}

impl Header {
    fn load(&mut self) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(self.start))?;
        let mut bytes = Vec::new();
        if self.is_end {
            self.file.read_to_end(&mut bytes)?;
            return Ok(bytes);
        }
        loop {
            let wanted = bytes.len().max(AT_FIRST);
            let more = self.file.by_ref().take(wanted as u64).read_to_end(&mut bytes)?;
            let mut rest = Thrift(&bytes);
            if rest.structure(PAGE_HEADER).is_some() {
                let length = bytes.len() - rest.0.len();
                bytes.truncate(length);
                return Ok(bytes);
            }
            if more < wanted || bytes.len() >= LONGEST {
                let why = "the header of a page cannot be read";
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
        }
    }
}

impl Read for Header {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = match self.bytes.take() {
            Some(bytes) => bytes,
            None => Cursor::new(self.load()?),
        };
        self.bytes.insert(bytes).read(into)
    }
}
