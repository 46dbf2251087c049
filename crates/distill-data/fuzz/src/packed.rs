//! Logs packed by gzip or zstd.

use std::io::Write;

use distill_data::{AnswerFormat, LogFormat};
use flate2::{Compression, write::GzEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::curation::curated_if_supported;

/// The most that a file is packed from: what an unpacked bomb costs is not what is looked for.
const MOST_BYTES: usize = 1 << 16;

/// A byte that says how, then a packed file as it is; or a text that is packed, of which a byte is changed or the end cut off
/// where two bytes say. Unpacked it is the text; cut off or changed it is accounted for.
pub fn holds(data: &[u8]) {
    let format = LogFormat::by_name("jsonl").expect("there is such a format");
    // A file in Parquet that is packed as a whole is refused, and no log.
    let read = |bytes: &[u8]| curated_if_supported(bytes, &format, &AnswerFormat::Text);
    let Some((&how, rest)) = data.split_first() else {
        return;
    };
    if how & 3 == 0 {
        assert_eq!(read(rest), read(rest), "two runs differ");
        return;
    }
    let Some((&[high, low], text)) = rest.split_first_chunk() else {
        return;
    };
    let text = &text[..text.len().min(MOST_BYTES)];
    let mut packed = match how & 4 {
        0 => gzip(text),
        _ => compress_to_vec(text, CompressionLevel::Fastest),
    };
    let at = usize::from(u16::from_be_bytes([high, low])) % packed.len();
    match how & 3 {
        1 => {
            let (plain, unpacked) = (read(text), read(&packed));
            if let (false, Some(plain), Some(unpacked)) = (is_packed(text), plain, unpacked) {
                assert_eq!(plain.quarantine, unpacked.quarantine);
                assert_eq!(plain.train, unpacked.train);
                assert_eq!(plain.manifest.ledger, unpacked.manifest.ledger);
            }
        }
        2 => {
            packed[at] ^= how | 1;
            read(&packed);
        }
        _ => {
            packed.truncate(at);
            read(&packed);
        }
    }
}

/// Whether it begins as gzip or zstd does, or as a frame of zstd that is to be skipped.
fn is_packed(text: &[u8]) -> bool {
    text.starts_with(&[0x1f, 0x8b])
        || text.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
        || matches!(text, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed
        .write_all(text)
        .and_then(|()| packed.finish())
        .expect("memory can be written")
}
