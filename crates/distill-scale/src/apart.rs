//! Which rows are kept from training, as a table.

use std::{path::Path, sync::Arc};

use datafusion::{
    arrow::{
        array::{RecordBatch, UInt64Builder},
        datatypes::{DataType, SchemaRef},
    },
    error::Result,
};

use crate::{reduce::table, table_file::TableFile};

/// What is written of rows that are kept from training: the row, and the number of its part, from 1.
pub(crate) fn schema() -> SchemaRef {
    table(&[
        ("row", DataType::UInt64, false),
        ("part", DataType::UInt64, false),
    ])
}

/// Such rows that are not written yet.
#[derive(Debug, Default)]
pub(crate) struct Apart {
    row: UInt64Builder,
    part: UInt64Builder,
}

impl Apart {
    /// Notes a row, unless the part is 0: that row is trained on.
    pub(crate) fn note(&mut self, row: u64, part: usize) {
        if part > 0 {
            self.row.append_value(row);
            self.part.append_value(part as u64);
        }
    }

    /// The rows since the last time.
    pub(crate) fn take(&mut self) -> Result<RecordBatch> {
        let (rows, parts) = (self.row.finish(), self.part.finish());
        Ok(RecordBatch::try_new(
            schema(),
            vec![Arc::new(rows), Arc::new(parts)],
        )?)
    }
}

/// A file of such rows.
pub(crate) fn file(path: &Path) -> Result<TableFile> {
    TableFile::create(path, schema())
}
