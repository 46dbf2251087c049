//! What teachers answered, as a fold over the calls of each text: `TeacherAnswers` of distill-data.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::{
    array::{BinaryArray, RecordBatch, StringArray, UInt64Array},
    datatypes::{DataType, SchemaRef},
};
use distill_data::{Ballot, TeacherAnswers};

use super::{
    Reducer,
    columns::{Columns, table},
};
use crate::ReduceError;

const STAGE: &str = "teachers";

/// What a partition's calls come to, as JSON: one row.
pub(crate) fn schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| table(&[("answers", DataType::Utf8, false)]));
    Arc::clone(&SCHEMA)
}

/// The fold.
#[derive(Debug)]
pub(super) struct Teachers {
    answers: TeacherAnswers,
    /// The text whose calls are being read.
    open: Option<u64>,
    is_done: bool,
}

impl Teachers {
    pub(super) fn new(teachers: usize) -> Self {
        Self {
            answers: TeacherAnswers::of(teachers),
            open: None,
            is_done: false,
        }
    }
}

impl Reducer for Teachers {
    fn push(&mut self, batch: &RecordBatch) -> Result<(), ReduceError> {
        let columns = Columns { stage: STAGE, batch };
        let rows: &UInt64Array = columns.of("row")?;
        let teachers: &UInt64Array = columns.of("teacher")?;
        let ballots: &BinaryArray = columns.of("ballot")?;
        for index in 0..batch.num_rows() {
            let ballot = Ballot::from_key(ballots.value(index)).ok_or(ReduceError::Column {
                stage: STAGE,
                column: "ballot",
            })?;
            let row = rows.value(index);
            if self.open.replace(row).is_some_and(|open| open != row) {
                self.answers.end_text();
            }
            self.answers.add_call(teachers.value(index) as usize, &ballot);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ReduceError> {
        self.answers.end_text();
        self.is_done = true;
        Ok(())
    }

    fn take(&mut self, _least: usize) -> Result<Option<RecordBatch>, ReduceError> {
        if !std::mem::take(&mut self.is_done) {
            return Ok(None);
        }
        let json = serde_json::to_string(&self.answers)?;
        let batch = RecordBatch::try_new(schema(), vec![Arc::new(StringArray::from(vec![json]))])?;
        Ok(Some(batch))
    }
}
