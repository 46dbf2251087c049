//! What becomes of rows on the teacher's word alone, where persons have spoken: how the questions fared that it raises.

use std::collections::BTreeMap;

use datafusion::{
    arrow::{
        array::{AsArray, RecordBatch},
        datatypes::Float64Type,
    },
    error::{DataFusionError, Result},
    prelude::{DataFrame, col, lit},
};
use distill_data::{AnsweredQuestions, AskedQuestion, ReviewedAnswers};

use super::{Stages, Table, Word};
use crate::{
    doubts::{doubt, is_doubtful},
    functions::ReviewedCalls,
    label_numbers::number_of,
    reduce::float,
};

/// A row that a person has read and that is in doubt.
#[derive(Debug)]
struct Asked {
    id: String,
    label: usize,
    reason: String,
    chance_wrong: f64,
}

impl<'a> Stages<'a> {
    /// The same stages on the teacher's word alone, in a folder of their own; near-duplicates are those that there are already.
    pub(crate) fn on_teachers_word(&self) -> Self {
        Self {
            word: Word::Teachers,
            ..self.clone()
        }
    }

    /// What becomes of each row on this word, once near-duplicates are known. Confidence is calibrated as of everybody's.
    pub(crate) async fn settle_teachers(&self, calls: DataFrame, reviewed: &ReviewedCalls) -> Result<()> {
        let calibrated = ReviewedCalls {
            calibration: reviewed.calibration.clone(),
            labels: BTreeMap::new(),
        };
        self.votes(calls, Some(&calibrated)).await?;
        self.contradictions().await?;
        self.stars().await?;
        if let Some(plan) = self.plan.suspects() {
            self.settle().await?;
            self.suspects(plan).await?;
        }
        self.fates().await?;
        Ok(())
    }

    /// How the questions fared that persons have answered. In memory are those.
    pub(crate) async fn fared(
        &self,
        answers: &ReviewedAnswers,
    ) -> Result<BTreeMap<String, AnsweredQuestions>> {
        let read: Vec<_> = answers.read().map(lit).collect();
        if read.is_empty() {
            return Ok(BTreeMap::new());
        }
        let columns = ["id", "label", "fate", "own_share", "confidence", "chance_wrong"];
        let asked = self
            .table(Table::Fates)
            .await?
            .filter(col("id").in_list(read, false))?
            .filter(is_doubtful())?
            .select(columns.map(col).to_vec())?
            .sort(vec![col("id").sort(true, false)])?
            .create_physical_plan()
            .await?;
        let found = self.engine.tried(|_| async {
            let mut found = Vec::new();
            self.each(&asked, |batch| self.take_asked(batch, &mut found))
                .await?;
            Ok(found)
        });
        let found: Vec<Asked> = found.await?;
        Ok(answers.fared(found.iter().map(|asked| AskedQuestion {
            text: &asked.id,
            label: asked.label,
            reason: &asked.reason,
            chance_wrong: asked.chance_wrong,
        })))
    }

    fn take_asked(&self, batch: &RecordBatch, found: &mut Vec<Asked>) -> Result<()> {
        let [ids, labels, fates] = [0, 1, 2].map(|place| batch.column(place).as_string::<i32>());
        let [shares, confidences, chances] =
            [3, 4, 5].map(|place| batch.column(place).as_primitive::<Float64Type>());
        for index in 0..batch.num_rows() {
            let (fate, name) = (fates.value(index), labels.value(index));
            let known = [shares, confidences, chances].map(|column| float(column, index));
            let doubt = doubt(fate, known).ok_or_else(|| {
                DataFusionError::Plan(format!("a row of the label {name:?} is in doubt for {fate:?}"))
            })?;
            found.push(Asked {
                id: ids.value(index).to_owned(),
                label: number_of(self.labels, name)?,
                reason: fate.to_owned(),
                chance_wrong: doubt.chance_wrong(),
            });
        }
        Ok(())
    }
}
