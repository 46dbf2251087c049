//! Rows of fates as lines of files.

use std::{collections::HashMap, path::Path};

use datafusion::arrow::array::{BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array};
use distill_data::{CallTime, Confidence, TrainRow, WeightByCalls};
use task_spec::{Example, Message, Source, Task};

use crate::{
    ReduceError, ScaleError,
    functions::id_of,
    reduce::{Columns, Kept, KeptColumns, float},
};

const STAGE: &str = "export";

/// What is known of rows beside their fates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'b> {
    /// For each row with a near-duplicate that stays too the first row of its cluster.
    pub(super) cluster_of: &'b HashMap<u64, u64>,
    pub(super) weight_by_calls: WeightByCalls,
}

/// A batch of fates.
#[derive(Debug)]
pub(super) struct Lines<'b> {
    task: &'b Task,
    known: Known<'b>,
    ids: &'b StringArray,
    inputs: &'b StringArray,
    labels: &'b StringArray,
    calls: &'b UInt64Array,
    confidences: &'b Float64Array,
    reported: &'b Float64Array,
    persons: &'b BooleanArray,
    fates: &'b StringArray,
    kept: KeptColumns<'b>,
}

impl<'b> Lines<'b> {
    pub(super) fn of(batch: &'b RecordBatch, task: &'b Task, known: Known<'b>) -> Result<Self, ReduceError> {
        let columns = Columns { stage: STAGE, batch };
        Ok(Self {
            task,
            known,
            ids: columns.of("id")?,
            inputs: columns.of("input")?,
            labels: columns.of("label")?,
            calls: columns.of("calls")?,
            confidences: columns.of("confidence")?,
            reported: columns.of("reported")?,
            persons: columns.of("by_person")?,
            fates: columns.of("fate")?,
            kept: KeptColumns::of(STAGE, batch)?,
        })
    }

    /// The fate of a row, which is the name of its file, and its line. `from` is the folder of the run.
    pub(super) fn at(&self, index: usize, from: &Path) -> Result<(&'b str, TrainRow), ScaleError> {
        let label = self.labels.value(index);
        if !self.task.labels().names().any(|name| name == label) {
            return Err(ScaleError::Label {
                path: from.to_owned(),
                label: label.to_owned(),
            });
        }
        let kept = self.kept.at(index);
        let reported = kept.confidence(float(self.reported, index));
        Ok((self.fates.value(index), self.train_row(index, kept, reported)?))
    }

    fn train_row(
        &self,
        index: usize,
        kept: Kept,
        reported: Option<Confidence>,
    ) -> Result<TrainRow, ScaleError> {
        let id = self.ids.value(index);
        let mut messages = self.task.prompt(self.inputs.value(index));
        messages.push(Message::assistant(self.labels.value(index)));
        let mut example = Example::new(id, messages);
        let calls = self.calls.value(index) as usize;
        example.weight = kept.weight.unwrap_or(1.0) * self.known.weight_by_calls.weight(calls);
        example.confidence = float(self.confidences, index);
        if let Some(json) = &kept.probabilities {
            let named = serde_json::from_str(json);
            example.probabilities = named.map_err(|error| ScaleError::Engine {
                stage: STAGE,
                source: Box::new(ReduceError::from(error).into()),
            })?;
        }
        let row = u64::from_str_radix(id, 16).ok();
        let first = row.and_then(|row| self.known.cluster_of.get(&row));
        example.cluster = Some(first.map_or_else(|| id.to_owned(), |&first| id_of(first)));
        let first_call = kept.first_call;
        example.source = source(kept);
        Ok(TrainRow {
            example,
            calls,
            first_call: first_call.and_then(CallTime::from_unix_ms),
            reported,
            by_person: self.persons.value(index),
        })
    }
}

/// The call, if the table said where it is.
pub(super) fn source(kept: Kept) -> Option<Source> {
    Some(Source {
        file: kept.file?,
        line: kept.line?,
        call: kept.id_in_log,
        question: kept.question,
    })
}
