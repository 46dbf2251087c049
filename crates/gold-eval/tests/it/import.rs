use std::{fs, path::PathBuf};

use gold_eval::{GoldSet, ImportConfig, ImportError, Imported, SetAside, Unusable};
use stage_files::read_json_lines;
use task_spec::{GoldRow, Label, LabelSet, Task};

/// Imports bytes under a name.
pub(crate) fn import_as(
    name: &str,
    bytes: impl AsRef<[u8]>,
    config: ImportConfig,
    labels: Option<&LabelSet>,
) -> Result<Imported, ImportError> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    config.check()?.read(&path, labels)
}

pub(crate) fn imported(name: &str, bytes: impl AsRef<[u8]>) -> Imported {
    import_as(name, bytes, ImportConfig::default(), None).unwrap()
}

pub(crate) fn input(name: &str) -> ImportConfig {
    ImportConfig {
        input: Some(name.to_owned()),
        ..ImportConfig::default()
    }
}

/// Question and answer of each row.
pub(crate) fn pairs(imported: &Imported) -> Vec<(&str, &str)> {
    imported
        .rows
        .iter()
        .map(|row| (row.input.as_str(), row.label.as_str()))
        .collect()
}

fn first_reason(error: &ImportError) -> &SetAside {
    match error {
        ImportError::NoRows {
            first: Some(first), ..
        } => first,
        other => panic!("{other}"),
    }
}

#[test]
fn a_table_has_quotes_line_feeds_and_any_line_ends() {
    let table =
        "\u{feff}text,category\r\n\"Where, \"\"please\"\",\r\nis it?\",a\r\n\r\n  plain \" quote ,b\r\n";
    let found = imported("t.csv", table);
    assert_eq!(
        pairs(&found),
        [("Where, \"please\",\r\nis it?", "a"), ("  plain \" quote ", "b")]
    );
    assert!(found.set_aside.is_empty());
    assert_eq!(found.account.encoding, "UTF-8");
}

#[test]
fn columns_have_any_names_and_any_delimiter() {
    let config = ImportConfig {
        label: Some("Thema".to_owned()),
        id: Some("Nr".to_owned()),
        delimiter: Some(';'),
        ..input("Frage des Kunden")
    };
    let table = "Nr;Frage des Kunden;Thema;label\n7;eins, zwei;a;x\n8;drei;b;x\n";
    let found = import_as("t.csv", table, config, None).unwrap();
    assert_eq!(pairs(&found), [("eins, zwei", "a"), ("drei", "b")]);
    assert_eq!((found.rows[0].id.as_str(), found.account.derived_ids), ("7", 0));
    assert_eq!(
        pairs(&imported("t.tsv", "text\tlabel\none,two\ta\n")),
        [("one,two", "a")]
    );
}

#[test]
fn encodings_are_told_by_name_or_by_their_mark_and_never_guessed() {
    let table = "text,label\nGrüße,ä\n";
    let utf16: Vec<u8> = "\u{feff}"
        .encode_utf16()
        .chain(table.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(pairs(&imported("t.csv", utf16)), [("Grüße", "ä")]);
    let latin: Vec<u8> = table.chars().map(|c| c as u8).collect();
    let named = |name: &str| ImportConfig {
        encoding: Some(name.to_owned()),
        ..ImportConfig::default()
    };
    let found = import_as("t.csv", &latin, named("windows-1252"), None).unwrap();
    assert_eq!(pairs(&found), [("Grüße", "ä")]);
    let error = import_as("t.csv", &latin, ImportConfig::default(), None).unwrap_err();
    let row = first_reason(&error);
    assert_eq!(
        (row.line, row.row, &row.why),
        (Some(2), 1, &Unusable::NotUtf8 { at: 2 })
    );
    let error = import_as("t.csv", "\u{feff}text,label\n", named("windows-1252"), None).unwrap_err();
    assert!(matches!(error, ImportError::OtherEncoding { .. }), "{error}");
    let error = import_as("t.csv", &latin, named("latin-99"), None).unwrap_err();
    assert!(
        matches!(&error, ImportError::UnknownEncoding { name } if name == "latin-99"),
        "{error}"
    );
    // 0x81 0x20 is no character of Shift JIS.
    let error = import_as("t.csv", b"text,label\n\x81\x20,a\n", named("shift_jis"), None).unwrap_err();
    assert!(matches!(error, ImportError::Damaged { .. }), "{error}");
}

#[test]
fn a_stray_quote_costs_its_own_line_and_no_other() {
    let table = "text,label\n\"never closed,a\n\"good\",b\n\"good, \"too\",c\nlast,d\n\"open,e\n";
    let found = imported("t.csv", table);
    assert_eq!(pairs(&found), [("good", "b"), ("last", "d")]);
    let bad: Vec<_> = found
        .set_aside
        .iter()
        .map(|row| (row.line, row.row, row.why.name()))
        .collect();
    assert_eq!(
        bad,
        [
            (Some(2), 1, "a stray quote"),
            (Some(4), 3, "a stray quote"),
            (Some(6), 5, "a stray quote")
        ]
    );
}

#[test]
fn each_row_that_cannot_be_used_says_where_it_stands_and_why() {
    let labels = LabelSet::new(vec![
        Label::new("card-arrival").with_alias("card"),
        Label::new("top-up"),
    ])
    .unwrap();
    let table = "text,label\none,Card Arrival\ntwo,card\n ,top-up\nthree,\nfour\nfive,refund\nsix,top-up\n";
    let found = import_as("t.csv", table, ImportConfig::default(), Some(&labels)).unwrap();
    assert_eq!(
        pairs(&found),
        [
            ("one", "card-arrival"),
            ("two", "card-arrival"),
            ("six", "top-up")
        ]
    );
    assert_eq!(found.account.respelled, 2);
    let said: Vec<_> = found
        .set_aside
        .iter()
        .map(|row| (row.line, row.field.as_deref(), &row.why))
        .collect();
    let outside = Unusable::LabelOutside {
        label: "refund".to_owned(),
    };
    assert_eq!(
        said,
        [
            (Some(4), Some("text"), &Unusable::Blank),
            (Some(5), Some("label"), &Unusable::Blank),
            (
                Some(6),
                None,
                &Unusable::CellCount {
                    expected: 2,
                    found: 1
                }
            ),
            (Some(7), Some("label"), &outside),
        ]
    );
    let told = found.account.to_string();
    assert!(told.contains("WARNING: 4 ROWS COULD NOT BE USED"), "{told}");
    let sentence = found.set_aside[3].to_string();
    assert!(
        sentence.contains("line 7, row 6, \"label\"") && sentence.contains("\"refund\""),
        "{sentence}"
    );
}

#[test]
fn rows_that_contradict_each_other_are_all_set_aside_whatever_their_order() {
    let rows = ["same,a", "other,b", "same,c", "twice,d", "twice,d"];
    let table = |order: &[usize]| {
        let lines: Vec<&str> = order.iter().map(|&at| rows[at]).collect();
        imported("t.csv", format!("text,label\n{}\n", lines.join("\n")))
    };
    let found = table(&[0, 1, 2, 3, 4]);
    assert_eq!(pairs(&found), [("other", "b"), ("twice", "d")]);
    let expected = Unusable::Contradiction {
        rows: vec![1, 3],
        labels: vec!["a".to_owned(), "c".to_owned()],
    };
    assert_eq!(
        (&found.set_aside[0].why, &found.set_aside[1].why),
        (&expected, &expected)
    );
    assert_eq!(found.set_aside[2].why, Unusable::Repeated { first: 4 });
    let mut turned = table(&[4, 3, 2, 1, 0]).rows;
    turned.reverse();
    assert_eq!(turned, found.rows);
    let given = imported("t.csv", "id,text,label\n1,one,a\n1,two,b\n2,three,a\n");
    assert_eq!(pairs(&given), [("three", "a")]);
    assert!(
        matches!(&given.set_aside[0].why, Unusable::IdTwice { id, rows } if id == "1" && rows == &[1, 2])
    );
}

#[test]
fn a_derived_id_depends_on_the_question_alone() {
    let first = imported("t.csv", "text,label\none,a\ntwo,b\n");
    let again = imported(
        "t.jsonl",
        "{\"question\":\"two\",\"answer\":\"c\"}\n{\"question\":\"one\",\"answer\":\"a\"}\n",
    );
    assert_eq!(first.rows[0].id, again.rows[1].id);
    assert_eq!(first.rows[1].id, again.rows[0].id);
    // The Python package blake3 1.0.11: blake3(b"one").hexdigest()[:16].
    assert_eq!(first.rows[0].id, "q-d33fb48ab5adff26");
    assert_eq!(first.account.derived_ids, 2);
}

#[test]
fn fields_of_json_lines_are_found_by_name_path_and_place() {
    let line =
        r#"{"request":{"text":"hi","turns":[{"said":"first"}]},"review":{"final":3},"a.b":"x","id":9}"#;
    let read = |name: &str, label: &str| {
        let config = ImportConfig {
            label: Some(label.to_owned()),
            ..input(name)
        };
        import_as("t.jsonl", line, config, None)
    };
    let found = read("request.text", "review.final").unwrap();
    assert_eq!(
        (pairs(&found), found.rows[0].id.as_str()),
        (vec![("hi", "3")], "9")
    );
    assert_eq!(
        pairs(&read("request.turns.0.said", "a.b").unwrap()),
        [("first", "x")]
    );
    let error = read("request.txt", "a.b").unwrap_err();
    let row = first_reason(&error);
    assert_eq!(row.field.as_deref(), Some("request.txt"));
    assert!(
        matches!(&row.why, Unusable::Missing { fields, .. } if fields.contains(&"request".to_owned())),
        "{row}"
    );
    assert!(matches!(
        first_reason(&read("request", "a.b").unwrap_err()).why,
        Unusable::NotText { .. }
    ));
}

#[test]
fn several_fields_that_could_be_meant_are_asked_about() {
    let error = import_as(
        "t.csv",
        "text,question,label\na,b,c\n",
        ImportConfig::default(),
        None,
    )
    .unwrap_err();
    assert!(
        matches!(&first_reason(&error).why, Unusable::WhichField { fields, .. } if fields.len() == 2),
        "{error}"
    );
    assert_eq!(
        pairs(&import_as("t.csv", "text,question,label\na,b,c\n", input("text"), None).unwrap()),
        [("a", "c")]
    );
}

#[test]
fn a_plain_list_of_objects_is_a_document() {
    let found = imported(
        "t.json",
        "[\n\t{\"text\": \"one \\ud83d\\ude00\", \"label\": \"a\"},\n\t{\"text\": 2}\n]",
    );
    assert_eq!(pairs(&found), [("one \u{1f600}", "a")]);
    assert_eq!((found.set_aside[0].line, found.set_aside[0].row), (Some(3), 2));
}

#[test]
fn damaged_lines_are_set_aside_and_files_that_are_none_are_named() {
    let long = format!("{{\"text\":\"{}\"}}", "x".repeat(5 << 20));
    let bytes = [
        b"{\"text\":\"one\",\"label\":\"a\"}\r\nno json\n\xff\n[1]\n",
        long.as_bytes(),
        b"\n",
    ]
    .concat();
    let found = imported("t.jsonl", bytes);
    assert_eq!(pairs(&found), [("one", "a")]);
    let bad: Vec<_> = found
        .set_aside
        .iter()
        .map(|row| (row.line.unwrap(), row.why.name()))
        .collect();
    assert_eq!(
        bad,
        [
            (2, "no JSON"),
            (3, "not UTF-8"),
            (4, "no object"),
            (5, "too long")
        ]
    );
    let error = |name: &str, bytes: &[u8]| import_as(name, bytes, ImportConfig::default(), None).unwrap_err();
    assert!(matches!(
        error("t.jsonl", b""),
        ImportError::NoRows {
            rows: 0,
            first: None,
            ..
        }
    ));
    assert!(matches!(
        error("t.parquet", b"x"),
        ImportError::UnknownKind { .. }
    ));
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    assert!(matches!(
        error("t.jsonl", pointer),
        ImportError::LfsPointer { .. }
    ));
    assert!(matches!(error("t.csv", pointer), ImportError::LfsPointer { .. }));
    assert!(matches!(
        error("t.csv", b"text,text\na,b\n"),
        ImportError::TwoColumns { line: 1, .. }
    ));
    assert!(matches!(
        error("t.csv", b"te\xffxt,label\na,b\n"),
        ImportError::Header { line: 1, .. }
    ));
    assert!(matches!(
        error("t.csv.gz", b"\x1f\x8b\x08\0cut"),
        ImportError::Damaged { .. }
    ));
    assert!(matches!(
        error("t.yaml", b"tests:\n  - a: [1\n"),
        ImportError::Document { line: 2.., .. }
    ));
    let delimiter = ImportConfig {
        delimiter: Some('é'),
        ..ImportConfig::default()
    };
    assert!(matches!(
        delimiter.check().unwrap_err(),
        ImportError::Delimiter { delimiter: 'é' }
    ));
}

#[test]
fn a_line_of_a_hundred_megabytes_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let mut bytes = b"text,label\none,a\n".to_vec();
    bytes.resize(bytes.len() + (100 << 20), b'x');
    bytes.extend_from_slice(b"\ntwo,b\n");
    fs::write(&path, &bytes).unwrap();
    let found = ImportConfig::default()
        .check()
        .unwrap()
        .read(&path, None)
        .unwrap();
    assert_eq!(pairs(&found), [("one", "a"), ("two", "b")]);
    assert!(matches!(
        found.set_aside[0].why,
        Unusable::TooLong {
            bytes: 104_857_600,
            ..
        }
    ));
}

#[test]
fn what_is_imported_is_frozen_and_is_not_written_over_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gold.jsonl");
    let found = imported("t.csv", "text,label\none,a\ntwo,b\n");
    found.write(&path).unwrap();
    found.write(&path).unwrap();
    assert_eq!(read_json_lines::<GoldRow>(&path).unwrap(), found.rows);
    let task = Task::of_labels("t", vec![Label::new("a"), Label::new("b")]).unwrap();
    assert_eq!(GoldSet::freeze(&path, &task, 1).unwrap().rows().len(), 2);
    let error = imported("t.csv", "text,label\none,a\n").write(&path).unwrap_err();
    assert!(matches!(error, ImportError::AlreadyThere { .. }), "{error}");
}
