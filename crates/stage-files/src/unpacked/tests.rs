use std::{fs, io::Read};

use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::{BUFFER, Unpacked, is_damage};

/// A frame that is to be skipped, of so many bytes.
fn skipped(bytes: usize) -> Vec<u8> {
    let length = u32::try_from(bytes).unwrap().to_le_bytes();
    [b"\x5f\x2a\x4d\x18", &length[..], &vec![7; bytes]].concat()
}

fn frame(text: &str) -> Vec<u8> {
    compress_to_vec(text.as_bytes(), CompressionLevel::Fastest)
}

fn unpacked(file: &[u8]) -> std::io::Result<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.zst");
    fs::write(&path, file).unwrap();
    let mut text = String::new();
    Unpacked::open(&path).unwrap().read_to_string(&mut text)?;
    Ok(text)
}

/// A frame may begin at any byte of what is read at once, also with its first bytes at the end of that and the others at
/// the beginning of the next.
#[test]
fn frames_that_are_to_be_skipped_may_lie_anywhere() {
    let [first, last] = ["first\n", "last\n"].map(frame);
    for spare in BUFFER - 8..BUFFER + 8 {
        let filled = skipped(spare - first.len() - 8);
        for between in [skipped(0), skipped(9)] {
            let file = [&first, &filled, &between, &last].map(Vec::as_slice).concat();
            assert_eq!(unpacked(&file).unwrap(), "first\nlast\n", "{spare}");
        }
    }
}

#[test]
fn a_file_cut_off_in_a_frame_that_is_to_be_skipped_is_damaged() {
    let whole = [frame("first\n"), skipped(100)].concat();
    assert_eq!(unpacked(&whole).unwrap(), "first\n");
    for cut in 1..=100 + 7 {
        let error = unpacked(&whole[..whole.len() - cut]).unwrap_err();
        assert!(is_damage(&error), "{cut}: {error}");
    }
}
