//! The table of calls, as files have it.

use std::path::{Path, PathBuf};

use datafusion::{
    arrow::datatypes::{DataType, Field, Schema},
    error::Result,
    prelude::{DataFrame, Expr, JsonReadOptions, ParquetReadOptions, cast, coalesce, col, lit, when},
    scalar::ScalarValue,
};
use distill_data::{PersonalDataMask, Verdict};
use stage_files::read_json;
use task_spec::LabelSet;

use crate::{
    Engine, ScaleError,
    engine::as_text,
    functions::{self, ReviewedCalls},
    read::{CALLS_FOLDER, READ_FILE, REJECTED_FOLDER, ReadReport},
};

/// Parquet or JSON lines, a file or a folder of files, with a line for each call that a reader of logs has let through.
///
/// Two columns must be there, under the names that distill-data's `FieldMap` has by default: `input`, the question, and
/// `answer`, a label of the task in any spelling that the task knows. JSON lines may have `confidence` and `reviewed` beside
/// them; Parquet may have all of these, which [`read_logs`](crate::read_logs) writes:
///
/// | column | as |
/// |---|---|
/// | `confidence` | how sure the teacher was, in 0..=1; of another number nothing is known |
/// | `reviewed` | true where a person gave the answer |
/// | `confidence_kind` | where the confidence comes from, by the names of distill-data's `ConfidenceKind`; self-reported if null |
/// | `votes` | of several answers to one call how many gave each label, as JSON: `{"arrival":2,"top-up":1}`. In place of `answer` |
/// | `asked` | how many answers there were, those that are no label included |
/// | `probabilities` | the teacher's distribution over the labels, as JSON by name |
/// | `time_ms` | when the call was made, in milliseconds since 1970 |
/// | `id`, `question` | the id that the log gives the call, and which of its questions it is |
/// | `log`, `file`, `line` | where the call is: the number of the log from 0, its name, the line from 1 |
/// | `model`, `fingerprint`, `prompt` | who answered: the model, what the service says of its configuration, the hash of the instructions |
/// | `weight` | how much rows of the log weigh, above 0; 1 of any other number |
///
/// A folder that [`read_logs`](crate::read_logs) has written is such a table too, and says itself what was masked in it.
#[derive(Debug, Clone)]
pub struct Calls {
    path: PathBuf,
}

/// The columns that may be there, and their types.
pub(crate) const OPTIONAL: [(&str, DataType); 16] = [
    ("confidence", DataType::Float64),
    ("reviewed", DataType::Boolean),
    ("confidence_kind", DataType::Utf8),
    ("votes", DataType::Utf8),
    ("asked", DataType::UInt64),
    ("probabilities", DataType::Utf8),
    ("time_ms", DataType::Int64),
    ("id", DataType::Utf8),
    ("question", DataType::Utf8),
    ("log", DataType::UInt64),
    ("file", DataType::Utf8),
    ("line", DataType::UInt64),
    ("weight", DataType::Float64),
    ("model", DataType::Utf8),
    ("fingerprint", DataType::Utf8),
    ("prompt", DataType::Utf8),
];

/// The columns that tell one teacher from another.
pub(crate) const TEACHER: [&str; 3] = ["model", "fingerprint", "prompt"];

/// What a reading knows of its calls beside those that make rows.
#[derive(Debug)]
pub(crate) struct OfReading {
    /// The calls of the task that make none, if there are any.
    pub(crate) rejected: Option<DataFrame>,
    /// The names of the logs, by number.
    pub(crate) logs: Vec<String>,
}

impl Calls {
    /// The calls in a file or a folder of files.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where they are.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The account of the reading, if logs were read into the folder; an error if they are not to be believed.
    fn reading(&self) -> Result<Option<ReadReport>, ScaleError> {
        let account = self.path.join(READ_FILE);
        if !account.is_file() {
            return Ok(None);
        }
        let report: ReadReport = read_json(&account)?;
        match report.verdict {
            Verdict::Usable => Ok(Some(report)),
            verdict => Err(ScaleError::NotUsable {
                path: account,
                verdict,
            }),
        }
    }

    /// What is masked in the texts, as far as that is known: a gold set is to be masked by it too.
    pub(crate) fn mask(&self) -> Result<PersonalDataMask, ScaleError> {
        Ok(self
            .reading()?
            .map_or_else(PersonalDataMask::default, |report| report.personal_data))
    }

    /// What is known beside the table, if logs were read into the folder.
    pub(crate) async fn of_reading(&self, engine: &Engine) -> Result<Option<OfReading>, ScaleError> {
        let Some(report) = self.reading()? else {
            return Ok(None);
        };
        let files = self.path.join(REJECTED_FOLDER);
        let rejected = match files.is_dir() {
            true => Some(self.table(engine, &files).await?),
            false => None,
        };
        let logs = report.account.logs.into_iter().map(|log| log.file).collect();
        Ok(Some(OfReading { rejected, logs }))
    }

    /// The table, with all columns: those that the files have not are null.
    pub(crate) async fn read(&self, engine: &Engine) -> Result<DataFrame, ScaleError> {
        let files = match self.reading()? {
            Some(_) => self.path.join(CALLS_FOLDER),
            None => self.path.clone(),
        };
        self.table(engine, &files).await
    }

    async fn table(&self, engine: &Engine, files: &Path) -> Result<DataFrame, ScaleError> {
        let failed = |error| ScaleError::Engine {
            stage: "read",
            source: Box::new(error),
        };
        let path = as_text(files).map_err(failed)?;
        let table = match format_of(files)? {
            Format::Parquet => {
                engine
                    .context
                    .read_parquet(path, ParquetReadOptions::default())
                    .await
            }
            Format::JsonLines(extension) => {
                let schema = Schema::new(vec![
                    Field::new("input", DataType::Utf8, true),
                    Field::new("answer", DataType::Utf8, true),
                    Field::new("confidence", DataType::Float64, true),
                    Field::new("reviewed", DataType::Boolean, true),
                ]);
                let options = JsonReadOptions::default()
                    .schema(&schema)
                    .file_extension(extension);
                engine.context.read_json(path, options).await
            }
        };
        let table = table.map_err(failed)?;
        let has = |name: &str| table.schema().has_column_with_unqualified_name(name);
        for column in ["input", "answer"] {
            if !has(column) {
                return Err(ScaleError::NoColumn {
                    path: self.path.clone(),
                    column,
                });
            }
        }
        let optional = |name: &str, kind: DataType| match has(name) {
            true => cast(col(name), kind),
            false => cast(lit(ScalarValue::Null), kind),
        };
        let required = ["input", "answer"].map(|name| cast(col(name), DataType::Utf8).alias(name));
        let optional = OPTIONAL.map(|(name, kind)| optional(name, kind).alias(name));
        let columns: Vec<Expr> = required.into_iter().chain(optional).collect();
        table.select(columns).map_err(failed)
    }
}

enum Format {
    Parquet,
    JsonLines(&'static str),
}

fn format_of(path: &Path) -> Result<Format, ScaleError> {
    let of_name = |path: &Path| match path.extension().and_then(|extension| extension.to_str()) {
        Some("parquet") => Some(Format::Parquet),
        Some("jsonl") => Some(Format::JsonLines(".jsonl")),
        _ => None,
    };
    let found = of_name(path).or_else(|| {
        let mut inside = std::fs::read_dir(path)
            .ok()?
            .filter_map(|entry| of_name(&entry.ok()?.path()));
        inside.next()
    });
    found.ok_or_else(|| ScaleError::Format {
        path: path.to_owned(),
    })
}

/// Where calls come from, and how much they weigh.
const OF_SOURCE: [&str; 7] = ["time_ms", "log", "file", "line", "id", "question", "weight"];

/// Calls by what the votes need, only those that have a text and a label of the task.
pub(crate) fn legal(calls: DataFrame, labels: &LabelSet) -> Result<DataFrame> {
    legal_with(calls, labels, &OF_SOURCE)
}

/// The same with other columns beside the row, its text, what the call says and whether a person said it.
pub(crate) fn legal_with(calls: DataFrame, labels: &LabelSet, beside: &[&str]) -> Result<DataFrame> {
    let beside = || beside.iter().copied().map(col);
    let said = [
        functions::normal_text().call(vec![col("input")]).alias("text"),
        col("input"),
        ballot(labels)?.alias("ballot"),
        coalesce(vec![col("reviewed"), lit(false)]).alias("by_person"),
    ];
    let numbered = calls.select(said.into_iter().chain(beside()).collect::<Vec<_>>())?;
    let known = [
        functions::text_id().call(vec![col("text")]).alias("row"),
        col("text"),
        col("input"),
        col("ballot"),
        col("by_person"),
    ];
    numbered
        .filter(col("text").is_not_null().and(col("ballot").is_not_null()))?
        .select(known.into_iter().chain(beside()).collect::<Vec<_>>())
}

/// The same calls with what persons have said of their texts: with calibrated confidence, and beside it, as a ballot of its own,
/// what was `reported`.
pub(crate) fn with_answers(legal: DataFrame, answers: &ReviewedCalls) -> Result<DataFrame> {
    let json = serde_json::to_string(answers)
        .map_err(|error| datafusion::error::DataFusionError::External(Box::new(error)))?;
    let overridden: Vec<Expr> = answers.labels.keys().map(|&row| lit(row)).collect();
    let by_person = match overridden.is_empty() {
        true => col("by_person"),
        false => col("by_person").or(col("row").in_list(overridden, false)),
    };
    let ballot = functions::reviewed_ballot().call(vec![col("ballot"), col("row"), lit(json)]);
    let answered = [
        col("row"),
        col("text"),
        col("input"),
        ballot.alias("ballot"),
        functions::reported().call(vec![col("ballot")]).alias("reported"),
        by_person.alias("by_person"),
    ];
    legal.select(answered.into_iter().chain(OF_SOURCE.map(col)).collect::<Vec<_>>())
}

/// What is wrong with each call that makes no row; null where it makes one. As `RejectReason` names it.
pub(crate) fn fault(labels: &LabelSet) -> Result<Expr> {
    when(
        functions::normal_text().call(vec![col("input")]).is_null(),
        lit("empty_input"),
    )
    .when(ballot(labels)?.is_null(), lit("unknown_label"))
    .end()
}

fn ballot(labels: &LabelSet) -> Result<Expr> {
    let json = serde_json::to_string(labels)
        .map_err(|error| datafusion::error::DataFusionError::External(Box::new(error)))?;
    let said = [
        "answer",
        "confidence",
        "confidence_kind",
        "votes",
        "asked",
        "probabilities",
    ];
    let arguments = said.map(col).into_iter().chain([lit(json)]);
    Ok(functions::ballot().call(arguments.collect()))
}
