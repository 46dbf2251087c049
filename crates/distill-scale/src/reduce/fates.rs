//! What is known of a row becomes its fate: the rules of `curate`, in their order.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::{
    array::{
        ArrayBuilder, ArrayRef, BooleanArray, BooleanBuilder, Float64Array, Float64Builder, Int8Array,
        Int32Array, RecordBatch, StringArray, StringBuilder, UInt64Array, UInt64Builder,
    },
    datatypes::{DataType, SchemaRef},
};
use distill_data::{ConfidenceDoubt, ConfidenceRule};

use super::{
    Reducer,
    columns::{Columns, float, table_with_kept, text},
    kept::{Kept, KeptBuilders, KeptColumns, earlier},
};
use crate::ReduceError;

const STAGE: &str = "fates";

/// What a line says of its row. A row's own line comes first.
pub(crate) mod part {
    /// The row itself.
    pub(crate) const ROW: i8 = 0;
    /// Its near-duplicates outweigh it.
    pub(crate) const CONTRADICTED: i8 = 1;
    /// It stands behind another.
    pub(crate) const MERGED: i8 = 2;
    /// Another stands behind it.
    pub(crate) const FOLLOWED: i8 = 3;
    /// It is near a gold row.
    pub(crate) const LEAKS: i8 = 4;
    /// A split keeps it from training.
    pub(crate) const APART: i8 = 5;
    /// A model of the other rows contradicts its label.
    pub(crate) const SUSPECT: i8 = 6;
}

/// By rising id, each once in all partitions.
pub(crate) fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        table_with_kept(&[
            ("id", DataType::Utf8, false),
            ("input", DataType::Utf8, false),
            ("label", DataType::Utf8, false),
            ("calls", DataType::UInt64, false),
            ("confidence", DataType::Float64, true),
            ("reported", DataType::Float64, true),
            ("by_person", DataType::Boolean, false),
            ("fate", DataType::Utf8, false),
            ("other", DataType::Utf8, true),
            ("jaccard", DataType::Float64, true),
            ("own_share", DataType::Float64, true),
            ("suggested", DataType::Utf8, true),
            ("suggested_probability", DataType::Float64, true),
            ("given_probability", DataType::Float64, true),
            ("chance_wrong", DataType::Float64, true),
        ])
    });
    Arc::clone(&SCHEMA)
}

/// The row that is being read.
#[derive(Debug)]
struct Open {
    row: u64,
    input: String,
    label: i32,
    by_person: bool,
    decided: bool,
    calls: u64,
    confidence: Option<f64>,
    reported: Option<f64>,
    label_share: f64,
    kept: Kept,
    contradicted: Option<Near>,
    merged: Option<Near>,
    leaks: Option<Near>,
    /// The number of its part, from 1.
    apart: Option<u64>,
    suspect: Option<Suspect>,
}

/// What the search for wrong labels found of a row.
#[derive(Debug, Clone, Copy)]
struct Suspect {
    /// The number of the label that is likelier.
    suggested: u64,
    suggested_probability: Option<f64>,
    given_probability: Option<f64>,
    chance_wrong: Option<f64>,
}

/// Another row that decides what becomes of one.
#[derive(Debug, Clone, Copy)]
struct Near {
    /// Its id; of a gold row its place in the gold set.
    other: u64,
    jaccard: f64,
    own_share: Option<f64>,
}

/// The fold.
#[derive(Debug)]
pub(super) struct Fates {
    confidence: ConfidenceRule,
    labels: Vec<String>,
    /// The ids of the gold rows.
    gold: Vec<String>,
    /// The names of the parts that are kept from training.
    parts: Vec<String>,
    open: Option<Open>,
    done: Done,
}

#[derive(Debug, Default)]
struct Done {
    id: StringBuilder,
    input: StringBuilder,
    label: StringBuilder,
    calls: UInt64Builder,
    confidence: Float64Builder,
    reported: Float64Builder,
    by_person: BooleanBuilder,
    fate: StringBuilder,
    other: StringBuilder,
    jaccard: Float64Builder,
    own_share: Float64Builder,
    suggested: StringBuilder,
    suggested_probability: Float64Builder,
    given_probability: Float64Builder,
    chance_wrong: Float64Builder,
    kept: KeptBuilders,
}

impl Fates {
    pub(super) fn new(
        confidence: ConfidenceRule,
        labels: Vec<String>,
        gold: Vec<String>,
        parts: Vec<String>,
    ) -> Self {
        Self {
            confidence,
            labels,
            gold,
            parts,
            open: None,
            done: Done::default(),
        }
    }

    /// The fate by its name in files, and the row that decides it.
    fn fate(&self, row: &Open) -> (&str, Option<Near>) {
        if row.leaks.is_some() {
            return ("leaks_gold", row.leaks);
        }
        if !row.decided {
            return ("conflicting_labels", None);
        }
        if row.contradicted.is_some() {
            return ("near_conflict", row.contradicted);
        }
        if row.merged.is_some() {
            return ("merged", row.merged);
        }
        let part = row
            .apart
            .and_then(|part| self.parts.get((part as usize).checked_sub(1)?));
        let kept = part.map_or("train", String::as_str);
        let doubt = match row.by_person {
            true => None,
            false => {
                let [confidence, reported] =
                    [row.confidence, row.reported].map(|value| row.kept.confidence(value));
                self.confidence.doubt(confidence, reported)
            }
        };
        let fate = match doubt {
            Some(ConfidenceDoubt::Low) => "low_confidence",
            Some(ConfidenceDoubt::Unknown) => "unknown_confidence",
            None if row.suspect.is_some() => "suspect_label",
            None => kept,
        };
        (fate, None)
    }

    /// The name of a label; empty for a number that is none.
    fn label(&self, number: Option<usize>) -> &str {
        let name = number.and_then(|number| self.labels.get(number));
        name.map_or("", String::as_str)
    }

    fn close(&mut self) {
        let Some(row) = self.open.take() else { return };
        let (fate, near) = self.fate(&row);
        let fate = fate.to_owned();
        let own_share = match fate.as_str() {
            "conflicting_labels" => Some(row.label_share),
            _ => near.and_then(|near| near.own_share),
        };
        let suspect = row.suspect.filter(|_| fate == "suspect_label");
        let label = self.label(usize::try_from(row.label).ok()).to_owned();
        let suggested = suspect.map(|suspect| self.label(usize::try_from(suspect.suggested).ok()).to_owned());
        let done = &mut self.done;
        done.id.append_value(format!("{:016x}", row.row));
        done.input.append_value(&row.input);
        done.label.append_value(label);
        done.calls.append_value(row.calls);
        done.confidence.append_option(row.confidence);
        done.reported.append_option(row.reported);
        done.by_person.append_value(row.by_person);
        done.fate.append_value(fate);
        done.other.append_option(near.map(|near| match row.leaks {
            // A place that is none would be another run's.
            Some(_) => self.gold.get(near.other as usize).cloned().unwrap_or_default(),
            None => format!("{:016x}", near.other),
        }));
        done.jaccard.append_option(near.map(|near| near.jaccard));
        done.own_share.append_option(own_share);
        done.suggested.append_option(suggested);
        done.suggested_probability
            .append_option(suspect.and_then(|suspect| suspect.suggested_probability));
        done.given_probability
            .append_option(suspect.and_then(|suspect| suspect.given_probability));
        done.chance_wrong
            .append_option(suspect.and_then(|suspect| suspect.chance_wrong));
        done.kept.append(&row.kept);
    }
}

impl Reducer for Fates {
    fn push(&mut self, batch: &RecordBatch) -> Result<(), ReduceError> {
        let columns = Columns { stage: STAGE, batch };
        let rows: &UInt64Array = columns.of("row")?;
        let parts: &Int8Array = columns.of("part")?;
        let inputs: &StringArray = columns.of("input")?;
        let labels: &Int32Array = columns.of("label")?;
        let persons: &BooleanArray = columns.of("by_person")?;
        let decided: &BooleanArray = columns.of("decided")?;
        let calls: &UInt64Array = columns.of("calls")?;
        let confidences: &Float64Array = columns.of("confidence")?;
        let others: &UInt64Array = columns.of("other")?;
        let jaccards: &Float64Array = columns.of("jaccard")?;
        let reported: &Float64Array = columns.of("reported")?;
        let shares: &Float64Array = columns.of("share")?;
        let suggested: &Float64Array = columns.of("suggested_probability")?;
        let given: &Float64Array = columns.of("given_probability")?;
        let chances: &Float64Array = columns.of("chance_wrong")?;
        let kept = KeptColumns::of(STAGE, batch)?;
        for index in 0..batch.num_rows() {
            let row = rows.value(index);
            if parts.value(index) == part::ROW {
                self.close();
                self.open = Some(Open {
                    row,
                    input: text(inputs, index).unwrap_or_default().to_owned(),
                    label: labels.value(index),
                    by_person: persons.value(index),
                    decided: decided.value(index),
                    calls: calls.value(index),
                    confidence: float(confidences, index),
                    reported: float(reported, index),
                    label_share: shares.value(index),
                    kept: kept.at(index),
                    contradicted: None,
                    merged: None,
                    leaks: None,
                    apart: None,
                    suspect: None,
                });
                continue;
            }
            let open = self.open.as_mut().filter(|open| open.row == row);
            let open = open.ok_or(ReduceError::NoRow { id: row })?;
            let near = Near {
                other: others.value(index),
                jaccard: jaccards.value(index),
                own_share: float(shares, index),
            };
            match parts.value(index) {
                part::CONTRADICTED => open.contradicted = Some(near),
                part::MERGED => open.merged = Some(near),
                part::LEAKS => open.leaks = Some(near),
                part::APART => open.apart = Some(near.other),
                part::SUSPECT => {
                    open.suspect = Some(Suspect {
                        suggested: near.other,
                        suggested_probability: float(suggested, index),
                        given_probability: float(given, index),
                        chance_wrong: float(chances, index),
                    });
                }
                _ => {
                    open.calls += calls.value(index);
                    open.kept.first_call = earlier(open.kept.first_call, kept.first_call(index));
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ReduceError> {
        self.close();
        Ok(())
    }

    fn take(&mut self, least: usize) -> Result<Option<RecordBatch>, ReduceError> {
        let done = &mut self.done;
        if done.calls.len() < least.max(1) {
            return Ok(None);
        }
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(done.id.finish()),
            Arc::new(done.input.finish()),
            Arc::new(done.label.finish()),
            Arc::new(done.calls.finish()),
            Arc::new(done.confidence.finish()),
            Arc::new(done.reported.finish()),
            Arc::new(done.by_person.finish()),
            Arc::new(done.fate.finish()),
            Arc::new(done.other.finish()),
            Arc::new(done.jaccard.finish()),
            Arc::new(done.own_share.finish()),
            Arc::new(done.suggested.finish()),
            Arc::new(done.suggested_probability.finish()),
            Arc::new(done.given_probability.finish()),
            Arc::new(done.chance_wrong.finish()),
        ];
        columns.extend(done.kept.finish());
        let batch = RecordBatch::try_new(schema(), columns)?;
        Ok(Some(batch))
    }
}
