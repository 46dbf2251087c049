//! The teachers of the logs: who they are, and what those with the most calls answered.

use datafusion::{
    arrow::{
        array::{AsArray, RecordBatch, StringArray},
        datatypes::{DataType, Int64Type},
    },
    error::{DataFusionError, Result},
    functions::expr_fn::{concat, lpad},
    functions_aggregate::expr_fn::{count, max, min, sum},
    logical_expr::{Operator, binary_expr},
    prelude::{DataFrame, Expr, cast, coalesce, col, lit, when},
    scalar::ScalarValue,
};
use distill_data::{CallTime, TeacherAnswers, TeacherCalls, TeacherKey, TeacherList, Teachers};

use super::{Stages, Table, split::is_believed};
use crate::{
    calls::{TEACHER, legal_with},
    reduce::{Reduction, text},
};

/// How many digits a number has in a key that is sorted as text.
const DIGITS: usize = 20;

/// The least and the greatest key of a teacher's calls, by place and by time.
const ENDS: [&str; 4] = ["first_place", "last_place", "first_time", "last_time"];

impl Stages<'_> {
    /// The teachers of the calls of a reading, of which these are the calls that made no row, and these the names of the logs.
    pub(crate) async fn teachers(
        &self,
        calls: DataFrame,
        rejected: Option<DataFrame>,
        logs: &[String],
    ) -> Result<Teachers> {
        let list = self.teacher_list(calls.clone(), rejected).await?;
        let keys: Vec<&TeacherKey> = list.listed().iter().map(|teacher| &teacher.key).collect();
        let mut answers = TeacherAnswers::of(keys.len());
        if !keys.is_empty() {
            let labelled = legal_with(calls, self.labels, &TEACHER)?
                .select(vec![
                    col("row"),
                    number_of(&keys)?.alias("teacher"),
                    col("ballot"),
                ])?
                .filter(col("teacher").is_not_null())?;
            let reduction = Reduction::Teachers { teachers: keys.len() };
            let folder = self.folder(Table::Answers);
            self.fold(labelled, &[("row", true)], reduction, folder).await?;
            for batch in self.collect(self.table(Table::Answers).await?).await? {
                for json in batch.column(0).as_string::<i32>().iter().flatten() {
                    let some: TeacherAnswers = serde_json::from_str(json)
                        .map_err(|error| DataFusionError::External(Box::new(error)))?;
                    answers.add(&some);
                }
            }
        }
        let labels: Vec<&str> = self.labels.names().collect();
        Ok(list.account(&answers, &labels, logs))
    }

    /// The teachers with the most calls, and how many more there are. However many there are, the engine counts them.
    async fn teacher_list(&self, calls: DataFrame, rejected: Option<DataFrame>) -> Result<TeacherList> {
        let teachers = counted(calls, rejected)?;
        let of_all = teachers.clone().aggregate(
            Vec::new(),
            vec![
                count(lit(1)).alias("teachers"),
                sum(col("calls")).alias("calls"),
                sum(col("with_time")).alias("with_time"),
            ],
        )?;
        let mut sums = [0_u64; 3];
        for batch in self.collect(of_all).await? {
            for (sum, column) in sums.iter_mut().zip(batch.columns()) {
                // Null where there is no call at all.
                *sum += column.as_primitive::<Int64Type>().iter().flatten().sum::<i64>() as u64;
            }
        }
        let mut order = vec![col("calls").sort(false, false)];
        order.extend(TEACHER.map(|name| col(name).sort(true, true)));
        let most = teachers.sort(order)?.limit(0, Some(Teachers::LISTED))?;
        let mut listed = Vec::new();
        for batch in self.collect(most).await? {
            listed.append(&mut teachers_of(&batch)?);
        }
        let [teachers, calls, with_time] = sums;
        let calls_of_listed: u64 = listed.iter().map(|teacher| teacher.calls).sum();
        let others = (teachers - listed.len() as u64, calls - calls_of_listed);
        Ok(TeacherList::new(listed, others, calls == with_time))
    }
}

/// A row for each teacher: how many calls it has, and the keys of the first and the last of them.
fn counted(calls: DataFrame, rejected: Option<DataFrame>) -> Result<DataFrame> {
    let time = when(is_believed("time_ms"), col("time_ms")).otherwise(lit(ScalarValue::Int64(None)))?;
    let columns: Vec<Expr> = TEACHER
        .into_iter()
        .chain(["log", "line", "time"])
        .map(col)
        .collect();
    let told = |table: DataFrame| table.with_column("time", time.clone())?.select(columns.clone());
    let mut all = told(calls)?;
    if let Some(rejected) = rejected {
        all = all.union(told(rejected)?)?;
    }
    let number = |name: &str| {
        let digits = coalesce(vec![cast(col(name), DataType::Utf8), lit("0")]);
        lpad(vec![digits, lit(DIGITS as i64), lit("0")])
    };
    let is_timed = col("time").is_not_null();
    let place = concat(vec![
        number("log"),
        number("line"),
        // An unknown time comes first.
        when(is_timed.clone(), number("time")).otherwise(lit(""))?,
    ]);
    let by_time = concat(vec![number("time"), number("log"), number("line")]);
    let by_time = when(is_timed, by_time).otherwise(lit(ScalarValue::Utf8(None)))?;
    let as_text = |key: Expr, name: &str| cast(key, DataType::Utf8).alias(name);
    let keyed = TEACHER.into_iter().chain(["time"]).map(col);
    let keyed = keyed.chain([as_text(place, "place"), as_text(by_time, "by_time")]);
    all.select(keyed.collect::<Vec<_>>())?.aggregate(
        TEACHER.map(col).to_vec(),
        vec![
            count(lit(1)).alias("calls"),
            count(col("time")).alias("with_time"),
            min(col("place")).alias(ENDS[0]),
            max(col("place")).alias(ENDS[1]),
            min(col("by_time")).alias(ENDS[2]),
            max(col("by_time")).alias(ENDS[3]),
        ],
    )
}

/// The number of a call's teacher; null of one that is not listed.
fn number_of(keys: &[&TeacherKey]) -> Result<Expr> {
    let is = |key: &TeacherKey| {
        let said = [&key.model, &key.fingerprint, &key.prompt];
        let same = TEACHER.into_iter().zip(said).map(|(name, said)| {
            let said = lit(ScalarValue::Utf8(said.clone()));
            binary_expr(col(name), Operator::IsNotDistinctFrom, said)
        });
        same.fold(lit(true), Expr::and)
    };
    let nobody = lit(ScalarValue::UInt64(None));
    let mut branches = keys
        .iter()
        .zip(0_u64..)
        .map(|(key, number)| (is(key), lit(number)));
    let Some((first, number)) = branches.next() else {
        return Ok(nobody);
    };
    // All in one: a cluster refuses plans in which one lies in another too often.
    let mut case = branches.fold(when(first, number), |mut case, (is, number)| {
        case.when(is, number)
    });
    case.otherwise(nobody)
}

/// The teachers of a batch of their counts.
fn teachers_of(batch: &RecordBatch) -> Result<Vec<TeacherCalls>> {
    let column = |name: &str| {
        let found = batch.column_by_name(name);
        found.ok_or_else(|| DataFusionError::Plan(format!("teachers have no column {name}")))
    };
    let key_columns = TEACHER.map(|name| column(name).map(AsArray::as_string::<i32>));
    let [models, fingerprints, prompts] = key_columns;
    let (models, fingerprints, prompts) = (models?, fingerprints?, prompts?);
    let (calls, with_time) = (column("calls")?, column("with_time")?);
    let (calls, with_time) = (
        calls.as_primitive::<Int64Type>(),
        with_time.as_primitive::<Int64Type>(),
    );
    let ends = ENDS.map(|name| column(name).map(AsArray::as_string::<i32>));
    let [first_place, last_place, first_time, last_time] = ends;
    let (places, times) = ([first_place?, last_place?], [first_time?, last_time?]);
    let owned = |array: &StringArray, index: usize| text(array, index).map(str::to_owned);
    let teacher = |index: usize| {
        let by_place = |array: &StringArray| {
            let [log, line, time] = numbers(text(array, index).unwrap_or_default());
            let at = time.and_then(|time| CallTime::from_unix_ms(time as i64));
            ((log.unwrap_or(0) as usize, line.unwrap_or(0)), at)
        };
        let by_time = |array: &StringArray| {
            let [time, log, line] = numbers(text(array, index)?);
            let at = CallTime::from_unix_ms(i64::try_from(time?).ok()?)?;
            Some((at, (log? as usize, line?)))
        };
        let [first, last] = times.map(by_time);
        TeacherCalls {
            key: TeacherKey {
                model: owned(models, index),
                fingerprint: owned(fingerprints, index),
                prompt: owned(prompts, index),
            },
            calls: calls.value(index) as u64,
            with_time: with_time.value(index) as u64,
            by_time: first.zip(last).map(|(first, last)| [first, last]),
            by_place: places.map(by_place),
        }
    };
    Ok((0..batch.num_rows()).map(teacher).collect())
}

/// The numbers of a key; none for what is not there.
fn numbers(key: &str) -> [Option<u64>; 3] {
    [0, 1, 2].map(|place| key.get(place * DIGITS..(place + 1) * DIGITS)?.parse().ok())
}
