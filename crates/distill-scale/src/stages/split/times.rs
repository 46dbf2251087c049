//! Rows that are kept from training because they came last.

use std::{collections::BTreeMap, ops::Range};

use datafusion::{
    arrow::datatypes::DataType,
    error::Result,
    prelude::{DataFrame, Expr, coalesce, col, lit, try_cast, when},
    scalar::ScalarValue,
};
use distill_data::{CallTime, SplitBy, SplitPlan, SplitReport};

use super::{Stages, Table};
use crate::{
    apart,
    moments::{MOMENT, Moments},
};

/// Whether a time in milliseconds since 1970 is one that is believed; null where it is not known.
pub(in crate::stages) fn is_believed(time: &str) -> Expr {
    let Range { start, end } = CallTime::BELIEVED_MS;
    col(time).gt_eq(lit(start)).and(col(time).lt(lit(end)))
}

impl Stages<'_> {
    /// Counts rows moment by moment, and tells them their parts.
    pub(super) async fn split_by_time(
        &self,
        plan: &SplitPlan,
        train: DataFrame,
        rows_of_label: &BTreeMap<String, usize>,
    ) -> Result<SplitReport> {
        let moment = match plan.config().by {
            SplitBy::Time => time()?,
            _ => place()?,
        };
        let columns = [col("row"), col("label")].into_iter().chain(moment);
        let train = train.select(columns.collect::<Vec<_>>())?;
        let columns: Vec<&str> = ["row", "label"].into_iter().chain(MOMENT).collect();
        let near = self.near(&train, &columns).await?;
        let sorted = train
            .clone()
            .select(MOMENT.map(col).to_vec())?
            .sort(MOMENT.map(|name| col(name).sort(true, true)).to_vec())?
            .create_physical_plan()
            .await?;
        let rows = train.create_physical_plan().await?;
        let path = self.folder(Table::Apart).join("part.parquet");
        let split = self.engine.tried(|_| async {
            let mut moments = Moments::new(plan, rows_of_label);
            self.each(&near, |batch| moments.link(batch)).await?;
            moments.gather_clusters();
            self.each(&sorted, |batch| moments.count(batch)).await?;
            moments.close();
            let mut file = apart::file(&path)?;
            moments.place_clusters();
            self.each(&rows, |batch| {
                moments.place(batch)?;
                file.write(&moments.take()?)
            })
            .await?;
            file.write(&moments.take()?)?;
            file.finish()?;
            Ok(moments.report())
        });
        split.await
    }
}

/// When the first call of a row was made, as a moment.
fn time() -> Result<[Expr; 3]> {
    let known = || col("first_call").is_not_null();
    Ok([
        of(known(), try_cast(col("first_call"), DataType::UInt64))?.alias(MOMENT[0]),
        of(known(), lit(""))?.alias(MOMENT[1]),
        of(known(), lit(0_u64))?.alias(MOMENT[2]),
    ])
}

/// Where the call is that a row keeps, as a moment.
fn place() -> Result<[Expr; 3]> {
    let known = || col("line").is_not_null();
    Ok([
        of(known(), coalesce(vec![col("log"), lit(0_u64)]))?.alias(MOMENT[0]),
        of(known(), coalesce(vec![col("file"), lit("")]))?.alias(MOMENT[1]),
        of(known(), col("line"))?.alias(MOMENT[2]),
    ])
}

/// The value where it is known, else null.
fn of(is_known: Expr, value: Expr) -> Result<Expr> {
    when(is_known, value).otherwise(lit(ScalarValue::Null))
}
