//! Texts of one key become pairs: the near join of near-texts, as a fold.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::{
    array::{Array, Float64Builder, RecordBatch, StringArray, UInt64Array, UInt64Builder},
    datatypes::{DataType, SchemaRef},
};
use near_texts::JoinPlan;

use super::{
    Reducer,
    columns::{Columns, table},
};
use crate::ReduceError;

/// How many texts are compared at once, if no key has more: enough to share out over threads.
const AT_ONCE: usize = 1 << 16;

/// Every pair once, the smaller id on the left.
pub(crate) fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        table(&[
            ("left", DataType::UInt64, false),
            ("right", DataType::UInt64, false),
            ("jaccard", DataType::Float64, false),
        ])
    });
    Arc::clone(&SCHEMA)
}

/// The fold.
#[derive(Debug)]
pub(super) struct Pairs {
    plan: JoinPlan,
    keys: Vec<u64>,
    rows: Vec<u64>,
    /// One after the other, and where each ends.
    texts: String,
    ends: Vec<usize>,
    left: UInt64Builder,
    right: UInt64Builder,
    jaccard: Float64Builder,
}

impl Pairs {
    pub(super) fn new(plan: JoinPlan) -> Self {
        Self {
            plan,
            keys: Vec::new(),
            rows: Vec::new(),
            texts: String::new(),
            ends: Vec::new(),
            left: UInt64Builder::new(),
            right: UInt64Builder::new(),
            jaccard: Float64Builder::new(),
        }
    }

    /// Finds the pairs of the first so many texts and forgets these.
    fn join(&mut self, count: usize) -> Result<(), ReduceError> {
        let end = |index: usize| if index == 0 { 0 } else { self.ends[index - 1] };
        let texts: Vec<&str> = (0..count)
            .map(|index| &self.texts[end(index)..end(index + 1)])
            .collect();
        for pair in self.plan.pairs(&self.keys[..count], &texts)? {
            let (a, b) = (self.rows[pair.left], self.rows[pair.right]);
            self.left.append_value(a.min(b));
            self.right.append_value(a.max(b));
            self.jaccard.append_value(pair.jaccard);
        }
        let cut = end(count);
        self.texts.drain(..cut);
        self.keys.drain(..count);
        self.rows.drain(..count);
        self.ends.drain(..count);
        self.ends.iter_mut().for_each(|end| *end -= cut);
        Ok(())
    }
}

impl Reducer for Pairs {
    fn push(&mut self, batch: &RecordBatch) -> Result<(), ReduceError> {
        let columns = Columns {
            stage: "pairs",
            batch,
        };
        let keys: &UInt64Array = columns.of("key")?;
        let rows: &UInt64Array = columns.of("row")?;
        let texts: &StringArray = columns.of("text")?;
        self.keys.extend_from_slice(keys.values());
        self.rows.extend_from_slice(rows.values());
        for index in 0..texts.len() {
            self.texts.push_str(texts.value(index));
            self.ends.push(self.texts.len());
        }
        if self.keys.len() >= AT_ONCE {
            // The last key may go on in the next batch.
            let last = self.keys[self.keys.len() - 1];
            let whole = self.keys.partition_point(|&key| key < last);
            if whole >= AT_ONCE / 2 {
                self.join(whole)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ReduceError> {
        self.join(self.keys.len())
    }

    fn take(&mut self, least: usize) -> Result<Option<RecordBatch>, ReduceError> {
        if datafusion::arrow::array::ArrayBuilder::len(&self.left) < least.max(1) {
            return Ok(None);
        }
        let batch = RecordBatch::try_new(
            schema(),
            vec![
                Arc::new(self.left.finish()),
                Arc::new(self.right.finish()),
                Arc::new(self.jaccard.finish()),
            ],
        )?;
        Ok(Some(batch))
    }
}
