//! The calls that stand behind another, as lines of a file.

use datafusion::{
    arrow::array::{Array, BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array},
    common::JoinType,
    error::Result,
    logical_expr::{Operator, binary_expr},
    prelude::{DataFrame, Expr, coalesce, col, lit},
};
use distill_data::MergedCall;
use futures::TryStreamExt;
use stage_files::WholeFile;
use task_spec::{LabelSet, Source};

use super::{plan_error, row_of};
use crate::{
    Calls, Engine, ReduceError, ScaleError,
    calls::{legal, with_answers},
    doubts::DOUBTFUL,
    functions::{ReviewedCalls, id_of},
    joined::Joined,
    reduce::{Columns, float, text},
};

const STAGE: &str = "merged";

/// What tells a call from others of its text: the column of the call, and that of the row which keeps it.
const PLACE: [(&str, &str); 5] = [
    ("log", "log"),
    ("file", "file"),
    ("line", "line"),
    ("id", "id_in_log"),
    ("question", "question"),
];

/// How many calls were read, and of them those whose place is known and those that are written.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) read: u64,
    pub(super) with_place: u64,
    pub(super) written: u64,
}

/// Writes each call that does not stand for its row, in the order of the logs.
pub(super) async fn write(
    engine: &Engine,
    (calls, labels, answers): (&Calls, &LabelSet, Option<&ReviewedCalls>),
    (fates, joined): (&DataFrame, &Joined),
    file: &mut WholeFile,
) -> Result<Written, ScaleError> {
    let failed = |source| ScaleError::Engine {
        stage: STAGE,
        source: Box::new(source),
    };
    let table = calls.read(engine).await?;
    let sorted = legal(table, labels)
        .and_then(|legal| match answers {
            // They change the order in which the votes of a text are counted.
            Some(answers) => with_answers(legal, answers),
            None => Ok(legal),
        })
        .and_then(|legal| sorted(legal, fates))
        .map_err(failed)?;
    let plan = sorted.create_physical_plan().await.map_err(failed)?;
    let mut batches = engine.stream(plan).await.map_err(failed)?;
    let mut written = Written::default();
    let mut before = None;
    while let Some(batch) = batches.try_next().await.map_err(failed)? {
        let ends = Ends::of(&batch).map_err(|error| failed(error.into()))?;
        for index in 0..batch.num_rows() {
            written.read += 1;
            written.with_place += u64::from(ends.has_place(index));
            if let Some(call) = ends.merged(index, joined, &mut before).map_err(failed)? {
                written.written += 1;
                file.write_json_line(&call)?;
            }
        }
    }
    Ok(written)
}

/// All calls that made rows, with the ends of these, in the order of the logs; those of one line as distill-data has them: by
/// row, the one that the row keeps first, then as their texts' votes are counted.
fn sorted(legal: DataFrame, fates: &DataFrame) -> Result<DataFrame> {
    let ends = ["fate", "other", "jaccard"].map(col);
    let kept = PLACE.map(|(_, of_row)| col(of_row).alias(format!("kept_{of_row}")));
    let ends = fates
        .clone()
        .filter(col("fate").not_eq(lit("leaks_gold")))?
        .select(
            [row_of("input").alias("end")]
                .into_iter()
                .chain(ends)
                .chain(kept)
                .collect::<Vec<_>>(),
        )?;
    let is_kept = PLACE.map(|(of_call, of_row)| {
        let kept = col(format!("kept_{of_row}"));
        binary_expr(col(of_call), Operator::IsNotDistinctFrom, kept)
    });
    let is_kept = is_kept.into_iter().fold(lit(true), Expr::and);
    let first = [
        coalesce(vec![col("log"), lit(0_u64)]).alias("log"),
        is_kept.alias("is_kept"),
    ];
    let columns = [
        "row",
        "by_person",
        "ballot",
        "input",
        "file",
        "line",
        "id",
        "question",
        "time_ms",
        "fate",
        "other",
        "jaccard",
    ];
    let up = |name: &str| col(name).sort(true, true);
    legal
        .join(ends, JoinType::Inner, &["row"], &["end"], None)?
        .select(first.into_iter().chain(columns.map(col)).collect::<Vec<_>>())?
        .sort(vec![
            up("log"),
            up("file"),
            up("line"),
            up("row"),
            col("is_kept").sort(false, false),
            col("by_person").sort(false, false),
            up("ballot"),
            up("input"),
            up("id"),
            up("question"),
            up("time_ms"),
        ])
}

/// A row's calls on a line.
#[derive(Debug, PartialEq)]
struct Place {
    log: u64,
    file: String,
    line: u64,
    row: u64,
}

/// A batch of calls with the ends of their rows.
#[derive(Debug)]
struct Ends<'b> {
    logs: &'b UInt64Array,
    files: &'b StringArray,
    lines: &'b UInt64Array,
    ids: &'b StringArray,
    questions: &'b StringArray,
    rows: &'b UInt64Array,
    are_kept: &'b BooleanArray,
    fates: &'b StringArray,
    others: &'b StringArray,
    jaccards: &'b Float64Array,
}

impl<'b> Ends<'b> {
    fn of(batch: &'b RecordBatch) -> Result<Self, ReduceError> {
        let columns = Columns { stage: STAGE, batch };
        Ok(Self {
            logs: columns.of("log")?,
            files: columns.of("file")?,
            lines: columns.of("line")?,
            ids: columns.of("id")?,
            questions: columns.of("question")?,
            rows: columns.of("row")?,
            are_kept: columns.of("is_kept")?,
            fates: columns.of("fate")?,
            others: columns.of("other")?,
            jaccards: columns.of("jaccard")?,
        })
    }

    fn has_place(&self, index: usize) -> bool {
        self.files.is_valid(index) && self.lines.is_valid(index)
    }

    /// The line of a call, unless it stands for its row or nobody knows where it is. `before` is the place of the last call
    /// that stands for its row: of calls that are alike in all that a line says, one does.
    fn merged(
        &self,
        index: usize,
        joined: &Joined,
        before: &mut Option<Place>,
    ) -> Result<Option<MergedCall>> {
        let row = self.rows.value(index);
        let fate = self.fates.value(index);
        let behind = match joined.get(&row) {
            _ if fate == "merged" => {
                let other = text(self.others, index).map(str::to_owned);
                let near = other.zip(float(self.jaccards, index));
                Some(near.ok_or_else(|| plan_error(format!("the row {} is merged into none", id_of(row))))?)
            }
            Some(&(into, jaccard)) if DOUBTFUL.contains(&fate) => Some((id_of(into), jaccard)),
            _ => None,
        };
        if behind.is_none() && self.are_kept.value(index) {
            let here = Place {
                log: self.logs.value(index),
                file: text(self.files, index).unwrap_or_default().to_owned(),
                line: self.lines.value(index),
                row,
            };
            if before.as_ref() != Some(&here) {
                *before = Some(here);
                return Ok(None);
            }
        }
        if !self.has_place(index) {
            return Ok(None);
        }
        let exact = behind.is_none();
        let (into, jaccard) = behind.unwrap_or_else(|| (id_of(row), 1.0));
        Ok(Some(MergedCall {
            source: Source {
                file: self.files.value(index).to_owned(),
                line: self.lines.value(index),
                call: text(self.ids, index).map(str::to_owned),
                question: text(self.questions, index).map(str::to_owned),
            },
            into,
            jaccard,
            exact,
        }))
    }
}
