//! How much a random split would have flattered.

use std::{collections::BTreeMap, sync::Arc};

use datafusion::{
    arrow::{
        array::{AsArray, RecordBatch},
        datatypes::UInt64Type,
    },
    error::{DataFusionError, Result},
    physical_plan::ExecutionPlan,
    prelude::{DataFrame, col},
};
use distill_data::{Flattery, NearTraining, SplitCut, SplitMeasure, SplitPlan, SplitTexts, UnitSplit};

use super::{Stages, Table, drawn};
use crate::{engine::computed, functions, label_numbers::CountedLabels, units::column};

/// The rows that were split, by rising id.
#[derive(Debug, Default)]
struct SplitRows {
    rows: Vec<u64>,
    label_of: Vec<usize>,
}

impl SplitRows {
    fn place(&self, row: u64) -> Result<usize> {
        let found = self.rows.binary_search(&row);
        found.map_err(|_| DataFusionError::Plan(format!("the row {row:016x} was not split")))
    }
}

impl Stages<'_> {
    /// Scores a split that was made and random ones.
    ///
    /// In memory are the features of the rows' texts, not the texts. The engine reads them twice, the second time sorted by id.
    pub(crate) async fn flattery(&self, plan: &SplitPlan) -> Result<Flattery> {
        let train = self.settled_train().await?;
        let rows_of_label = self.rows_of_label(&train).await?;
        let (measure, rows) = self.measured(&train, &rows_of_label).await?;
        let mut splits = vec![self.is_training_here(&rows).await?];
        for seed in plan.random_seeds() {
            let drawn = drawn(train.clone(), seed).await?;
            let random = self.engine.tried(|_| async {
                let split = UnitSplit::new(plan, &rows_of_label);
                self.is_training_at_random(split, &drawn, &rows).await
            });
            splits.push(random.await?);
        }
        let cuts = self.with_near(&train, splits, &rows).await?;
        let classes = rows_of_label.len();
        computed(move || measure.flattery(classes, &cuts)).await
    }

    /// The rows with what the classifier needs of them.
    async fn measured(
        &self,
        train: &DataFrame,
        rows_of_label: &BTreeMap<String, usize>,
    ) -> Result<(SplitMeasure, SplitRows)> {
        let text = functions::normal_text().call(vec![col("input")]).alias("text");
        let texts = train.clone().select(vec![text.clone()])?;
        let texts = texts.create_physical_plan().await?;
        let sorted = train
            .clone()
            .select(vec![col("row"), col("label"), text])?
            .sort(vec![col("row").sort(true, false)])?
            .create_physical_plan()
            .await?;
        let labels = CountedLabels::of(rows_of_label);
        let measured = self.engine.tried(|_| async {
            let mut counted = SplitTexts::default();
            self.each(&texts, |batch| {
                let texts = column(batch, "text")?.as_string::<i32>();
                texts.iter().flatten().for_each(|text| counted.add(text));
                Ok(())
            })
            .await?;
            let (mut measure, mut rows) = (counted.measure(), SplitRows::default());
            self.each(&sorted, |batch| push(batch, &labels, &mut measure, &mut rows))
                .await?;
            Ok((measure, rows))
        });
        measured.await
    }

    /// Which rows the split leaves to train on.
    async fn is_training_here(&self, rows: &SplitRows) -> Result<Vec<bool>> {
        let apart = self.table(Table::Apart).await?.select(vec![col("row")])?;
        let apart = apart.create_physical_plan().await?;
        let here = self.engine.tried(|_| async {
            let mut is_training = vec![true; rows.rows.len()];
            self.each(&apart, |batch| {
                for &row in column(batch, "row")?.as_primitive::<UInt64Type>().values() {
                    is_training[rows.place(row)?] = false;
                }
                Ok(())
            })
            .await?;
            Ok(is_training)
        });
        here.await
    }

    /// Which rows a split leaves to train on to which each is a unit of its own; they come in the order of their draw.
    async fn is_training_at_random(
        &self,
        mut split: UnitSplit<'_>,
        drawn: &Arc<dyn ExecutionPlan>,
        rows: &SplitRows,
    ) -> Result<Vec<bool>> {
        let mut is_training = vec![false; rows.rows.len()];
        self.each(drawn, |batch| {
            for &row in column(batch, "row")?.as_primitive::<UInt64Type>().values() {
                let place = rows.place(row)?;
                let alone = BTreeMap::from([(rows.label_of[place], 1)]);
                is_training[place] = split.place(&alone) == 0;
            }
            Ok(())
        })
        .await?;
        Ok(is_training)
    }

    /// The splits with which rows are near those that are trained on.
    async fn with_near(
        &self,
        train: &DataFrame,
        splits: Vec<Vec<bool>>,
        rows: &SplitRows,
    ) -> Result<Vec<SplitCut>> {
        let pairs = self.near(train, &["row"]).await?;
        let near = self.engine.tried(|_| async {
            let mut near: Vec<NearTraining> = splits.iter().cloned().map(NearTraining::of).collect();
            self.each(&pairs, |batch| {
                let left = column(batch, "l_row")?.as_primitive::<UInt64Type>();
                let right = column(batch, "r_row")?.as_primitive::<UInt64Type>();
                for (&left, &right) in left.values().iter().zip(right.values()) {
                    let (left, right) = (rows.place(left)?, rows.place(right)?);
                    near.iter_mut().for_each(|near| near.pair(left, right));
                }
                Ok(())
            })
            .await?;
            Ok(near)
        });
        let near = near.await?;
        let cuts = splits.into_iter().zip(near).map(|(is_training, near)| SplitCut {
            is_training,
            is_near: near.finish(),
        });
        Ok(cuts.collect())
    }
}

/// Gives the rows of a batch to the measure.
fn push(
    batch: &RecordBatch,
    counted: &CountedLabels,
    measure: &mut SplitMeasure,
    split: &mut SplitRows,
) -> Result<()> {
    let rows = column(batch, "row")?.as_primitive::<UInt64Type>();
    let labels = column(batch, "label")?.as_string::<i32>();
    let texts = column(batch, "text")?.as_string::<i32>();
    for index in 0..batch.num_rows() {
        let label = counted.number(labels.value(index))?;
        measure.push(texts.value(index), label);
        split.rows.push(rows.value(index));
        split.label_of.push(label);
    }
    Ok(())
}
