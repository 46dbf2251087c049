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
use distill_data::{ClassLimitsRecord, OVER_CLASS_CAP, SplitReport, WeightByCalls};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, WholeFile, read_json, write_json};
use task_spec::Task;

use crate::{
    Calls, Engine, ScaleError,
    curate::SCALE_FILE,
    doubts::DOUBTFUL,
    engine::as_text,
    functions::{self, ReviewedCalls},
    reduce::fates_schema,
    stages::REVIEWED_FILE,
};
use lines::{Known, Line, Lines};

const TRAIN: &str = "train";
const REVIEW: &str = "review";

/// The account of an export, `export.json` beside the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportReport {
    /// Lines of each file.
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

/// A question to a person: a line of `review.jsonl`, by rising id.
///
/// It has less than a `ReviewRow` of distill-data: nothing of what an answer is worth, and rows whose question is another's are
/// lines of their own. Answers come back as a log of their own, of lines with `input`, `answer` and `"reviewed": true`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DoubtfulRow {
    /// The id of the text.
    pub id: String,
    /// The question.
    pub input: String,
    /// The label that it has.
    pub label: String,
    /// Why it is in doubt: `conflicting_labels`, `near_conflict`, `low_confidence`, `unknown_confidence` or `suspect_label`.
    pub reason: String,
    /// The most similar text of another label, of a near conflict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbour: Option<String>,
    /// How similar that is, in 0..=1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jaccard: Option<f64>,
    /// The share of the support that the label has, in 0..=1, of conflicts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_share: Option<f64>,
    /// The label that a model of the other rows finds likelier, of a suspected label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested: Option<String>,
    /// The probability that the model gives it, in 0..=1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested_probability: Option<f64>,
    /// That of the row's own label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_probability: Option<f64>,
    /// The chance that a suspected label is wrong, in 0..=1; how earlier questions fared does not count in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chance_wrong: Option<f64>,
    /// The id of the row whose answer settles this one too, for it is nearly equal and has the same label; the calls of this one
    /// then stand behind that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joins: Option<String>,
    /// How many calls the row stands for.
    pub calls: usize,
    /// How sure the teacher was, calibrated where that was possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<distill_data::Confidence>,
    /// The call that it keeps, where the table has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<task_spec::Source>,
}

/// What of `scale.json` an export needs.
#[derive(Debug, Deserialize)]
struct FinishedRun {
    calls: u64,
    rejected: BTreeMap<String, u64>,
    split: Option<SplitReport>,
    class_limits: ClassLimitsRecord,
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
/// for each part that is kept from training, `over_class_cap.jsonl` where classes have a cap, and `review.jsonl`, each by rising
/// id; `merged.jsonl` where the settings ask for it; and `export.json`, last.
///
/// Lines of `train.jsonl` and of the parts are those that `curate` of distill-data writes of the same logs with the same
/// settings, byte for byte: a task-spec `Example` and what is known of the calls behind it. Without the columns for it in the
/// table of calls there is no source, no time and no distribution. A line of `review.jsonl` is a [`DoubtfulRow`].
///
/// Rows are sorted by the engine and written one by one. In memory are the rows that have a near-duplicate which stays too, and
/// rows in doubt that join another's question.
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
    let doubtful = of_fates(&fates, &DOUBTFUL.map(str::to_owned)).map_err(failed)?;
    let joined = questions::of_doubtful(engine, from, doubtful)
        .await
        .map_err(failed)?;
    let known = Known {
        cluster_of: &cluster_of,
        joined: &joined,
        weight_by_calls: config.weight_by_calls,
    };
    let mut report = write_rows(engine, (task, known), (&fates, &kept), (from, to)).await?;
    if let Some(calls) = &config.merged {
        let mut file = WholeFile::create(&to.join("merged.jsonl"))?;
        let answers = from.join(REVIEWED_FILE);
        let answers: Option<ReviewedCalls> = match answers.exists() {
            true => Some(read_json(&answers)?),
            false => None,
        };
        let labelled = (calls, task.labels(), answers.as_ref());
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

/// Writes the rows that stay and those that are in doubt.
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
    let wanted: Vec<String> = kept.iter().cloned().chain(DOUBTFUL.map(str::to_owned)).collect();
    let sorted = of_fates(fates, &wanted)
        .and_then(|rows| rows.sort(vec![col("id").sort(true, false)]))
        .map_err(failed)?;
    let plan = sorted.create_physical_plan().await.map_err(failed)?;
    let mut files: BTreeMap<&str, (u64, WholeFile)> = BTreeMap::new();
    for name in kept.iter().map(String::as_str).chain([REVIEW]) {
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
            match line {
                Line::Kept(row) => file.write_json_line(&*row)?,
                Line::Doubtful(row) => file.write_json_line(&*row)?,
            }
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
fn row_of(input: &str) -> Expr {
    functions::text_id().call(vec![functions::normal_text().call(vec![col(input)])])
}

fn plan_error(message: impl Into<String>) -> DataFusionError {
    DataFusionError::Plan(message.into())
}
