//! Text in other encodings, made UTF-8 as it is read.

use std::{
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use stage_files::Unpacked;

use super::ImportError;

/// Opens a file as UTF-8, without its byte order mark, and says how it is encoded.
pub(super) fn open(
    path: &Path,
    named: Option<&'static Encoding>,
) -> Result<(Unpacked, &'static Encoding), ImportError> {
    let mut file = Unpacked::open(path)?;
    let begin = file.fill_buf().map_err(|source| ImportError::Damaged {
        path: path.to_owned(),
        line: 0,
        encoding: named.unwrap_or(UTF_8).name(),
        source,
    })?;
    let mark = Encoding::for_bom(begin);
    let is_16 = |encoding: &'static Encoding| encoding == UTF_16LE || encoding == UTF_16BE;
    let encoding = match (named, mark) {
        (None, None) => UTF_8,
        (None, Some((marked, _))) => marked,
        (Some(named), None) => named,
        // "utf-16" alone does not say which of the two, and the mark does.
        (Some(named), Some((marked, _))) if named == marked || is_16(named) && is_16(marked) => marked,
        (Some(named), Some((marked, _))) => {
            return Err(ImportError::OtherEncoding {
                path: path.to_owned(),
                named: named.name(),
                marked: marked.name(),
            });
        }
    };
    file.consume(mark.map_or(0, |(_, bytes)| bytes));
    if encoding == UTF_8 {
        return Ok((file, encoding));
    }
    let decoded = file.through(|bytes| Box::new(BufReader::new(Decoded::new(bytes, encoding))));
    Ok((decoded, encoding))
}

/// The bytes of another encoding as UTF-8. What is malformed is an error: a replacement character in a gold row is a
/// question that nobody asked.
struct Decoded {
    from: Box<dyn BufRead + Send>,
    decoder: Decoder,
    ready: Vec<u8>,
    taken: usize,
    /// Bytes that were read so far.
    offset: u64,
    is_over: bool,
}

impl Decoded {
    fn new(from: Box<dyn BufRead + Send>, encoding: &'static Encoding) -> Self {
        Self {
            from,
            decoder: encoding.new_decoder_without_bom_handling(),
            ready: Vec::new(),
            taken: 0,
            offset: 0,
            is_over: false,
        }
    }

    fn decode_more(&mut self) -> io::Result<()> {
        let source = self.from.fill_buf()?;
        let is_last = source.is_empty();
        let most = self
            .decoder
            .max_utf8_buffer_length_without_replacement(source.len());
        self.ready.resize(most.unwrap_or(4 * source.len() + 16), 0);
        self.taken = 0;
        let (result, read, written) =
            self.decoder
                .decode_to_utf8_without_replacement(source, &mut self.ready, is_last);
        self.ready.truncate(written);
        self.from.consume(read);
        self.offset += read as u64;
        match result {
            DecoderResult::InputEmpty => self.is_over = is_last,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(bad, after) => {
                self.ready.clear();
                let at = self.offset.saturating_sub(u64::from(bad) + u64::from(after));
                let name = self.decoder.encoding().name();
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("byte {at} of the text is no {name}"),
                ));
            }
        }
        Ok(())
    }
}

impl Read for Decoded {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.ready.len() {
            if self.is_over {
                return Ok(0);
            }
            self.decode_more()?;
        }
        let count = place.len().min(self.ready.len() - self.taken);
        place[..count].copy_from_slice(&self.ready[self.taken..self.taken + count]);
        self.taken += count;
        Ok(count)
    }
}
