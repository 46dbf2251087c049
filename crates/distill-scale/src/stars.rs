//! Which row goes behind which: the one step that looks at all near-duplicates in one order.
//!
//! `stars` of distill-data takes rows from the strongest to the weakest; each that has not gone yet stays and takes its
//! near-duplicates with it. Sorted by their stronger row, pairs can be read once for that: when a row's own pairs come, all
//! pairs that could have taken it away have been read. What is kept in memory is the set of the rows that have gone.

use std::{collections::HashSet, path::Path, sync::Arc};

use datafusion::{
    arrow::{
        array::{
            Array, ArrayBuilder, Float64Array, Float64Builder, Int64Array, Int64Builder, RecordBatch,
            UInt64Array, UInt64Builder,
        },
        datatypes::{DataType, SchemaRef},
    },
    error::{DataFusionError, Result},
    execution::SendableRecordBatchStream,
};
use futures::StreamExt;

use crate::{
    reduce::{BATCH_ROWS, table},
    table_file::TableFile,
};

/// What is written of rows that go: the row, the one it goes behind, their similarity, how many calls go with it and
/// when the first of them was made.
pub(crate) fn schema() -> SchemaRef {
    table(&[
        ("row", DataType::UInt64, false),
        ("into", DataType::UInt64, false),
        ("jaccard", DataType::Float64, false),
        ("calls", DataType::UInt64, false),
        ("first_call", DataType::Int64, true),
    ])
}

/// Rows that go, by column.
#[derive(Debug, Default)]
struct Merged {
    row: UInt64Builder,
    into: UInt64Builder,
    jaccard: Float64Builder,
    calls: UInt64Builder,
    first_call: Int64Builder,
}

impl Merged {
    fn batch(&mut self) -> Result<RecordBatch> {
        Ok(RecordBatch::try_new(
            schema(),
            vec![
                Arc::new(self.row.finish()),
                Arc::new(self.into.finish()),
                Arc::new(self.jaccard.finish()),
                Arc::new(self.calls.finish()),
                Arc::new(self.first_call.finish()),
            ],
        )?)
    }
}

/// Reads pairs (`centre`, `weaker`, `jaccard`, `weaker_calls`, `weaker_first_call`) by falling strength of the centre and writes who goes.
pub(crate) async fn write_merged(mut pairs: SendableRecordBatchStream, path: &Path) -> Result<u64> {
    let mut file = TableFile::create(path, schema())?;
    let mut gone: HashSet<u64> = HashSet::new();
    let mut merged = Merged::default();
    while let Some(batch) = pairs.next().await {
        let batch = batch?;
        let centres: &UInt64Array = column(&batch, "centre")?;
        let weaker: &UInt64Array = column(&batch, "weaker")?;
        let jaccards: &Float64Array = column(&batch, "jaccard")?;
        let calls: &UInt64Array = column(&batch, "weaker_calls")?;
        let first_calls: &Int64Array = column(&batch, "weaker_first_call")?;
        for index in 0..batch.num_rows() {
            let (centre, row) = (centres.value(index), weaker.value(index));
            if !gone.contains(&centre) && gone.insert(row) {
                merged.row.append_value(row);
                merged.into.append_value(centre);
                merged.jaccard.append_value(jaccards.value(index));
                merged.calls.append_value(calls.value(index));
                let first_call = first_calls.is_valid(index).then(|| first_calls.value(index));
                merged.first_call.append_option(first_call);
            }
        }
        if merged.row.len() >= BATCH_ROWS {
            file.write(&merged.batch()?)?;
        }
    }
    file.write(&merged.batch()?)?;
    file.finish()?;
    Ok(gone.len() as u64)
}

fn column<'b, A: Array + 'static>(batch: &'b RecordBatch, name: &str) -> Result<&'b A> {
    let found = batch.column_by_name(name);
    let found = found.and_then(|array| array.as_any().downcast_ref::<A>());
    found.ok_or_else(|| {
        DataFusionError::Plan(format!("pairs have no column {name} of the type that is needed"))
    })
}

#[cfg(test)]
mod tests;
