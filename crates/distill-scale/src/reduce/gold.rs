//! Texts that are near the gold set, as a fold that holds all of the gold set and some texts at a time.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::{
    array::{
        ArrayBuilder, BooleanBuilder, Float64Builder, RecordBatch, StringArray, StringBuilder, UInt64Array,
        UInt64Builder,
    },
    datatypes::{DataType, SchemaRef},
};
use near_texts::{JaccardThreshold, NearPair, gold_neighbours, normalise};

use super::{
    Reducer,
    columns::{Columns, table},
};
use crate::ReduceError;

/// How many texts are compared with the gold set at once: each time, something is computed of every gold row.
const AT_ONCE: usize = 1 << 16;

/// Each text with each gold row that a certificate lists, by rising row, then gold row.
pub(crate) fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        table(&[
            ("row", DataType::UInt64, false),
            ("text", DataType::Utf8, false),
            // The place in the gold set.
            ("gold", DataType::UInt64, false),
            ("jaccard", DataType::Float64, false),
            ("exact", DataType::Boolean, false),
            // Whether the text is rejected because of this gold row, which can be so of one of its gold rows only.
            ("leaks", DataType::Boolean, false),
        ])
    });
    Arc::clone(&SCHEMA)
}

/// The fold.
#[derive(Debug)]
pub(super) struct Gold {
    /// Normalised.
    gold: Vec<String>,
    threshold: JaccardThreshold,
    rows: Vec<u64>,
    texts: Vec<String>,
    done: Done,
}

/// Pairs that were found, by column.
#[derive(Debug, Default)]
struct Done {
    row: UInt64Builder,
    text: StringBuilder,
    gold: UInt64Builder,
    jaccard: Float64Builder,
    exact: BooleanBuilder,
    leaks: BooleanBuilder,
}

impl Gold {
    pub(super) fn new(gold: &[String], threshold: JaccardThreshold) -> Self {
        Self {
            gold: gold.iter().map(|text| normalise(text)).collect(),
            threshold,
            rows: Vec::new(),
            texts: Vec::new(),
            done: Done::default(),
        }
    }

    /// Finds the pairs of the texts so far and forgets these.
    fn join(&mut self) {
        let mut pairs = gold_neighbours(&self.gold, &self.texts, self.threshold);
        pairs.sort_unstable_by_key(|pair| (pair.right, pair.left));
        for of_text in pairs.chunk_by(|a, b| a.right == b.right) {
            let leaks = nearest(of_text).filter(|pair| pair.jaccard >= self.threshold.get());
            for pair in of_text {
                let text = &self.texts[pair.right];
                self.done.row.append_value(self.rows[pair.right]);
                self.done.text.append_value(text);
                self.done.gold.append_value(pair.left as u64);
                self.done.jaccard.append_value(pair.jaccard);
                self.done.exact.append_value(*text == self.gold[pair.left]);
                self.done
                    .leaks
                    .append_value(leaks.is_some_and(|nearest| nearest.left == pair.left));
            }
        }
        self.rows.clear();
        self.texts.clear();
    }
}

/// The pair of a text's nearest gold row; of equally near ones that of the first in the gold set, by which pairs are sorted.
fn nearest(of_text: &[NearPair]) -> Option<&NearPair> {
    of_text
        .iter()
        .reduce(|best, pair| if pair.jaccard > best.jaccard { pair } else { best })
}

impl Reducer for Gold {
    fn push(&mut self, batch: &RecordBatch) -> Result<(), ReduceError> {
        let columns = Columns {
            stage: "gold join",
            batch,
        };
        let rows: &UInt64Array = columns.of("row")?;
        let texts: &StringArray = columns.of("text")?;
        self.rows.extend_from_slice(rows.values());
        let texts = texts.iter().map(|text| text.unwrap_or_default().to_owned());
        self.texts.extend(texts);
        if self.rows.len() >= AT_ONCE {
            self.join();
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ReduceError> {
        self.join();
        Ok(())
    }

    fn take(&mut self, least: usize) -> Result<Option<RecordBatch>, ReduceError> {
        let done = &mut self.done;
        if done.row.len() < least.max(1) {
            return Ok(None);
        }
        let batch = RecordBatch::try_new(
            schema(),
            vec![
                Arc::new(done.row.finish()),
                Arc::new(done.text.finish()),
                Arc::new(done.gold.finish()),
                Arc::new(done.jaccard.finish()),
                Arc::new(done.exact.finish()),
                Arc::new(done.leaks.finish()),
            ],
        )?;
        Ok(Some(batch))
    }
}
