//! Which rows in doubt are settled by another's answer: `joined` of distill-data, over pairs sorted by their stronger row.
//!
//! Rows are taken from the strongest to the weakest; each that joins no other takes the near-duplicates of its label along that
//! are still free. When a row's own pairs come, all pairs by which it could have joined another have been read. What is kept in
//! memory is the rows that join one.

use std::{collections::HashMap, path::Path, sync::Arc};

use datafusion::{
    arrow::{
        array::{AsArray, Float64Array, RecordBatch, UInt64Array},
        datatypes::{DataType, Float64Type, Int32Type, SchemaRef, UInt64Type},
    },
    common::JoinType,
    error::Result,
    prelude::{DataFrame, ParquetReadOptions, cast, col},
};
use futures::TryStreamExt;

use crate::{
    Engine,
    engine::as_text,
    export::row_of,
    reduce::{pairs_schema, rows_schema, table},
    sides::Sides,
    table_file::TableFile,
};

/// The folder of the rows that join another's question, in that of a run.
pub(crate) const JOINED: &str = "work/joined";

/// What is written of such rows: the row, the one that it joins, and their similarity.
pub(crate) fn schema() -> SchemaRef {
    table(&[
        ("row", DataType::UInt64, false),
        ("into", DataType::UInt64, false),
        ("jaccard", DataType::Float64, false),
    ])
}

/// For each row that joins another's question that row, and their similarity.
pub(crate) type Joined = HashMap<u64, (u64, f64)>;

/// The rows that join another's question, of all that are in doubt.
pub(crate) async fn of_doubtful(engine: &Engine, from: &Path, doubtful: DataFrame) -> Result<Joined> {
    let context = &engine.context;
    let (pairs_schema, rows_schema) = (pairs_schema(), rows_schema());
    let [pairs, rows] = [from.join("work/pairs"), from.join("work/rows")];
    let options = ParquetReadOptions::default();
    let pairs = context.read_parquet(as_text(&pairs)?, options.clone().schema(&pairs_schema));
    let rows = context.read_parquet(as_text(&rows)?, options.schema(&rows_schema));
    let own = rows
        .await?
        .select(vec![col("row").alias("own"), col("calls").alias("own_calls")])?;
    // Each row that is merged behind one has brought a call at least.
    let is_followed = cast(col("calls").gt(col("own_calls")), DataType::Int32);
    let doubtful = doubtful
        .select(vec![row_of("input").alias("row"), col("label"), col("calls")])?
        .join(own, JoinType::Inner, &["row"], &["own"], None)?
        .select(vec![
            col("row"),
            col("label"),
            is_followed.alias("followed"),
            col("own_calls").alias("calls"),
        ])?;
    let side = |side: &str| {
        let columns =
            ["row", "label", "followed", "calls"].map(|name| col(name).alias(format!("{side}_{name}")));
        doubtful.clone().select(columns.to_vec())
    };
    let both = pairs
        .await?
        .join(side("l")?, JoinType::Inner, &["left"], &["l_row"], None)?
        .join(side("r")?, JoinType::Inner, &["right"], &["r_row"], None)?
        .filter(col("l_label").eq(col("r_label")))?;
    let sides = Sides::by(&["followed", "calls"]);
    let sorted = both
        .select(vec![
            sides.of_stronger("row")?.alias("centre"),
            sides.of_weaker("row")?.alias("weaker"),
            col("jaccard"),
            sides.of_weaker("followed")?.alias("weaker_followed"),
            sides.of_stronger("followed")?.alias("followed"),
            sides.of_stronger("calls")?.alias("calls"),
        ])?
        .sort(vec![
            col("followed").sort(false, false),
            col("calls").sort(false, false),
            col("centre").sort(true, false),
        ])?;
    let mut joined = Joined::new();
    let mut batches = engine.stream(sorted.create_physical_plan().await?).await?;
    while let Some(batch) = batches.try_next().await? {
        let centres = batch.column(0).as_primitive::<UInt64Type>();
        let weaker = batch.column(1).as_primitive::<UInt64Type>();
        let jaccards = batch.column(2).as_primitive::<Float64Type>();
        let followed = batch.column(3).as_primitive::<Int32Type>();
        for index in 0..batch.num_rows() {
            let (centre, row) = (centres.value(index), weaker.value(index));
            // Rows behind which others stand join none.
            if followed.value(index) == 0 && !joined.contains_key(&centre) {
                joined.entry(row).or_insert((centre, jaccards.value(index)));
            }
        }
    }
    Ok(joined)
}

/// Writes them into the folder of a run.
pub(crate) fn write(joined: &Joined, out: &Path) -> Result<()> {
    let mut rows: Vec<(u64, (u64, f64))> = joined.iter().map(|(&row, &into)| (row, into)).collect();
    rows.sort_unstable_by_key(|&(row, _)| row);
    let batch = RecordBatch::try_new(
        schema(),
        vec![
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|&(row, _)| row))),
            Arc::new(UInt64Array::from_iter_values(
                rows.iter().map(|&(_, (into, _))| into),
            )),
            Arc::new(Float64Array::from_iter_values(
                rows.iter().map(|&(_, (_, jaccard))| jaccard),
            )),
        ],
    )?;
    let mut file = TableFile::create(&out.join(JOINED).join("part.parquet"), schema())?;
    file.write(&batch)?;
    file.finish()
}

/// Those of a finished run.
pub(crate) async fn read(engine: &Engine, from: &Path) -> Result<Joined> {
    let (schema, folder) = (schema(), from.join(JOINED));
    let options = ParquetReadOptions::default().schema(&schema);
    let table = engine.context.read_parquet(as_text(&folder)?, options).await?;
    let mut joined = Joined::new();
    let mut batches = engine.stream(table.create_physical_plan().await?).await?;
    while let Some(batch) = batches.try_next().await? {
        let [rows, into] = [0, 1].map(|place| batch.column(place).as_primitive::<UInt64Type>());
        let jaccards = batch.column(2).as_primitive::<Float64Type>();
        for index in 0..batch.num_rows() {
            joined.insert(rows.value(index), (into.value(index), jaccards.value(index)));
        }
    }
    Ok(joined)
}
