//! The gold set: which texts leak it, and the certificates of how near the log came and the training rows come.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{AsArray, RecordBatch},
        datatypes::{Float64Type, UInt64Type},
    },
    common::JoinType,
    error::{DataFusionError, Result},
    prelude::{DataFrame, col, lit},
};
use distill_data::LeakageRecord;
use futures::TryStreamExt;
use near_texts::{GoldNeighbour, GoldRows, JoinedTexts, LeakageCertificate, TextsHasher, normal_text_hash};
use stage_files::ContentHash;

use super::{Stages, Table};
use crate::{functions, reduce::Reduction};

impl Stages<'_> {
    /// The texts that are near a gold row. All of the gold set goes to every task.
    pub(crate) async fn gold_join(&self, gold: &GoldRows) -> Result<u64> {
        let texts = self
            .table(Table::Rows)
            .await?
            .select(vec![col("row"), col("text")])?;
        let reduction = Reduction::Gold {
            gold: gold.rows().iter().map(|row| row.input.clone()).collect(),
            threshold: self.plan.near_threshold(),
        };
        self.fold(texts, &[("row", true)], reduction, self.folder(Table::Gold))
            .await
    }

    /// The ids of the gold rows, in their order.
    pub(super) fn gold_ids(&self) -> Vec<String> {
        let rows = self.gold.map_or(&[][..], GoldRows::rows);
        rows.iter().map(|row| row.id.clone()).collect()
    }

    /// The rows that no gold row rejects.
    pub(super) async fn kept_rows(&self) -> Result<DataFrame> {
        let rows = self.table(Table::Rows).await?;
        if self.gold.is_none() {
            return Ok(rows);
        }
        let leaks = self.table(Table::Gold).await?.filter(col("leaks"))?;
        let gone = leaks.select(vec![col("row").alias("gone")])?;
        rows.join(gone, JoinType::LeftAnti, &["row"], &["gone"], None)
    }

    /// How near the gold set came to the texts of the log and comes to those that are trained on.
    pub(crate) async fn certificates(&self, gold: &GoldRows) -> Result<LeakageRecord> {
        let [log, train] = self.texts().await?;
        let near = self.table(Table::Gold).await?;
        let fates = self.table(Table::Fates).await?;
        // What stays of a text has the text's normal form.
        let kept = functions::normal_text().call(vec![col("input")]);
        let kept = fates
            .filter(col("fate").eq(lit("train")))?
            .select(vec![functions::text_id().call(vec![kept]).alias("kept")])?;
        let near_train = near
            .clone()
            .join(kept, JoinType::LeftSemi, &["row"], &["kept"], None)?;
        Ok(LeakageRecord {
            log: self.certificate(gold, log, near).await?,
            train: self.certificate(gold, train, near_train).await?,
        })
    }

    /// How many texts there are and their hash, of all and of those that are trained on: read once, in the one order that
    /// the hash is of.
    async fn texts(&self) -> Result<[(usize, ContentHash); 2]> {
        let fates = self.table(Table::Fates).await?;
        let sorted = fates
            .select(vec![
                functions::normal_text().call(vec![col("input")]).alias("text"),
                col("fate").eq(lit("train")).alias("is_train"),
            ])?
            .sort(vec![col("text").sort(true, false)])?;
        let plan = sorted.create_physical_plan().await?;
        let read = self.engine.tried(|_| async {
            let mut found = [(0, TextsHasher::default()), (0, TextsHasher::default())];
            let mut batches = self.engine.stream(Arc::clone(&plan)).await?;
            while let Some(batch) = batches.try_next().await? {
                let (texts, is_train) = (batch.column(0).as_string::<i32>(), batch.column(1).as_boolean());
                for (index, text) in texts.iter().enumerate() {
                    let counted = if is_train.value(index) { 2 } else { 1 };
                    for (count, hasher) in &mut found[..counted] {
                        *count += 1;
                        hasher.push(text.unwrap_or_default());
                    }
                }
            }
            Ok(found)
        });
        Ok(read.await?.map(|(count, hasher)| (count, hasher.finish())))
    }

    /// The certificate of so many texts of this hash, of which these are near a gold row. In memory is the nearest of each
    /// gold row; pairs may come in any order.
    async fn certificate(
        &self,
        gold: &GoldRows,
        (rows, hash): (usize, ContentHash),
        near: DataFrame,
    ) -> Result<LeakageCertificate> {
        let plan = near.create_physical_plan().await?;
        let joined = self.engine.tried(|_| async {
            let mut joined = JoinedTexts::default();
            let mut batches = self.engine.stream(Arc::clone(&plan)).await?;
            while let Some(batch) = batches.try_next().await? {
                offer(&batch, gold, &mut joined)?;
            }
            Ok(joined)
        });
        let joined = JoinedTexts {
            rows,
            hash,
            ..joined.await?
        };
        Ok(LeakageCertificate::of_joined(
            gold,
            self.plan.near_threshold(),
            joined,
        ))
    }
}

/// Notes the pairs of a batch.
fn offer(batch: &RecordBatch, gold: &GoldRows, joined: &mut JoinedTexts) -> Result<()> {
    let column = |name: &str| {
        batch
            .column_by_name(name)
            .ok_or_else(|| DataFusionError::Plan(format!("pairs with gold rows have no column {name}")))
    };
    let texts = column("text")?.as_string::<i32>();
    let places = column("gold")?.as_primitive::<UInt64Type>();
    let jaccards = column("jaccard")?.as_primitive::<Float64Type>();
    let (exact, leaks) = (column("exact")?.as_boolean(), column("leaks")?.as_boolean());
    for index in 0..batch.num_rows() {
        // A text leaks by one pair at most.
        joined.leaking += usize::from(leaks.value(index));
        let (place, jaccard) = (places.value(index) as usize, jaccards.value(index));
        let row = gold.rows().get(place);
        let row = row.ok_or_else(|| DataFusionError::Plan(format!("there is no gold row {place}")))?;
        // What is farther away need not be hashed.
        if joined
            .nearest
            .get(&place)
            .is_none_or(|best| jaccard >= best.jaccard)
        {
            let neighbour = GoldNeighbour {
                gold: row.id.clone(),
                train: normal_text_hash(texts.value(index)),
                jaccard,
                exact: exact.value(index),
            };
            joined.offer(place, neighbour);
        }
    }
    Ok(())
}
