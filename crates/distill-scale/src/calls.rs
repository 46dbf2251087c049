//! The table of calls, as files have it.

use std::path::{Path, PathBuf};

use datafusion::{
    arrow::datatypes::{DataType, Field, Schema},
    error::Result,
    prelude::{DataFrame, Expr, JsonReadOptions, ParquetReadOptions, cast, coalesce, col, lit, when},
    scalar::ScalarValue,
};
use task_spec::LabelSet;

use crate::{Engine, ScaleError, engine::as_text, functions};

/// Parquet or JSON lines, a file or a folder of files, with a line for each call that a reader of logs has let through.
///
/// Columns, under the names that distill-data's `FieldMap` has by default: `input`, the question; `answer`, a label of the
/// task in any spelling that the task knows; and where there are any `confidence`, a number in 0..=1, and `reviewed`, true
/// where a person gave the answer.
#[derive(Debug, Clone)]
pub struct Calls {
    path: PathBuf,
}

impl Calls {
    /// The calls in a file or a folder of files.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The table, with all columns: those that the files have not are null.
    pub(crate) async fn read(&self, engine: &Engine) -> Result<DataFrame, ScaleError> {
        let failed = |error| ScaleError::Engine {
            stage: "read",
            source: Box::new(error),
        };
        let path = as_text(&self.path).map_err(failed)?;
        let table = match format_of(&self.path)? {
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
        let columns = vec![
            cast(col("input"), DataType::Utf8).alias("input"),
            cast(col("answer"), DataType::Utf8).alias("answer"),
            optional("confidence", DataType::Float64).alias("confidence"),
            optional("reviewed", DataType::Boolean).alias("reviewed"),
        ];
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

/// Calls by what the votes need, only those that have a text and a label of the task.
pub(crate) fn legal(calls: DataFrame, labels: &LabelSet) -> Result<DataFrame> {
    let numbered = calls.select(vec![
        functions::normal_text().call(vec![col("input")]).alias("text"),
        col("input"),
        number_of(labels)?.alias("label"),
        coalesce(vec![col("reviewed"), lit(false)]).alias("by_person"),
        // Of what is no probability nothing is known.
        when(col("confidence").between(lit(0.0), lit(1.0)), col("confidence"))
            .end()?
            .alias("confidence"),
    ])?;
    numbered
        .filter(col("text").is_not_null().and(col("label").is_not_null()))?
        .select(vec![
            functions::text_id().call(vec![col("text")]).alias("row"),
            col("text"),
            col("input"),
            col("label"),
            col("by_person"),
            col("confidence"),
            coalesce(vec![col("confidence"), lit(0.0)]).alias("sure"),
        ])
}

/// What is wrong with each call that makes no row; null where it makes one. As `RejectReason` names it.
pub(crate) fn fault(labels: &LabelSet) -> Result<Expr> {
    when(
        functions::normal_text().call(vec![col("input")]).is_null(),
        lit("empty_input"),
    )
    .when(number_of(labels)?.is_null(), lit("unknown_label"))
    .end()
}

fn number_of(labels: &LabelSet) -> Result<Expr> {
    let json = serde_json::to_string(labels)
        .map_err(|error| datafusion::error::DataFusionError::External(Box::new(error)))?;
    Ok(functions::label_number().call(vec![col("answer"), lit(json)]))
}
