//! Tables in CSV (RFC 4180), a call a row.

use std::{
    cell::Cell,
    io::{self, BufRead, Read},
    rc::Rc,
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stage_files::{FileError, MAX_LINE_BYTES, open_unpacked};

use super::{FieldMap, Found, LineContent, LogFile};
use crate::quarantine::{Damage, LineDamage, QuarantinedLine};

/// How a table is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CsvTable {
    /// Which column is what; the first row names them. An empty cell counts as one that is not there, and `true` in the column
    /// of reviewed rows as the truth.
    pub fields: FieldMap,
    /// What stands between two cells, one ASCII character. Default a comma.
    pub delimiter: char,
}

impl Default for CsvTable {
    fn default() -> Self {
        Self {
            fields: FieldMap::default(),
            delimiter: ',',
        }
    }
}

/// Reads a table from beginning to end in memory bounded by the longest row; a longer one than a line may be is where reading
/// ends. `each` gets the line on which a row begins.
pub(super) fn read(
    log: &LogFile,
    table: &CsvTable,
    mut each: impl FnMut(u64, Found),
) -> Result<(), FileError> {
    let name = log.name();
    let Some(delimiter) = u8::try_from(table.delimiter).ok().filter(u8::is_ascii) else {
        let detail = format!(
            "the delimiter {:?} is no ASCII character: name another",
            table.delimiter
        );
        let damaged = QuarantinedLine::new(&name, 1, LineDamage::wrong_shape(detail), "");
        each(1, Found::Line(Err(damaged)));
        return Ok(());
    };
    let unread = Rc::new(Cell::new(0));
    let file = Limited {
        file: open_unpacked(&log.path)?,
        unread: unread.clone(),
    };
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        // Lines are counted by line feeds; a carriage return before one is taken off below.
        .terminator(csv::Terminator::Any(b'\n'))
        .has_headers(false)
        .flexible(true)
        .from_reader(file);
    let (mut columns, mut row) = (None, csv::ByteRecord::new());
    loop {
        unread.set(0);
        let line = rows.position().line();
        let found = match rows.read_byte_record(&mut row) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                if row.len() == 1 && row.as_slice().trim_ascii().is_empty() {
                    continue;
                }
                // Empty lines before a row are passed over.
                let line = row.position().map_or(line, csv::Position::line);
                let cells = cells(&row);
                let Some(columns) = &columns else {
                    match cells {
                        Ok(names) => columns = Some(names),
                        // Without names nothing can be read.
                        Err(damage) => {
                            let damaged = QuarantinedLine::new(&name, line, damage, "");
                            each(line, Found::Line(Err(damaged)));
                            return Ok(());
                        }
                    }
                    continue;
                };
                let call = cells.and_then(|cells| object(columns, cells, &table.fields));
                let call = call
                    .and_then(|row| table.fields.read(&row))
                    .map(LineContent::from);
                // Cells that stood apart must not become one number.
                let raw: Vec<_> = row.iter().map(String::from_utf8_lossy).collect();
                let raw = raw.join(&table.delimiter.to_string());
                (
                    line,
                    call.map_err(|damage| QuarantinedLine::new(&name, line, damage, &raw)),
                )
            }
            Err(error) => {
                let damage = broken(error, unread.get()).map_err(|source| FileError::Read {
                    path: log.path.clone(),
                    source,
                })?;
                each(
                    line,
                    Found::Line(Err(QuarantinedLine::new(&name, line, damage, ""))),
                );
                return Ok(());
            }
        };
        each(found.0, Found::Line(found.1));
    }
}

/// Why a table cannot be read on, unless the file itself cannot be read.
fn broken(error: csv::Error, unread: usize) -> Result<LineDamage, io::Error> {
    let cause = match error.into_kind() {
        csv::ErrorKind::Io(source) if source.raw_os_error().is_some() => return Err(source),
        csv::ErrorKind::Io(source) => source.to_string(),
        other => format!("{other:?}"),
    };
    Ok(LineDamage {
        damage: match unread > MAX_LINE_BYTES {
            true => Damage::TooLong,
            false => Damage::Packed,
        },
        detail: format!("the table cannot be read from here on: {cause}"),
    })
}

fn cells(row: &csv::ByteRecord) -> Result<Vec<String>, LineDamage> {
    let cell = |cell: &[u8]| std::str::from_utf8(cell).map(str::to_owned);
    let cells: Result<Vec<String>, _> = row.iter().map(cell).collect();
    let mut cells = cells.map_err(|error| LineDamage {
        damage: Damage::NotUtf8,
        detail: format!("a cell is not UTF-8: {error}"),
    })?;
    if let Some(last) = cells.last_mut()
        && last.ends_with('\r')
    {
        last.pop();
    }
    if let Some(first) = cells.first_mut() {
        // Spreadsheets put a byte order mark before the first name.
        *first = first.trim_start_matches('\u{feff}').to_owned();
    }
    Ok(cells)
}

/// A row as an object of its columns.
fn object(columns: &[String], cells: Vec<String>, fields: &FieldMap) -> Result<Value, LineDamage> {
    if columns.len() != cells.len() {
        return Err(LineDamage::wrong_shape(format!(
            "{} cells in a table of {} columns",
            cells.len(),
            columns.len()
        )));
    }
    let cell = |text: String| match text.is_empty() {
        true => Value::Null,
        false => Value::String(text),
    };
    let mut row: Map<String, Value> = columns.iter().cloned().zip(cells.into_iter().map(cell)).collect();
    let reviewed = fields.reviewed.to_string();
    if let Some(Value::String(said)) = row.get(&reviewed) {
        let is_true = said.eq_ignore_ascii_case("true");
        row.insert(reviewed, Value::Bool(is_true));
    }
    Ok(Value::Object(row))
}

/// A file of which no more is read for one row than a line may hold.
struct Limited {
    file: Box<dyn BufRead + Send>,
    /// Bytes that were read since the last row.
    unread: Rc<Cell<usize>>,
}

impl Read for Limited {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        if self.unread.get() > MAX_LINE_BYTES {
            let message = format!("a row is longer than {MAX_LINE_BYTES} bytes, or a quote is never closed");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let count = self.file.read(place)?;
        self.unread.set(self.unread.get() + count);
        Ok(count)
    }
}
