use std::{
    fs,
    path::{Path, PathBuf},
};

use parquet::file::{
    metadata::{ColumnChunkMetaData, ParquetMetaDataWriter, RowGroupMetaData},
    reader::{FileReader, SerializedFileReader},
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
    for groups in [1, 100] {
        fs::write(&path, nested(groups)).unwrap();
        assert!(lines(&path).is_empty());
    }
    for groups in [101, 1_000_000] {
        let found = damage(&nested(groups));
        assert!(found.contains("100 deep"), "{found}");
    }
}

/// A file with another account, made of that of the fixture: the last one counts.
fn with_account(
    bytes: &[u8],
    change: impl FnOnce(Vec<RowGroupMetaData>) -> Vec<RowGroupMetaData>,
) -> Vec<u8> {
    let told = SerializedFileReader::new(fs::File::open(fixture("fine-tune")).unwrap()).unwrap();
    let groups = told.metadata().row_groups().to_vec();
    let account = told.metadata().clone().into_builder();
    let account = account.set_row_groups(change(groups)).build();
    let mut file = bytes.to_vec();
    ParquetMetaDataWriter::new(&mut file, &account).finish().unwrap();
    file
}

/// Why a file has no row.
fn damage(file: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    fs::write(&path, file).unwrap();
    let found = lines(&path);
    let [
        Line {
            number: 1,
            text: Err(BadLine::Packed(error)),
        },
    ] = &found[..]
    else {
        panic!("{found:?}");
    };
    error.to_string()
}

/// The columns of a file are read as often as its account names them.
#[test]
fn row_groups_that_lie_on_one_another_are_damage() {
    let whole = fs::read(fixture("fine-tune")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    fs::write(&path, with_account(&whole, |groups| groups)).unwrap();
    assert_eq!(lines(&path).len(), 5);
    let again = damage(&with_account(&whole, |groups| vec![groups; 100].concat()));
    assert!(again.contains("are said to take more than the"), "{again}");
}

/// Lists of thousands of millions of truths, which have no byte each, and of numbers beyond the end of the file.
#[test]
fn a_header_that_says_more_than_it_holds_is_damage_and_takes_no_time() {
    let whole = fs::read(fixture("fine-tune")).unwrap();
    for element in [0xf1, 0xf2, 0xf7] {
        // A type, two sizes, and a field that no header has.
        let header = [
            b"\x15\x00\x15\x00\x15\x00\xf9",
            &[element, 0xff, 0xff, 0xff, 0xff, 0x07, 0][..],
        ]
        .concat();
        let to_header = |column: &ColumnChunkMetaData| {
            let column = column.clone().into_builder().set_dictionary_page_offset(None);
            let column = column.set_data_page_offset(whole.len() as i64);
            column
                .set_total_compressed_size(header.len() as i64)
                .build()
                .unwrap()
        };
        let file = with_account(&[&whole[..], &header].concat(), |groups| {
            let columns = groups[0].columns().iter().map(to_header).collect();
            let group = groups[0].clone().into_builder().set_column_metadata(columns);
            vec![group.build().unwrap()]
        });
        let found = damage(&file);
        assert!(found.contains("the header of a page"), "{found}");
    }
}

/// The library takes a field for what its number says: a version that is a list would be read as a number, and what
/// follows as something else.
#[test]
fn an_account_whose_fields_are_of_other_types_is_damage() {
    let account = b"\x19\x15\x02\x19\x0c\x16\x00\x19\x0c\x00";
    let length = u32::try_from(account.len()).unwrap().to_le_bytes();
    let file = [&super::MAGIC[..], account, &length, &super::MAGIC].concat();
    let found = damage(&file);
    assert!(found.contains("account of itself cannot be read"), "{found}");
}
