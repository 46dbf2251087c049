//! Rows of fates as lines of files.

use std::{collections::HashMap, path::Path};

use datafusion::arrow::array::{BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array};
use distill_data::{CallTime, Confidence, TrainRow, WeightByCalls};
use task_spec::{Example, Message, Source, Task};

use super::{DoubtfulRow, REVIEW, questions::Joined};
use crate::{
    ReduceError, ScaleError,
    doubts::DOUBTFUL,
    functions::id_of,
    reduce::{Columns, Kept, KeptColumns, float, text},
};

const STAGE: &str = "export";

/// A line, and of which kind.
#[derive(Debug)]
pub(super) enum Line {
    Kept(Box<TrainRow>),
    Doubtful(Box<DoubtfulRow>),
}

/// What is known of rows beside their fates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'b> {
    /// For each row with a near-duplicate that stays too the first row of its cluster.
    pub(super) cluster_of: &'b HashMap<u64, u64>,
    pub(super) joined: &'b Joined,
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
    others: &'b StringArray,
    jaccards: &'b Float64Array,
    shares: &'b Float64Array,
    suggested: &'b StringArray,
    suggested_probabilities: &'b Float64Array,
    given_probabilities: &'b Float64Array,
    chances: &'b Float64Array,
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
            others: columns.of("other")?,
            jaccards: columns.of("jaccard")?,
            shares: columns.of("own_share")?,
            suggested: columns.of("suggested")?,
            suggested_probabilities: columns.of("suggested_probability")?,
            given_probabilities: columns.of("given_probability")?,
            chances: columns.of("chance_wrong")?,
            kept: KeptColumns::of(STAGE, batch)?,
        })
    }

    /// The name of the file that a row belongs to, and its line. `from` is the folder of the run.
    pub(super) fn at(&self, index: usize, from: &Path) -> Result<(&'b str, Line), ScaleError> {
        let fate = self.fates.value(index);
        let label = self.labels.value(index);
        if !self.task.labels().names().any(|name| name == label) {
            return Err(ScaleError::Label {
                path: from.to_owned(),
                label: label.to_owned(),
            });
        }
        let kept = self.kept.at(index);
        let [confidence, reported] =
            [self.confidences, self.reported].map(|values| kept.confidence(float(values, index)));
        Ok(match DOUBTFUL.contains(&fate) {
            true => (
                REVIEW,
                Line::Doubtful(Box::new(self.doubtful(index, kept, confidence))),
            ),
            false => (fate, Line::Kept(Box::new(self.train_row(index, kept, reported)?))),
        })
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

    fn doubtful(&self, index: usize, kept: Kept, confidence: Option<Confidence>) -> DoubtfulRow {
        let id = self.ids.value(index);
        let row = u64::from_str_radix(id, 16).ok();
        let joins = row.and_then(|row| self.known.joined.get(&row));
        DoubtfulRow {
            id: id.to_owned(),
            input: self.inputs.value(index).to_owned(),
            label: self.labels.value(index).to_owned(),
            reason: self.fates.value(index).to_owned(),
            neighbour: text(self.others, index).map(str::to_owned),
            jaccard: float(self.jaccards, index),
            own_share: float(self.shares, index),
            suggested: text(self.suggested, index).map(str::to_owned),
            suggested_probability: float(self.suggested_probabilities, index),
            given_probability: float(self.given_probabilities, index),
            chance_wrong: float(self.chances, index),
            joins: joins.map(|&(into, _)| id_of(into)),
            calls: self.calls.value(index) as usize,
            confidence,
            source: source(kept),
        }
    }
}

/// The call, if the table said where it is.
fn source(kept: Kept) -> Option<Source> {
    Some(Source {
        file: kept.file?,
        line: kept.line?,
        call: kept.id_in_log,
        question: kept.question,
    })
}
