//! Training rows and rows that are kept from them: by cluster, by group or by time.
//!
//! Rows of one cluster (near-duplicates) or group (one customer, one file) are assigned together, for a model that has
//! seen one of them knows the others. Units are assigned one by one, the ones that are hardest to balance first, each to the
//! part in which the shares of all labels then come closest to what is wanted: the greedy of scikit-learn's
//! `StratifiedGroupKFold`, widened to parts of unequal size.

mod assignment;
mod config;
mod flattery;
mod report;
mod time_split;
mod unit_split;

use std::collections::BTreeMap;

use near_texts::{JaccardThreshold, NearPair, near_pairs_of_normal, normalise};
use stage_files::ContentHash;
use task_spec::Example;

use crate::near_duplicates::clusters;

use assignment::assign;
pub use config::{
    SourceField, SplitBy, SplitConfig, SplitConfigError, SplitPart, SplitPartError, SplitPlan, UnknownSplitBy,
};
use flattery::flattery;
pub use flattery::{NearTraining, SplitCut, SplitMeasure, SplitTexts};
pub use report::{Flattery, PartRecord, SmallClass, SplitReport, SplitScore};
pub use time_split::TimeSplit;
pub use unit_split::{UnitOrder, UnitSplit, unit_draw};

/// The name of the rows that are trained on.
const TRAIN: &str = "train";

/// What a split knows of a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SplitRow {
    /// The row's id.
    pub id: String,
    /// The question.
    pub text: String,
    /// The label.
    pub label: String,
    /// The near-duplicate cluster that is known already; clusters that the texts show are joined to it.
    pub cluster: Option<String>,
    /// The group. A row without one is a group of its own.
    pub group: Option<String>,
    /// When, in any unit that rises. A row of unknown time counts as earlier than all others and is trained on.
    pub time: Option<u64>,
}

impl SplitRow {
    /// A training row, with a field of its source as the group.
    #[must_use]
    pub fn of(example: &Example, group: SourceField) -> Self {
        let source = example.source.as_ref();
        Self {
            id: example.id.clone(),
            text: example.input().unwrap_or_default().to_owned(),
            label: example.answer().unwrap_or_default().to_owned(),
            cluster: example.cluster.clone(),
            group: source.and_then(|source| match group {
                SourceField::File => Some(source.file.clone()),
                SourceField::Question => source.question.clone(),
            }),
            time: None,
        }
    }
}

/// Where each row goes, and what there is to know about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// For each row 0 if it is trained on, else the number of its part, from 1 in the order of the settings.
    pub part_of: Vec<usize>,
    /// The account.
    pub report: SplitReport,
}

/// Splits rows. The same rows in another order go where they went before.
///
/// ```
/// use distill_data::{SplitBy, SplitConfig, SplitRow, split};
///
/// let rows: Vec<SplitRow> = (0..40)
///     .map(|number| SplitRow {
///         id: number.to_string(),
///         text: format!("question of customer {}", number / 2),
///         label: ["card", "fees"][number % 2].to_owned(),
///         group: Some((number / 2).to_string()),
///         ..SplitRow::default()
///     })
///     .collect();
/// let plan = SplitConfig { by: SplitBy::Group, ..SplitConfig::held_out(0.1) }.check()?;
/// let split = split(&rows, &plan);
/// assert_eq!(split.part_of.iter().filter(|&&part| part == 1).count(), 4);
/// assert_eq!(split.part_of[0], split.part_of[1]);
/// # Ok::<(), distill_data::SplitConfigError>(())
/// ```
#[must_use]
pub fn split(rows: &[SplitRow], plan: &SplitPlan) -> Split {
    let sorted = Sorted::of(rows, plan.near_threshold());
    let config = plan.config();
    let units = match config.by {
        SplitBy::Cluster | SplitBy::Time | SplitBy::LogOrder => sorted.by_cluster(),
        SplitBy::Group => sorted.by_group(),
    };
    let (parts, mut report) = match config.by {
        SplitBy::Time | SplitBy::LogOrder => sorted.by_time(&units, plan),
        SplitBy::Cluster | SplitBy::Group => {
            let parts = sorted.assigned(&units, &plan.shares(), config.seed);
            let report = SplitReport::of(&sorted, &units, &parts, plan);
            (parts, report)
        }
    };
    let mut part_of = vec![0; rows.len()];
    for (&row, &part) in sorted.order.iter().zip(&parts) {
        part_of[row] = part;
    }
    report.flattery = config.measure.then(|| flattery(&sorted, &parts, plan));
    Split { part_of, report }
}

/// Rows in an order that depends on their content only, with labels, texts and near-duplicates as numbers.
#[derive(Debug)]
struct Sorted<'a> {
    rows: Vec<&'a SplitRow>,
    /// Where each of them stood.
    order: Vec<usize>,
    labels: Vec<&'a str>,
    label_of: Vec<usize>,
    texts: Vec<String>,
    text_of: Vec<usize>,
    /// Near-duplicates, by index of text.
    pairs: Vec<NearPair>,
}

impl<'a> Sorted<'a> {
    fn of(rows: &'a [SplitRow], threshold: JaccardThreshold) -> Self {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let key = |row: &'a SplitRow| (&row.id, &row.text, &row.label, &row.group, row.time);
        order.sort_by(|&a, &b| key(&rows[a]).cmp(&key(&rows[b])));
        let rows: Vec<&SplitRow> = order.iter().map(|&row| &rows[row]).collect();
        let (labels, label_of) = numbered(rows.iter().map(|row| row.label.as_str()));
        let (texts, text_of) = numbered(rows.iter().map(|row| normalise(&row.text)));
        Self {
            pairs: near_pairs_of_normal(&texts, threshold),
            rows,
            order,
            labels,
            label_of,
            texts,
            text_of,
        }
    }

    /// For each row the first row of its cluster: of all that have one text, hang together by near-duplicates, or are said
    /// to be one cluster.
    fn by_cluster(&self) -> Vec<usize> {
        let mut row_of_text = vec![0; self.texts.len()];
        let mut links = Vec::new();
        for (row, &text) in self.text_of.iter().enumerate().rev() {
            row_of_text[text] = row;
        }
        links.extend(
            self.text_of
                .iter()
                .enumerate()
                .map(|(row, &text)| (row, row_of_text[text])),
        );
        let pairs = self.pairs.iter();
        links.extend(pairs.map(|pair| (row_of_text[pair.left], row_of_text[pair.right])));
        links.extend(links_of_equal(self.rows.iter().map(|row| row.cluster.as_deref())));
        clusters(self.rows.len(), links.into_iter())
    }

    fn by_group(&self) -> Vec<usize> {
        let links = links_of_equal(self.rows.iter().map(|row| row.group.as_deref()));
        clusters(self.rows.len(), links.into_iter())
    }

    /// The part of each row where units stay whole. Of units that are alike, the seed says which comes first.
    fn assigned(&self, unit_of: &[usize], shares: &[f64], seed: u64) -> Vec<usize> {
        let mut units: Vec<(ContentHash, Vec<usize>)> = members_of(unit_of)
            .into_iter()
            .map(|(first, rows)| (self.draw(first, seed), rows))
            .collect();
        units.sort();
        let counts: Vec<BTreeMap<usize, usize>> = units
            .iter()
            .map(|(_, rows)| {
                let mut counts = BTreeMap::new();
                rows.iter()
                    .for_each(|&row| *counts.entry(self.label_of[row]).or_default() += 1);
                counts
            })
            .collect();
        let mut parts = vec![0; unit_of.len()];
        for ((_, rows), part) in units.iter().zip(assign(&counts, self.labels.len(), shares)) {
            rows.iter().for_each(|&row| parts[row] = part);
        }
        parts
    }

    /// A number as good as random that follows from the seed and a row's content.
    fn draw(&self, row: usize, seed: u64) -> ContentHash {
        let SplitRow { id, text, label, .. } = self.rows[row];
        unit_draw(seed, id, label, text)
    }

    /// The part of each row where what came first is trained on, and the account.
    fn by_time(&self, unit_of: &[usize], plan: &SplitPlan) -> (Vec<usize>, SplitReport) {
        let units = members_of(unit_of);
        let mut moments: BTreeMap<Option<u64>, usize> = BTreeMap::new();
        for rows in units.values() {
            let came = rows.iter().map(|&row| self.rows[row].time).min();
            *moments.entry(came.flatten()).or_default() += rows.len();
        }
        let mut rows_of_label = BTreeMap::new();
        for &label in &self.label_of {
            *rows_of_label.entry(self.labels[label].to_owned()).or_default() += 1;
        }
        let mut split = TimeSplit::new(plan, &rows_of_label);
        for (time, &rows) in &moments {
            split.moment(time.as_ref(), rows);
        }
        let mut parts = vec![0; self.rows.len()];
        for rows in units.values() {
            let known = |&row: &usize| (self.rows[row].time, self.label_of[row]);
            let part = split.place(&rows.iter().map(known).collect::<Vec<_>>());
            rows.iter().for_each(|&row| parts[row] = part);
        }
        (parts, split.report())
    }
}

/// The rows of each unit.
fn members_of(unit_of: &[usize]) -> BTreeMap<usize, Vec<usize>> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, &unit) in unit_of.iter().enumerate() {
        members.entry(unit).or_default().push(row);
    }
    members
}

/// Distinct values by rising order, and the number of each one given.
fn numbered<T: Ord + Clone>(values: impl Iterator<Item = T>) -> (Vec<T>, Vec<usize>) {
    let values: Vec<T> = values.collect();
    let mut distinct = values.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let numbers = values
        .iter()
        .map(|value| distinct.partition_point(|other| other < value))
        .collect();
    (distinct, numbers)
}

/// A link from each row with a key to the first row with that key.
fn links_of_equal<'k>(keys: impl Iterator<Item = Option<&'k str>>) -> Vec<(usize, usize)> {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    keys.enumerate()
        .filter_map(|(row, key)| Some((row, *first.entry(key?).or_insert(row))))
        .collect()
}

#[cfg(test)]
mod tests;
