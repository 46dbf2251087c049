//! Rows that are kept from training with all of their group.

use std::collections::BTreeMap;

use datafusion::{
    common::JoinType,
    error::Result,
    functions_aggregate::expr_fn::{count, min},
    prelude::{DataFrame, col, lit, when},
    scalar::ScalarValue,
};
use distill_data::{SourceField, SplitPlan, SplitReport};

use super::{Stages, Table, drawn};
use crate::{apart, units::Units};

impl Stages<'_> {
    /// Counts the labels of each group, assigns groups and the rows that have none, and tells the others.
    pub(super) async fn split_by_group(
        &self,
        plan: &SplitPlan,
        train: DataFrame,
        rows_of_label: &BTreeMap<String, usize>,
    ) -> Result<SplitReport> {
        let field = match plan.config().group {
            SourceField::File => col("file"),
            // Of a call whose place is unknown nothing is.
            SourceField::Question => {
                when(col("file").is_not_null(), col("question")).otherwise(lit(ScalarValue::Null))?
            }
        };
        let columns = ["row", "id", "label", "input"].map(col);
        let train = train.select(
            columns
                .into_iter()
                .chain([field.alias("unit")])
                .collect::<Vec<_>>(),
        )?;
        let grouped = train.clone().filter(col("unit").is_not_null())?;
        let counts = grouped
            .clone()
            .aggregate(vec![col("unit"), col("label")], vec![count(lit(1)).alias("rows")])?
            .create_physical_plan()
            .await?;
        let firsts = grouped
            .clone()
            .aggregate(vec![col("unit")], vec![min(col("row")).alias("first")])?
            .select(vec![col("first")])?;
        let firsts = grouped
            .clone()
            .join(firsts, JoinType::LeftSemi, &["row"], &["first"], None)?
            .create_physical_plan()
            .await?;
        let followers = grouped
            .select(vec![col("row"), col("unit")])?
            .create_physical_plan()
            .await?;
        let drawn = drawn(train.filter(col("unit").is_null())?, plan.config().seed).await?;
        let path = self.folder(Table::Apart).join("part.parquet");
        let split = self.engine.tried(|_| async {
            let mut units = Units::new(plan, rows_of_label);
            self.each(&counts, |batch| units.count_groups(batch)).await?;
            self.each(&firsts, |batch| units.draw_groups(batch)).await?;
            units.sort();
            let mut file = apart::file(&path)?;
            self.assign(&mut units, &drawn, &mut file).await?;
            self.each(&followers, |batch| {
                units.follow_groups(batch)?;
                file.write(&units.take()?)
            })
            .await?;
            file.finish()?;
            Ok(units.report())
        });
        split.await
    }
}
