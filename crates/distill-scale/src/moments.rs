//! Which rows are kept from training where what came first is trained on: `TimeSplit` of distill-data over sorted rows.
//!
//! Where parts begin follows from how many rows came at each moment, which are read once in the order of time; the parts of
//! rows follow from that, in any order. In memory are the rows that have a near-duplicate which would be trained on too: they
//! came when the first of them did.

use std::collections::BTreeMap;

use datafusion::{
    arrow::{
        array::{Array, AsArray, RecordBatch},
        datatypes::UInt64Type,
    },
    error::Result,
};
use distill_data::{SplitPlan, SplitReport, TimeSplit};

use crate::{apart::Apart, label_numbers::CountedLabels, linked::Linked, units::column};

/// A time or a place in the logs, as something that rises: milliseconds; or the number of the log, its name, as several
/// readers may each have numbered theirs, and the line.
type Moment = (u64, String, u64);

/// A row's moment and the number of its label.
type Known = (Option<Moment>, usize);

/// The columns that a moment is of, all null where it is unknown.
pub(crate) const MOMENT: [&str; 3] = ["m_log", "m_file", "m_line"];

/// The assignment at work.
#[derive(Debug)]
pub(crate) struct Moments<'p> {
    split: TimeSplit<'p, Moment>,
    labels: CountedLabels,
    /// With the moment and the label of each row.
    linked: Linked<Known>,
    clusters: Vec<Vec<(u64, Known)>>,
    /// How many rows more or fewer than have a moment come then, for their clusters' sake.
    moved: BTreeMap<Option<Moment>, isize>,
    /// The moment that is being counted.
    open: Option<(Option<Moment>, isize)>,
    apart: Apart,
}

impl<'p> Moments<'p> {
    pub(crate) fn new(plan: &'p SplitPlan, rows_of_label: &BTreeMap<String, usize>) -> Self {
        Self {
            split: TimeSplit::new(plan, rows_of_label),
            labels: CountedLabels::of(rows_of_label),
            linked: Linked::default(),
            clusters: Vec::new(),
            moved: BTreeMap::new(),
            open: None,
            apart: Apart::default(),
        }
    }

    /// The moments of a batch, after some prefix.
    fn moments(batch: &RecordBatch, prefix: &str) -> Result<Vec<Option<Moment>>> {
        let [logs, files, lines] = MOMENT.map(|name| column(batch, &format!("{prefix}{name}")));
        let logs = logs?.as_primitive::<UInt64Type>();
        let (files, lines) = (files?.as_string::<i32>(), lines?.as_primitive::<UInt64Type>());
        let moment = |index: usize| {
            logs.is_valid(index).then(|| {
                (
                    logs.value(index),
                    files.value(index).to_owned(),
                    lines.value(index),
                )
            })
        };
        Ok((0..batch.num_rows()).map(moment).collect())
    }

    /// The rows of a batch of the columns `row`, `label` and those of a moment, after some prefix.
    fn rows(&self, batch: &RecordBatch, prefix: &str) -> Result<Vec<(u64, Known)>> {
        let rows = column(batch, &format!("{prefix}row"))?.as_primitive::<UInt64Type>();
        let labels = column(batch, &format!("{prefix}label"))?.as_string::<i32>();
        let moments = Self::moments(batch, prefix)?;
        let known = moments.into_iter().enumerate().map(|(index, moment)| {
            let label = self.labels.number(labels.value(index))?;
            Ok((rows.value(index), (moment, label)))
        });
        known.collect()
    }

    /// Notes near-duplicates that would both be trained on: columns as of [`rows`](Self::rows), after `l_` and `r_`.
    pub(crate) fn link(&mut self, batch: &RecordBatch) -> Result<()> {
        for (left, right) in self.rows(batch, "l_")?.into_iter().zip(self.rows(batch, "r_")?) {
            self.linked.link(left, right);
        }
        Ok(())
    }

    /// All near-duplicates are known: their rows come when the first of them does.
    pub(crate) fn gather_clusters(&mut self) {
        self.clusters = self.linked.take_clusters();
        for cluster in &self.clusters {
            let first = cluster.iter().map(|(_, (moment, _))| moment).min();
            for (_, (moment, _)) in cluster {
                *self.moved.entry(moment.clone()).or_default() -= 1;
            }
            *self.moved.entry(first.cloned().flatten()).or_default() += cluster.len() as isize;
        }
    }

    /// Counts the rows of a batch, which come sorted by their moment, unknown ones first.
    pub(crate) fn count(&mut self, batch: &RecordBatch) -> Result<()> {
        for moment in Self::moments(batch, "")? {
            match &mut self.open {
                Some((open, rows)) if *open == moment => *rows += 1,
                _ => {
                    self.close();
                    self.open = Some((moment, 1));
                }
            }
        }
        Ok(())
    }

    /// The moment that was counted is over.
    pub(crate) fn close(&mut self) {
        let Some((moment, rows)) = self.open.take() else {
            return;
        };
        let rows = rows + self.moved.get(&moment).copied().unwrap_or(0);
        // All of its rows may have come earlier.
        if let Some(rows) = usize::try_from(rows).ok().filter(|&rows| rows > 0) {
            self.split.moment(moment.as_ref(), rows);
        }
    }

    /// Places the clusters.
    pub(crate) fn place_clusters(&mut self) {
        for cluster in std::mem::take(&mut self.clusters) {
            let (rows, known): (Vec<u64>, Vec<_>) = cluster.into_iter().unzip();
            let part = self.split.place(&known);
            rows.into_iter().for_each(|row| self.apart.note(row, part));
        }
    }

    /// Places the rows of a batch, in any order, but those that are in a cluster.
    pub(crate) fn place(&mut self, batch: &RecordBatch) -> Result<()> {
        for (row, known) in self.rows(batch, "")? {
            if !self.linked.has(row) {
                let part = self.split.place(&[known]);
                self.apart.note(row, part);
            }
        }
        Ok(())
    }

    /// The rows since the last time that are kept from training.
    pub(crate) fn take(&mut self) -> Result<RecordBatch> {
        self.apart.take()
    }

    pub(crate) fn report(self) -> SplitReport {
        self.split.report()
    }
}
