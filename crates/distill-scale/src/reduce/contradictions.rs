//! Rows that their near-duplicates outweigh: `contradictions` of distill-data, as a fold over a row and its neighbours.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use datafusion::arrow::{
    array::{
        Array, ArrayBuilder, BooleanArray, Float64Array, Float64Builder, Int32Array, ListArray, RecordBatch,
        UInt64Array, UInt64Builder,
    },
    datatypes::{DataType, SchemaRef},
};

use super::{
    Reducer,
    columns::{Columns, float, table},
};
use crate::ReduceError;

const STAGE: &str = "contradictions";

/// Of rows that are outweighed, by rising id: the most similar neighbour of another label, and what support is left.
pub(crate) fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        table(&[
            ("row", DataType::UInt64, false),
            ("other", DataType::UInt64, false),
            ("jaccard", DataType::Float64, false),
            ("own_share", DataType::Float64, false),
        ])
    });
    Arc::clone(&SCHEMA)
}

/// The row whose neighbourhood is being read: its own line comes first, its neighbours' by rising id.
#[derive(Debug)]
struct Open {
    row: u64,
    label: i32,
    by_person: bool,
    support: BTreeMap<i32, f64>,
    against: Option<(f64, u64)>,
}

/// The fold.
#[derive(Debug)]
pub(super) struct Contradictions {
    majority: f64,
    open: Option<Open>,
    row: UInt64Builder,
    other: UInt64Builder,
    jaccard: Float64Builder,
    own_share: Float64Builder,
}

impl Contradictions {
    pub(super) fn new(majority: f64) -> Self {
        Self {
            majority,
            open: None,
            row: UInt64Builder::new(),
            other: UInt64Builder::new(),
            jaccard: Float64Builder::new(),
            own_share: Float64Builder::new(),
        }
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let Some((jaccard, other)) = open.against.filter(|_| !open.by_person) else {
            return;
        };
        let own_share = share_of(open.label, &open.support);
        if own_share < self.majority {
            self.row.append_value(open.row);
            self.other.append_value(other);
            self.jaccard.append_value(jaccard);
            self.own_share.append_value(own_share);
        }
    }
}

impl Reducer for Contradictions {
    fn push(&mut self, batch: &RecordBatch) -> Result<(), ReduceError> {
        let columns = Columns { stage: STAGE, batch };
        let rows: &UInt64Array = columns.of("row")?;
        let others: &UInt64Array = columns.of("other")?;
        let jaccards: &Float64Array = columns.of("jaccard")?;
        let labels: &Int32Array = columns.of("label")?;
        let persons: &BooleanArray = columns.of("by_person")?;
        let supported: &ListArray = columns.of("labels")?;
        let supports: &ListArray = columns.of("support")?;
        for index in 0..batch.num_rows() {
            let (row, label) = (rows.value(index), labels.value(index));
            let support = support_at(supported, supports, index)?;
            if others.is_null(index) {
                self.close();
                self.open = Some(Open {
                    row,
                    label,
                    by_person: persons.value(index),
                    support,
                    against: None,
                });
                continue;
            }
            let open = self.open.as_mut().filter(|open| open.row == row);
            let open = open.ok_or(ReduceError::NoRow { id: row })?;
            for (label, weight) in support {
                *open.support.entry(label).or_default() += weight;
            }
            let jaccard = float(jaccards, index).unwrap_or(0.0);
            let is_nearer = open.against.is_none_or(|(nearest, _)| jaccard > nearest);
            if label != open.label && is_nearer {
                open.against = Some((jaccard, others.value(index)));
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ReduceError> {
        self.close();
        Ok(())
    }

    fn take(&mut self, least: usize) -> Result<Option<RecordBatch>, ReduceError> {
        if self.row.len() < least.max(1) {
            return Ok(None);
        }
        let batch = RecordBatch::try_new(
            schema(),
            vec![
                Arc::new(self.row.finish()),
                Arc::new(self.other.finish()),
                Arc::new(self.jaccard.finish()),
                Arc::new(self.own_share.finish()),
            ],
        )?;
        Ok(Some(batch))
    }
}

/// The share of all support that one label has; 0 where nothing supports anything.
fn share_of(label: i32, support: &BTreeMap<i32, f64>) -> f64 {
    let all: f64 = support.values().sum();
    if all > 0.0 {
        support.get(&label).copied().unwrap_or(0.0) / all
    } else {
        0.0
    }
}

/// What the calls of a row say for each label.
fn support_at(
    labels: &ListArray,
    weights: &ListArray,
    index: usize,
) -> Result<BTreeMap<i32, f64>, ReduceError> {
    let wrong = |column| ReduceError::Column { stage: STAGE, column };
    let (labels, weights) = (labels.value(index), weights.value(index));
    let labels = labels.as_any().downcast_ref::<Int32Array>();
    let weights = weights.as_any().downcast_ref::<Float64Array>();
    let labels = labels.ok_or_else(|| wrong("labels"))?;
    let weights = weights.ok_or_else(|| wrong("support"))?;
    Ok(labels
        .values()
        .iter()
        .copied()
        .zip(weights.values().iter().copied())
        .collect())
}
