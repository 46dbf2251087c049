//! The table of the calls of one log.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use datafusion::{
    arrow::{
        array::{
            ArrayBuilder, BooleanBuilder, Float64Builder, Int64Builder, RecordBatch, StringBuilder,
            UInt64Builder,
        },
        datatypes::{DataType, SchemaRef},
        error::ArrowError,
    },
    parquet::arrow::ArrowWriter,
};
use distill_data::{AnsweredCall, CallTime, RejectedCall, TeacherKey};
use serde::Serialize;
use stage_files::{ContentHash, FileError, WholeFile};
use task_spec::{LabelSet, Source};

use crate::{calls::OPTIONAL, reduce::table, table_file::writer_properties};

/// How many calls are handed to the writer at once, and how many bytes of text at most: a question may have megabytes.
const BATCH_CALLS: usize = 8192;
const BATCH_BYTES: usize = 8 << 20;
/// How much a group of rows may hold before it is written, in bytes.
const GROUP_BYTES: usize = 64 << 20;

/// The table of one log.
pub(super) struct CallsFile {
    path: PathBuf,
    writer: ArrowWriter<WholeFile>,
    names: Vec<String>,
    rows: Rows,
}

fn schema() -> SchemaRef {
    let required = ["input", "answer"].map(|name| (name, DataType::Utf8, false));
    let optional = OPTIONAL.map(|(name, kind)| (name, kind, true));
    table(&required.into_iter().chain(optional).collect::<Vec<_>>())
}

/// Calls that are not written yet, by column.
#[derive(Debug, Default)]
struct Rows {
    input: StringBuilder,
    answer: StringBuilder,
    confidence: Float64Builder,
    reviewed: BooleanBuilder,
    confidence_kind: StringBuilder,
    votes: StringBuilder,
    asked: UInt64Builder,
    probabilities: StringBuilder,
    time_ms: Int64Builder,
    id: StringBuilder,
    question: StringBuilder,
    log: UInt64Builder,
    file: StringBuilder,
    line: UInt64Builder,
    weight: Float64Builder,
    model: StringBuilder,
    fingerprint: StringBuilder,
    prompt: StringBuilder,
}

impl CallsFile {
    pub(super) fn create(path: &Path, labels: &LabelSet) -> Result<Self, FileError> {
        let file = WholeFile::create(path)?;
        let writer = ArrowWriter::try_new(file, schema(), Some(writer_properties()));
        Ok(Self {
            path: path.to_owned(),
            writer: writer.map_err(|error| unwritten(path, error))?,
            names: labels.names().map(str::to_owned).collect(),
            rows: Rows::default(),
        })
    }

    /// Adds a call of the log of this number and weight.
    pub(super) fn add(&mut self, (log, weight): (usize, f64), call: &AnsweredCall) -> Result<(), FileError> {
        let fail = |source| FileError::Encode {
            path: self.path.clone(),
            source,
        };
        let ballot = &call.ballot;
        let rows = &mut self.rows;
        let answer = self.names.get(ballot.label()).map_or("", String::as_str);
        rows.answer.append_value(answer);
        rows.input.append_value(&call.input);
        rows.confidence
            .append_option(ballot.confidence.map(|found| found.value));
        rows.confidence_kind
            .append_option(ballot.confidence.map(|found| found.kind.as_str()));
        rows.reviewed.append_value(call.by_person);
        // Of one answer that counts whole, the answer says it all.
        let several = (ballot.asked > 1).then(|| by_name(&self.names, &ballot.votes));
        rows.votes.append_option(several.transpose().map_err(fail)?);
        rows.asked
            .append_option((ballot.asked > 1).then_some(ballot.asked as u64));
        let known = (!ballot.distribution.is_empty()).then(|| by_name(&self.names, &ballot.distribution));
        rows.probabilities.append_option(known.transpose().map_err(fail)?);
        rows.add_told((log, weight), &call.source, (call.at, &call.teacher));
        self.write_some()
    }

    /// Adds what is known of a call that makes no row, of the log of this number and weight: who gave it, when, and where it is.
    pub(super) fn add_rejected(
        &mut self,
        (log, weight): (usize, f64),
        call: &RejectedCall,
    ) -> Result<(), FileError> {
        let rows = &mut self.rows;
        rows.input.append_value("");
        rows.answer.append_value("");
        rows.confidence.append_null();
        rows.confidence_kind.append_null();
        rows.reviewed.append_null();
        rows.votes.append_null();
        rows.asked.append_null();
        rows.probabilities.append_null();
        rows.add_told((log, weight), &call.row.source, (call.at, &call.teacher));
        self.write_some()
    }

    /// Hands what has been added to the writer, if it is much.
    fn write_some(&mut self) -> Result<(), FileError> {
        let rows = &self.rows;
        if rows.line.len() >= BATCH_CALLS || rows.input.values_slice().len() >= BATCH_BYTES {
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), FileError> {
        let batch = self.rows.batch();
        let batch = batch.map_err(|error| unwritten(&self.path, error))?;
        let written =
            self.writer
                .write(&batch)
                .and_then(|()| match self.writer.in_progress_size() > GROUP_BYTES {
                    true => self.writer.flush(),
                    false => Ok(()),
                });
        written.map_err(|error| unwritten(&self.path, error))
    }

    pub(super) fn finish(mut self) -> Result<ContentHash, FileError> {
        self.write()?;
        let file = self.writer.into_inner();
        file.map_err(|error| unwritten(&self.path, error))?.finish()
    }
}

impl Rows {
    /// Adds who gave a call, when, and where it is.
    fn add_told(
        &mut self,
        (log, weight): (usize, f64),
        source: &Source,
        (at, teacher): (Option<CallTime>, &TeacherKey),
    ) {
        self.time_ms.append_option(at.map(CallTime::unix_ms));
        self.id.append_option(source.call.as_deref());
        self.question.append_option(source.question.as_deref());
        self.log.append_value(log as u64);
        self.file.append_value(&source.file);
        self.line.append_value(source.line);
        self.weight.append_value(weight);
        self.model.append_option(teacher.model.as_deref());
        self.fingerprint.append_option(teacher.fingerprint.as_deref());
        self.prompt.append_option(teacher.prompt.as_deref());
    }

    fn batch(&mut self) -> Result<RecordBatch, ArrowError> {
        RecordBatch::try_new(
            schema(),
            vec![
                Arc::new(self.input.finish()),
                Arc::new(self.answer.finish()),
                Arc::new(self.confidence.finish()),
                Arc::new(self.reviewed.finish()),
                Arc::new(self.confidence_kind.finish()),
                Arc::new(self.votes.finish()),
                Arc::new(self.asked.finish()),
                Arc::new(self.probabilities.finish()),
                Arc::new(self.time_ms.finish()),
                Arc::new(self.id.finish()),
                Arc::new(self.question.finish()),
                Arc::new(self.log.finish()),
                Arc::new(self.file.finish()),
                Arc::new(self.line.finish()),
                Arc::new(self.weight.finish()),
                Arc::new(self.model.finish()),
                Arc::new(self.fingerprint.finish()),
                Arc::new(self.prompt.finish()),
            ],
        )
    }
}

/// What is known of labels, by their names, as JSON.
fn by_name<T: Copy + Serialize>(
    names: &[String],
    of: &BTreeMap<usize, T>,
) -> Result<String, serde_json::Error> {
    let named: BTreeMap<&str, T> = of
        .iter()
        .filter_map(|(&label, &value)| Some((names.get(label)?.as_str(), value)))
        .collect();
    serde_json::to_string(&named)
}

fn unwritten(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> FileError {
    FileError::Write {
        path: path.to_owned(),
        source: io::Error::other(error),
    }
}
