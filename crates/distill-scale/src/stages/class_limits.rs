//! What is more than a class may have, and what it lacks.

use std::collections::BTreeMap;

use datafusion::{
    arrow::{
        array::{Array, AsArray, RecordBatch},
        datatypes::{Float64Type, UInt64Type},
    },
    common::JoinType,
    error::Result,
    prelude::{DataFrame, Expr, col, lit},
};
use distill_data::{ClassLimitsRecord, ClassRow, OVER_CLASS_CAP, rows_over_cap};

use super::{Stages, Table};
use crate::{
    apart::{self, Apart},
    functions,
    units::column,
};

/// The rows of a class, in memory.
#[derive(Debug, Default)]
struct Class {
    label: String,
    rows: Vec<u64>,
    ids: Vec<String>,
    texts: Vec<String>,
    known: Vec<(bool, u64, Option<f64>)>,
}

impl Class {
    /// Notes the rows that are more than it may have, as of this part, and forgets all.
    fn close(&mut self, cap: usize, part: usize, apart: &mut Apart) {
        let known = self.ids.iter().zip(&self.texts).zip(&self.known);
        let rows: Vec<ClassRow<'_>> = known
            .map(|((id, text), &(by_person, calls, confidence))| ClassRow {
                id,
                text,
                by_person,
                calls: calls as usize,
                confidence,
            })
            .collect();
        for (&row, is_over) in self.rows.iter().zip(rows_over_cap(&rows, cap)) {
            if is_over {
                apart.note(row, part);
            }
        }
        *self = Self::default();
    }
}

/// Classes one after the other.
#[derive(Debug)]
struct Classes {
    cap: usize,
    part: usize,
    open: Class,
    apart: Apart,
}

impl Classes {
    /// Takes rows that come by label, those of a label by id.
    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = column(batch, "row")?.as_primitive::<UInt64Type>();
        let labels = column(batch, "label")?.as_string::<i32>();
        let ids = column(batch, "id")?.as_string::<i32>();
        let texts = column(batch, "text")?.as_string::<i32>();
        let persons = column(batch, "by_person")?.as_boolean();
        let calls = column(batch, "calls")?.as_primitive::<UInt64Type>();
        let confidences = column(batch, "confidence")?.as_primitive::<Float64Type>();
        for index in 0..batch.num_rows() {
            let label = labels.value(index);
            if self.open.label != label {
                self.close();
                label.clone_into(&mut self.open.label);
            }
            let confidence = confidences.is_valid(index).then(|| confidences.value(index));
            let open = &mut self.open;
            open.rows.push(rows.value(index));
            open.ids.push(ids.value(index).to_owned());
            open.texts.push(texts.value(index).to_owned());
            open.known
                .push((persons.value(index), calls.value(index), confidence));
        }
        Ok(())
    }

    fn close(&mut self) {
        self.open.close(self.cap, self.part, &mut self.apart);
    }
}

impl Stages<'_> {
    /// Writes which rows are more than their class may have, of those that a split leaves to train on.
    pub(crate) async fn cap_classes(&self, cap: usize) -> Result<()> {
        let train = self.left_to_train().await?;
        let rows_of_label = self.rows_of_label(&train).await?;
        // A class that may have all of its rows is in nobody's memory.
        let large = rows_of_label.into_iter().filter(|&(_, rows)| rows > cap);
        let large: Vec<Expr> = large.map(|(label, _)| lit(label)).collect();
        let path = self.folder(Table::Apart).join("over-class-cap.parquet");
        if large.is_empty() {
            return apart::file(&path)?.finish();
        }
        let text = functions::normal_text().call(vec![col("input")]);
        let columns = ["row", "label", "id", "by_person", "calls", "confidence"].map(col);
        let sorted = train
            .filter(col("label").in_list(large, false))?
            .select(
                columns
                    .into_iter()
                    .chain([text.alias("text")])
                    .collect::<Vec<_>>(),
            )?
            .sort(vec![col("label").sort(true, false), col("row").sort(true, false)])?
            .create_physical_plan()
            .await?;
        let written = self.engine.tried(|_| async {
            let mut classes = Classes {
                cap,
                // The last of the fates that keep a row from training.
                part: self.plan.fates_apart().len(),
                open: Class::default(),
                apart: Apart::default(),
            };
            let mut file = apart::file(&path)?;
            self.each(&sorted, |batch| {
                classes.push(batch)?;
                file.write(&classes.apart.take()?)
            })
            .await?;
            classes.close();
            file.write(&classes.apart.take()?)?;
            file.finish()
        });
        written.await
    }

    /// The rows that are trained on unless their class has too many.
    async fn left_to_train(&self) -> Result<DataFrame> {
        let train = self.settled_train().await?;
        if self.plan.split().is_none() {
            return Ok(train);
        }
        let apart = self.table(Table::Apart).await?;
        let gone = apart.select(vec![col("row").alias("gone")])?;
        train.join(gone, JoinType::LeftAnti, &["row"], &["gone"], None)
    }

    /// What the limits of classes did, once all fates are known.
    pub(crate) async fn class_limits(&self) -> Result<ClassLimitsRecord> {
        let fates = self.table(Table::Fates).await?;
        let of_fate = |fate: &str| fates.clone().filter(col("fate").eq(lit(fate)));
        let config = self.plan.config();
        let over_cap = match config.class_cap {
            Some(_) => self.rows_of_label(&of_fate(OVER_CLASS_CAP)?).await?,
            None => BTreeMap::new(),
        };
        Ok(ClassLimitsRecord::of(
            (config.class_cap, config.class_floor),
            self.labels.names(),
            over_cap,
            &self.rows_of_label(&of_fate("train")?).await?,
        ))
    }
}
