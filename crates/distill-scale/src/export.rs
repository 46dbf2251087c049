//! The outcome of a curation at scale as files that training reads.

pub(crate) mod clusters;
mod lines;

use std::{collections::BTreeMap, fmt, path::Path, sync::Arc};

use datafusion::{
    error::{DataFusionError, Result},
    prelude::{DataFrame, ParquetReadOptions, col, lit},
};
use distill_data::SplitReport;
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, WholeFile, read_json, write_json};
use task_spec::Task;

use crate::{Engine, ScaleError, curate::SCALE_FILE, engine::as_text, reduce::fates_schema};
use lines::{Line, Lines};

/// The fates whose rows a person is asked about.
const REVIEWED: [&str; 5] = [
    "conflicting_labels",
    "near_conflict",
    "low_confidence",
    "unknown_confidence",
    "suspect_label",
];
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
/// It has less than a `ReviewRow` of distill-data: nothing of what an answer is worth, and no row is joined to another's
/// question. Answers come back as a log of their own, of lines with `input`, `answer` and `"reviewed": true`.
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
    split: Option<SplitReport>,
}

/// Writes the rows of a finished curation at scale, `from`, into `to`, a folder that must be new or empty: `train.jsonl`, a file
/// for each part that is kept from training, and `review.jsonl`, each by rising id; and `export.json`, last.
///
/// Lines of `train.jsonl` and of the parts are those that `curate` of distill-data writes of the same logs with the same
/// settings, byte for byte: a task-spec `Example` and what is known of the calls behind it. Without the columns for it in the
/// table of calls there is no source, no time and no distribution; the weight is 1. A line of `review.jsonl` is a
/// [`DoubtfulRow`].
///
/// Rows are sorted by the engine and written one by one. In memory are the rows that have a near-duplicate which stays too.
///
/// # Errors
///
/// [`ScaleError::Unfinished`] if `from` holds no finished run, [`ScaleError::NotEmpty`], [`ScaleError::Label`] if a row's label
/// is none of the task's.
pub async fn export_examples(
    engine: &Engine,
    task: &Task,
    from: &Path,
    to: &Path,
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
    let parts = run.split.into_iter().flat_map(|split| split.parts);
    let mut kept: Vec<String> = parts.map(|part| part.name).filter(|name| name != TRAIN).collect();
    kept.insert(0, TRAIN.to_owned());
    let failed = |source| ScaleError::Engine {
        stage: "export",
        source: Box::new(source),
    };
    let fates = fates_of(engine, from).await.map_err(failed)?;
    let cluster_of = clusters::of_kept(engine, from, of_fates(&fates, &kept).map_err(failed)?)
        .await
        .map_err(failed)?;
    let wanted: Vec<String> = kept.iter().cloned().chain(REVIEWED.map(str::to_owned)).collect();
    let sorted = of_fates(&fates, &wanted)
        .and_then(|rows| rows.sort(vec![col("id").sort(true, false)]))
        .map_err(failed)?;
    let plan = sorted.create_physical_plan().await.map_err(failed)?;
    let names = kept.into_iter().chain([REVIEW.to_owned()]);
    let mut files: BTreeMap<String, (u64, WholeFile)> = BTreeMap::new();
    for name in names {
        let file = WholeFile::create(&to.join(format!("{name}.jsonl")))?;
        files.insert(name, (0, file));
    }
    let mut batches = engine.stream(Arc::clone(&plan)).await.map_err(failed)?;
    while let Some(batch) = batches.try_next().await.map_err(failed)? {
        let lines = Lines::of(&batch, task, &cluster_of).map_err(|error| failed(error.into()))?;
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
    let report = ExportReport { rows, outputs };
    write_json(&to.join("export.json"), &report)?;
    Ok(report)
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

fn plan_error(message: impl Into<String>) -> DataFusionError {
    DataFusionError::Plan(message.into())
}
