//! Which rows are kept from training: units go to parts one by one, in one order over all.
//!
//! The greedy of distill-data's `split` remembers how full parts are and nothing of a unit that has its part, so that units
//! can be read once, sorted. Most rows that are trained on have no near-duplicate that is trained on too, and are a unit
//! each: the engine sorts those. In memory is what hangs together, which is little: of near-duplicates of one label one goes
//! behind the other, and of two labels mostly one outweighs the other. Of a group nothing is in memory but its labels' counts.

use std::collections::{BTreeMap, HashMap, VecDeque};

use datafusion::{
    arrow::{
        array::{Array, AsArray, RecordBatch},
        datatypes::{Int64Type, UInt64Type},
    },
    error::{DataFusionError, Result},
};
use distill_data::{SplitPlan, SplitReport, UnitOrder, UnitSplit, unit_draw};
use stage_files::ContentHash;

use crate::{apart::Apart, label_numbers::CountedLabels, linked::Linked};

/// What is known of a row that would be trained on.
#[derive(Debug, Clone, PartialEq)]
struct Candidate {
    label: usize,
    draw: ContentHash,
}

/// Rows that hang together by near-duplicates, or a group.
#[derive(Debug)]
struct Unit {
    order: UnitOrder,
    counts: BTreeMap<usize, usize>,
    members: Members,
}

#[derive(Debug)]
enum Members {
    Rows(Vec<u64>),
    /// The group of this name.
    Group(String),
}

/// The assignment at work.
#[derive(Debug)]
pub(crate) struct Units<'p> {
    split: UnitSplit<'p>,
    seed: u64,
    labels: CountedLabels,
    linked: Linked<Candidate>,
    counts_of_group: BTreeMap<String, BTreeMap<usize, usize>>,
    /// Units of more than a row, and groups.
    units: VecDeque<Unit>,
    part_of_group: HashMap<String, usize>,
    apart: Apart,
}

impl<'p> Units<'p> {
    pub(crate) fn new(plan: &'p SplitPlan, rows_of_label: &BTreeMap<String, usize>) -> Self {
        Self {
            split: UnitSplit::new(plan, rows_of_label),
            seed: plan.config().seed,
            labels: CountedLabels::of(rows_of_label),
            linked: Linked::default(),
            counts_of_group: BTreeMap::new(),
            units: VecDeque::new(),
            part_of_group: HashMap::new(),
            apart: Apart::default(),
        }
    }

    /// The rows of a batch of the columns `row`, `id`, `label` and `input`, after some prefix.
    fn candidates(&self, batch: &RecordBatch, prefix: &str) -> Result<Vec<(u64, Candidate)>> {
        let column = |name: &str| column(batch, &format!("{prefix}{name}"));
        let rows = column("row")?.as_primitive::<UInt64Type>();
        let ids = column("id")?.as_string::<i32>();
        let labels = column("label")?.as_string::<i32>();
        let inputs = column("input")?.as_string::<i32>();
        let candidate = |index: usize| {
            let (id, name, input) = (ids.value(index), labels.value(index), inputs.value(index));
            let known = Candidate {
                label: self.labels.number(name)?,
                draw: unit_draw(self.seed, id, name, input),
            };
            Ok((rows.value(index), known))
        };
        (0..batch.num_rows()).map(candidate).collect()
    }

    /// Notes near-duplicates that would both be trained on: columns as of [`candidates`](Self::candidates), after `l_` and
    /// `r_`.
    pub(crate) fn link(&mut self, batch: &RecordBatch) -> Result<()> {
        let (left, right) = (self.candidates(batch, "l_")?, self.candidates(batch, "r_")?);
        for (left, right) in left.into_iter().zip(right) {
            self.linked.link(left, right);
        }
        Ok(())
    }

    /// All near-duplicates are known: puts clusters into their order.
    pub(crate) fn order_clusters(&mut self) {
        for cluster in self.linked.take_clusters() {
            let mut counts = BTreeMap::new();
            for (_, candidate) in &cluster {
                *counts.entry(candidate.label).or_default() += 1;
            }
            // A cluster is drawn by its first row.
            let order = self.split.order(&counts, cluster[0].1.draw.clone());
            let members = Members::Rows(cluster.into_iter().map(|(row, _)| row).collect());
            self.units.push_back(Unit {
                order,
                counts,
                members,
            });
        }
        self.sort();
    }

    /// Notes how many rows of a label groups have: the columns `unit`, `label` and `rows`.
    pub(crate) fn count_groups(&mut self, batch: &RecordBatch) -> Result<()> {
        let names = column(batch, "unit")?.as_string::<i32>();
        let labels = column(batch, "label")?.as_string::<i32>();
        let rows = column(batch, "rows")?.as_primitive::<Int64Type>();
        for index in 0..batch.num_rows() {
            let label = self.labels.number(labels.value(index))?;
            let name = names.value(index).to_owned();
            let counts = self.counts_of_group.entry(name).or_default();
            *counts.entry(label).or_default() += rows.value(index) as usize;
        }
        Ok(())
    }

    /// Takes the first rows of groups whose counts are known: the columns of [`candidates`](Self::candidates) and `unit`.
    pub(crate) fn draw_groups(&mut self, batch: &RecordBatch) -> Result<()> {
        let names = column(batch, "unit")?.as_string::<i32>();
        for (index, (_, first)) in self.candidates(batch, "")?.into_iter().enumerate() {
            let Some((name, counts)) = self.counts_of_group.remove_entry(names.value(index)) else {
                continue;
            };
            self.units.push_back(Unit {
                order: self.split.order(&counts, first.draw),
                counts,
                members: Members::Group(name),
            });
        }
        Ok(())
    }

    /// All groups are known: puts them into their order.
    pub(crate) fn sort(&mut self) {
        self.units.make_contiguous().sort_by(|a, b| a.order.cmp(&b.order));
    }

    /// Assigns the rows of a batch, which come sorted by their draw, and the units that come before them.
    pub(crate) fn assign(&mut self, batch: &RecordBatch) -> Result<()> {
        for (row, candidate) in self.candidates(batch, "")? {
            if self.linked.has(row) {
                continue;
            }
            let alone = BTreeMap::from([(candidate.label, 1)]);
            let order = self.split.order(&alone, candidate.draw);
            while let Some(unit) = self.units.pop_front_if(|unit| unit.order < order) {
                self.place(unit);
            }
            let part = self.split.place(&alone);
            self.apart.note(row, part);
        }
        Ok(())
    }

    /// Assigns the units that come after all rows.
    pub(crate) fn assign_rest(&mut self) {
        while let Some(unit) = self.units.pop_front() {
            self.place(unit);
        }
    }

    fn place(&mut self, unit: Unit) {
        let part = self.split.place(&unit.counts);
        match unit.members {
            Members::Rows(rows) => rows.into_iter().for_each(|row| self.apart.note(row, part)),
            Members::Group(name) => drop(self.part_of_group.insert(name, part)),
        }
    }

    /// Tells rows the parts of their groups: the columns `row` and `unit`.
    pub(crate) fn follow_groups(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = column(batch, "row")?.as_primitive::<UInt64Type>();
        let names = column(batch, "unit")?.as_string::<i32>();
        for (&row, name) in rows.values().iter().zip(names) {
            let part = name.and_then(|name| self.part_of_group.get(name));
            self.apart.note(row, part.copied().unwrap_or(0));
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

/// A column of rows to split.
pub(crate) fn column<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b dyn Array> {
    let found = batch.column_by_name(name).map(AsRef::as_ref);
    found.ok_or_else(|| DataFusionError::Plan(format!("rows to split have no column {name}")))
}
