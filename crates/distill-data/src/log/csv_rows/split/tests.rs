use std::fs;

use proptest::{collection::vec, prelude::*};

use super::*;

/// Line, and the cells or what is wrong.
type Found = (u64, Result<Vec<String>, String>);

fn rows(bytes: &[u8]) -> Vec<Found> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    fs::write(&path, bytes).unwrap();
    let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
    Rows::new(Lines::open(&path).unwrap(), b',')
        .map(|row| row.unwrap())
        .map(|(line, row)| match row {
            Ok(cells) => (line, Ok(cells.iter().map(text).collect())),
            Err((damage, first)) => (line, Err(format!("{}: {}", text(&first), damage.detail))),
        })
        .collect()
}

fn cells(cells: &[&str]) -> Result<Vec<String>, String> {
    Ok(cells.iter().map(|cell| (*cell).to_owned()).collect())
}

#[test]
fn rows_of_several_lines_are_numbered_by_the_first_and_blank_ones_count() {
    let found = rows(b"a,b\r\n\r\n\n \n\"one\n\ntwo\r\nthree\",\"4\"\"\"\nlast,");
    assert_eq!(
        found,
        [
            (1, cells(&["a", "b"])),
            (5, cells(&["one\n\ntwo\r\nthree", "4\""])),
            (9, cells(&["last", ""])),
        ]
    );
}

#[test]
fn a_stray_quote_costs_its_own_line_alone() {
    let damage = "a quote is opened here and not closed where a cell ends";
    for (line, next) in [
        // To the end of the file, up to a quoted cell, up to a quote in a text.
        ("\"never closed,card", "x,fees"),
        ("\"never closed,card", "\"x\",fees"),
        ("\"never closed,card", "5\" pipe,fees"),
        ("card,\"", "\"x\",fees"),
    ] {
        let found = rows(format!("before,card\n{line}\n{next}\nafter,card\n").as_bytes());
        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!(found[0].1, cells(&["before", "card"]));
        assert_eq!(found[1], (2, Err(format!("{line}: {damage}"))));
        assert_eq!(found[2].0, 3);
        assert!(found[2].1.is_ok(), "{found:?}");
        assert_eq!(found[3], (4, cells(&["after", "card"])));
    }
}

#[test]
fn text_behind_a_closing_quote_is_let_pass_in_one_line() {
    assert_eq!(
        rows(b"\"Hello\" he said,top-up\n"),
        [(1, cells(&["Hello he said", "top-up"]))]
    );
}

#[test]
fn a_quote_that_is_never_closed_is_read_again_once_and_not_once_a_line() {
    let lines = 200_000;
    let table = format!("\"open\n{}", "x,card\n".repeat(lines));
    let found = rows(table.as_bytes());
    assert_eq!(found.len(), lines + 1);
    assert!(found[0].1.is_err() && found[1..].iter().all(|(_, row)| row.is_ok()));
}

proptest! {
    /// The oracle is the `csv` crate, which writes the table and reads it.
    #[test]
    fn a_well_written_table_has_the_cells_that_the_csv_crate_finds(
        table in vec(vec("[ab\",\r\n é]{0,6}", 3), 1..8),
    ) {
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        for row in &table {
            writer.write_record(row).unwrap();
        }
        let written = writer.into_inner().unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&written[..]);
        let expected: Vec<Vec<String>> = reader
            .records()
            .map(|row| row.unwrap().iter().map(str::to_owned).collect())
            .collect();
        let found: Vec<Vec<String>> = rows(&written).into_iter().map(|(_, row)| row.unwrap()).collect();
        prop_assert_eq!(&found, &expected);
    }

    #[test]
    fn no_line_is_lost_whatever_the_quotes(lines in vec("[a\",]{0,5}", 0..12)) {
        let found = rows(lines.join("\n").as_bytes());
        let taken: usize = found
            .iter()
            .map(|(_, row)| match row {
                Ok(cells) => 1 + cells.iter().map(|cell| cell.matches('\n').count()).sum::<usize>(),
                Err(_) => 1,
            })
            .sum();
        prop_assert_eq!(taken, lines.iter().filter(|line| !line.is_empty()).count()
            // Blank lines within a quoted cell are part of it.
            + found.iter().filter_map(|(line, row)| row.as_ref().ok().map(|cells| (line, cells))).map(|(line, cells)| {
                let height = cells.iter().map(|cell| cell.matches('\n').count()).sum::<usize>();
                let from = usize::try_from(*line).unwrap();
                (from..=from + height).filter(|&number| lines[number - 1].is_empty()).count()
            }).sum::<usize>());
    }
}
