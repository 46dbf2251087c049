//! The rows of a file, a row group after the other.

use std::{
    fs::File,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
};

use parquet::{
    errors::{ParquetError, Result},
    file::{
        metadata::{ParquetMetaData, RowGroupMetaData},
        reader::{FileReader, SerializedFileReader},
    },
};
use stage_files::{BadLine, Line, MAX_LINE_BYTES};

use super::{
    assembly::{Node, RowError},
    columns::Columns,
    footer,
    pages::Pages,
};

/// The rows of a file as JSON lines, numbered from 1.
///
/// Memory is bounded by a page of each column, and by the rows that are read at once. Damage ends the file in a line that
/// says so, as what comes after it cannot be found.
pub(super) struct Rows {
    state: State,
    number: u64,
}

enum State {
    Unopened(File),
    Open(Box<Groups>),
    Over,
}

impl Rows {
    pub(super) fn of(file: File) -> Self {
        Self {
            state: State::Unopened(file),
            number: 0,
        }
    }

    fn next_row(&mut self) -> Result<Option<std::result::Result<String, BadLine>>> {
        let mut groups = match std::mem::replace(&mut self.state, State::Over) {
            State::Over => return Ok(None),
            State::Unopened(file) => Box::new(Groups::of(file)?),
            State::Open(groups) => groups,
        };
        let row = groups.next_row()?;
        if row.is_some() {
            self.state = State::Open(groups);
        }
        Ok(row)
    }
}

impl Iterator for Rows {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        // The library is careful with files that are damaged, and says in its issues that it still panics on some. What is
        // left then is `Over`.
        let row = catch_unwind(AssertUnwindSafe(|| self.next_row()))
            .unwrap_or_else(|_| Err(ParquetError::General("the reader of Parquet gave up".to_owned())));
        let text = match row {
            Ok(row) => row?,
            Err(error) => Err(BadLine::Packed(io::Error::new(io::ErrorKind::InvalidData, error))),
        };
        self.number += 1;
        Some(Line {
            number: self.number,
            text,
        })
    }
}

/// An open file, and where in it the next row is.
struct Groups {
    file: SerializedFileReader<Pages>,
    root: Node,
    next_group: usize,
    columns: Columns,
}

impl Groups {
    fn of(mut file: File) -> Result<Self> {
        footer::check(&mut file)?;
        let bytes = file.metadata()?.len();
        let file = SerializedFileReader::new(Pages(file))?;
        check_columns_fit(file.metadata(), bytes)?;
        let root = Node::of_schema(file.metadata().file_metadata().schema_descr())?;
        Ok(Self {
            file,
            root,
            next_group: 0,
            columns: Columns::none(),
        })
    }

    /// The next row as a JSON object.
    fn next_row(&mut self) -> Result<Option<std::result::Result<String, BadLine>>> {
        while !self.columns.next_record()? {
            if self.next_group == self.file.num_row_groups() {
                return Ok(None);
            }
            self.columns = Columns::of(self.file.get_row_group(self.next_group)?.as_ref())?;
            self.next_group += 1;
        }
        let mut text = String::new();
        match self.root.write(&mut self.columns, &mut text) {
            Ok(()) if text.len() > MAX_LINE_BYTES => Ok(Some(Err(too_long()))),
            Ok(()) => Ok(Some(Ok(text))),
            Err(RowError::Misshapen) => Err(ParquetError::General(
                "a row's columns have different numbers of values".to_owned(),
            )),
            Err(RowError::NotUtf8(at)) => Ok(Some(Err(BadLine::NotUtf8 { at }))),
            Err(RowError::TooLong) => Ok(Some(Err(too_long()))),
        }
    }
}

/// Refuses a file whose columns would have to lie on one another. Read one by one, a few bytes of pages would be read as often
/// as the account names them.
fn check_columns_fit(file: &ParquetMetaData, bytes: u64) -> Result<()> {
    let mut left = bytes;
    for column in file.row_groups().iter().flat_map(RowGroupMetaData::columns) {
        let size = u64::try_from(column.compressed_size())?;
        left = left.checked_sub(size).ok_or_else(|| {
            ParquetError::General(format!(
                "its columns are said to take more than the {bytes} bytes that the file has"
            ))
        })?;
    }
    Ok(())
}

/// How long the row would be is not found out.
fn too_long() -> BadLine {
    BadLine::TooLong {
        bytes: MAX_LINE_BYTES as u64 + 1,
    }
}
