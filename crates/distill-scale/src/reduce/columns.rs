//! The columns of a batch, by name and type.

use std::sync::Arc;

use datafusion::arrow::{
    array::{Array, Float64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema, SchemaRef},
};

use super::kept::KEPT;
use crate::ReduceError;

/// The columns of a stage's input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns<'b> {
    pub(crate) stage: &'static str,
    pub(crate) batch: &'b RecordBatch,
}

impl<'b> Columns<'b> {
    pub(crate) fn of<A: Array + 'static>(&self, column: &'static str) -> Result<&'b A, ReduceError> {
        let found = self.batch.column_by_name(column);
        found
            .and_then(|array| array.as_any().downcast_ref::<A>())
            .ok_or(ReduceError::Column {
                stage: self.stage,
                column,
            })
    }
}

pub(crate) fn float(array: &Float64Array, row: usize) -> Option<f64> {
    array.is_valid(row).then(|| array.value(row))
}

pub(crate) fn text(array: &StringArray, row: usize) -> Option<&str> {
    array.is_valid(row).then(|| array.value(row))
}

/// A table of these columns, any of which may be null where its type has a `?`.
pub(crate) fn table(columns: &[(&str, DataType, bool)]) -> SchemaRef {
    let fields = columns
        .iter()
        .map(|(name, kind, may_be_null)| Field::new(*name, kind.clone(), *may_be_null));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The same with the columns of what a row keeps behind them.
pub(super) fn table_with_kept(columns: &[(&str, DataType, bool)]) -> SchemaRef {
    let kept = KEPT.map(|(name, kind)| (name, kind, true));
    table(&[columns, &kept].concat())
}

/// A list of values, none of which is null.
pub(super) fn list_of(kind: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(kind, true)))
}
