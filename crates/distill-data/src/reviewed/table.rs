//! Reviewed rows as a table that a spreadsheet has saved.

use std::path::Path;

use super::{Answered, Reading, ReviewedError, read_whole, row_id, row_ids};
use crate::review::{RIGHT_LABEL, as_written};

/// What spreadsheets put between cells: a comma, where that is the decimal point a semicolon, or in text files a tab.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Where a table has what.
struct Columns {
    answer: usize,
    text: Option<usize>,
    id: Option<usize>,
    given: Option<usize>,
    similar: Option<usize>,
}

impl Columns {
    fn of(names: &[String]) -> Option<Self> {
        let column = |name: &str| names.iter().position(|found| found == name);
        let given = column("given_label");
        // Without a column for answers that of labels is one, unless a review wrote the table.
        let answer = match column(RIGHT_LABEL) {
            None if given.is_none() => column("label")?,
            answer => answer?,
        };
        let columns = Self {
            answer,
            text: column("text").or_else(|| column("input")),
            // In Label Studio's table `id` is the task's.
            id: column("row_id").or_else(|| column("id")),
            given,
            similar: column("similar_ids"),
        };
        (columns.text.is_some() || columns.id.is_some()).then_some(columns)
    }
}

pub(super) fn read(path: &Path, reading: &mut Reading<'_>) -> Result<(), ReviewedError> {
    let bytes = read_whole(path)?;
    let text = decoded(bytes).ok_or_else(|| ReviewedError::Encoding {
        path: path.to_owned(),
    })?;
    let heads = DELIMITERS.map(|delimiter| {
        let names = records(&text, delimiter).next().unwrap_or_default();
        let names: Vec<String> = names.iter().map(|name| name.trim().to_lowercase()).collect();
        (delimiter, Columns::of(&names), names)
    });
    let (delimiter, columns) = match heads
        .iter()
        .find_map(|(delimiter, columns, _)| Some((*delimiter, columns.as_ref()?)))
    {
        Some(head) => head,
        None => {
            let best = heads.into_iter().max_by_key(|(_, _, names)| names.len());
            return Err(ReviewedError::Columns {
                path: path.to_owned(),
                found: best.map(|(_, _, names)| names).unwrap_or_default(),
            });
        }
    };
    // The first row of a spreadsheet has the names.
    for (row, cells) in (1..).zip(records(&text, delimiter)).skip(1) {
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        // A row may end early where its last cells are empty.
        let cell = |column: Option<usize>| {
            column
                .and_then(|column| cells.get(column))
                .map_or("", String::as_str)
        };
        let given = as_written(cell(columns.given)).trim();
        reading.take(Answered {
            row,
            id: row_id(cell(columns.id)),
            input: as_written(cell(columns.text)).to_owned(),
            given: (!given.is_empty()).then(|| given.to_owned()),
            similar: row_ids(cell(columns.similar)),
            answers: vec![as_written(cell(Some(columns.answer))).to_owned()],
        });
    }
    Ok(())
}

/// A text in UTF-8, or in UTF-16 that says so, without its byte order mark.
fn decoded(bytes: Vec<u8>) -> Option<String> {
    let from_pairs = |number: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes[2..].as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|&pair| number(pair)).collect();
        rest.is_empty().then(|| String::from_utf16(&units).ok())?
    };
    match bytes[..] {
        [0xff, 0xfe, ..] => from_pairs(u16::from_le_bytes),
        [0xfe, 0xff, ..] => from_pairs(u16::from_be_bytes),
        _ => {
            let text = String::from_utf8(bytes).ok()?;
            Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
        }
    }
}

/// The rows of a table.
fn records(text: &str, delimiter: u8) -> impl Iterator<Item = Vec<String>> {
    let table = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let rows = table.into_records();
    // Cells of a string are text, and rows may differ in length: nothing else can be wrong with them.
    rows.map_while(Result::ok)
        .map(|row| row.iter().map(str::to_owned).collect())
}
