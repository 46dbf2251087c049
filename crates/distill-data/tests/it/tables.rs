//! Tables in CSV.

use distill_data::{AnswerFormat, CsvTable, Curated, FieldMap, FieldPath, LogFormat};

use crate::support::curated_bytes;

fn curated(bytes: &[u8], table: CsvTable) -> Curated {
    curated_bytes(bytes, LogFormat::Csv(table), AnswerFormat::Text)
}

#[test]
fn rows_are_calls_and_cells_may_hold_lines() {
    let table = "\u{feff}input,answer,confidence,reviewed,id\r\n\
        \"where is\nmy card\",card,0.9,,1\r\n\
        \r\n\
        what does it cost,fees,,TRUE,2\r\n\
        \"he said \"\"hello\"\"\",top-up,0.8,false,3\r\n\
        too,few\r\n\
        q,card,sure,,4\r\n";
    let found = curated(table.as_bytes(), CsvTable::default());
    let mut rows: Vec<_> = found
        .train
        .iter()
        .map(|row| {
            let source = row.example.source.as_ref().unwrap();
            (
                source.line,
                row.example.input().unwrap(),
                row.by_person,
                row.example.confidence,
            )
        })
        .collect();
    rows.sort_by_key(|row| row.0);
    assert_eq!(
        rows,
        [
            (2, "where is\nmy card", false, Some(0.9)),
            (5, "what does it cost", true, None),
            (6, "he said \"hello\"", false, Some(0.8)),
        ]
    );
    let damaged: Vec<_> = found
        .quarantine
        .iter()
        .map(|row| (row.line, row.detail.as_str()))
        .collect();
    assert_eq!(damaged[0], (7, "2 cells in a table of 5 columns"));
    assert_eq!(damaged[1].0, 8);
    assert!(damaged[1].1.contains("sure"), "{damaged:?}");
}

#[test]
fn columns_and_delimiters_have_any_name() {
    let table = CsvTable {
        fields: FieldMap {
            input: FieldPath::key("Question"),
            answer: FieldPath::key("Label"),
            ..FieldMap::default()
        },
        delimiter: ';',
    };
    let found = curated("Label;Question\ncard;where, oh where\n".as_bytes(), table);
    assert_eq!(found.train[0].example.input(), Some("where, oh where"));
}

#[test]
fn a_table_that_cannot_be_read_on_ends_in_one_damaged_row() {
    let not_text = curated(
        b"input,answer\nwhere,card\n\xff\xfe,card\nhow,fees\n",
        CsvTable::default(),
    );
    assert_eq!((not_text.train.len(), not_text.quarantine.len()), (2, 1));
    assert_eq!(not_text.quarantine[0].reason.as_str(), "not_utf8");
    // A quote that is never closed takes in all that follows.
    let mut open = b"input,answer\nwhere,card\n\"".to_vec();
    open.extend(std::iter::repeat_n(b'x', 20 << 20));
    let found = curated(&open, CsvTable::default());
    assert_eq!((found.train.len(), found.quarantine.len()), (1, 1));
    assert_eq!(
        (found.quarantine[0].line, found.quarantine[0].reason.as_str()),
        (3, "too_long")
    );
    for empty in ["", "input,answer\n", "\n\n"] {
        let found = curated(empty.as_bytes(), CsvTable::default());
        assert_eq!(
            (found.manifest.ledger.lines, found.quarantine.len()),
            (0, 0),
            "{empty:?}"
        );
    }
}
