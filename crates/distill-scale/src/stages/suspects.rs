//! Labels that are probably wrong: the search of distill-data over the rows that would be trained on.

use std::{collections::HashMap, sync::Arc};

use datafusion::{
    arrow::{
        array::{ArrayRef, AsArray, Float64Array, RecordBatch, UInt64Array},
        datatypes::{DataType, SchemaRef},
    },
    common::JoinType,
    error::{DataFusionError, Result},
    prelude::{DataFrame, col, lit},
};
use distill_data::{SuspectFindings, SuspectPlan, SuspectRow, SuspectSearch, SuspectTexts};
use task_spec::LabelSet;

use super::{Stages, Table};
use crate::{
    engine::computed, export::clusters, functions, label_numbers::number_of, reduce::table,
    table_file::TableFile,
};

/// What is written of rows whose label is suspected: the row, the number of the label that is likelier, and the probabilities.
pub(super) fn schema() -> SchemaRef {
    table(&[
        ("row", DataType::UInt64, false),
        ("suggested", DataType::UInt64, false),
        ("suggested_probability", DataType::Float64, false),
        ("given_probability", DataType::Float64, false),
        ("chance_wrong", DataType::Float64, false),
    ])
}

impl Stages<'_> {
    /// Writes whose label is suspected of the rows that would be trained on.
    ///
    /// In memory are the features of their texts, not the texts. The engine reads them twice, the second time sorted by id.
    pub(crate) async fn suspects(&self, plan: &SuspectPlan) -> Result<SuspectFindings> {
        let (search, rows) = self.searched().await?;
        let (classes, plan) = (self.labels.len(), plan.clone());
        let found = computed(move || search.find(classes, &plan))
            .await?
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        self.write_suspects(&found, &rows)?;
        Ok(found)
    }

    /// The rows without those whose label is suspected.
    pub(super) async fn without_suspects(&self, rows: DataFrame) -> Result<DataFrame> {
        if self.plan.suspects().is_none() {
            return Ok(rows);
        }
        let suspects = self.table(Table::Suspects).await?;
        let gone = suspects.select(vec![col("row").alias("suspect")])?;
        rows.join(gone, JoinType::LeftAnti, &["row"], &["suspect"], None)
    }

    /// The search, with all rows in it, and their ids.
    async fn searched(&self) -> Result<(SuspectSearch, Vec<u64>)> {
        let settled = self.table(Table::Settled).await?;
        let settled = settled.filter(col("fate").eq(lit("train")))?;
        let open = settled.clone().select(vec![
            functions::normal_text().call(vec![col("input")]).alias("text"),
            col("id"),
            col("label"),
            col("by_person"),
        ])?;
        let texts = open.clone().select(vec![col("text")])?;
        let texts = texts.create_physical_plan().await?;
        let sorted = open.sort(vec![col("id").sort(true, false)])?;
        let sorted = sorted.create_physical_plan().await?;
        let searched = self.engine.tried(|_| async {
            let cluster_of = clusters::of_kept(self.engine, self.out, settled.clone()).await?;
            let mut counted = SuspectTexts::default();
            self.each(&texts, |batch| {
                let texts = batch.column(0).as_string::<i32>();
                texts.iter().flatten().for_each(|text| counted.add(text));
                Ok(())
            })
            .await?;
            let mut search = counted.search();
            let mut rows = Vec::new();
            self.each(&sorted, |batch| {
                push(batch, self.labels, &cluster_of, (&mut search, &mut rows))
            })
            .await?;
            Ok((search, rows))
        });
        searched.await
    }

    fn write_suspects(&self, found: &SuspectFindings, rows: &[u64]) -> Result<()> {
        let of_each = |value: fn(&distill_data::LabelIssue) -> f64| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(found.suspects.iter().map(value)))
        };
        let ids = found.suspects.iter().map(|suspect| rows[suspect.row]);
        let suggested = found.suspects.iter().map(|suspect| suspect.suggested as u64);
        let batch = RecordBatch::try_new(
            schema(),
            vec![
                Arc::new(UInt64Array::from_iter_values(ids)),
                Arc::new(UInt64Array::from_iter_values(suggested)),
                of_each(|suspect| suspect.suggested_probability),
                of_each(|suspect| suspect.given_probability),
                of_each(|suspect| suspect.chance_wrong.clamp(0.0, 1.0)),
            ],
        )?;
        let path = self.folder(Table::Suspects).join("part.parquet");
        let mut file = TableFile::create(&path, schema())?;
        file.write(&batch)?;
        file.finish()
    }
}

/// Gives the rows of a batch to the search, and notes their ids.
fn push(
    batch: &RecordBatch,
    labels_of_task: &LabelSet,
    cluster_of: &HashMap<u64, u64>,
    (search, rows): (&mut SuspectSearch, &mut Vec<u64>),
) -> Result<()> {
    let (texts, ids) = (
        batch.column(0).as_string::<i32>(),
        batch.column(1).as_string::<i32>(),
    );
    let (labels, persons) = (batch.column(2).as_string::<i32>(), batch.column(3).as_boolean());
    for index in 0..batch.num_rows() {
        let (id, name) = (ids.value(index), labels.value(index));
        let row = u64::from_str_radix(id, 16);
        let row = row.map_err(|_| DataFusionError::Plan(format!("{id:?} is no id of a row")))?;
        search.push(&SuspectRow {
            text: texts.value(index),
            label: number_of(labels_of_task, name)?,
            cluster: cluster_of.get(&row).copied().unwrap_or(row),
            is_open: !persons.value(index),
        });
        rows.push(row);
    }
    Ok(())
}
