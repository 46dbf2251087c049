//! Calls of one text become a row: `gather` of distill-data, as a fold over its [`TextVotes`].

use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, LazyLock},
};

use datafusion::arrow::{
    array::{
        Array, ArrayRef, BinaryArray, BooleanArray, BooleanBuilder, Float64Array, Float64Builder,
        Int32Builder, Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder, UInt32Builder,
        UInt64Array, UInt64Builder,
    },
    datatypes::{DataType, SchemaRef},
};
use distill_data::{Ballot, CallTime, TextLabel, TextVotes};
use near_texts::shingle_count;

use super::{
    Reducer,
    columns::{Columns, float, list_of, table_with_kept, text},
    kept::{Kept, KeptBuilders, earlier, number},
};
use crate::ReduceError;

const STAGE: &str = "votes";

/// By rising id, each once in all partitions.
pub(crate) fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        table_with_kept(&[
            ("row", DataType::UInt64, false),
            ("text", DataType::Utf8, false),
            ("input", DataType::Utf8, false),
            ("label", DataType::Int32, false),
            ("by_person", DataType::Boolean, false),
            ("decided", DataType::Boolean, false),
            ("calls", DataType::UInt64, false),
            ("confidence", DataType::Float64, true),
            ("reported", DataType::Float64, true),
            ("label_share", DataType::Float64, false),
            ("shingles", DataType::UInt32, false),
            ("labels", list_of(DataType::Int32), false),
            ("support", list_of(DataType::Float64), false),
        ])
    });
    Arc::clone(&SCHEMA)
}

/// The text whose calls are being read.
#[derive(Debug)]
struct Text {
    row: u64,
    text: String,
    /// With the input and the place of a call that may be kept.
    votes: TextVotes<(String, Kept)>,
    first_call: Option<i64>,
    /// The greatest of the logs.
    weight: f64,
}

/// The fold.
#[derive(Debug)]
pub(super) struct Votes {
    majority: f64,
    labels: Vec<String>,
    open: Option<Text>,
    done: Done,
}

impl Votes {
    pub(super) fn new(majority: f64, labels: Vec<String>) -> Self {
        Self {
            majority,
            labels,
            open: None,
            done: Done::default(),
        }
    }

    fn close(&mut self) -> Result<(), ReduceError> {
        let Some(Text {
            row,
            text,
            votes,
            first_call,
            weight,
        }) = self.open.take()
        else {
            return Ok(());
        };
        let Some(mut found) = votes.finish() else {
            return Ok(());
        };
        let (_, kept) = &mut found.kept;
        kept.first_call = first_call;
        kept.weight = Some(weight);
        kept.confidence_kind = found.confidence.map(|found| found.kind.as_str().to_owned());
        kept.probabilities = self.by_name(&found.distribution)?;
        self.done.add(row, &text, &found, self.majority);
        Ok(())
    }

    /// Probabilities by the names of their labels, as JSON; `None` where there are none.
    fn by_name(&self, distribution: &BTreeMap<usize, f64>) -> Result<Option<String>, ReduceError> {
        if distribution.is_empty() {
            return Ok(None);
        }
        let named: BTreeMap<&str, f64> = distribution
            .iter()
            .filter_map(|(&label, &probability)| Some((self.labels.get(label)?.as_str(), probability)))
            .collect();
        Ok(Some(serde_json::to_string(&named)?))
    }

    /// The text of this row, begun if it is a new one.
    fn text(&mut self, row: u64, text: &str) -> Result<&mut Text, ReduceError> {
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
            self.close()?;
        }
        Ok(self.open.get_or_insert_with(|| Text {
            row,
            text: text.to_owned(),
            votes: TextVotes::default(),
            first_call: None,
            weight: 0.0,
        }))
    }
}

impl Reducer for Votes {
    fn push(&mut self, batch: &RecordBatch) -> Result<(), ReduceError> {
        let columns = Columns { stage: STAGE, batch };
        let rows: &UInt64Array = columns.of("row")?;
        let texts: &StringArray = columns.of("text")?;
        let inputs: &StringArray = columns.of("input")?;
        let ballots: &BinaryArray = columns.of("ballot")?;
        // Confidence as it was before it was calibrated, where it was.
        let reported: Option<&BinaryArray> = columns.of("reported").ok();
        let persons: &BooleanArray = columns.of("by_person")?;
        let times: &Int64Array = columns.of("time_ms")?;
        let logs: &UInt64Array = columns.of("log")?;
        let files: &StringArray = columns.of("file")?;
        let lines: &UInt64Array = columns.of("line")?;
        let ids: &StringArray = columns.of("id")?;
        let questions: &StringArray = columns.of("question")?;
        let weights: &Float64Array = columns.of("weight")?;
        for index in 0..batch.num_rows() {
            let ballot = ballot_at(ballots, "ballot", index)?;
            let reported = match reported {
                Some(reported) => ballot_at(reported, "reported", index)?.confidence,
                None => ballot.confidence,
            };
            let open = self.text(rows.value(index), texts.value(index))?;
            // A time that no log has is unknown, and so the first of none.
            let time = times.is_valid(index).then(|| times.value(index));
            let time = time.filter(|&time| CallTime::from_unix_ms(time).is_some());
            open.first_call = earlier(open.first_call, time);
            let weight = float(weights, index).filter(|weight| weight.is_finite() && *weight > 0.0);
            open.weight = open.weight.max(weight.unwrap_or(1.0));
            let by_person = persons.value(index);
            open.votes.add_calibrated(&ballot, reported, by_person, || {
                let owned = |array: &StringArray| text(array, index).map(str::to_owned);
                let kept = Kept {
                    log: number(logs, index),
                    file: owned(files),
                    line: number(lines, index),
                    id_in_log: owned(ids),
                    question: owned(questions),
                    ..Kept::default()
                };
                (inputs.value(index).to_owned(), kept)
            });
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ReduceError> {
        self.close()
    }

    fn take(&mut self, least: usize) -> Result<Option<RecordBatch>, ReduceError> {
        (self.done.count >= least.max(1))
            .then(|| self.done.batch())
            .transpose()
    }
}

fn ballot_at(keys: &BinaryArray, column: &'static str, index: usize) -> Result<Ballot, ReduceError> {
    Ballot::from_key(keys.value(index)).ok_or(ReduceError::Column { stage: STAGE, column })
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
    reported: Float64Builder,
    label_share: Float64Builder,
    shingles: UInt32Builder,
    labels: ListBuilder<Int32Builder>,
    support: ListBuilder<Float64Builder>,
    kept: KeptBuilders,
    count: usize,
}

impl Default for Done {
    fn default() -> Self {
        Self {
            row: UInt64Builder::new(),
            text: StringBuilder::new(),
            input: StringBuilder::new(),
            label: Int32Builder::new(),
            by_person: BooleanBuilder::new(),
            decided: BooleanBuilder::new(),
            calls: UInt64Builder::new(),
            confidence: Float64Builder::new(),
            reported: Float64Builder::new(),
            label_share: Float64Builder::new(),
            shingles: UInt32Builder::new(),
            labels: ListBuilder::new(Int32Builder::new()),
            support: ListBuilder::new(Float64Builder::new()),
            kept: KeptBuilders::default(),
            count: 0,
        }
    }
}

impl Done {
    fn add(&mut self, row: u64, text: &str, found: &TextLabel<(String, Kept)>, majority: f64) {
        let (input, kept) = &found.kept;
        self.row.append_value(row);
        self.text.append_value(text);
        self.input.append_value(input);
        self.label.append_value(found.label as i32);
        self.by_person.append_value(found.by_person);
        self.decided.append_value(found.share >= majority);
        self.calls.append_value(found.calls as u64);
        self.confidence
            .append_option(found.confidence.map(|found| found.value));
        self.reported
            .append_option(found.reported.map(|found| found.value));
        self.label_share.append_value(found.share);
        self.shingles.append_value(shingle_count(text) as u32);
        for (&label, &weight) in &found.support {
            self.labels.values().append_value(label as i32);
            self.support.values().append_value(weight);
        }
        self.labels.append(true);
        self.support.append(true);
        self.kept.append(kept);
        self.count += 1;
    }

    fn batch(&mut self) -> Result<RecordBatch, ReduceError> {
        let mut done = mem::take(self);
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(done.row.finish()),
            Arc::new(done.text.finish()),
            Arc::new(done.input.finish()),
            Arc::new(done.label.finish()),
            Arc::new(done.by_person.finish()),
            Arc::new(done.decided.finish()),
            Arc::new(done.calls.finish()),
            Arc::new(done.confidence.finish()),
            Arc::new(done.reported.finish()),
            Arc::new(done.label_share.finish()),
            Arc::new(done.shingles.finish()),
            Arc::new(done.labels.finish()),
            Arc::new(done.support.finish()),
        ];
        columns.extend(done.kept.finish());
        Ok(RecordBatch::try_new(schema(), columns)?)
    }
}
