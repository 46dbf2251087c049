use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use stage_files::{BadLine, FileError, Line};

use super::rows;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/logs/{name}.parquet"))
}

fn lines(path: &Path) -> Vec<Line> {
    rows(path).unwrap().map(Result::unwrap).collect()
}

fn values(name: &str) -> Vec<Value> {
    lines(&fixture(name))
        .into_iter()
        .map(|line| serde_json::from_str(&line.text.unwrap()).unwrap())
        .collect()
}

#[test]
fn every_type_of_column_becomes_json() {
    let expected = json!({
        "text": "ä \"b\"\n", "bytes": "text", "no_text": null, "truth": true, "small": -7,
        "unsigned": u64::MAX, "unsigned_small": u32::MAX, "half": 0.5, "number": 0.1, "not_a_number": null,
        "price": -12.05, "fraction": 0.007, "day": "2026-05-14", "at": 1_778_752_800_250_000_u64,
        "uuid": "01a219c9-ab1d-75c6-bf20-3ce96202617a", "json": {"label": "card"},
        "lists": [["a", null], [], null], "map": {"a": {"b": [1]}, "c": null}
    });
    let found = values("values");
    assert_eq!(found[0], expected);
    let nothing = expected
        .as_object()
        .unwrap()
        .keys()
        .map(|name| (name.clone(), Value::Null));
    assert_eq!(found[1], Value::Object(nothing.collect()));
    assert_eq!(found.len(), 2);
}

#[test]
fn lists_of_structures_are_put_together_across_row_groups() {
    let found = values("fine-tune");
    let told: Vec<_> = found
        .iter()
        .map(|row| row["messages"].as_array().map(Vec::len))
        .collect();
    assert_eq!(told, [Some(3), Some(2), Some(0), None, Some(5)]);
    assert_eq!(
        found[4]["messages"][3],
        json!({"role": "user", "content": "how do i add money"})
    );
}

/// Two pages of each column, one of them of lists, so that a page is looked at before it is read.
#[test]
fn pages_follow_one_another() {
    let found = values("pages");
    let expected: Vec<_> = (0..1500)
        .map(|number| json!({"text": format!("row {number}"), "tags": ["a", "b"], "number": number}))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn rows_are_numbered_from_one_over_all_row_groups() {
    let numbers: Vec<_> = lines(&fixture("fine-tune"))
        .iter()
        .map(|line| line.number)
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
}

/// What is left of a file with any byte changed, or cut anywhere, is rows and perhaps a damaged line at the end.
#[test]
fn no_byte_that_is_changed_or_cut_off_makes_it_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    for name in ["fine-tune", "langfuse", "values"] {
        let whole = fs::read(fixture(name)).unwrap();
        let mut damaged = 0;
        let mut read = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            let lines = lines(&path);
            let (last, before) = lines
                .split_last()
                .map_or((None, &lines[..]), |(last, before)| (Some(last), before));
            let is_packed = |line: &Line| matches!(line.text, Err(BadLine::Packed(_)));
            assert!(
                !before.iter().any(is_packed),
                "{name}: there is something after the damage"
            );
            damaged += usize::from(last.is_some_and(is_packed));
            assert!(lines.len() <= 1 << 16, "{name}: {} rows", lines.len());
        };
        for at in super::MAGIC.len()..whole.len() {
            let mut changed = whole.clone();
            for flip in [0x01, 0x80, 0xff] {
                changed[at] = whole[at] ^ flip;
                read(&changed);
            }
            read(&whole[..at]);
        }
        assert!(
            damaged > whole.len(),
            "{name}: cut off anywhere a file has no end, but {damaged} were damaged"
        );
    }
}

#[test]
fn a_file_packed_as_a_whole_is_refused_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.gz");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, &fs::read(fixture("values")).unwrap()).unwrap();
    fs::write(&path, packed.finish().unwrap()).unwrap();
    let Err(FileError::Read { source, .. }) = rows(&path).map(drop) else {
        panic!("it is read");
    };
    assert_eq!(source.kind(), std::io::ErrorKind::Unsupported);
    assert!(source.to_string().contains("unpack it"), "{source}");
}

fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(number as u8 & 0x7f | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// A file without rows, whose only column lies in so many groups.
fn nested(groups: usize) -> Vec<u8> {
    let group = b"\x35\x00\x18\x01a\x15\x02\x00".repeat(groups);
    let column = b"\x15\x02\x25\x00\x18\x01a\x00";
    let begin = [&b"\x15\x02\x19\xfc"[..], &varint(groups + 1)].concat();
    let account = [&begin, &group[..], column, b"\x16\x00\x19\x0c\x00"].concat();
    let length = u32::try_from(account.len()).unwrap().to_le_bytes();
    [&super::MAGIC[..], &account, &length, &super::MAGIC].concat()
}

#[test]
fn a_schema_that_goes_too_deep_is_damage_and_takes_no_stack() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let read = |groups| {
        fs::write(&path, nested(groups)).unwrap();
        lines(&path)
    };
    assert!(read(1).is_empty());
    assert!(read(100).is_empty());
    for groups in [101, 1_000_000] {
        let found = read(groups);
        let [
            Line {
                number: 1,
                text: Err(BadLine::Packed(error)),
            },
        ] = &found[..]
        else {
            panic!("{groups}: {found:?}");
        };
        assert!(error.to_string().contains("100 deep"), "{error}");
    }
}
