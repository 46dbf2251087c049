//! Tables in CSV (RFC 4180), a call a row.

mod split;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stage_files::{ContentHash, FileError, Lines};

use super::{FieldMap, Found, LineContent, LogFile};
use crate::quarantine::{Damage, LineDamage, QuarantinedLine, RAW_CHARS};
use split::{Cells, Rows};

/// How a table is written.
///
/// A row may have several lines, and no more than a line of another log may be long. A quote that is not closed where a cell
/// ends damages the line on which it is opened, and no other. A column that the fields name stands in the table once.
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

/// Reads a table from beginning to end in memory bounded by the longest row, which is no longer than a line may be, and gives
/// the hash of the file. `each` gets the line on which a row begins.
pub(super) fn read(
    log: &LogFile,
    lines: Lines,
    table: &CsvTable,
    mut each: impl FnMut(u64, Found) -> Result<(), FileError>,
) -> Result<ContentHash, FileError> {
    let name = log.name();
    let Some(delimiter) = u8::try_from(table.delimiter).ok().filter(u8::is_ascii) else {
        let detail = format!(
            "the delimiter {:?} is no ASCII character: name another",
            table.delimiter
        );
        let damaged = QuarantinedLine::new(&name, 1, LineDamage::wrong_shape(detail), "");
        each(1, Found::Line(Err(damaged)))?;
        return lines.hash();
    };
    let mut rows = Rows::new(lines, delimiter);
    let mut columns = None;
    for row in rows.by_ref() {
        let (line, row) = row?;
        let damaged = |damage, raw: &[u8]| {
            let raw = String::from_utf8_lossy(&raw[..raw.len().min(4 * RAW_CHARS)]);
            Found::Line(Err(QuarantinedLine::new(&name, line, damage, &raw)))
        };
        let found = match (row, &columns) {
            (Ok(cells), None) => match Columns::of(&cells, &table.fields) {
                Ok(named) => {
                    columns = Some(named);
                    continue;
                }
                Err(damage) => damaged(damage, &cells.joined(delimiter)),
            },
            (Ok(cells), Some(columns)) => match columns.call(&cells, &table.fields) {
                Ok(call) => Found::Line(Ok(call)),
                Err(damage) => damaged(damage, &cells.joined(delimiter)),
            },
            (Err((damage, first)), _) => damaged(damage, &first),
        };
        each(line, found)?;
        if columns.is_none() {
            // Without names nothing can be read.
            break;
        }
    }
    rows.into_lines().hash()
}

/// Where in a row the columns stand that a map names; of a million others nothing is kept.
struct Columns {
    count: usize,
    places: BTreeMap<String, usize>,
}

impl Columns {
    fn of(header: &Cells, fields: &FieldMap) -> Result<Self, LineDamage> {
        check_utf8(header)?;
        let mut places = BTreeMap::new();
        for (place, cell) in header.iter().enumerate() {
            let cell = String::from_utf8_lossy(cell);
            // Spreadsheets put a byte order mark before the first name.
            let name = if place == 0 {
                cell.trim_start_matches('\u{feff}')
            } else {
                &cell
            };
            let is_named = fields.paths().iter().any(|path| path.first_key() == name);
            if is_named && places.insert(name.to_owned(), place).is_some() {
                let detail = format!("two columns are called {name:?}: which one is meant?");
                return Err(LineDamage::wrong_shape(detail));
            }
        }
        Ok(Self {
            count: header.len(),
            places,
        })
    }

    fn call(&self, cells: &Cells, fields: &FieldMap) -> Result<LineContent, LineDamage> {
        check_utf8(cells)?;
        if self.count != cells.len() {
            return Err(LineDamage::wrong_shape(format!(
                "{} cells in a table of {} columns",
                cells.len(),
                self.count
            )));
        }
        let mut row = Map::new();
        for (name, &place) in &self.places {
            let text = String::from_utf8_lossy(cells.get(place).unwrap_or_default());
            let value = match text.is_empty() {
                true => Value::Null,
                false if *name == fields.reviewed.first_key() => {
                    Value::Bool(text.eq_ignore_ascii_case("true"))
                }
                false => Value::String(text.into_owned()),
            };
            row.insert(name.clone(), value);
        }
        fields.read(&Value::Object(row)).map(LineContent::from)
    }
}

fn check_utf8(cells: &Cells) -> Result<(), LineDamage> {
    let mut errors = cells.iter().map(|cell| std::str::from_utf8(cell).map(drop));
    errors.find_map(Result::err).map_or(Ok(()), |error| {
        Err(LineDamage {
            damage: Damage::NotUtf8,
            detail: format!("a cell is not UTF-8: {error}"),
        })
    })
}
