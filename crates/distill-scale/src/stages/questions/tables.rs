//! The tables of what a person is asked, from what is known of rows to the questions in their places.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{AsArray, BooleanArray, RecordBatch},
        compute::filter_record_batch,
        datatypes::{Field, Schema, UInt64Type},
    },
    common::JoinType,
    error::Result,
    prelude::{DataFrame, ParquetReadOptions, col, lit},
};

use super::{Stages, Table};
use crate::{
    doubts::is_doubtful,
    engine::as_text,
    export::row_of,
    joined,
    questions::{BEHIND, Placed, QUESTIONS},
    table_file::TableFile,
    units::column,
};

/// The rows that are asked about, and what is known of them.
const ASKED: &str = "work/asked";
/// What is known of those that speak against them.
const AGAINST: &str = "work/against";
/// The ids of the rows that stand behind rows which are asked about.
const IDS_BEHIND: &str = "work/ids-behind";
/// What is known of these.
const ROWS_BEHIND: &str = "work/rows-behind";

impl Stages<'_> {
    /// Writes what is known of the rows in doubt and of these others, and of the rows that speak against them.
    ///
    /// In two steps, and what is behind them in two: of many sorts at once each has little memory.
    pub(super) async fn write_asked(&self, audited: &[String]) -> Result<()> {
        let fates = self.table(Table::Fates).await?;
        let mut is_asked = is_doubtful();
        if !audited.is_empty() {
            let ids = audited.iter().map(|id| lit(id.as_str())).collect();
            is_asked = is_asked.or(col("id").in_list(ids, false));
        }
        let rows = self.table(Table::Rows).await?;
        let rows = rows.select(vec![col("row").alias("own"), col("labels"), col("support")])?;
        let asked = fates
            .clone()
            .filter(is_asked)?
            .with_column("asked", row_of("input"))?
            .join(rows, JoinType::Inner, &["asked"], &["own"], None)?
            .drop_columns(&["own"])?;
        self.keep(asked, ASKED).await?;
        let against = fates.select(vec![
            col("id").alias("against"),
            col("label").alias("against_label"),
            col("input").alias("against_input"),
        ])?;
        let against = self
            .kept(ASKED)
            .await?
            .filter(col("fate").eq(lit("near_conflict")))?
            .select(vec![col("asked").alias("against_of"), col("other")])?
            .join(against, JoinType::Inner, &["other"], &["against"], None)?
            .select(["against_of", "against_label", "against_input"].map(col).to_vec())?;
        self.keep(against, AGAINST).await
    }

    /// Writes the rows that stand behind those that are asked about.
    pub(super) async fn write_behind(&self) -> Result<()> {
        let schema = joined::schema();
        let options = ParquetReadOptions::default().schema(&schema);
        let folder = self.out.join(joined::JOINED);
        let joined = self.engine.context.read_parquet(as_text(&folder)?, options);
        let merged = self.table(Table::Merged).await?;
        let [merged, joined] =
            [merged, joined.await?].map(|table| table.select(vec![col("row").alias("behind"), col("into")]));
        let asked = self.kept(ASKED).await?.select(vec![col("asked")])?;
        let behind = merged?
            .union(joined?)?
            .join(asked, JoinType::LeftSemi, &["into"], &["asked"], None)?;
        self.keep(behind, IDS_BEHIND).await?;
        let rows = self.table(Table::Rows).await?;
        let rows = rows.select(vec![
            col("row").alias("own"),
            col("calls").alias("own_calls"),
            col("input"),
        ])?;
        let behind = self
            .kept(IDS_BEHIND)
            .await?
            .join(rows, JoinType::Inner, &["behind"], &["own"], None)?
            .drop_columns(&["own"])?;
        self.keep(behind, ROWS_BEHIND).await
    }

    /// What is known of the rows that stand behind those that are asked about.
    pub(super) async fn known_of_behind(&self) -> Result<DataFrame> {
        self.kept(ROWS_BEHIND).await
    }

    /// What is known of the rows that are asked about.
    pub(super) async fn known_of_asked(&self) -> Result<DataFrame> {
        let against = self.kept(AGAINST).await?;
        self.kept(ASKED)
            .await?
            .join(against, JoinType::Left, &["asked"], &["against_of"], None)?
            .drop_columns(&["against_of"])
    }

    /// Writes the questions, which are by rising id, and the rows behind them, each with where its question stands.
    pub(super) async fn write_questions(&self, placed: &[Placed]) -> Result<()> {
        let known = self.known_of_asked().await?;
        let with_place = |batch: &RecordBatch| with_columns(batch, "asked", placed, Placed::fields().len());
        self.keep_changed(known, QUESTIONS, &Placed::fields(), with_place)
            .await?;
        let behind = self.kept(ROWS_BEHIND).await?;
        let fields = Placed::place_fields();
        let with_place = |batch: &RecordBatch| with_columns(batch, "into", placed, fields.len());
        self.keep_changed(behind, BEHIND, &fields, with_place).await
    }

    /// What was kept of a table.
    async fn kept(&self, folder: &str) -> Result<DataFrame> {
        let folder = self.out.join(folder);
        let options = ParquetReadOptions::default();
        self.engine.context.read_parquet(as_text(&folder)?, options).await
    }

    /// Writes a table into a folder, as one file.
    async fn keep(&self, table: DataFrame, folder: &str) -> Result<()> {
        self.keep_changed(table, folder, &[], |batch| Ok(batch.clone()))
            .await
    }

    /// The same of what a change makes of each batch, which may have more columns in the end.
    async fn keep_changed(
        &self,
        table: DataFrame,
        folder: &str,
        more: &[Field],
        change: impl Fn(&RecordBatch) -> Result<RecordBatch>,
    ) -> Result<()> {
        let path = self.out.join(folder).join("part.parquet");
        let plan = table.create_physical_plan().await?;
        let more = more.iter().cloned().map(Arc::new);
        let fields = plan
            .schema()
            .fields()
            .iter()
            .cloned()
            .chain(more)
            .collect::<Vec<_>>();
        let schema = Arc::new(Schema::new(fields));
        let written = self.engine.tried(|_| async {
            let mut file = TableFile::create(&path, Arc::clone(&schema))?;
            self.each(&plan, |batch| file.write(&change(batch)?)).await?;
            file.finish()
        });
        written.await
    }
}

/// The rows of a batch whose row in this column is a question, with the first so many columns of where that stands.
fn with_columns(batch: &RecordBatch, row: &str, placed: &[Placed], columns: usize) -> Result<RecordBatch> {
    let rows = column(batch, row)?.as_primitive::<UInt64Type>();
    let question = |row: &u64| placed.binary_search_by_key(row, |question| question.row).ok();
    let places: Vec<Option<usize>> = rows.values().iter().map(question).collect();
    let is_question: BooleanArray = places.iter().map(|place| Some(place.is_some())).collect();
    let batch = filter_record_batch(batch, &is_question)?;
    let questions: Vec<&Placed> = places.into_iter().flatten().map(|place| &placed[place]).collect();
    let fields = batch.schema().fields().iter().cloned().collect::<Vec<_>>();
    let more = Placed::fields().into_iter().map(Arc::new).take(columns);
    let schema = Schema::new(fields.into_iter().chain(more).collect::<Vec<_>>());
    let more = Placed::columns(&questions).into_iter().take(columns);
    let columns = batch.columns().iter().cloned().chain(more).collect();
    Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
}
