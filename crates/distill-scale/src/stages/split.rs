//! Rows that are kept from training: by cluster, by group, or by time.

mod flattery;
mod groups;
mod times;

use std::{collections::BTreeMap, sync::Arc};

use datafusion::{
    arrow::{
        array::{AsArray, RecordBatch},
        datatypes::Int64Type,
    },
    common::JoinType,
    error::Result,
    functions_aggregate::expr_fn::count,
    physical_plan::ExecutionPlan,
    prelude::{DataFrame, col, concat, lit},
};
use distill_data::{SplitBy, SplitPlan, SplitReport};
use futures::TryStreamExt;

use super::{Stages, Table};
use crate::{apart, functions, table_file::TableFile, units::Units};
pub(super) use times::is_believed;

impl Stages<'_> {
    /// Writes which of the rows that would be trained on are kept from it.
    pub(crate) async fn split(&self, plan: &SplitPlan) -> Result<SplitReport> {
        let train = self.settled_train().await?;
        let rows_of_label = self.rows_of_label(&train).await?;
        match plan.config().by {
            SplitBy::Cluster => self.split_by_cluster(plan, train, &rows_of_label).await,
            SplitBy::Group => self.split_by_group(plan, train, &rows_of_label).await,
            SplitBy::Time | SplitBy::LogOrder => self.split_by_time(plan, train, &rows_of_label).await,
        }
    }

    async fn split_by_cluster(
        &self,
        plan: &SplitPlan,
        train: DataFrame,
        rows_of_label: &BTreeMap<String, usize>,
    ) -> Result<SplitReport> {
        let near = self.near(&train, &["row", "id", "label", "input"]).await?;
        let drawn = drawn(train, plan.config().seed).await?;
        let path = self.folder(Table::Apart).join("part.parquet");
        let split = self.engine.tried(|_| async {
            let mut units = Units::new(plan, rows_of_label);
            self.each(&near, |batch| units.link(batch)).await?;
            units.order_clusters();
            let mut file = apart::file(&path)?;
            self.assign(&mut units, &drawn, &mut file).await?;
            file.finish()?;
            Ok(units.report())
        });
        split.await
    }

    /// The near-duplicates that would both be trained on, with these columns of either after `l_` and `r_`.
    async fn near(&self, train: &DataFrame, columns: &[&str]) -> Result<Arc<dyn ExecutionPlan>> {
        let side = |side: &str| {
            let columns = columns
                .iter()
                .map(|name| col(*name).alias(format!("{side}_{name}")));
            train.clone().select(columns.collect::<Vec<_>>())
        };
        self.table(Table::Pairs)
            .await?
            .join(side("l")?, JoinType::Inner, &["left"], &["l_row"], None)?
            .join(side("r")?, JoinType::Inner, &["right"], &["r_row"], None)?
            .create_physical_plan()
            .await
    }

    /// Assigns units and the rows that are in none, in the order in which they are drawn, and writes which are kept from training.
    async fn assign(
        &self,
        units: &mut Units<'_>,
        drawn: &Arc<dyn ExecutionPlan>,
        file: &mut TableFile,
    ) -> Result<()> {
        self.each(drawn, |batch| {
            units.assign(batch)?;
            file.write(&units.take()?)
        })
        .await?;
        units.assign_rest();
        file.write(&units.take()?)
    }

    /// Hands on each batch that comes of a plan.
    pub(super) async fn each(
        &self,
        plan: &Arc<dyn ExecutionPlan>,
        mut take: impl FnMut(&RecordBatch) -> Result<()>,
    ) -> Result<()> {
        let mut batches = self.engine.stream(Arc::clone(plan)).await?;
        while let Some(batch) = batches.try_next().await? {
            take(&batch)?;
        }
        Ok(())
    }

    /// How many rows each label has.
    pub(super) async fn rows_of_label(&self, rows: &DataFrame) -> Result<BTreeMap<String, usize>> {
        let labels = rows
            .clone()
            .aggregate(vec![col("label")], vec![count(lit(1)).alias("rows")])?;
        let mut rows_of_label = BTreeMap::new();
        for batch in self.collect(labels).await? {
            let names = batch.column(0).as_string::<i32>();
            let rows = batch.column(1).as_primitive::<Int64Type>();
            for index in 0..batch.num_rows() {
                rows_of_label.insert(names.value(index).to_owned(), rows.value(index) as usize);
            }
        }
        Ok(rows_of_label)
    }

    /// The rows that are trained on unless they are kept from it.
    pub(super) async fn settled_train(&self) -> Result<DataFrame> {
        let row = functions::normal_text().call(vec![col("input")]);
        let of_fates = [
            "id",
            "label",
            "input",
            "calls",
            "confidence",
            "by_person",
            "first_call",
            "log",
            "file",
            "line",
            "question",
        ];
        let row = functions::text_id().call(vec![row]).alias("row");
        let train = self
            .table(Table::Settled)
            .await?
            .filter(col("fate").eq(lit("train")))?
            .select([row].into_iter().chain(of_fates.map(col)).collect::<Vec<_>>())?;
        self.without_suspects(train).await
    }
}

/// Rows in the order of their draw with this seed.
async fn drawn(rows: DataFrame, seed: u64) -> Result<Arc<dyn ExecutionPlan>> {
    let line_feed = || lit("\n");
    let content = concat(vec![
        col("id"),
        line_feed(),
        col("label"),
        line_feed(),
        col("input"),
    ]);
    let draw = functions::split_draw().call(vec![content, lit(seed)]);
    rows.select(vec![
        col("row"),
        col("id"),
        col("label"),
        col("input"),
        draw.alias("draw"),
    ])?
    .sort(vec![col("draw").sort(true, false)])?
    .create_physical_plan()
    .await
}
