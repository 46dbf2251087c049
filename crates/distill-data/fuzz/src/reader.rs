//! Logs of one format.

use distill_data::{AnswerFormat, Curated, LogFormat};

use crate::{
    curation::{calls_by_line, curated, good},
    rendered::{header, line},
};

/// The log is accounted for, twice in the same way, and the lines around its own are read as if it were not there.
pub fn holds(name: &str, data: &[u8]) {
    let format = LogFormat::by_name(name).expect("a target is named after a format");
    for answer in [AnswerFormat::Text, AnswerFormat::json()] {
        let alone = curated(data, &format, &answer);
        let line_feeds = data.iter().filter(|&&byte| byte == b'\n').count();
        if !is_packed(data) {
            assert!(alone.manifest.ledger.lines <= line_feeds as u64 + 1);
            assert!(alone.manifest.ledger.calls <= data.len() as u64);
        }
        assert_eq!(alone, curated(data, &format, &answer), "two runs differ");
        // What a table's first line is decides about all others.
        let is_table = header(name).is_some();
        if answer == AnswerFormat::Text && !(is_packed(data) && !is_table) {
            let between = around(name, &format, data, line_feeds);
            if !is_table {
                assert_eq!(damage(&between, 1), damage(&alone, 0));
            }
        }
    }
}

/// Curates the data between two good lines.
fn around(name: &str, format: &LogFormat, data: &[u8], line_feeds: usize) -> Curated {
    let before = header(name).map_or(String::new(), |header| format!("{header}\n"));
    let first = line(name, &good("before"));
    let last = line(name, &good("after"));
    let text = [
        before.as_bytes(),
        first.as_bytes(),
        b"\n",
        data,
        b"\n",
        last.as_bytes(),
    ]
    .concat();
    let found = curated(&text, format, &AnswerFormat::Text);
    let of_first = before.lines().count() as u64 + 1;
    let lines = calls_by_line(&found);
    for number in [of_first, of_first + line_feeds as u64 + 2] {
        assert!(lines.contains_key(&number), "line {number} is lost: {found:?}");
    }
    found
}

/// What is damaged, and how, with the lines counted from behind some.
fn damage(curated: &Curated, before: u64) -> Vec<(u64, &str, &str)> {
    let lines = curated.quarantine.iter();
    lines
        .map(|line| (line.line - before, line.detail.as_str(), line.raw.as_str()))
        .collect()
}

/// Whether a file that begins like this is unpacked (RFC 1952, RFC 8878), or a table in Parquet.
fn is_packed(data: &[u8]) -> bool {
    let is_skipped = data.len() >= 4 && data[0] & 0xf0 == 0x50 && data[1..4] == [0x2a, 0x4d, 0x18];
    data.starts_with(&[0x1f, 0x8b])
        || data.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
        || is_skipped
        || data.starts_with(b"PAR1")
}
