//! Rows of a table, each of one line or of several.
//!
//! The grammar of RFC 4180, section 2, with the leniency of its readers: a quote within a cell that does not begin with one
//! is a character like any other, and so is what stands behind the closing quote, as long as the row has one line. In a row
//! of several lines that is the sign of a quote that was never closed: then the first line alone is damaged, and reading
//! goes on behind it, for otherwise one stray quote would swallow all rows up to the next one.

use std::collections::VecDeque;

use stage_files::{BadLine, FileError, LineBytes, Lines, MAX_LINE_BYTES};

use crate::quarantine::LineDamage;

/// The cells of a row, unquoted.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Cells {
    /// One after the other.
    text: Vec<u8>,
    /// Where each ends. A row is shorter than 4 GiB.
    ends: Vec<u32>,
}

impl Cells {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)? as usize;
        let start = index
            .checked_sub(1)
            .map_or(0, |before| self.ends[before] as usize);
        Some(&self.text[start..end])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// The cells with the delimiter between them: numbers that stood apart must not become one.
    pub(super) fn joined(&self, delimiter: u8) -> Vec<u8> {
        let cells: Vec<&[u8]> = self.iter().collect();
        cells.join(&delimiter)
    }

    fn end_cell(&mut self) {
        self.ends.push(self.text.len() as u32);
    }
}

/// A row: the line on which it begins, and its cells, or what is wrong with that line and the beginning of its text.
pub(super) type Row = (u64, Result<Cells, (LineDamage, Vec<u8>)>);

/// The rows of a file, blank lines left out.
pub(super) struct Rows {
    lines: Lines,
    /// Lines that were read and belong to no row so far.
    ahead: VecDeque<LineBytes>,
    delimiter: u8,
}

impl Rows {
    pub(super) fn new(lines: Lines, delimiter: u8) -> Self {
        Self {
            lines,
            ahead: VecDeque::new(),
            delimiter,
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
    fn row_from(&mut self, number: u64, first: Vec<u8>) -> Result<Row, FileError> {
        let mut splitter = Splitter::new(self.delimiter);
        splitter.take_line(&first);
        splitter.has_text_behind_a_quote = false;
        let mut further = Vec::new();
        let mut bytes = first.len();
        while splitter.is_quoted() {
            let Some(line) = self.next_line().transpose()? else {
                break;
            };
            match &line.bytes {
                Ok(next) if bytes + next.len() < MAX_LINE_BYTES => {
                    bytes += next.len() + 1;
                    splitter.take_feed();
                    splitter.take_line(next);
                }
                // The row would be too long, or has a line that cannot be read.
                _ => {
                    further.push(line);
                    break;
                }
            }
            further.push(line);
            if splitter.has_text_behind_a_quote {
                break;
            }
        }
        let is_stray = splitter.is_quoted() || splitter.has_text_behind_a_quote;
        if !is_stray {
            return Ok((number, Ok(splitter.cells())));
        }
        for line in further.into_iter().rev() {
            self.ahead.push_front(line);
        }
        let damage = LineDamage::wrong_shape("a quote is opened here and not closed where a cell ends");
        Ok((number, Err((damage, first))))
    }
}

impl Iterator for Rows {
    type Item = Result<Row, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = match self.next_line()? {
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            match line.bytes {
                Ok(bytes) if bytes.trim_ascii().is_empty() => {}
                Ok(bytes) => return Some(self.row_from(line.number, bytes)),
                Err(bad) => return Some(Ok(unreadable(line.number, &bad))),
            }
        }
    }
}

fn unreadable(line: u64, bad: &BadLine) -> Row {
    (line, Err((bad.into(), Vec::new())))
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
    cells: Cells,
    /// Whether something else than a delimiter or a line end has followed a closing quote.
    has_text_behind_a_quote: bool,
}

impl Splitter {
    fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            place: Place::CellStart,
            cells: Cells::default(),
            has_text_behind_a_quote: false,
        }
    }

    fn is_quoted(&self) -> bool {
        self.place == Place::Quoted
    }

    /// A line feed in a quoted cell.
    fn take_feed(&mut self) {
        self.cells.text.push(b'\n');
    }

    fn take_line(&mut self, line: &[u8]) {
        let (last, all_but_last) = match line.split_last() {
            Some((b'\r', before)) => (Some(b'\r'), before),
            _ => (None, line),
        };
        for &byte in all_but_last {
            self.take(byte);
        }
        // Before a line feed it belongs to the line end, unless the cell goes on.
        if let (Some(byte), Place::Quoted) = (last, self.place) {
            self.cells.text.push(byte);
        }
    }

    fn take(&mut self, byte: u8) {
        match (self.place, byte) {
            (Place::CellStart, b'"') => self.place = Place::Quoted,
            (Place::Quoted, b'"') => self.place = Place::BehindQuote,
            (Place::BehindQuote, b'"') => {
                self.cells.text.push(b'"');
                self.place = Place::Quoted;
            }
            (Place::Quoted, _) => self.cells.text.push(byte),
            (_, _) if byte == self.delimiter => {
                self.cells.end_cell();
                self.place = Place::CellStart;
            }
            (_, _) => {
                self.has_text_behind_a_quote |= self.place == Place::BehindQuote;
                self.cells.text.push(byte);
                self.place = Place::Bare;
            }
        }
    }

    fn cells(mut self) -> Cells {
        self.cells.end_cell();
        self.cells
    }
}

#[cfg(test)]
mod tests;
