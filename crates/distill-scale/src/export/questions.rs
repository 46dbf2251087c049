//! The questions to a person, as files: rows in doubt in the order of the queue, rows of the audit in that of the draw, and both
//! together as people's tools read them.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use datafusion::{
    arrow::array::{BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array},
    error::Result,
    execution::SendableRecordBatchStream,
    prelude::ParquetReadOptions,
};
use distill_data::{
    AuditBetween, ReviewReason, ReviewRow, SimilarText, label_studio_config, label_studio_task,
    review_csv_head, review_csv_row,
};
use futures::TryStreamExt;
use stage_files::{FileError, JsonList, WholeFile, write_whole};
use task_spec::{LabelSet, Task};

use super::{ExportReport, lines::source, plan_error};
use crate::{
    Engine, ReduceError, ScaleError,
    engine::as_text,
    functions::id_of,
    questions::{AskedRows, BEHIND, QUESTIONS, by_place, most_calls_first},
    reduce::{Columns, KeptColumns, float, text},
};

const STAGE: &str = "questions";
const REVIEW: &str = "review.jsonl";
const AUDIT: &str = "audit.jsonl";
const TABLE: &str = "review.csv";
const TASKS: &str = "label-studio.json";

/// Writes them, and into the account their files; how many are in the queue.
///
/// In memory are the rows of the audit, and of the others one with those behind it.
pub(super) async fn write(
    engine: &Engine,
    task: &Task,
    (from, to): (&Path, &Path),
    report: &mut ExportReport,
) -> Result<u64, ScaleError> {
    let failed = |source| ScaleError::Engine {
        stage: STAGE,
        source: Box::new(source),
    };
    let (mut asked, mut behind) = streams(engine, from).await.map_err(failed)?;
    let labels = task.labels();
    let mut files = Files::create(to)?;
    while let Some(batch) = asked.try_next().await.map_err(failed)? {
        let questions = Questions::of(&batch, labels).map_err(|error| failed(error.into()))?;
        for index in 0..batch.num_rows() {
            let label = questions.rows.labels.value(index);
            if labels.index_of(label).is_none() {
                return Err(ScaleError::Label {
                    path: from.to_owned(),
                    label: label.to_owned(),
                });
            }
            let place = questions.place(index);
            let similar = behind.of(place).await.map_err(failed)?;
            let row = questions.row(index, similar).map_err(failed)?;
            match place.is_audit {
                true => files.drawn(row)?,
                false => files.asked(&row)?,
            }
        }
    }
    let in_queue = files.review.1;
    files.finish(report)?;
    let config = label_studio_config(labels.names());
    let name = "label-studio.xml";
    let hash = write_whole(&to.join(name), config)?;
    report.outputs.insert(name.to_owned(), hash);
    Ok(in_queue)
}

/// The questions, those of the audit first, each in its place; and the rows behind them in the same order.
async fn streams(engine: &Engine, from: &Path) -> Result<(SendableRecordBatchStream, Behind)> {
    let [questions, behind] = [from.join(QUESTIONS), from.join(BEHIND)];
    let context = &engine.context;
    let options = ParquetReadOptions::default();
    let questions = context
        .read_parquet(as_text(&questions)?, options.clone())
        .await?;
    let behind = context.read_parquet(as_text(&behind)?, options).await?;
    let questions = questions.sort(by_place().to_vec())?;
    let behind = behind.sort(by_place().into_iter().chain(most_calls_first()).collect())?;
    let questions = engine.stream(questions.create_physical_plan().await?).await?;
    let behind = engine.stream(behind.create_physical_plan().await?).await?;
    Ok((
        questions,
        Behind {
            batches: behind,
            batch: None,
            at: 0,
        },
    ))
}

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    is_audit: bool,
    place: u64,
}

/// The rows behind questions, as they come.
struct Behind {
    batches: SendableRecordBatchStream,
    batch: Option<RecordBatch>,
    at: usize,
}

impl Behind {
    /// Those of the next question that has any, if it is this one.
    async fn of(&mut self, place: Place) -> Result<Vec<SimilarText>> {
        let mut similar = Vec::new();
        loop {
            let batch = match &self.batch {
                Some(batch) if self.at < batch.num_rows() => batch,
                _ => match self.batches.try_next().await? {
                    Some(next) => {
                        self.at = 0;
                        self.batch.insert(next)
                    }
                    None => return Ok(similar),
                },
            };
            let columns = Columns { stage: STAGE, batch };
            let (audits, places): (&BooleanArray, &UInt64Array) =
                (columns.of("is_audit")?, columns.of("place")?);
            let (rows, inputs): (&UInt64Array, &StringArray) = (columns.of("behind")?, columns.of("input")?);
            while self.at < batch.num_rows() {
                let here = Place {
                    is_audit: audits.value(self.at),
                    place: places.value(self.at),
                };
                if here != place {
                    return Ok(similar);
                }
                similar.push(SimilarText {
                    id: id_of(rows.value(self.at)),
                    input: inputs.value(self.at).to_owned(),
                });
                self.at += 1;
            }
        }
    }
}

/// A batch of questions.
#[derive(Debug)]
struct Questions<'b> {
    labels: &'b LabelSet,
    rows: AskedRows<'b>,
    ids: &'b StringArray,
    inputs: &'b StringArray,
    others: &'b StringArray,
    jaccards: &'b Float64Array,
    suggested_probabilities: &'b Float64Array,
    given_probabilities: &'b Float64Array,
    against_inputs: &'b StringArray,
    are_audit: &'b BooleanArray,
    places: &'b UInt64Array,
    settles: &'b UInt64Array,
    chances: &'b Float64Array,
    values: &'b Float64Array,
    minutes: &'b Float64Array,
    kept: KeptColumns<'b>,
}

impl<'b> Questions<'b> {
    fn of(batch: &'b RecordBatch, labels: &'b LabelSet) -> Result<Self, ReduceError> {
        let columns = Columns { stage: STAGE, batch };
        Ok(Self {
            labels,
            rows: AskedRows::of(batch, labels)?,
            ids: columns.of("id")?,
            inputs: columns.of("input")?,
            others: columns.of("other")?,
            jaccards: columns.of("jaccard")?,
            suggested_probabilities: columns.of("suggested_probability")?,
            given_probabilities: columns.of("given_probability")?,
            against_inputs: columns.of("against_input")?,
            are_audit: columns.of("is_audit")?,
            places: columns.of("place")?,
            settles: columns.of("settles")?,
            chances: columns.of("chance")?,
            values: columns.of("value")?,
            minutes: columns.of("minutes")?,
            kept: KeptColumns::of(STAGE, batch)?,
        })
    }

    fn place(&self, index: usize) -> Place {
        Place {
            is_audit: self.are_audit.value(index),
            place: self.places.value(index),
        }
    }

    /// A question, with the rows that its answer settles too.
    fn row(&self, index: usize, similar: Vec<SimilarText>) -> Result<ReviewRow> {
        let kept = self.kept.at(index);
        let likely = match self.are_audit.value(index) {
            true => None,
            false => self.rows.likely(index)?,
        };
        let name = |label: usize| self.labels.name(label).unwrap_or_default().to_owned();
        let support = self.rows.support(index)?.into_iter();
        Ok(ReviewRow {
            id: self.ids.value(index).to_owned(),
            input: self.inputs.value(index).to_owned(),
            label: self.rows.labels.value(index).to_owned(),
            suggested: likely.map(name),
            reason: self.reason(index)?,
            calls: self.settles.value(index) as usize,
            chance_wrong: self.chances.value(index),
            value: self.values.value(index),
            minutes: self.minutes.value(index),
            similar,
            confidence: kept.confidence(float(self.rows.confidences, index)),
            support: support.map(|(label, weight)| (name(label), weight)).collect(),
            source: source(kept),
        })
    }

    fn reason(&self, index: usize) -> Result<ReviewReason> {
        let of_text = |column: &StringArray| text(column, index).map(str::to_owned);
        let found = match self.rows.fates.value(index) {
            _ if self.are_audit.value(index) => Some(ReviewReason::Audit),
            "conflicting_labels" => Some(ReviewReason::ConflictingLabels),
            "low_confidence" => Some(ReviewReason::LowConfidence),
            "unknown_confidence" => Some(ReviewReason::UnknownConfidence),
            "near_conflict" => of_text(self.others)
                .zip(of_text(self.against_inputs))
                .zip(of_text(self.rows.against_labels))
                .zip(float(self.jaccards, index))
                .map(|(((neighbour, neighbour_input), neighbour_label), jaccard)| {
                    ReviewReason::NearConflict {
                        neighbour,
                        neighbour_input,
                        neighbour_label,
                        jaccard,
                    }
                }),
            "suspect_label" => of_text(self.rows.suggested)
                .zip(float(self.suggested_probabilities, index))
                .zip(float(self.given_probabilities, index))
                .map(
                    |((suggested, suggested_probability), given_probability)| ReviewReason::SuspectLabel {
                        suggested,
                        suggested_probability,
                        given_probability,
                    },
                ),
            _ => None,
        };
        found.ok_or_else(|| {
            plan_error(format!(
                "nothing is known of why the row {} is in doubt",
                self.ids.value(index)
            ))
        })
    }
}

/// The files, while they are written.
#[derive(Debug)]
struct Files {
    /// With the lines so far.
    review: (WholeFile, u64),
    audit: (WholeFile, u64),
    table: WholeFile,
    /// Where it will be.
    table_path: PathBuf,
    tasks: JsonList,
    /// Rows of the audit that are not among the questions yet.
    drawn: Vec<ReviewRow>,
    between: Option<AuditBetween<std::vec::IntoIter<ReviewRow>>>,
}

impl Files {
    fn create(to: &Path) -> Result<Self, FileError> {
        let table_path = to.join(TABLE);
        let mut files = Self {
            review: (WholeFile::create(&to.join(REVIEW))?, 0),
            audit: (WholeFile::create(&to.join(AUDIT))?, 0),
            table: WholeFile::create(&table_path)?,
            table_path,
            tasks: JsonList::create(&to.join(TASKS))?,
            drawn: Vec::new(),
            between: None,
        };
        files.write_table(&review_csv_head())?;
        Ok(files)
    }

    /// A row of the audit; they come before all others.
    fn drawn(&mut self, row: ReviewRow) -> Result<(), FileError> {
        self.audit.0.write_json_line(&row)?;
        self.audit.1 += 1;
        self.drawn.push(row);
        Ok(())
    }

    /// The next row of the queue.
    fn asked(&mut self, row: &ReviewRow) -> Result<(), FileError> {
        self.review.0.write_json_line(row)?;
        self.review.1 += 1;
        self.put(row)?;
        let drawn = &mut self.drawn;
        let between = self
            .between
            .get_or_insert_with(|| AuditBetween::new(std::mem::take(drawn)));
        match between.after_question() {
            Some(row) => self.put(&row),
            None => Ok(()),
        }
    }

    /// The next row for people's tools.
    fn put(&mut self, row: &ReviewRow) -> Result<(), FileError> {
        self.write_table(&review_csv_row(row))?;
        self.tasks.push(&label_studio_task(row))
    }

    fn write_table(&mut self, text: &str) -> Result<(), FileError> {
        let written = self.table.write_all(text.as_bytes());
        written.map_err(|source| FileError::Write {
            path: self.table_path.clone(),
            source,
        })
    }

    fn finish(mut self, report: &mut ExportReport) -> Result<(), FileError> {
        let rest: Vec<ReviewRow> = match self.between.take() {
            Some(between) => between.rest().collect(),
            None => std::mem::take(&mut self.drawn),
        };
        for row in &rest {
            self.put(row)?;
        }
        for (name, (file, rows)) in [(REVIEW, self.review), (AUDIT, self.audit)] {
            report.outputs.insert(name.to_owned(), file.finish()?);
            report.rows.insert(name.to_owned(), rows);
        }
        report.outputs.insert(TABLE.to_owned(), self.table.finish()?);
        report.outputs.insert(TASKS.to_owned(), self.tasks.finish()?);
        Ok(())
    }
}
