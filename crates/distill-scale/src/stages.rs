//! The stages of a curation at scale, each a plan whose outcome is a folder of Parquet.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use datafusion::{
    arrow::{
        array::{AsArray, RecordBatch},
        datatypes::{Int64Type, SchemaRef, UInt32Type, UInt64Type},
    },
    error::{DataFusionError, Result},
    functions_aggregate::expr_fn::{count, sum},
    prelude::{DataFrame, ParquetReadOptions, coalesce, col, lit, when},
};
use distill_data::{ConfidenceCut, ConfidenceKind, ReviewedRecord};
use futures::TryStreamExt;
use near_texts::{GoldRows, JoinPlan};
use stage_files::FileError;
use task_spec::LabelSet;

use crate::{
    Engine, ScaleInput, ScalePlan, apart,
    calls::{fault, legal, with_answers},
    engine::as_text,
    functions::{self, ReviewedCalls},
    reduce::{
        ReduceExec, Reduction, answers_schema, contradicted_schema, fates_schema, gold_schema, pairs_schema,
        rows_schema,
    },
    stars,
};

mod audit;
mod class_limits;
mod decisions;
mod gold;
mod questions;
mod reviewed;
mod split;
mod suspects;
mod teachers;
mod teachers_word;

pub(crate) use reviewed::Reviewed;

/// What reviewed rows come to, in the folder of a run that was given some.
pub(crate) const REVIEWED_FILE: &str = "work/reviewed.json";

/// The folder of what becomes of rows on the teacher's word alone, in that of a run that was given reviewed rows.
const TEACHERS_WORD: &str = "work/teacher";

/// About how many texts the plan of the near join is estimated on.
const SAMPLE: usize = 16_384;

/// What stages hand to one another, and the outcome.
#[derive(Debug, Clone, Copy)]
enum Table {
    /// What teachers answered.
    Answers,
    /// What the teacher says of texts that a person was told about.
    Similar,
    Rows,
    Gold,
    Pairs,
    Contradicted,
    Merged,
    /// The fates before the search for wrong labels and a split.
    Settled,
    Suspects,
    Apart,
    Fates,
}

impl Table {
    fn schema(self) -> SchemaRef {
        match self {
            Self::Answers => answers_schema(),
            Self::Similar | Self::Rows => rows_schema(),
            Self::Gold => gold_schema(),
            Self::Pairs => pairs_schema(),
            Self::Contradicted => contradicted_schema(),
            Self::Merged => stars::schema(),
            Self::Suspects => suspects::schema(),
            Self::Apart => apart::schema(),
            Self::Settled | Self::Fates => fates_schema(),
        }
    }
}

/// Whose word the rows of a run are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// Persons' where they have spoken, else the teacher's.
    Everybodys,
    /// The teacher's alone, before any reviewed row overrides it.
    Teachers,
}

/// The calls of a table.
#[derive(Debug, Default)]
pub(crate) struct CountedCalls {
    pub(crate) calls: u64,
    /// Those that make no row, by reason.
    pub(crate) rejected: BTreeMap<String, u64>,
    /// Those that make rows.
    pub(crate) legal: u64,
    /// Of those, calls whose time is known.
    pub(crate) with_time: u64,
    /// Of those, calls whose line is known.
    pub(crate) with_line: u64,
}

/// The stages of one run.
#[derive(Debug, Clone)]
pub(crate) struct Stages<'a> {
    engine: &'a Engine,
    labels: &'a LabelSet,
    gold: Option<&'a GoldRows>,
    plan: &'a ScalePlan,
    out: &'a Path,
    word: Word,
    /// From which confidence on rows are kept, for the kinds of which reviewed rows tell.
    cuts: BTreeMap<ConfidenceKind, Option<ConfidenceCut>>,
}

impl<'a> Stages<'a> {
    pub(crate) fn new(
        engine: &'a Engine,
        input: &ScaleInput<'a>,
        plan: &'a ScalePlan,
        out: &'a Path,
    ) -> Self {
        Self {
            engine,
            labels: input.labels,
            gold: input.gold,
            plan,
            out,
            word: Word::Everybodys,
            cuts: BTreeMap::new(),
        }
    }

    /// The same with what reviewed rows tell of how much confidence is enough.
    pub(crate) fn with_cuts(mut self, reviewed: &ReviewedRecord) -> Self {
        self.cuts.clone_from(&reviewed.cuts);
        self
    }

    /// How many calls there are, and what is known of them.
    pub(crate) async fn count_calls(&self, calls: DataFrame) -> Result<CountedCalls> {
        let all = count(lit(1)).alias("calls");
        let with_time = count(when(split::is_believed("time_ms"), lit(1)).end()?).alias("with_time");
        let with_line = count(col("line")).alias("with_line");
        let fault = coalesce(vec![fault(self.labels)?, lit("")]).alias("fault");
        let faults = calls
            .select(vec![fault, col("time_ms"), col("line")])?
            .aggregate(vec![col("fault")], vec![all, with_time, with_line])?;
        let mut counted = CountedCalls::default();
        for batch in self.collect(faults).await? {
            let names = batch.column(0).as_string::<i32>();
            let [calls, with_time, with_line] =
                [1, 2, 3].map(|place| batch.column(place).as_primitive::<Int64Type>());
            for index in 0..batch.num_rows() {
                let of_fault = calls.value(index) as u64;
                counted.calls += of_fault;
                match names.value(index) {
                    "" => {
                        counted.legal = of_fault;
                        counted.with_time = with_time.value(index) as u64;
                        counted.with_line = with_line.value(index) as u64;
                    }
                    fault => drop(counted.rejected.insert(fault.to_owned(), of_fault)),
                }
            }
        }
        Ok(counted)
    }

    /// The calls of each text become a row.
    pub(crate) async fn votes(&self, calls: DataFrame, answers: Option<&ReviewedCalls>) -> Result<u64> {
        let legal = legal(calls, self.labels)?;
        let legal = match answers {
            Some(answers) => with_answers(legal, answers)?,
            None => legal,
        };
        let reduction = Reduction::Votes {
            majority: self.plan.config().conflict_majority,
            labels: self.labels.names().map(str::to_owned).collect(),
        };
        let folder = self.folder(Table::Rows);
        self.fold(legal, &vote_order(answers.is_some()), reduction, folder)
            .await
    }

    /// How near-duplicates are to be looked for, by what texts there are.
    pub(crate) async fn join_plan(&self, rows: u64) -> Result<JoinPlan> {
        let table = self.table(Table::Rows).await?;
        let sizes = table
            .clone()
            .aggregate(vec![col("shingles")], vec![count(lit(1)).alias("rows")])?;
        let mut counts = BTreeMap::new();
        for batch in self.collect(sizes).await? {
            let (sizes, rows) = (
                batch.column(0).as_primitive::<UInt32Type>(),
                batch.column(1).as_primitive::<Int64Type>(),
            );
            for (&size, &rows) in sizes.values().iter().zip(rows.values()) {
                counts.insert(size as usize, rows as usize);
            }
        }
        // Ids are hashes: those below a bound are a sample, and the same one in every run.
        let share = (SAMPLE as f64 / (rows.max(1)) as f64).min(1.0);
        let bound = (share * u64::MAX as f64) as u64;
        let sample = table
            .filter(col("row").lt_eq(lit(bound)))?
            .select(vec![col("row"), col("text")])?;
        let mut texts: Vec<(u64, String)> = Vec::new();
        for batch in self.collect(sample).await? {
            let (ids, found) = (
                batch.column(0).as_primitive::<UInt64Type>(),
                batch.column(1).as_string::<i32>(),
            );
            texts.extend(
                ids.values()
                    .iter()
                    .zip(found)
                    .map(|(&id, text)| (id, text.unwrap_or_default().to_owned())),
            );
        }
        texts.sort_unstable();
        let texts: Vec<String> = texts.into_iter().map(|(_, text)| text).collect();
        Ok(JoinPlan::of(&counts, &texts, self.plan.near_threshold()))
    }

    /// The near-duplicates of which one of the keys of a pass tells.
    pub(crate) async fn pairs(&self, join: &JoinPlan, pass: u32) -> Result<u64> {
        let json = serde_json::to_string(join).map_err(|error| DataFusionError::External(Box::new(error)))?;
        let passes = u64::from(self.plan.config().passes);
        let keys =
            functions::join_keys().call(vec![col("text"), lit(json), lit(u64::from(pass)), lit(passes)]);
        let keyed = self
            .kept_rows()
            .await?
            .select(vec![keys.alias("key"), col("row"), col("text")])?
            .unnest_columns(&["key"])?
            // A text that has no key in this pass is a row without one.
            .filter(col("key").is_not_null())?;
        let folder = self.folder(Table::Pairs);
        let plan = join.clone();
        self.fold(
            keyed,
            &[("key", true), ("row", true)],
            Reduction::Pairs { plan },
            folder,
        )
        .await
    }

    /// Rows by fate, and the calls behind them.
    pub(crate) async fn count_fates(&self) -> Result<BTreeMap<String, (u64, u64)>> {
        let fates = self.table(Table::Fates).await?;
        let fates = fates.aggregate(
            vec![col("fate")],
            vec![count(lit(1)).alias("rows"), sum(col("calls")).alias("calls")],
        )?;
        let mut counts = BTreeMap::new();
        for batch in self.collect(fates).await? {
            let (names, rows) = (
                batch.column(0).as_string::<i32>(),
                batch.column(1).as_primitive::<Int64Type>(),
            );
            let calls = batch.column(2).as_primitive::<UInt64Type>();
            for index in 0..batch.num_rows() {
                let found = (rows.value(index) as u64, calls.value(index));
                counts.insert(names.value(index).to_owned(), found);
            }
        }
        Ok(counts)
    }

    fn folder(&self, table: Table) -> PathBuf {
        let (name, is_of_word) = match table {
            Table::Answers => ("answers", false),
            Table::Similar => ("similar", false),
            Table::Rows => ("rows", true),
            // Of texts, whatever their labels are.
            Table::Gold => ("gold", false),
            Table::Pairs => ("pairs", false),
            Table::Contradicted => ("contradicted", true),
            Table::Merged => ("merged", true),
            Table::Settled => ("settled", true),
            Table::Suspects => ("suspects", true),
            Table::Apart => ("apart", false),
            Table::Fates => ("fates", true),
        };
        match (self.word, table) {
            (Word::Teachers, _) if is_of_word => self.out.join(TEACHERS_WORD).join(name),
            (_, Table::Fates) => self.out.join(name),
            _ => self.out.join("work").join(name),
        }
    }

    async fn table(&self, table: Table) -> Result<DataFrame> {
        let schema = table.schema();
        // Said rather than read: a stage of which nothing came has left no file to read it from.
        let options = ParquetReadOptions::default().schema(&schema);
        self.engine
            .context
            .read_parquet(as_text(&self.folder(table))?, options)
            .await
    }

    /// Folds a table into a folder; how many rows that made.
    async fn fold(
        &self,
        table: DataFrame,
        order: &[(&str, bool)],
        reduction: Reduction,
        folder: PathBuf,
    ) -> Result<u64> {
        let partitions = self.engine.partitions;
        let plan = table.create_physical_plan().await?;
        let written = self.engine.tried(|number| {
            let (plan, reduction) = (Arc::clone(&plan), reduction.clone());
            // A folder of the try's own: a try that was given up may have tasks that still write.
            let own = self.out.join(format!("work/try-{number}"));
            let folder = &folder;
            async move {
                let fold = ReduceExec::of_sorted(plan, order, partitions, reduction, own.clone())?;
                let done = match self.engine.stream(Arc::new(fold)).await {
                    Ok(batches) => batches.try_collect::<Vec<_>>().await,
                    Err(error) => Err(error),
                };
                match &done {
                    Ok(_) => {
                        keep(&own, folder).map_err(|error| DataFusionError::External(Box::new(error)))?
                    }
                    // What cannot be removed, or is written after that, is in nobody's way.
                    Err(_) => drop(std::fs::remove_dir_all(&own)),
                }
                done
            }
        });
        let batches = written.await?;
        let written = batches
            .iter()
            .map(|batch| batch.column(0).as_primitive::<UInt64Type>());
        Ok(written.flat_map(|rows| rows.values().iter().copied()).sum())
    }

    async fn collect(&self, table: DataFrame) -> Result<Vec<RecordBatch>> {
        let plan = table.create_physical_plan().await?;
        self.engine.collect(plan).await
    }
}

/// As distill-data sorts the calls of a text, so that sums have the same bits. Where confidence was calibrated, what was reported
/// is a column of its own.
fn vote_order(is_calibrated: bool) -> Vec<(&'static str, bool)> {
    let said = [
        ("row", true),
        // Two texts of one id would lie mixed up, and would not be noticed.
        ("text", true),
        ("by_person", false),
        ("ballot", true),
        ("input", true),
        ("id", true),
        ("question", true),
    ];
    let place = [
        ("time_ms", true),
        ("log", true),
        // Of several runs of a reader each has its own first log.
        ("file", true),
        ("line", true),
    ];
    let reported = is_calibrated.then_some(("reported", true));
    said.into_iter().chain(reported).chain(place).collect()
}

/// Moves the files of a try to the others of its table.
fn keep(own: &Path, folder: &Path) -> Result<(), FileError> {
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |source| FileError::Write { path, source }
    };
    std::fs::create_dir_all(folder).map_err(fail(folder))?;
    // A stage of which nothing came has written nothing.
    std::fs::create_dir_all(own).map_err(fail(own))?;
    for file in std::fs::read_dir(own).map_err(fail(own))? {
        let file = file.map_err(fail(own))?;
        let kept = folder.join(file.file_name());
        std::fs::rename(file.path(), &kept).map_err(fail(&kept))?;
    }
    std::fs::remove_dir(own).map_err(fail(own))
}
