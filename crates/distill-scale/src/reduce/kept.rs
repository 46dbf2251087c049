//! What is known of the call that a row keeps: no rule looks at it, and it passes through the stages to the outcome.

use std::sync::Arc;

use datafusion::arrow::{
    array::{
        Array, ArrayRef, Float64Array, Float64Builder, Int64Array, Int64Builder, RecordBatch, StringArray,
        StringBuilder, UInt64Array, UInt64Builder,
    },
    datatypes::DataType,
};
use distill_data::Confidence;

use super::columns::{Columns, float, text};
use crate::ReduceError;

/// Names and types of the columns, any of which may be null.
pub(crate) const KEPT: [(&str, DataType); 9] = [
    ("confidence_kind", DataType::Utf8),
    ("probabilities", DataType::Utf8),
    ("first_call", DataType::Int64),
    ("log", DataType::UInt64),
    ("file", DataType::Utf8),
    ("line", DataType::UInt64),
    ("id_in_log", DataType::Utf8),
    ("question", DataType::Utf8),
    ("weight", DataType::Float64),
];

/// What a row keeps beside its text and its label.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Kept {
    /// Where its confidence comes from.
    pub(crate) confidence_kind: Option<String>,
    /// Probabilities by label, as JSON.
    pub(crate) probabilities: Option<String>,
    /// When the first of its calls was made, in milliseconds since 1970.
    pub(crate) first_call: Option<i64>,
    /// The number and the name of the log and the line of its call.
    pub(crate) log: Option<u64>,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u64>,
    /// The id that the log gives the call, and which of its questions it is.
    pub(crate) id_in_log: Option<String>,
    pub(crate) question: Option<String>,
    /// The greatest weight of the logs that hold one of its calls.
    pub(crate) weight: Option<f64>,
}

impl Kept {
    /// A confidence of the kind that the row's is of; `None` where nothing is known.
    pub(crate) fn confidence(&self, value: Option<f64>) -> Option<Confidence> {
        let kind = serde_json::from_value(self.confidence_kind.as_deref()?.into()).ok()?;
        value.map(|value| Confidence { value, kind })
    }
}

/// The columns of a batch.
#[derive(Debug)]
pub(crate) struct KeptColumns<'b> {
    confidence_kind: &'b StringArray,
    probabilities: &'b StringArray,
    first_call: &'b Int64Array,
    log: &'b UInt64Array,
    file: &'b StringArray,
    line: &'b UInt64Array,
    id_in_log: &'b StringArray,
    question: &'b StringArray,
    weight: &'b Float64Array,
}

impl<'b> KeptColumns<'b> {
    pub(crate) fn of(stage: &'static str, batch: &'b RecordBatch) -> Result<Self, ReduceError> {
        let columns = Columns { stage, batch };
        Ok(Self {
            confidence_kind: columns.of("confidence_kind")?,
            probabilities: columns.of("probabilities")?,
            first_call: columns.of("first_call")?,
            log: columns.of("log")?,
            file: columns.of("file")?,
            line: columns.of("line")?,
            id_in_log: columns.of("id_in_log")?,
            question: columns.of("question")?,
            weight: columns.of("weight")?,
        })
    }

    pub(crate) fn at(&self, row: usize) -> Kept {
        let owned = |array: &StringArray| text(array, row).map(str::to_owned);
        Kept {
            confidence_kind: owned(self.confidence_kind),
            probabilities: owned(self.probabilities),
            first_call: self.first_call(row),
            log: number(self.log, row),
            file: owned(self.file),
            line: number(self.line, row),
            id_in_log: owned(self.id_in_log),
            question: owned(self.question),
            weight: float(self.weight, row),
        }
    }

    pub(super) fn first_call(&self, row: usize) -> Option<i64> {
        self.first_call.is_valid(row).then(|| self.first_call.value(row))
    }
}

pub(super) fn number(array: &UInt64Array, row: usize) -> Option<u64> {
    array.is_valid(row).then(|| array.value(row))
}

/// The earlier of two times that may be unknown.
pub(super) fn earlier(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    one.into_iter().chain(other).min()
}

/// The columns as they are written.
#[derive(Debug, Default)]
pub(super) struct KeptBuilders {
    confidence_kind: StringBuilder,
    probabilities: StringBuilder,
    first_call: Int64Builder,
    log: UInt64Builder,
    file: StringBuilder,
    line: UInt64Builder,
    id_in_log: StringBuilder,
    question: StringBuilder,
    weight: Float64Builder,
}

impl KeptBuilders {
    pub(super) fn append(&mut self, kept: &Kept) {
        self.confidence_kind
            .append_option(kept.confidence_kind.as_deref());
        self.probabilities.append_option(kept.probabilities.as_deref());
        self.first_call.append_option(kept.first_call);
        self.log.append_option(kept.log);
        self.file.append_option(kept.file.as_deref());
        self.line.append_option(kept.line);
        self.id_in_log.append_option(kept.id_in_log.as_deref());
        self.question.append_option(kept.question.as_deref());
        self.weight.append_option(kept.weight);
    }

    pub(super) fn finish(&mut self) -> [ArrayRef; 9] {
        [
            Arc::new(self.confidence_kind.finish()),
            Arc::new(self.probabilities.finish()),
            Arc::new(self.first_call.finish()),
            Arc::new(self.log.finish()),
            Arc::new(self.file.finish()),
            Arc::new(self.line.finish()),
            Arc::new(self.id_in_log.finish()),
            Arc::new(self.question.finish()),
            Arc::new(self.weight.finish()),
        ]
    }
}
