//! What persons have said of some texts: what it tells of the teacher's confidence, and whose label it overrides.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::{
    arrow::{
        array::{AsArray, RecordBatch},
        datatypes::{Int32Type, UInt64Type},
    },
    error::{DataFusionError, Result},
    prelude::{DataFrame, Expr, col, lit},
};
use distill_data::{Ballot, Confidence, ReviewedAnswers, ReviewedRecord, ReviewedTexts};
use near_texts::near_neighbours;
use stage_files::write_json;

use super::{REVIEWED_FILE, Stages, Table, vote_order};
use crate::{
    ReduceError,
    calls::{legal, with_answers},
    functions::{ReviewedCalls, id_of},
    reduce::Reduction,
};

/// A call of a text that persons may have spoken about: the text's id, the label that it gives, and how sure it is.
type Asked = (u64, usize, Option<Confidence>);

/// A row of the teacher's: the id of its text, the text, its label, and whether a person gave that.
type TeacherRow = (String, String, usize, bool);

/// What reviewed rows come to.
#[derive(Debug)]
pub(crate) struct Reviewed {
    /// What changes the calls.
    pub(crate) calls: ReviewedCalls,
    pub(crate) answers: ReviewedAnswers,
    /// The account; how questions fared is not in it yet.
    pub(crate) record: ReviewedRecord,
}

impl Stages<'_> {
    /// What reviewed rows come to.
    ///
    /// In memory are the rows, and how sure the calls of their texts are.
    pub(crate) async fn reviewed(&self, calls: &DataFrame, texts: ReviewedTexts) -> Result<Reviewed> {
        let asked = self.asked(calls, &texts).await?;
        let in_log: BTreeSet<String> = asked.iter().map(|&(row, ..)| id_of(row)).collect();
        let answers = texts.answers(&in_log);
        let checked: Vec<_> = asked
            .into_iter()
            .filter_map(|(row, label, confidence)| answers.check(&id_of(row), label, confidence))
            .collect();
        let mut record = answers.calibrate(&checked, self.plan.config().target_precision);
        let mut reviewed = ReviewedCalls {
            calibration: record.calibration.clone(),
            labels: BTreeMap::new(),
        };
        let similar: BTreeSet<u64> = answers.similar().filter_map(row_of).collect();
        let teacher = self.teacher_rows(calls, &reviewed, &similar).await?;
        let teacher = teacher
            .iter()
            .map(|(id, _, label, by_person)| (id.as_str(), *label, *by_person));
        let labels = answers.labels(teacher, &mut record);
        let labels = labels
            .into_iter()
            .filter_map(|(id, label)| Some((row_of(&id)?, label)));
        reviewed.labels = labels.collect();
        let path = self.out.join(REVIEWED_FILE);
        write_json(&path, &reviewed).map_err(|error| DataFusionError::External(Box::new(error)))?;
        Ok(Reviewed {
            calls: reviewed,
            answers,
            record,
        })
    }

    /// The calls of texts that reviewed rows may be about.
    async fn asked(&self, calls: &DataFrame, texts: &ReviewedTexts) -> Result<Vec<Asked>> {
        let ids: BTreeSet<u64> = texts.ids().into_iter().filter_map(row_of).collect();
        let asked = legal(calls.clone(), self.labels)?
            .filter(is_one_of(&ids))?
            .select(vec![col("row"), col("ballot")])?;
        let plan = asked.create_physical_plan().await?;
        let found = self.engine.tried(|_| async {
            let mut found = Vec::new();
            self.each(&plan, |batch| {
                let rows = batch.column(0).as_primitive::<UInt64Type>();
                let keys = batch.column(1).as_binary::<i32>();
                for index in 0..batch.num_rows() {
                    let ballot = Ballot::from_key(keys.value(index)).ok_or(ReduceError::Column {
                        stage: "reviewed",
                        column: "ballot",
                    })?;
                    found.push((rows.value(index), ballot.label(), ballot.confidence));
                }
                Ok(())
            })
            .await?;
            Ok(found)
        });
        found.await
    }

    /// What the teacher says of these texts, but for those that are near the gold set.
    async fn teacher_rows(
        &self,
        calls: &DataFrame,
        reviewed: &ReviewedCalls,
        ids: &BTreeSet<u64>,
    ) -> Result<Vec<TeacherRow>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let of_ids = legal(calls.clone(), self.labels)?.filter(is_one_of(ids))?;
        let reduction = Reduction::Votes {
            majority: self.plan.config().conflict_majority,
            labels: self.labels.names().map(str::to_owned).collect(),
        };
        self.fold(
            with_answers(of_ids, reviewed)?,
            &vote_order(true),
            reduction,
            self.folder(Table::Similar),
        )
        .await?;
        let rows = self.table(Table::Similar).await?.select(vec![
            col("row"),
            col("text"),
            col("label"),
            col("by_person"),
        ])?;
        let mut found = Vec::new();
        for batch in self.collect(rows).await? {
            teacher_rows_of(&batch, &mut found)?;
        }
        let Some(gold) = self.gold else {
            return Ok(found);
        };
        let questions: Vec<&str> = gold.rows().iter().map(|row| row.input.as_str()).collect();
        let texts: Vec<&str> = found.iter().map(|(_, text, ..)| text.as_str()).collect();
        let near = near_neighbours(&questions, &texts, self.plan.near_threshold());
        let leaks: BTreeSet<usize> = near.iter().map(|pair| pair.right).collect();
        let kept = (0..).zip(found).filter(|(place, _)| !leaks.contains(place));
        Ok(kept.map(|(_, row)| row).collect())
    }
}

fn teacher_rows_of(batch: &RecordBatch, found: &mut Vec<TeacherRow>) -> Result<()> {
    let rows = batch.column(0).as_primitive::<UInt64Type>();
    let (texts, labels) = (
        batch.column(1).as_string::<i32>(),
        batch.column(2).as_primitive::<Int32Type>(),
    );
    let persons = batch.column(3).as_boolean();
    for index in 0..batch.num_rows() {
        let label = usize::try_from(labels.value(index));
        let label = label.map_err(|error| DataFusionError::External(Box::new(error)))?;
        let text = texts.value(index).to_owned();
        found.push((id_of(rows.value(index)), text, label, persons.value(index)));
    }
    Ok(())
}

/// Whether a call is of one of these texts.
fn is_one_of(ids: &BTreeSet<u64>) -> Expr {
    col("row").in_list(ids.iter().map(|&id| lit(id)).collect(), false)
}

/// The number of an id; `None` of what is no id of a text, as it stands in files.
fn row_of(id: &str) -> Option<u64> {
    let row = u64::from_str_radix(id, 16).ok()?;
    (id_of(row) == id).then_some(row)
}
