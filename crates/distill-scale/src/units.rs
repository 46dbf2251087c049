//! Which rows are kept from training: units go to parts one by one, in one order over all.
//!
//! The greedy of distill-data's `split` remembers how full parts are and nothing of a unit that has its part, so that units
//! can be read once, sorted. Most rows that are trained on have no near-duplicate that is trained on too, and are a unit
//! each: the engine sorts those. In memory is what hangs together, which is little: of near-duplicates of one label one goes
//! behind the other, and of two labels mostly one outweighs the other.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use datafusion::{
    arrow::{
        array::{AsArray, RecordBatch, UInt64Builder},
        datatypes::{DataType, SchemaRef, UInt64Type},
    },
    error::{DataFusionError, Result},
};
use distill_data::{SplitPlan, SplitReport, UnitOrder, UnitSplit, unit_draw};
use stage_files::ContentHash;

use crate::reduce::table;

/// What is written of rows that are kept from training: the row, and the number of its part, from 1.
pub(crate) fn schema() -> SchemaRef {
    table(&[
        ("row", DataType::UInt64, false),
        ("part", DataType::UInt64, false),
    ])
}

/// A row that would be trained on.
#[derive(Debug, Clone, PartialEq)]
struct Candidate {
    row: u64,
    label: usize,
    draw: ContentHash,
}

/// Rows that hang together by near-duplicates.
#[derive(Debug)]
struct Cluster {
    order: UnitOrder,
    counts: BTreeMap<usize, usize>,
    rows: Vec<u64>,
}

/// The assignment at work.
#[derive(Debug)]
pub(crate) struct Units<'p> {
    split: UnitSplit<'p>,
    seed: u64,
    numbers: HashMap<String, usize>,
    members: HashMap<u64, usize>,
    rows: Vec<Candidate>,
    /// For each of them another of its cluster, or itself.
    parents: Vec<usize>,
    clusters: VecDeque<Cluster>,
    row: UInt64Builder,
    part: UInt64Builder,
}

impl<'p> Units<'p> {
    pub(crate) fn new(plan: &'p SplitPlan, rows_of_label: &BTreeMap<String, usize>) -> Self {
        let numbers = rows_of_label.keys().cloned().zip(0..).collect();
        Self {
            split: UnitSplit::new(plan, rows_of_label),
            seed: plan.config().seed,
            numbers,
            members: HashMap::new(),
            rows: Vec::new(),
            parents: Vec::new(),
            clusters: VecDeque::new(),
            row: UInt64Builder::new(),
            part: UInt64Builder::new(),
        }
    }

    /// The rows of a batch of the columns `row`, `id`, `label` and `input`, after some prefix.
    fn candidates(&self, batch: &RecordBatch, prefix: &str) -> Result<Vec<Candidate>> {
        let column = |name: &str| {
            let name = format!("{prefix}{name}");
            let found = batch.column_by_name(&name);
            found.ok_or_else(|| DataFusionError::Plan(format!("rows to split have no column {name}")))
        };
        let rows = column("row")?.as_primitive::<UInt64Type>();
        let ids = column("id")?.as_string::<i32>();
        let labels = column("label")?.as_string::<i32>();
        let inputs = column("input")?.as_string::<i32>();
        let candidate = |index: usize| {
            let (id, name, input) = (ids.value(index), labels.value(index), inputs.value(index));
            let label = self.numbers.get(name).copied();
            let label =
                label.ok_or_else(|| DataFusionError::Plan(format!("no row was counted of label {name}")))?;
            Ok(Candidate {
                row: rows.value(index),
                label,
                draw: unit_draw(self.seed, id, name, input),
            })
        };
        (0..batch.num_rows()).map(candidate).collect()
    }

    /// Notes near-duplicates that would both be trained on: columns as of [`candidates`](Self::candidates), after `l_` and
    /// `r_`.
    pub(crate) fn link(&mut self, batch: &RecordBatch) -> Result<()> {
        let (left, right) = (self.candidates(batch, "l_")?, self.candidates(batch, "r_")?);
        for (left, right) in left.into_iter().zip(right) {
            let (left, right) = (self.member(left), self.member(right));
            let (left, right) = (self.root(left), self.root(right));
            self.parents[left] = right;
        }
        Ok(())
    }

    fn member(&mut self, candidate: Candidate) -> usize {
        *self.members.entry(candidate.row).or_insert_with(|| {
            self.parents.push(self.rows.len());
            self.rows.push(candidate);
            self.rows.len() - 1
        })
    }

    fn root(&mut self, mut member: usize) -> usize {
        while self.parents[member] != member {
            self.parents[member] = self.parents[self.parents[member]];
            member = self.parents[member];
        }
        member
    }

    /// All near-duplicates are known: puts clusters into their order.
    pub(crate) fn order_clusters(&mut self) {
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for member in 0..self.rows.len() {
            members.entry(self.root(member)).or_default().push(member);
        }
        let mut clusters: Vec<Cluster> = Vec::new();
        for mut of_one in members.into_values() {
            // A cluster is drawn by its first row.
            of_one.sort_unstable_by_key(|&member| self.rows[member].row);
            let mut counts = BTreeMap::new();
            for &member in &of_one {
                *counts.entry(self.rows[member].label).or_default() += 1;
            }
            clusters.push(Cluster {
                order: self.split.order(&counts, self.rows[of_one[0]].draw.clone()),
                counts,
                rows: of_one.iter().map(|&member| self.rows[member].row).collect(),
            });
        }
        clusters.sort_by(|a, b| a.order.cmp(&b.order));
        self.clusters = clusters.into();
    }

    /// Assigns the rows of a batch, which come sorted by their draw, and the clusters that come before them.
    pub(crate) fn assign(&mut self, batch: &RecordBatch) -> Result<()> {
        for candidate in self.candidates(batch, "")? {
            if self.members.contains_key(&candidate.row) {
                continue;
            }
            let alone = BTreeMap::from([(candidate.label, 1)]);
            let order = self.split.order(&alone, candidate.draw);
            while let Some(cluster) = self.clusters.pop_front_if(|cluster| cluster.order < order) {
                self.place(&cluster.counts, &cluster.rows);
            }
            self.place(&alone, &[candidate.row]);
        }
        Ok(())
    }

    /// Assigns the clusters that come after all rows.
    pub(crate) fn assign_rest(&mut self) {
        while let Some(cluster) = self.clusters.pop_front() {
            self.place(&cluster.counts, &cluster.rows);
        }
    }

    fn place(&mut self, counts: &BTreeMap<usize, usize>, rows: &[u64]) {
        let part = self.split.place(counts);
        if part > 0 {
            self.row.append_slice(rows);
            rows.iter().for_each(|_| self.part.append_value(part as u64));
        }
    }

    /// The rows since the last time that are kept from training.
    pub(crate) fn take(&mut self) -> Result<RecordBatch> {
        let (rows, parts) = (self.row.finish(), self.part.finish());
        Ok(RecordBatch::try_new(
            schema(),
            vec![Arc::new(rows), Arc::new(parts)],
        )?)
    }

    pub(crate) fn report(self) -> SplitReport {
        self.split.report()
    }
}
