//! The audit: rows that are kept on the teacher's word, drawn by chance.

use std::collections::BTreeSet;

use datafusion::{
    arrow::{
        array::AsArray,
        datatypes::{Int64Type, UInt64Type},
    },
    error::Result,
    functions_aggregate::expr_fn::{count, max, min, sum},
    prelude::{DataFrame, col, lit},
};
use distill_data::{AuditCounts, AuditRecord, DrawnAudit, KeptRows, ReviewedAnswers};

use super::{Stages, Table};
use crate::label_numbers::number_of;

impl Stages<'_> {
    /// Draws from the rows that are kept without the word of a person, by the answers that there are; `None` if nothing is drawn.
    ///
    /// In memory is what is drawn. The engine reads the rows twice, the second time sorted by id.
    pub(crate) async fn audit(&self, answers: Option<&ReviewedAnswers>) -> Result<Option<DrawnAudit>> {
        let kept = self.kept_on_teachers_word().await?;
        let counted = kept.clone().aggregate(
            vec![col("label")],
            vec![
                count(lit(1)).alias("rows"),
                sum(col("calls")).alias("calls"),
                min(col("calls")).alias("least"),
                max(col("calls")).alias("most"),
            ],
        )?;
        let number = |name: &str| number_of(self.labels, name);
        let mut counts = AuditCounts::default();
        for batch in self.collect(counted).await? {
            let names = batch.column(0).as_string::<i32>();
            let rows = batch.column(1).as_primitive::<Int64Type>();
            let [calls, least, most] =
                [2, 3, 4].map(|place| batch.column(place).as_primitive::<UInt64Type>());
            for index in 0..batch.num_rows() {
                let of_label = KeptRows {
                    rows: rows.value(index) as u64,
                    calls: calls.value(index),
                    least: least.value(index),
                    most: most.value(index),
                };
                counts.add(number(names.value(index))?, of_label);
            }
        }
        let sorted = kept.sort(vec![col("id").sort(true, false)])?;
        let sorted = sorted.create_physical_plan().await?;
        let drawn = self.engine.tried(|_| async {
            let mut draw = counts.draw(&self.plan.config().review.audit);
            self.each(&sorted, |batch| {
                let [ids, labels] = [0, 1].map(|place| batch.column(place).as_string::<i32>());
                let calls = batch.column(2).as_primitive::<UInt64Type>();
                for index in 0..batch.num_rows() {
                    let label = number(labels.value(index))?;
                    draw.push(ids.value(index), label, calls.value(index) as usize);
                }
                Ok(())
            })
            .await?;
            Ok(draw)
        });
        let name = |label: usize| self.labels.name(label).unwrap_or_default().to_owned();
        let is_wrong = |id: &str, label| answers.and_then(|answers| answers.is_wrong(id, label));
        Ok(drawn.await?.finish(name, is_wrong))
    }

    /// Those of the drawn rows that nobody has read and that are still kept without the word of a person, in their order, and the
    /// account. A row that is not is asked about for another reason, or not at all.
    pub(super) async fn still_kept(
        &self,
        drawn: Option<DrawnAudit>,
    ) -> Result<(Vec<String>, Option<AuditRecord>)> {
        let Some(DrawnAudit { mut unread, record }) = drawn else {
            return Ok((Vec::new(), None));
        };
        if !unread.is_empty() {
            let drawn = unread.iter().map(|id| lit(id.as_str())).collect();
            let kept = self.kept_on_teachers_word().await?;
            let kept = kept
                .filter(col("id").in_list(drawn, false))?
                .select(vec![col("id")])?;
            let mut still_kept = BTreeSet::new();
            for batch in self.collect(kept).await? {
                let ids = batch.column(0).as_string::<i32>();
                still_kept.extend(ids.iter().flatten().map(str::to_owned));
            }
            unread.retain(|id| still_kept.contains(id));
        }
        Ok((unread, Some(record)))
    }

    /// The rows that would be trained on, those that are held out among them, without the word of a person.
    async fn kept_on_teachers_word(&self) -> Result<DataFrame> {
        let apart = self.plan.fates_apart();
        let kept = ["train"].into_iter().chain(apart.iter().map(String::as_str));
        self.table(Table::Fates)
            .await?
            .filter(col("fate").in_list(kept.map(lit).collect(), false))?
            .filter(col("by_person").is_false())?
            .select(vec![col("id"), col("label"), col("calls")])
    }
}
