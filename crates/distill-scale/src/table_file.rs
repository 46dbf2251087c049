//! A table written as one file.

use std::path::Path;

use datafusion::{
    arrow::{array::RecordBatch, datatypes::SchemaRef},
    error::{DataFusionError, Result},
    parquet::{
        arrow::ArrowWriter,
        basic::{Compression, ZstdLevel},
        file::properties::WriterProperties,
    },
};
use stage_files::{FileError, WholeFile};

/// A file of Parquet, which is there as a whole or not at all.
pub(crate) struct TableFile {
    writer: ArrowWriter<WholeFile>,
}

impl TableFile {
    pub(crate) fn create(path: &Path, schema: SchemaRef) -> Result<Self> {
        let file = WholeFile::create(path).map_err(external)?;
        let writer = ArrowWriter::try_new(file, schema, Some(writer_properties()))?;
        Ok(Self { writer })
    }

    pub(crate) fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        Ok(self.writer.write(rows)?)
    }

    pub(crate) fn finish(self) -> Result<()> {
        self.writer.into_inner()?.finish().map_err(external)?;
        Ok(())
    }
}

fn external(error: FileError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// Small groups of rows, as one is in memory until it is written.
pub(crate) fn writer_properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(1 << 17))
        .build()
}
