//! What becomes of rows by their near-duplicates: who is outweighed, who goes behind whom, and what that makes of all.

use std::sync::Arc;

use datafusion::{
    arrow::datatypes::DataType,
    common::JoinType,
    error::Result,
    prelude::{DataFrame, Expr, cast, coalesce, col, lit},
    scalar::ScalarValue,
};

use super::{Stages, Table};
use crate::{
    reduce::{KEPT, Reduction, part},
    sides::Sides,
    stars,
};

impl Stages<'_> {
    /// The rows that their near-duplicates outweigh.
    pub(crate) async fn contradictions(&self) -> Result<u64> {
        let rows = self.table(Table::Rows).await?.select(vec![
            col("row"),
            col("label"),
            col("by_person"),
            col("labels"),
            col("support"),
        ])?;
        let said = ["label", "by_person", "labels", "support"];
        let own = rows.clone().select(
            [
                col("row"),
                null(DataType::UInt64).alias("other"),
                null(DataType::Float64).alias("jaccard"),
            ]
            .into_iter()
            .chain(said.map(col))
            .collect::<Vec<_>>(),
        )?;
        let pairs = self.table(Table::Pairs).await?;
        let turned = pairs.clone().select(vec![
            col("right").alias("one"),
            col("left").alias("other"),
            col("jaccard"),
        ])?;
        let both = pairs
            .select(vec![
                col("left").alias("one"),
                col("right").alias("other"),
                col("jaccard"),
            ])?
            .union(turned)?;
        let neighbours = both
            .join(rows, JoinType::Inner, &["other"], &["row"], None)?
            .select(
                [col("one").alias("row"), col("other"), col("jaccard")]
                    .into_iter()
                    .chain(said.map(col))
                    .collect::<Vec<_>>(),
            )?;
        let majority = self.plan.config().conflict_majority;
        let order = [("row", true), ("other", true)];
        let folder = self.folder(Table::Contradicted);
        self.fold(
            own.union(neighbours)?,
            &order,
            Reduction::Contradictions { majority },
            folder,
        )
        .await
    }

    /// Which row goes behind which.
    pub(crate) async fn stars(&self) -> Result<u64> {
        let contradicted = self
            .table(Table::Contradicted)
            .await?
            .select(vec![col("row").alias("gone")])?;
        let open = self.table(Table::Rows).await?.filter(col("decided"))?.join(
            contradicted,
            JoinType::LeftAnti,
            &["row"],
            &["gone"],
            None,
        )?;
        // Strength as distill-data has it: a person's word, then calls, then confidence, then the smaller id.
        let side = |side: &str| {
            open.clone().select(vec![
                col("row").alias(format!("{side}_row")),
                col("label").alias(format!("{side}_label")),
                cast(col("by_person"), DataType::Int32).alias(format!("{side}_person")),
                col("calls").alias(format!("{side}_calls")),
                col("first_call").alias(format!("{side}_first_call")),
                coalesce(vec![col("confidence"), lit(0.0)]).alias(format!("{side}_sure")),
            ])
        };
        let pairs = self
            .table(Table::Pairs)
            .await?
            .join(side("l")?, JoinType::Inner, &["left"], &["l_row"], None)?
            .join(side("r")?, JoinType::Inner, &["right"], &["r_row"], None)?
            .filter(col("l_label").eq(col("r_label")))?;
        let sides = Sides::by(&["person", "calls", "sure"]);
        let sorted = pairs
            .select(vec![
                sides.of_stronger("row")?.alias("centre"),
                sides.of_weaker("row")?.alias("weaker"),
                col("jaccard"),
                sides.of_weaker("calls")?.alias("weaker_calls"),
                sides.of_weaker("first_call")?.alias("weaker_first_call"),
                sides.of_stronger("person")?.alias("person"),
                sides.of_stronger("calls")?.alias("calls"),
                sides.of_stronger("sure")?.alias("sure"),
            ])?
            .sort(vec![
                col("person").sort(false, false),
                col("calls").sort(false, false),
                col("sure").sort(false, false),
                col("centre").sort(true, false),
            ])?;
        let plan = sorted.create_physical_plan().await?;
        let path = self.folder(Table::Merged).join("part.parquet");
        self.engine
            .tried(|_| async {
                stars::write_merged(self.engine.stream(Arc::clone(&plan)).await?, &path).await
            })
            .await
    }

    /// What became of each row before a split.
    pub(crate) async fn settle(&self) -> Result<u64> {
        self.fates_into(Table::Settled, None).await
    }

    /// What became of each row, with what a split has kept from training.
    pub(crate) async fn fates(&self) -> Result<u64> {
        let apart = match self.plan.fates_apart().is_empty() {
            false => Some(self.table(Table::Apart).await?),
            true => None,
        };
        self.fates_into(Table::Fates, apart).await
    }

    async fn fates_into(&self, folder: Table, apart: Option<DataFrame>) -> Result<u64> {
        let config = self.plan.config();
        let reduction = Reduction::Fates {
            min_confidence: config.min_confidence,
            review_unknown: config.review_unknown,
            labels: self.labels.names().map(str::to_owned).collect(),
            gold: self.gold_ids(),
            parts: self.plan.fates_apart(),
        };
        self.fold(
            self.known(apart).await?,
            &[("row", true), ("part", true)],
            reduction,
            self.folder(folder),
        )
        .await
    }

    /// All that is known of rows, a line for each thing.
    async fn known(&self, apart: Option<DataFrame>) -> Result<DataFrame> {
        let own = [
            col("row"),
            lit(part::ROW).alias("part"),
            col("input"),
            col("label"),
            col("by_person"),
            col("decided"),
            col("calls"),
            col("confidence"),
            null(DataType::UInt64).alias("other"),
            null(DataType::Float64).alias("jaccard"),
            col("label_share").alias("share"),
        ];
        let own = own.into_iter().chain(KEPT.map(|(name, _)| col(name)));
        let own = self.table(Table::Rows).await?.select(own.collect::<Vec<_>>())?;
        let no_calls = || (null(DataType::UInt64), null(DataType::Int64));
        let no_share = || null(DataType::Float64);
        let contradicted = self.table(Table::Contradicted).await?;
        let contradicted = contradicted.select(about(
            part::CONTRADICTED,
            ("row", "other"),
            no_calls(),
            col("own_share"),
        ))?;
        let merged = self.table(Table::Merged).await?;
        let gone = merged
            .clone()
            .select(about(part::MERGED, ("row", "into"), no_calls(), no_share()))?;
        let calls = (col("calls"), col("first_call"));
        let followed = merged.select(about(part::FOLLOWED, ("into", "row"), calls, no_share()))?;
        let mut known = own.union(contradicted)?.union(gone)?.union(followed)?;
        if self.gold.is_some() {
            let leaks = self.table(Table::Gold).await?.filter(col("leaks"))?;
            known =
                known.union(leaks.select(about(part::LEAKS, ("row", "gold"), no_calls(), no_share()))?)?;
        }
        if let Some(apart) = apart {
            let apart = apart.select(vec![
                col("row"),
                col("part").alias("number"),
                null(DataType::Float64).alias("jaccard"),
            ])?;
            known = known.union(apart.select(about(
                part::APART,
                ("row", "number"),
                no_calls(),
                no_share(),
            ))?)?;
        }
        Ok(known)
    }
}

/// What a table with the column `jaccard` says of its rows, by the columns of the row and of the other, with the calls that
/// come to the row and the time of the first of them.
fn about(part: i8, (row, other): (&str, &str), calls: (Expr, Expr), share: Expr) -> Vec<Expr> {
    let (calls, first_call) = calls;
    let known = [
        col(row).alias("row"),
        lit(part).alias("part"),
        null(DataType::Utf8).alias("input"),
        null(DataType::Int32).alias("label"),
        null(DataType::Boolean).alias("by_person"),
        null(DataType::Boolean).alias("decided"),
        calls.alias("calls"),
        null(DataType::Float64).alias("confidence"),
        col(other).alias("other"),
        col("jaccard"),
        share.alias("share"),
    ];
    let kept = KEPT.map(|(name, kind)| match name {
        "first_call" => first_call.clone().alias(name),
        _ => null(kind).alias(name),
    });
    known.into_iter().chain(kept).collect()
}

fn null(kind: DataType) -> Expr {
    cast(lit(ScalarValue::Null), kind)
}
