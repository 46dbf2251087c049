//! What becomes of rows by their near-duplicates: who is outweighed, who goes behind whom, and what that makes of all.

use std::sync::Arc;

use datafusion::{
    arrow::datatypes::DataType,
    common::JoinType,
    error::Result,
    prelude::{DataFrame, Expr, cast, coalesce, col, lit},
    scalar::ScalarValue,
};
use distill_data::{ConfidenceRule, UnknownConfidence};

use super::{Stages, Table, Word};
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

    /// What became of each row before the search for wrong labels and a split.
    pub(crate) async fn settle(&self) -> Result<u64> {
        self.fates_into(Table::Settled, None, None).await
    }

    /// What became of each row, with whose label is suspected and what a split has kept from training.
    pub(crate) async fn fates(&self) -> Result<u64> {
        // What is kept from training is everybody's word.
        let apart = match self.word == Word::Everybodys && !self.plan.fates_apart().is_empty() {
            true => Some(self.table(Table::Apart).await?),
            false => None,
        };
        let suspects = match self.plan.suspects() {
            Some(_) => Some(self.table(Table::Suspects).await?),
            None => None,
        };
        self.fates_into(Table::Fates, apart, suspects).await
    }

    async fn fates_into(
        &self,
        folder: Table,
        apart: Option<DataFrame>,
        suspects: Option<DataFrame>,
    ) -> Result<u64> {
        let config = self.plan.config();
        let reduction = Reduction::Fates {
            confidence: ConfidenceRule {
                min_confidence: config.min_confidence,
                unknown: match config.review_unknown {
                    true => UnknownConfidence::Review,
                    false => UnknownConfidence::Keep,
                },
                cuts: self.cuts.clone(),
            },
            labels: self.labels.names().map(str::to_owned).collect(),
            gold: self.gold_ids(),
            parts: self.plan.fates_apart(),
        };
        self.fold(
            self.known(apart, suspects).await?,
            &[("row", true), ("part", true)],
            reduction,
            self.folder(folder),
        )
        .await
    }

    /// All that is known of rows, a line for each thing.
    async fn known(&self, apart: Option<DataFrame>, suspects: Option<DataFrame>) -> Result<DataFrame> {
        let own = [
            "input",
            "label",
            "by_person",
            "decided",
            "calls",
            "confidence",
            "reported",
        ];
        let own = own.into_iter().chain(KEPT.map(|(name, _)| name));
        let own: Vec<(&str, Expr)> = own
            .map(|name| (name, col(name)))
            .chain([("share", col("label_share"))])
            .collect();
        let own = self
            .table(Table::Rows)
            .await?
            .select(about(part::ROW, "row", &own))?;
        let near = |other: &str| [("other", col(other)), ("jaccard", col("jaccard"))];
        let [other, jaccard] = near("other");
        let contradicted = [other, jaccard, ("share", col("own_share"))];
        let contradicted =
            self.table(Table::Contradicted)
                .await?
                .select(about(part::CONTRADICTED, "row", &contradicted))?;
        let merged = self.table(Table::Merged).await?;
        let gone = merged.clone().select(about(part::MERGED, "row", &near("into")))?;
        let [other, jaccard] = near("row");
        let calls = ["calls", "first_call"].map(|name| (name, col(name)));
        let followed = [[other, jaccard], calls].concat();
        let followed = merged.select(about(part::FOLLOWED, "into", &followed))?;
        let mut known = own.union(contradicted)?.union(gone)?.union(followed)?;
        if self.gold.is_some() {
            let leaks = self.table(Table::Gold).await?.filter(col("leaks"))?;
            known = known.union(leaks.select(about(part::LEAKS, "row", &near("gold")))?)?;
        }
        if let Some(suspects) = suspects {
            let found = ["suggested_probability", "given_probability", "chance_wrong"];
            let found = found.into_iter().map(|name| (name, col(name)));
            let found: Vec<(&str, Expr)> = found.chain([("other", col("suggested"))]).collect();
            known = known.union(suspects.select(about(part::SUSPECT, "row", &found))?)?;
        }
        if let Some(apart) = apart {
            let number = [("other", col("part"))];
            known = known.union(apart.select(about(part::APART, "row", &number))?)?;
        }
        Ok(known)
    }
}

/// What is known of rows beside their id and the kind of the line, but for what a row keeps.
const KNOWN: [(&str, DataType); 13] = [
    ("input", DataType::Utf8),
    ("label", DataType::Int32),
    ("by_person", DataType::Boolean),
    ("decided", DataType::Boolean),
    ("calls", DataType::UInt64),
    ("confidence", DataType::Float64),
    ("reported", DataType::Float64),
    ("other", DataType::UInt64),
    ("jaccard", DataType::Float64),
    ("share", DataType::Float64),
    ("suggested_probability", DataType::Float64),
    ("given_probability", DataType::Float64),
    ("chance_wrong", DataType::Float64),
];

/// What a table says of its rows, whose id is in a column of this name; what it does not say is null.
fn about(part: i8, row: &str, given: &[(&str, Expr)]) -> Vec<Expr> {
    let of_line = [col(row).alias("row"), lit(part).alias("part")];
    let known = KNOWN.into_iter().chain(KEPT).map(|(name, kind)| {
        let found = given.iter().find(|(given, _)| *given == name);
        found
            .map_or_else(|| null(kind), |(_, value)| value.clone())
            .alias(name)
    });
    of_line.into_iter().chain(known).collect()
}

fn null(kind: DataType) -> Expr {
    cast(lit(ScalarValue::Null), kind)
}
