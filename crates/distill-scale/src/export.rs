//! The outcome of a curation at scale as files that training reads.

pub(crate) mod clusters;
mod lines;
mod merged;
mod questions;

use std::{collections::BTreeMap, fmt, path::Path, sync::Arc};

use datafusion::{
    error::{DataFusionError, Result},
    prelude::{DataFrame, Expr, ParquetReadOptions, col, lit},
};
use distill_data::{ClassLimitsRecord, OVER_CLASS_CAP, QueueRecord, SplitReport, WeightByCalls};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, WholeFile, read_json, write_json};
use task_spec::Task;

use crate::{
    Calls, Engine, ScaleError,
    curate::SCALE_FILE,
    engine::as_text,
    functions::{self, ReviewedCalls},
    joined,
    reduce::fates_schema,
    stages::REVIEWED_FILE,
};
use lines::{Known, Lines};

const TRAIN: &str = "train";

/// The account of an export, `export.json` beside the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportReport {
    /// Lines of each file of JSON lines.
    pub rows: BTreeMap<String, u64>,
    /// BLAKE3 of each file.
    pub outputs: BTreeMap<String, ContentHash>,
}

impl fmt::Display for ExportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (file, rows) in &self.rows {
            writeln!(f, "{rows:12} rows in {file}")?;
        }
        Ok(())
    }
}

/// What of `scale.json` an export needs.
#[derive(Debug, Deserialize)]
struct FinishedRun {
    calls: u64,
    rejected: BTreeMap<String, u64>,
    split: Option<SplitReport>,
    class_limits: ClassLimitsRecord,
    review: QueueRecord,
}

impl FinishedRun {
    /// The fates of the rows that stay, those that are trained on first.
    fn kept(&self) -> Vec<String> {
        let parts = self.split.iter().flat_map(|split| &split.parts);
        let parts = parts.map(|part| part.name.clone()).filter(|name| name != TRAIN);
        let over_cap = self.class_limits.cap.map(|_| OVER_CLASS_CAP.to_owned());
        [TRAIN.to_owned()]
            .into_iter()
            .chain(parts)
            .chain(over_cap)
            .collect()
    }
}

/// What an export may be told.
#[derive(Debug, Clone, Default)]
pub struct ExportConfig {
    /// How the calls that a row stands for become its weight, which is multiplied with the greatest weight of the logs that hold
    /// one of them. Default: not at all.
    pub weight_by_calls: WeightByCalls,
    /// The table of calls that was curated, to write `merged.jsonl` of: a line for each call that stands behind another, in the
    /// order of the logs, as `curate` of distill-data writes it. All calls are read and sorted once more for it. Default: no such
    /// file.
    pub merged: Option<Calls>,
}

/// [`export_examples_with`] the default settings.
///
/// # Errors
///
/// As of that.
pub async fn export_examples(
    engine: &Engine,
    task: &Task,
    from: &Path,
    to: &Path,
) -> Result<ExportReport, ScaleError> {
    export_examples_with(engine, &ExportConfig::default(), task, (from, to)).await
}

/// Writes the rows of a finished curation at scale, `from`, into `to`, a folder that must be new or empty: `train.jsonl`, a file
/// for each part that is kept from training, and `over_class_cap.jsonl` where classes have a cap, each by rising id; what persons
/// are asked, `review.jsonl`, `audit.jsonl`, `review.csv`, `label-studio.json` and `label-studio.xml`; `merged.jsonl` where the
/// settings ask for it; and `export.json`, last.
///
/// All are what `curate` of distill-data writes of the same logs with the same settings, byte for byte: lines of `train.jsonl` and
/// of the parts are a task-spec `Example` and what is known of the calls behind it, lines of `review.jsonl` and `audit.jsonl` a
/// `ReviewRow`. Without the columns for it in the table of calls there is no source, no time and no distribution.
///
/// Rows are sorted by the engine and written one by one. In memory are the rows that have a near-duplicate which stays too, the rows
/// of the audit, and of a question all rows that stand behind it; for `merged.jsonl` the rows in doubt that join another's question.
///
/// # Errors
///
/// [`ScaleError::Unfinished`] if `from` holds no finished run, [`ScaleError::NotEmpty`], [`ScaleError::Label`] if a row's label
/// is none of the task's; of `merged.jsonl` [`ScaleError::OtherCalls`] if the calls are not those of the run, and
/// [`ScaleError::NoCallPlaces`] if none of them says where it is.
pub async fn export_examples_with(
    engine: &Engine,
    config: &ExportConfig,
    task: &Task,
    (from, to): (&Path, &Path),
) -> Result<ExportReport, ScaleError> {
    if std::fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(ScaleError::NotEmpty { path: to.to_owned() });
    }
    let account = from.join(SCALE_FILE);
    if !account.exists() {
        return Err(ScaleError::Unfinished {
            path: from.to_owned(),
        });
    }
    let run: FinishedRun = read_json(&account)?;
    let failed = |source| ScaleError::Engine {
        stage: "export",
        source: Box::new(source),
    };
    let fates = fates_of(engine, from).await.map_err(failed)?;
    let kept = run.kept();
    let of_kept = of_fates(&fates, &kept).map_err(failed)?;
    let cluster_of = clusters::of_kept(engine, from, of_kept).await.map_err(failed)?;
    let known = Known {
        cluster_of: &cluster_of,
        weight_by_calls: config.weight_by_calls,
    };
    let mut report = write_rows(engine, (task, known), (&fates, &kept), (from, to)).await?;
    let asked = questions::write(engine, task, (from, to), &mut report).await?;
    if asked != run.review.questions as u64 {
        let expected = run.review.questions;
        return Err(failed(plan_error(format!(
            "there are {asked} questions, and the run has {expected}"
        ))));
    }
    if let Some(calls) = &config.merged {
        let mut file = WholeFile::create(&to.join("merged.jsonl"))?;
        let answers = from.join(REVIEWED_FILE);
        let answers: Option<ReviewedCalls> = match answers.exists() {
            true => Some(read_json(&answers)?),
            false => None,
        };
        let labelled = (calls, task.labels(), answers.as_ref());
        let joined = joined::read(engine, from).await.map_err(failed)?;
        let found = merged::write(engine, labelled, (&fates, &joined), &mut file).await?;
        let expected = run.calls - run.rejected.values().sum::<u64>();
        if found.read != expected {
            return Err(ScaleError::OtherCalls {
                path: calls.path().to_owned(),
                found: found.read,
                expected,
            });
        }
        if found.read > 0 && found.with_place == 0 {
            return Err(ScaleError::NoCallPlaces);
        }
        report.outputs.insert("merged.jsonl".to_owned(), file.finish()?);
        report.rows.insert("merged.jsonl".to_owned(), found.written);
    }
    write_json(&to.join("export.json"), &report)?;
    Ok(report)
}

/// Writes the rows that stay.
async fn write_rows(
    engine: &Engine,
    (task, known): (&Task, Known<'_>),
    (fates, kept): (&DataFrame, &[String]),
    (from, to): (&Path, &Path),
) -> Result<ExportReport, ScaleError> {
    let failed = |source| ScaleError::Engine {
        stage: "export",
        source: Box::new(source),
    };
    let sorted = of_fates(fates, kept)
        .and_then(|rows| rows.sort(vec![col("id").sort(true, false)]))
        .map_err(failed)?;
    let plan = sorted.create_physical_plan().await.map_err(failed)?;
    let mut files: BTreeMap<&str, (u64, WholeFile)> = BTreeMap::new();
    for name in kept.iter().map(String::as_str) {
        let file = WholeFile::create(&to.join(format!("{name}.jsonl")))?;
        files.insert(name, (0, file));
    }
    let mut batches = engine.stream(Arc::clone(&plan)).await.map_err(failed)?;
    while let Some(batch) = batches.try_next().await.map_err(failed)? {
        let lines = Lines::of(&batch, task, known).map_err(|error| failed(error.into()))?;
        for index in 0..batch.num_rows() {
            let (name, line) = lines.at(index, from)?;
            let Some((rows, file)) = files.get_mut(name) else {
                return Err(failed(plan_error(format!("nobody asked for the fate {name}"))));
            };
            *rows += 1;
            file.write_json_line(&line)?;
        }
    }
    let (mut rows, mut outputs) = (BTreeMap::new(), BTreeMap::new());
    for (name, (count, file)) in files {
        let name = format!("{name}.jsonl");
        outputs.insert(name.clone(), file.finish()?);
        rows.insert(name, count);
    }
    Ok(ExportReport { rows, outputs })
}

async fn fates_of(engine: &Engine, from: &Path) -> Result<DataFrame> {
    let schema = fates_schema();
    let options = ParquetReadOptions::default().schema(&schema);
    let folder = from.join("fates");
    engine.context.read_parquet(as_text(&folder)?, options).await
}

/// The rows of these fates.
fn of_fates(fates: &DataFrame, names: &[String]) -> Result<DataFrame> {
    let names = names.iter().map(|name| lit(name.as_str())).collect();
    fates.clone().filter(col("fate").in_list(names, false))
}

/// The number of a row by its text; what stays of a text has the text's normal form.
pub(crate) fn row_of(input: &str) -> Expr {
    functions::text_id().call(vec![functions::normal_text().call(vec![col(input)])])
}

fn plan_error(message: impl Into<String>) -> DataFusionError {
    DataFusionError::Plan(message.into())
}
