//! Rows that are kept from training, by cluster.

use std::{collections::BTreeMap, sync::Arc};

use datafusion::{
    arrow::{array::AsArray, datatypes::Int64Type},
    common::JoinType,
    error::{DataFusionError, Result},
    functions_aggregate::expr_fn::count,
    parquet::arrow::ArrowWriter,
    prelude::{DataFrame, col, concat, lit},
};
use distill_data::{SplitPlan, SplitReport};
use futures::TryStreamExt;
use stage_files::WholeFile;

use super::{Stages, Table};
use crate::{
    functions,
    reduce::writer_properties,
    units::{self, Units},
};

impl Stages<'_> {
    /// Writes which of the rows that would be trained on are kept from it.
    pub(crate) async fn split(&self, plan: &SplitPlan) -> Result<SplitReport> {
        let train = self.settled_train().await?;
        let labels = train
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
        let side = |side: &str| {
            let columns =
                ["row", "id", "label", "input"].map(|name| col(name).alias(format!("{side}_{name}")));
            train.clone().select(columns.to_vec())
        };
        let near = self
            .table(Table::Pairs)
            .await?
            .join(side("l")?, JoinType::Inner, &["left"], &["l_row"], None)?
            .join(side("r")?, JoinType::Inner, &["right"], &["r_row"], None)?
            .create_physical_plan()
            .await?;
        let line_feed = || lit("\n");
        let content = concat(vec![
            col("id"),
            line_feed(),
            col("label"),
            line_feed(),
            col("input"),
        ]);
        let draw = functions::split_draw().call(vec![content, lit(plan.config().seed)]);
        let drawn = train
            .select(vec![
                col("row"),
                col("id"),
                col("label"),
                col("input"),
                draw.alias("draw"),
            ])?
            .sort(vec![col("draw").sort(true, false)])?
            .create_physical_plan()
            .await?;
        let path = self.folder(Table::Apart).join("part.parquet");
        let external = |error| DataFusionError::External(Box::new(error));
        let split = self.engine.tried(|_| async {
            let mut units = Units::new(plan, &rows_of_label);
            let mut batches = self.engine.stream(Arc::clone(&near)).await?;
            while let Some(batch) = batches.try_next().await? {
                units.link(&batch)?;
            }
            units.order_clusters();
            let file = WholeFile::create(&path).map_err(external)?;
            let mut writer = ArrowWriter::try_new(file, units::schema(), Some(writer_properties()))?;
            let mut batches = self.engine.stream(Arc::clone(&drawn)).await?;
            while let Some(batch) = batches.try_next().await? {
                units.assign(&batch)?;
                writer.write(&units.take()?)?;
            }
            units.assign_rest();
            writer.write(&units.take()?)?;
            writer.into_inner()?.finish().map_err(external)?;
            Ok(units.report())
        });
        split.await
    }

    /// The rows that are trained on unless a split keeps them from it.
    async fn settled_train(&self) -> Result<DataFrame> {
        let row = functions::normal_text().call(vec![col("input")]);
        let train = self
            .table(Table::Settled)
            .await?
            .filter(col("fate").eq(lit("train")))?
            .select(vec![
                functions::text_id().call(vec![row]).alias("row"),
                col("id"),
                col("label"),
                col("input"),
            ])?;
        self.without_suspects(train).await
    }
}
