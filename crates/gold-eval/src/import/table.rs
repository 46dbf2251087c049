//! Rows of a table, each of one line or of several.
//!
//! The grammar of RFC 4180, section 2. A quote that does not begin a cell is a character like any other. Text behind
//! a closing quote, or no closing quote at all, is the sign of a stray one, which would swallow all rows up to the
//! next: then the line on which it was opened is a row that cannot be used, and reading goes on behind that line.

use std::collections::VecDeque;

use stage_files::{BadLine, FileError, LineBytes, Lines};

use super::Unusable;

/// The line on which a row begins, and its cells, or what is wrong with it and how it begins.
pub(super) type TableRow = (u64, Result<Vec<Vec<u8>>, (BadRow, Vec<u8>)>);

/// What is wrong with a row.
#[derive(Debug)]
pub(super) enum BadRow {
    /// The row alone.
    Row(Unusable),
    /// The file from here on.
    File(std::io::Error),
}

/// The rows of a table, blank lines left out.
pub(super) struct TableRows {
    lines: Lines,
    /// Lines that were read and belong to no row so far.
    ahead: VecDeque<LineBytes>,
    delimiter: u8,
    most: usize,
}

impl TableRows {
    /// Rows of at most `most` bytes.
    pub(super) fn new(lines: Lines, delimiter: u8, most: usize) -> Self {
        Self {
            lines: lines.with_max_bytes(most),
            ahead: VecDeque::new(),
            delimiter,
            most,
        }
    }

    /// What is left of the file.
    pub(super) fn into_lines(self) -> Lines {
        self.lines
    }

    fn next_line(&mut self) -> Option<Result<LineBytes, FileError>> {
        self.ahead.pop_front().map(Ok).or_else(|| self.lines.next_bytes())
    }

    /// Reads on from a first line until the row is whole.
    fn row_from(&mut self, number: u64, first: Vec<u8>) -> Result<TableRow, FileError> {
        let mut row = Splitter::new(self.delimiter);
        row.take_line(&first);
        let (mut further, mut bytes) = (Vec::new(), first.len());
        while row.place == Place::Quoted && !row.is_stray {
            let Some(line) = self.next_line().transpose()? else {
                break;
            };
            let fits = line
                .bytes
                .as_ref()
                .is_ok_and(|next| bytes + next.len() < self.most);
            if let (Ok(next), true) = (&line.bytes, fits) {
                bytes += next.len() + 1;
                row.cell.push(b'\n');
                row.take_line(next);
            }
            further.push(line);
            if !fits {
                break;
            }
        }
        if row.place != Place::Quoted && !row.is_stray {
            return Ok((number, Ok(row.cells())));
        }
        for line in further.into_iter().rev() {
            self.ahead.push_front(line);
        }
        Ok((number, Err((BadRow::Row(Unusable::StrayQuote), first))))
    }
}

impl Iterator for TableRows {
    type Item = Result<TableRow, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = match self.next_line()? {
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            let bad = match line.bytes {
                Ok(bytes) if bytes.trim_ascii().is_empty() => continue,
                Ok(bytes) => return Some(self.row_from(line.number, bytes)),
                Err(bad) => bad,
            };
            return Some(Ok((line.number, Err((bad_row(bad, self.most), Vec::new())))));
        }
    }
}

/// What a line that has no text is as a row.
pub(super) fn bad_row(bad: BadLine, most: usize) -> BadRow {
    match bad {
        BadLine::TooLong { bytes } => BadRow::Row(Unusable::TooLong {
            bytes,
            most: most as u64,
        }),
        BadLine::NotUtf8 { at } => BadRow::Row(Unusable::NotUtf8 { at: at as u64 }),
        BadLine::Packed(source) => BadRow::File(source),
        other => BadRow::Row(Unusable::NotJson {
            detail: other.to_string(),
        }),
    }
}

/// Where in a row a character stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    CellStart,
    Bare,
    Quoted,
    /// Behind a quote in a quoted cell: its end, or the first of two that stand for one.
    BehindQuote,
}

/// Takes a row apart, line by line.
struct Splitter {
    delimiter: u8,
    place: Place,
    done: Vec<Vec<u8>>,
    cell: Vec<u8>,
    /// Whether something else than a delimiter or a line end has followed a closing quote.
    is_stray: bool,
}

impl Splitter {
    fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            place: Place::CellStart,
            done: Vec::new(),
            cell: Vec::new(),
            is_stray: false,
        }
    }

    fn take_line(&mut self, line: &[u8]) {
        let (line, ends_in_return) = match line.split_last() {
            Some((b'\r', before)) => (before, true),
            _ => (line, false),
        };
        line.iter().for_each(|&byte| self.take(byte));
        // Before a line feed it belongs to the line end, unless the cell goes on.
        if ends_in_return && self.place == Place::Quoted {
            self.cell.push(b'\r');
        }
    }

    fn take(&mut self, byte: u8) {
        match (self.place, byte) {
            (Place::CellStart, b'"') => self.place = Place::Quoted,
            (Place::Quoted, b'"') => self.place = Place::BehindQuote,
            (Place::BehindQuote, b'"') => {
                self.cell.push(b'"');
                self.place = Place::Quoted;
            }
            (Place::Quoted, _) => self.cell.push(byte),
            (_, _) if byte == self.delimiter => {
                self.done.push(std::mem::take(&mut self.cell));
                self.place = Place::CellStart;
            }
            (_, _) => {
                self.is_stray |= self.place == Place::BehindQuote;
                self.cell.push(byte);
                self.place = Place::Bare;
            }
        }
    }

    fn cells(mut self) -> Vec<Vec<u8>> {
        self.done.push(self.cell);
        self.done
    }
}
