use std::path::PathBuf;

use proptest::prelude::*;
use task_spec::Label;

use super::*;
use crate::{ReviewReason, ReviewRow, SimilarText, review, review_csv};

fn task() -> Task {
    let labels = vec![
        Label::new("card").with_alias("cards"),
        Label::new("top-up"),
        Label::new("fees"),
    ];
    Task::of_labels("bank", labels).unwrap()
}

/// Reads a file of this name and content.
fn read(name: &str, bytes: impl AsRef<[u8]>) -> Result<ReviewedRows, ReviewedError> {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    ReviewedRows::read(&path, &task())
}

/// Questions and labels of a file that is read.
fn labelled(name: &str, bytes: impl AsRef<[u8]>) -> Vec<(String, String)> {
    let rows = read(name, bytes).unwrap().rows.into_iter();
    rows.map(|row| (row.input, row.label)).collect()
}

fn question(input: &str) -> ReviewRow {
    ReviewRow {
        input: input.to_owned(),
        reason: ReviewReason::UnknownConfidence,
        ..review::tests::question("0123456789abcdef", 1.0, 1.0)
    }
}

/// What a person does with a table: writes the same into every cell of the answers.
fn filled_in(csv: &str, answer: &str) -> Vec<u8> {
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(csv.as_bytes());
    let mut table = csv::Writer::from_writer(Vec::new());
    for (n, row) in rows.records().enumerate() {
        let row = row.unwrap();
        let cells = row.iter().enumerate();
        let cells = cells.map(|(column, cell)| if n > 0 && column == 3 { answer } else { cell });
        table.write_record(cells).unwrap();
    }
    table.into_inner().unwrap()
}

#[test]
fn each_answer_of_a_table_ends_where_it_should() {
    let csv = "text,given_label,right_label\n\
        where is my card,fees,CARDS\n\
        top me up,top-up,ok\n\
        no idea,fees,Skip\n\
        not read,fees,\n\
        \"a typo, see\",fees,fee\n\
        no label,,ok\n\
        ,fees,card\n\
        ,,\n";
    let found = read("review.csv", csv).unwrap();
    let rows: Vec<(&str, &str)> = found
        .rows
        .iter()
        .map(|row| (row.input.as_str(), row.label.as_str()))
        .collect();
    assert_eq!(rows, [("where is my card", "card"), ("top me up", "top-up")]);
    assert_eq!((found.skipped, found.blank), (1, 1));
    let aside: Vec<(u64, String)> = found
        .set_aside
        .iter()
        .map(|row| (row.row, row.problem.to_string()))
        .collect();
    assert_eq!(aside.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [6, 7, 8]);
    assert!(
        aside[0].1.contains("\"fee\" is no label") && aside[1].1.contains("write the label"),
        "{aside:?}"
    );
    assert_eq!(found.set_aside[2].problem, AnswerProblem::NoText);
}

#[test]
fn tables_are_read_however_a_spreadsheet_saved_them() {
    let expected = [("Größe; \"neu\", wo?\nHier".to_owned(), "card".to_owned())];
    // Other columns, another order, other cases, semicolons, a byte order mark, lines that end as on Windows.
    let semicolons = "\u{feff}Note;Right_Label;TEXT\r\n;card;\"Größe; \"\"neu\"\", wo?\nHier\"\r\n";
    assert_eq!(labelled("a.csv", semicolons), expected);
    let tabs = "right_label\ttext\ncard\t\"Größe; \"\"neu\"\", wo?\nHier\"";
    assert_eq!(labelled("a.tsv", tabs), expected);
    // Excel's "Unicode text".
    for (mark, to_bytes) in [
        (0xfeff_u16, u16::to_le_bytes as fn(u16) -> [u8; 2]),
        (0xfeff, u16::to_be_bytes),
    ] {
        let units = [mark].into_iter().chain(tabs.encode_utf16());
        let bytes: Vec<u8> = units.flat_map(to_bytes).collect();
        assert_eq!(labelled("a.txt", bytes), expected);
    }
    assert_eq!(
        labelled("b.csv", "label,input\nfees,what does it cost"),
        [("what does it cost".into(), "fees".into())]
    );
}

#[test]
fn what_is_no_table_of_answers_says_what_it_needs() {
    let columns = read("a.csv", "text;given_label;label\nq;card;card").unwrap_err();
    assert!(
        columns
            .to_string()
            .contains("text, given_label, label, and needs"),
        "{columns}"
    );
    assert!(matches!(read("a.csv", ""), Err(ReviewedError::Columns { .. })));
    let encoding = read("a.csv", b"text,right_label\nGr\xf6\xdfe,card").unwrap_err();
    assert!(encoding.to_string().contains("CSV UTF-8"), "{encoding}");
    assert!(matches!(
        read("a.csv", [0xff, 0xfe, b'a']),
        Err(ReviewedError::Encoding { .. })
    ));
    assert!(matches!(
        read("a.xlsx", "PK"),
        Err(ReviewedError::UnknownFormat { .. })
    ));
    assert!(matches!(
        read("a.json", "{}"),
        Err(ReviewedError::NotTasks { .. })
    ));
    assert!(matches!(
        read("a.json", "[1]"),
        Err(ReviewedError::NotTasks { .. })
    ));
    let lines = read(
        "a.jsonl",
        "{\"input\": \"q\", \"label\": \"card\"}\n{\"input\": 1}",
    )
    .unwrap_err();
    assert!(
        matches!(lines, ReviewedError::File(FileError::Line { line: 2, .. })),
        "{lines}"
    );
}

#[test]
fn an_unedited_review_holds_no_answer() {
    let row = question("where is my card");
    let line = serde_json::to_value(&row).unwrap();
    assert_eq!(read("review.jsonl", line.to_string()).unwrap().blank, 1);
    assert_eq!(read("review.csv", review_csv(&[&row])).unwrap().blank, 1);
    let mut edited = line;
    edited["right_label"] = "fees".into();
    let found = read("review.jsonl", edited.to_string()).unwrap();
    let [row] = &found.rows[..] else {
        panic!("{found:?}")
    };
    assert_eq!((row.label.as_str(), row.given.as_deref()), ("fees", Some("card")));
}

#[test]
fn a_row_keeps_its_id_and_what_it_stands_for() {
    let mut row = question("12/05");
    row.similar = (0..4)
        .map(|n| SimilarText {
            id: format!("{n:016x}"),
            input: format!("text {n}"),
        })
        .collect();
    let csv = String::from_utf8(filled_in(&review_csv(&[&row]), "fees")).unwrap();
    assert!(csv.contains("text 0\ntext 1\ntext 2\nand 1 more"), "{csv}");
    // A spreadsheet takes the text for a date.
    let found = read("review.csv", csv.replace("12/05", "12.05.2026"))
        .unwrap()
        .rows;
    assert_eq!(found[0].id.as_deref(), Some("0123456789abcdef"));
    assert_eq!(
        found[0].similar,
        [
            "0000000000000000",
            "0000000000000001",
            "0000000000000002",
            "0000000000000003"
        ]
    );
    assert_eq!(found[0].given.as_deref(), Some("card"));
    // What one cell cannot hold is left out whole.
    row.similar = (0..5000_u32)
        .map(|n| SimilarText {
            id: format!("{n:016x}"),
            input: String::new(),
        })
        .collect();
    let found = read("review.csv", filled_in(&review_csv(&[&row]), "fees"))
        .unwrap()
        .rows;
    assert!(
        (1700..2000).contains(&found[0].similar.len()) && found[0].similar.iter().all(|id| id.len() == 16)
    );
}

proptest! {
    #[test]
    fn any_text_comes_back_from_a_table_and_none_is_a_formula(text in "[=+\\-@\t\r\n'＝＋－＠]?\\PC{0,20}[=+\\-@\t\r\n'\";, ]{0,4}\\PC{0,5}") {
        prop_assume!(!text.trim().is_empty());
        let csv = review_csv(&[&question(&text)]);
        let mut cells = csv::ReaderBuilder::new().from_reader(csv.as_bytes());
        let cells = cells.records().next().unwrap().unwrap();
        prop_assert!(cells.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])), "{:?}", cells);
        let found = read("review.csv", filled_in(&csv, "fees")).unwrap();
        prop_assert_eq!(&found.rows[0].input, &text);
    }

    #[test]
    fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..200), name in "a\\.(csv|json|jsonl)") {
        let _ = read(&name, bytes);
    }

    #[test]
    fn no_answers_are_too_odd(text in "(text|input|id|right_label|given_label|[a-z#'\"]{0,4}|[,;\t\n]){0,60}") {
        let _ = read("a.csv", text);
    }
}

#[test]
fn annotators_who_disagree_are_heard_again() {
    let task = |answers: &[&str]| {
        let annotation = |answer: &&str| {
            serde_json::json!({"was_cancelled": false, "result": [{"from_name": "right_label", "to_name": "text",
                "type": "choices", "value": {"choices": [answer]}}]})
        };
        let annotations: Vec<_> = answers.iter().map(annotation).collect();
        serde_json::json!({"id": answers.len(), "data": {"text": format!("asked {} people", answers.len())}, "annotations": annotations})
    };
    let export = serde_json::json!([
        task(&["card", "Card"]),
        task(&["card", "fees", "card"]),
        task(&[])
    ]);
    let found = read("export.json", export.to_string()).unwrap();
    assert_eq!((found.rows.len(), found.blank), (1, 1));
    let [aside] = &found.set_aside[..] else {
        panic!("{found:?}")
    };
    assert_eq!(aside.row, 2);
    assert!(
        aside.problem.to_string().contains("card and fees"),
        "{}",
        aside.problem
    );
}
