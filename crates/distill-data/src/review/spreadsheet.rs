//! Questions as a table that a spreadsheet opens: `review.csv`.

use super::{ReviewRow, SimilarText};

/// How many of the similar texts of a question a person sees; the others are counted.
pub const SIMILAR_SHOWN: usize = 3;

/// The column that a person fills in.
pub(crate) const RIGHT_LABEL: &str = "right_label";

/// The longest cell in UTF-16 units: Excel cuts what is longer than 32,767.
const MAX_CELL: usize = 32_000;

const COLUMNS: [&str; 10] = [
    "text",
    "given_label",
    "suggested_label",
    RIGHT_LABEL,
    "reason",
    "calls",
    "similar_texts",
    "minutes",
    "id",
    "similar_ids",
];

/// The questions as CSV (RFC 4180) that Excel, LibreOffice and Google Sheets open as it is meant: in UTF-8 with a byte
/// order mark, lines ending in a carriage return and a line feed.
///
/// A text that a spreadsheet would take for a formula begins with an apostrophe here (OWASP, *CSV Injection*), which
/// [`ReviewedRows::read`](crate::ReviewedRows::read) takes off again. Ids begin with `#`, for 16 hexadecimal digits may look
/// like a number. The ids of similar texts end where the cell would be cut; those that are left out are asked about again.
#[must_use]
pub fn review_csv(rows: &[&ReviewRow]) -> String {
    let mut table = review_csv_head();
    rows.iter().for_each(|row| table.push_str(&review_csv_row(row)));
    table
}

/// What stands before the questions in [`review_csv`], for those that are written one by one.
#[must_use]
pub fn review_csv_head() -> String {
    let mut table = String::from('\u{feff}');
    push_row(&mut table, &COLUMNS.map(str::to_owned));
    table
}

/// A question in [`review_csv`].
#[must_use]
pub fn review_csv_row(row: &ReviewRow) -> String {
    let mut table = String::new();
    push_row(
        &mut table,
        &[
            harmless(&row.input),
            harmless(&row.label),
            harmless(row.suggested.as_deref().unwrap_or_default()),
            String::new(),
            harmless(&row.reason_in_words()),
            row.calls.to_string(),
            harmless(&similar_texts(&row.similar)),
            format!("{:.2}", row.minutes),
            format!("#{}", row.id),
            similar_ids(&row.similar),
        ],
    );
    table
}

/// Adds a row, with quotes around the cells that need them for any delimiter.
fn push_row(table: &mut String, cells: &[String]) {
    for (column, cell) in cells.iter().enumerate() {
        if column > 0 {
            table.push(',');
        }
        if cell.contains(['"', ',', ';', '\t', '\r', '\n']) {
            table.push('"');
            table.push_str(&cell.replace('"', "\"\""));
            table.push('"');
        } else {
            table.push_str(cell);
        }
    }
    table.push_str("\r\n");
}

/// What a person sees of the texts that an answer settles too.
pub(super) fn similar_texts(similar: &[SimilarText]) -> String {
    let mut lines: Vec<&str> = similar
        .iter()
        .take(SIMILAR_SHOWN)
        .map(|text| text.input.as_str())
        .collect();
    let more = similar.len().saturating_sub(SIMILAR_SHOWN);
    let more = format!("and {more} more");
    if similar.len() > SIMILAR_SHOWN {
        lines.push(&more);
    }
    lines.join("\n")
}

fn similar_ids(similar: &[SimilarText]) -> String {
    let mut cell = String::new();
    for text in similar {
        if cell.len() + text.id.len() + 2 > MAX_CELL {
            break;
        }
        if !cell.is_empty() {
            cell.push(' ');
        }
        cell.push('#');
        cell.push_str(&text.id);
    }
    cell
}

/// Whether a spreadsheet may take a cell that begins so for a formula, or this module for one that it has changed.
fn is_changed(first: char) -> bool {
    // Full-width forms are formulas too where a spreadsheet is set to Japanese.
    matches!(
        first,
        '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\'' | '＝' | '＋' | '－' | '＠'
    )
}

/// A text as a cell that is never a formula and never cut by a spreadsheet.
fn harmless(text: &str) -> String {
    let mut cell = String::with_capacity(text.len() + 1);
    if text.starts_with(is_changed) {
        cell.push('\'');
    }
    let mut length = cell.len();
    for c in text.chars() {
        length += c.len_utf16();
        if length > MAX_CELL {
            cell.push('…');
            break;
        }
        // The end of a string in C, where many readers of CSV stop.
        cell.push(if c == '\0' { '\u{fffd}' } else { c });
    }
    cell
}

/// The text of a cell.
pub(crate) fn as_written(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if text.starts_with(is_changed) => text,
        _ => cell,
    }
}
