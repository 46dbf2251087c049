//! Calls of one text become a row: `gather` of distill-data, as a fold.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, LazyLock},
};

use datafusion::arrow::{
    array::{
        ArrayRef, BooleanArray, BooleanBuilder, Float64Array, Float64Builder, Int32Array, Int32Builder,
        ListBuilder, RecordBatch, StringArray, StringBuilder, UInt32Builder, UInt64Array, UInt64Builder,
    },
    datatypes::{DataType, SchemaRef},
};
use near_texts::shingle_count;

use super::{
    Reducer,
    columns::{Columns, float, list_of, table},
};
use crate::ReduceError;

/// What a vote counts whose confidence is unknown.
const UNKNOWN_SUPPORT: f64 = 0.5;
/// The fewest calls of one text whose agreement is taken for a confidence.
const LEAST_REPEATS: u64 = 3;

/// By rising id, each once in all partitions.
pub(crate) fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        table(&[
            ("row", DataType::UInt64, false),
            ("text", DataType::Utf8, false),
            ("input", DataType::Utf8, false),
            ("label", DataType::Int32, false),
            ("by_person", DataType::Boolean, false),
            ("decided", DataType::Boolean, false),
            ("calls", DataType::UInt64, false),
            ("confidence", DataType::Float64, true),
            ("label_share", DataType::Float64, false),
            ("shingles", DataType::UInt32, false),
            ("labels", list_of(DataType::Int32), false),
            ("support", list_of(DataType::Float64), false),
        ])
    });
    Arc::clone(&SCHEMA)
}

/// What the calls of a text have said for one label.
#[derive(Debug, Default)]
struct Tally {
    support: f64,
    calls: u64,
    /// Of those, the ones with a known confidence, and the sum of it.
    known: u64,
    confidence: f64,
    /// The input of the first call that may be kept.
    input: Option<String>,
}

/// The text whose calls are being read.
#[derive(Debug)]
struct Text {
    row: u64,
    text: String,
    /// Whether a person has spoken: then only persons count. Their calls come first.
    by_person: bool,
    calls: u64,
    tallies: BTreeMap<i32, Tally>,
}

/// The share of all support that one label has; 0 where nothing supports anything.
pub(super) fn share_of(label: i32, support: &BTreeMap<i32, f64>) -> f64 {
    let all: f64 = support.values().sum();
    if all > 0.0 {
        support.get(&label).copied().unwrap_or(0.0) / all
    } else {
        0.0
    }
}

/// The fold.
#[derive(Debug)]
pub(super) struct Votes {
    majority: f64,
    open: Option<Text>,
    done: Done,
}

/// Rows that are finished, by column.
#[derive(Debug)]
struct Done {
    row: UInt64Builder,
    text: StringBuilder,
    input: StringBuilder,
    label: Int32Builder,
    by_person: BooleanBuilder,
    decided: BooleanBuilder,
    calls: UInt64Builder,
    confidence: Float64Builder,
    label_share: Float64Builder,
    shingles: UInt32Builder,
    labels: ListBuilder<Int32Builder>,
    support: ListBuilder<Float64Builder>,
    count: usize,
}

impl Votes {
    pub(super) fn new(majority: f64) -> Self {
        Self {
            majority,
            open: None,
            done: Done::new(),
        }
    }

    fn close(&mut self) {
        if let Some(text) = self.open.take() {
            self.done.add(&text, self.majority);
        }
    }

    /// The text of this row, begun if it is a new one.
    fn text(&mut self, row: u64, text: &str, by_person: bool) -> Result<&mut Text, ReduceError> {
        if let Some(open) = &self.open
            && open.row == row
            && open.text != text
        {
            return Err(ReduceError::SameId {
                id: row,
                first: open.text.clone(),
                second: text.to_owned(),
            });
        }
        if self.open.as_ref().is_some_and(|open| open.row != row) {
            self.close();
        }
        Ok(self.open.get_or_insert_with(|| Text {
            row,
            text: text.to_owned(),
            by_person,
            calls: 0,
            tallies: BTreeMap::new(),
        }))
    }
}

impl Text {
    fn add(&mut self, label: i32, by_person: bool, confidence: Option<f64>, input: &str) {
        self.calls += 1;
        let tally = self.tallies.entry(label).or_default();
        tally.calls += 1;
        if let Some(confidence) = confidence {
            tally.known += 1;
            tally.confidence += confidence;
        }
        if by_person == self.by_person {
            tally.support += if by_person {
                1.0
            } else {
                confidence.unwrap_or(UNKNOWN_SUPPORT)
            };
            tally.input.get_or_insert_with(|| input.to_owned());
        }
    }

    /// Of the labels that may be chosen, what was said for each.
    fn support(&self) -> BTreeMap<i32, f64> {
        let counted = self.tallies.iter().filter(|(_, tally)| tally.input.is_some());
        counted.map(|(&label, tally)| (label, tally.support)).collect()
    }

    /// The mean of the agreeing calls' confidence times the share of calls that agree; without any, the agreement of
    /// enough repeats.
    fn confidence(&self, tally: &Tally) -> Option<f64> {
        let (agreeing, calls) = (tally.calls as f64, self.calls as f64);
        if self.by_person {
            None
        } else if tally.known == 0 {
            (self.calls >= LEAST_REPEATS).then(|| (agreeing + 1.0) / (calls + 2.0))
        } else {
            Some((tally.confidence / tally.known as f64 * agreeing / calls).clamp(0.0, 1.0))
        }
    }
}

impl Reducer for Votes {
    fn push(&mut self, batch: &RecordBatch) -> Result<(), ReduceError> {
        let columns = Columns {
            stage: "votes",
            batch,
        };
        let rows: &UInt64Array = columns.of("row")?;
        let texts: &StringArray = columns.of("text")?;
        let inputs: &StringArray = columns.of("input")?;
        let labels: &Int32Array = columns.of("label")?;
        let persons: &BooleanArray = columns.of("by_person")?;
        let confidences: &Float64Array = columns.of("confidence")?;
        for index in 0..batch.num_rows() {
            let by_person = persons.value(index);
            self.text(rows.value(index), texts.value(index), by_person)?.add(
                labels.value(index),
                by_person,
                float(confidences, index),
                inputs.value(index),
            );
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ReduceError> {
        self.close();
        Ok(())
    }

    fn take(&mut self, least: usize) -> Result<Option<RecordBatch>, ReduceError> {
        (self.done.count >= least.max(1))
            .then(|| self.done.batch())
            .transpose()
    }
}

impl Done {
    fn new() -> Self {
        Self {
            row: UInt64Builder::new(),
            text: StringBuilder::new(),
            input: StringBuilder::new(),
            label: Int32Builder::new(),
            by_person: BooleanBuilder::new(),
            decided: BooleanBuilder::new(),
            calls: UInt64Builder::new(),
            confidence: Float64Builder::new(),
            label_share: Float64Builder::new(),
            shingles: UInt32Builder::new(),
            labels: ListBuilder::new(Int32Builder::new()),
            support: ListBuilder::new(Float64Builder::new()),
            count: 0,
        }
    }

    fn add(&mut self, text: &Text, majority: f64) {
        let support = text.support();
        // Of equal ones the first, as everywhere.
        let best = support
            .iter()
            .max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(a.0)));
        let Some((label, tally)) = best.and_then(|(&label, _)| Some((label, text.tallies.get(&label)?)))
        else {
            return;
        };
        let share = share_of(label, &support);
        self.row.append_value(text.row);
        self.text.append_value(&text.text);
        self.input
            .append_value(tally.input.as_deref().unwrap_or_default());
        self.label.append_value(label);
        self.by_person.append_value(text.by_person);
        self.decided.append_value(share >= majority);
        self.calls.append_value(text.calls);
        self.confidence.append_option(text.confidence(tally));
        self.label_share.append_value(share);
        self.shingles.append_value(shingle_count(&text.text) as u32);
        for (&label, &weight) in &support {
            self.labels.values().append_value(label);
            self.support.values().append_value(weight);
        }
        self.labels.append(true);
        self.support.append(true);
        self.count += 1;
    }

    fn batch(&mut self) -> Result<RecordBatch, ReduceError> {
        let mut done = mem::replace(self, Self::new());
        let columns: Vec<ArrayRef> = vec![
            Arc::new(done.row.finish()),
            Arc::new(done.text.finish()),
            Arc::new(done.input.finish()),
            Arc::new(done.label.finish()),
            Arc::new(done.by_person.finish()),
            Arc::new(done.decided.finish()),
            Arc::new(done.calls.finish()),
            Arc::new(done.confidence.finish()),
            Arc::new(done.label_share.finish()),
            Arc::new(done.shingles.finish()),
            Arc::new(done.labels.finish()),
            Arc::new(done.support.finish()),
        ];
        Ok(RecordBatch::try_new(schema(), columns)?)
    }
}
