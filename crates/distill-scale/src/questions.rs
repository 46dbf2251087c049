//! What a person is asked: rows in doubt and rows drawn for the audit, with what is known of them and the rows behind them.

use std::{collections::BTreeMap, sync::Arc};

use datafusion::{
    arrow::{
        array::{
            Array, ArrayRef, BooleanArray, Float64Array, Int32Array, ListArray, RecordBatch, StringArray,
            UInt64Array,
        },
        datatypes::{DataType, Field},
    },
    error::{DataFusionError, Result},
    logical_expr::SortExpr,
    prelude::col,
};
use distill_data::{LabelDoubt, QueuedQuestion, likely_label};
use task_spec::LabelSet;

use crate::{
    ReduceError,
    doubts::{DOUBTFUL, doubt},
    label_numbers::number_of,
    reduce::{Columns, float, text},
};

const STAGE: &str = "questions";

/// The folder of the questions, in that of a run: what is known of each row that is asked about, and the columns of [`Placed`].
pub(crate) const QUESTIONS: &str = "work/questions";

/// The folder of the rows that stand behind others which are asked about, and join their question or are merged into them: `behind`,
/// the calls of its own as `own_calls`, its `input`, and where the question stands.
pub(crate) const BEHIND: &str = "work/behind";

/// A question in its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Placed {
    /// The row that is asked about.
    pub(crate) row: u64,
    /// Whether that is for the audit.
    pub(crate) is_audit: bool,
    /// In the queue or in the draw, from 0.
    pub(crate) place: u64,
    pub(crate) question: QueuedQuestion,
}

impl Placed {
    /// The columns of questions, behind those of their rows.
    pub(crate) fn fields() -> [Field; 6] {
        let [is_audit, place] = Self::place_fields();
        let float = |name: &str| Field::new(name, DataType::Float64, false);
        [
            is_audit,
            place,
            Field::new("settles", DataType::UInt64, false),
            float("chance"),
            float("value"),
            float("minutes"),
        ]
    }

    /// The columns that say where questions stand.
    pub(crate) fn place_fields() -> [Field; 2] {
        [
            Field::new("is_audit", DataType::Boolean, false),
            Field::new("place", DataType::UInt64, false),
        ]
    }

    pub(crate) fn columns(questions: &[&Self]) -> Vec<ArrayRef> {
        let number = |value: fn(&Self) -> u64| -> ArrayRef {
            Arc::new(UInt64Array::from_iter_values(
                questions.iter().copied().map(value),
            ))
        };
        let float = |value: fn(&Self) -> f64| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(
                questions.iter().copied().map(value),
            ))
        };
        let is_audit: BooleanArray = questions.iter().map(|row| Some(row.is_audit)).collect();
        vec![
            Arc::new(is_audit),
            number(|row| row.place),
            number(|row| row.question.calls as u64),
            float(|row| row.question.chance_wrong),
            float(|row| row.question.value),
            float(|row| row.question.minutes),
        ]
    }
}

/// In which order a person is shown the rows behind a question: those that most calls are about come first.
pub(crate) fn most_calls_first() -> [SortExpr; 2] {
    [
        col("own_calls").sort(false, false),
        col("behind").sort(true, false),
    ]
}

/// In which order questions are read from a folder: the audit as it was drawn, then the queue.
pub(crate) fn by_place() -> [SortExpr; 2] {
    [col("is_audit").sort(false, false), col("place").sort(true, false)]
}

/// Rows that are asked about, with what speaks for and against their labels.
#[derive(Debug)]
pub(crate) struct AskedRows<'b> {
    labels_of_task: &'b LabelSet,
    pub(crate) asked: &'b UInt64Array,
    pub(crate) labels: &'b StringArray,
    pub(crate) fates: &'b StringArray,
    pub(crate) calls: &'b UInt64Array,
    pub(crate) confidences: &'b Float64Array,
    pub(crate) suggested: &'b StringArray,
    pub(crate) against_labels: &'b StringArray,
    shares: &'b Float64Array,
    chances: &'b Float64Array,
    probabilities: &'b StringArray,
    voted: &'b ListArray,
    support: &'b ListArray,
}

impl<'b> AskedRows<'b> {
    pub(crate) fn of(batch: &'b RecordBatch, labels_of_task: &'b LabelSet) -> Result<Self, ReduceError> {
        let columns = Columns { stage: STAGE, batch };
        Ok(Self {
            labels_of_task,
            asked: columns.of("asked")?,
            labels: columns.of("label")?,
            fates: columns.of("fate")?,
            calls: columns.of("calls")?,
            confidences: columns.of("confidence")?,
            suggested: columns.of("suggested")?,
            against_labels: columns.of("against_label")?,
            shares: columns.of("own_share")?,
            chances: columns.of("chance_wrong")?,
            probabilities: columns.of("probabilities")?,
            voted: columns.of("labels")?,
            support: columns.of("support")?,
        })
    }

    /// Why the label of a row is in doubt; one that no rule has anything against was drawn for the audit.
    pub(crate) fn doubt(&self, index: usize) -> Result<LabelDoubt> {
        let fate = self.fates.value(index);
        let confidence = float(self.confidences, index);
        if !DOUBTFUL.contains(&fate) {
            return Ok(LabelDoubt::Drawn { confidence });
        }
        let known = [float(self.shares, index), confidence, float(self.chances, index)];
        let found = doubt(fate, known);
        found.ok_or_else(|| DataFusionError::Plan(format!("nothing is known of a row in doubt for {fate}")))
    }

    pub(crate) fn number(&self, name: &str) -> Result<usize> {
        number_of(self.labels_of_task, name)
    }

    /// The number of the label that is most likely right if the row's own is wrong.
    pub(crate) fn likely(&self, index: usize) -> Result<Option<usize>> {
        let against = match self.fates.value(index) {
            "near_conflict" => text(self.against_labels, index),
            "suspect_label" => text(self.suggested, index),
            _ => None,
        };
        let against = against.map(|name| self.number(name)).transpose()?;
        let mut distribution = BTreeMap::new();
        if let Some(json) = text(self.probabilities, index) {
            let named: BTreeMap<String, f64> = serde_json::from_str(json).map_err(ReduceError::from)?;
            for (name, probability) in named {
                distribution.insert(self.number(&name)?, probability);
            }
        }
        let label = self.number(self.labels.value(index))?;
        let support = self.support(index)?;
        Ok(likely_label(label, against, &distribution, &support))
    }

    /// What the calls say together for each label.
    pub(crate) fn support(&self, index: usize) -> Result<BTreeMap<usize, f64>> {
        let lacks = |column| ReduceError::Column { stage: STAGE, column };
        let (labels, weights) = (self.voted.value(index), self.support.value(index));
        let labels = labels.as_any().downcast_ref::<Int32Array>();
        let weights = weights.as_any().downcast_ref::<Float64Array>();
        let labels = labels.ok_or_else(|| lacks("labels"))?;
        let weights = weights.ok_or_else(|| lacks("support"))?;
        let known = labels.values().iter().zip(weights.values());
        let known = known.map(|(&label, &weight)| match usize::try_from(label) {
            Ok(label) => Ok((label, weight)),
            Err(error) => Err(DataFusionError::External(Box::new(error))),
        });
        known.collect()
    }
}
