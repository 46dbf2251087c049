//! What one version of a gold set changed in the one before.

mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stage_files::ContentHash;
use task_spec::GoldRow;

use crate::{FrozenVersion, GoldError, GoldSet, Reasons};

/// The change from one version of a gold set to another: the content of `gold.v2.diff.json`.
///
/// Rows are matched by id, never by position or by text. A row may be both relabelled and reworded, and then stands
/// in both lists. Each list is in the order of ids. Printed ([`Display`](std::fmt::Display)), it is what a reviewer
/// has to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldDiff {
    /// The task's name.
    pub task: String,
    /// The version before.
    pub from: VersionFacts,
    /// The version after.
    pub to: VersionFacts,
    /// Rows with the same id, question and label in both.
    pub unchanged: u64,
    /// Rows that are new.
    pub added: Vec<GoldRow>,
    /// Rows that are gone.
    pub removed: Vec<RemovedRow>,
    /// Rows with another right answer.
    pub relabelled: Vec<RelabelledRow>,
    /// Rows with another question.
    pub reworded: Vec<RewordedRow>,
    /// Of the rows that are gone, how many have come back under another id with the same question.
    pub under_another_id: u64,
    /// The categories of which the rows changed, by label.
    pub categories: BTreeMap<String, CategoryDiff>,
    /// Labels that the task has gained.
    pub labels_added: Vec<String>,
    /// Labels that the task has lost.
    pub labels_removed: Vec<String>,
}

/// A version of a gold set in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionFacts {
    /// Its number.
    pub version: u32,
    /// How many rows it has.
    pub rows: u64,
    /// BLAKE3 of its gold file.
    pub hash: ContentHash,
}

/// A row that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemovedRow {
    /// Its id.
    pub id: String,
    /// Its question.
    pub input: String,
    /// Its right answer.
    pub label: String,
    /// Why, where somebody said it.
    pub reason: Option<String>,
}

/// A row with another right answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelabelledRow {
    /// Its id.
    pub id: String,
    /// Its question, as it is now.
    pub input: String,
    /// The label before.
    pub before: String,
    /// The label after.
    pub after: String,
    /// Why, where somebody said it.
    pub reason: Option<String>,
}

/// A row with another question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewordedRow {
    /// Its id.
    pub id: String,
    /// Its right answer, as it is now.
    pub label: String,
    /// The question before.
    pub before: String,
    /// The question after.
    pub after: String,
    /// Why, where somebody said it.
    pub reason: Option<String>,
}

/// What happened to the rows of one category: `after = before + added + gained - removed - lost`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryDiff {
    /// Rows before.
    pub before: u64,
    /// Rows after.
    pub after: u64,
    /// Rows that are new.
    pub added: u64,
    /// Rows that are gone.
    pub removed: u64,
    /// Rows that had another label before.
    pub gained: u64,
    /// Rows that have another label now.
    pub lost: u64,
}

impl GoldDiff {
    /// What `after` changed in `before`, without reasons.
    #[must_use]
    pub fn between(before: &GoldSet, after: &GoldSet) -> Self {
        let version = before.lock().as_version();
        Self::of_versions((&version, before.rows()), after, &Reasons::default())
    }

    pub(crate) fn of_versions(
        (version, before): (&FrozenVersion, &[GoldRow]),
        after: &GoldSet,
        reasons: &Reasons,
    ) -> Self {
        let lock = after.lock();
        let mut diff = Self {
            task: lock.task.clone(),
            from: VersionFacts::of(version),
            to: VersionFacts::of(&lock.as_version()),
            unchanged: 0,
            added: Vec::new(),
            removed: Vec::new(),
            relabelled: Vec::new(),
            reworded: Vec::new(),
            under_another_id: 0,
            categories: BTreeMap::new(),
            labels_added: only_in(&lock.labels, &version.labels),
            labels_removed: only_in(&version.labels, &lock.labels),
        };
        let by_id = |rows: &[GoldRow]| -> BTreeMap<String, GoldRow> {
            rows.iter().map(|row| (row.id.clone(), row.clone())).collect()
        };
        let (old, new) = (by_id(before), by_id(after.rows()));
        for (id, row) in &old {
            match new.get(id) {
                Some(now) => diff.compare(row, now, reasons.of(id)),
                None => diff.removed.push(RemovedRow {
                    id: id.clone(),
                    input: row.input.clone(),
                    label: row.label.clone(),
                    reason: reasons.of(id).map(str::to_owned),
                }),
            }
        }
        diff.added = new
            .into_values()
            .filter(|row| !old.contains_key(&row.id))
            .collect();
        let questions: BTreeSet<&str> = diff.added.iter().map(|row| row.input.as_str()).collect();
        let is_back = |row: &&RemovedRow| questions.contains(row.input.as_str());
        diff.under_another_id = diff.removed.iter().filter(is_back).count() as u64;
        diff.count_categories(&version.labels, &lock.labels);
        diff
    }

    fn compare(&mut self, before: &GoldRow, after: &GoldRow, reason: Option<&str>) {
        if before.label != after.label {
            self.relabelled.push(RelabelledRow {
                id: after.id.clone(),
                input: after.input.clone(),
                before: before.label.clone(),
                after: after.label.clone(),
                reason: reason.map(str::to_owned),
            });
        }
        if before.input != after.input {
            self.reworded.push(RewordedRow {
                id: after.id.clone(),
                label: after.label.clone(),
                before: before.input.clone(),
                after: after.input.clone(),
                reason: reason.map(str::to_owned),
            });
        }
        self.unchanged += u64::from(before == after);
    }

    fn count_categories(&mut self, before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) {
        let mut categories: BTreeMap<String, CategoryDiff> = BTreeMap::new();
        let mut of = |label: &str, count: fn(&mut CategoryDiff)| {
            count(categories.entry(label.to_owned()).or_default());
        };
        self.added.iter().for_each(|row| of(&row.label, |c| c.added += 1));
        self.removed
            .iter()
            .for_each(|row| of(&row.label, |c| c.removed += 1));
        for row in &self.relabelled {
            of(&row.before, |c| c.lost += 1);
            of(&row.after, |c| c.gained += 1);
        }
        for (label, change) in &mut categories {
            change.before = before.get(label).copied().unwrap_or_default();
            change.after = after.get(label).copied().unwrap_or_default();
        }
        self.categories = categories;
    }

    /// Whether anything is different: rows, or the task's labels.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.changed_ids().is_empty()
            && self.labels_added.is_empty()
            && self.labels_removed.is_empty()
    }

    /// The old rows that are gone, relabelled or reworded, by id.
    #[must_use]
    pub fn changed_ids(&self) -> BTreeSet<&str> {
        self.changed().map(|(id, _)| id).collect()
    }

    fn changed(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let removed = self
            .removed
            .iter()
            .map(|row| (row.id.as_str(), row.reason.as_deref()));
        let relabelled = self
            .relabelled
            .iter()
            .map(|row| (row.id.as_str(), row.reason.as_deref()));
        let reworded = self
            .reworded
            .iter()
            .map(|row| (row.id.as_str(), row.reason.as_deref()));
        removed.chain(relabelled).chain(reworded)
    }

    /// The old rows that changed and of which nobody says why, by id.
    #[must_use]
    pub fn unexplained(&self) -> BTreeSet<&str> {
        self.changed()
            .filter(|(_, reason)| reason.is_none())
            .map(|(id, _)| id)
            .collect()
    }

    /// Every change has its reason, and every reason its change.
    pub(crate) fn check_reasons(&self, reasons: &Reasons) -> Result<(), GoldError> {
        let changed = self.changed_ids();
        if let Some(id) = reasons.ids().find(|id| !changed.contains(id)) {
            return Err(GoldError::NeedlessReason { id: id.to_owned() });
        }
        let ids = self.unexplained();
        if ids.is_empty() {
            return Ok(());
        }
        Err(GoldError::Unexplained {
            version: self.to.version,
            before: self.from.version,
            rows: ids.len() as u64,
            removed: self.removed.iter().filter(|row| row.reason.is_none()).count() as u64,
            relabelled: self.relabelled.iter().filter(|row| row.reason.is_none()).count() as u64,
            reworded: self.reworded.iter().filter(|row| row.reason.is_none()).count() as u64,
            ids: ids.into_iter().map(str::to_owned).collect(),
        })
    }
}

impl VersionFacts {
    fn of(version: &FrozenVersion) -> Self {
        Self {
            version: version.version,
            rows: version.rows,
            hash: version.hash.clone(),
        }
    }
}

fn only_in(these: &BTreeMap<String, u64>, and_not: &BTreeMap<String, u64>) -> Vec<String> {
    these
        .keys()
        .filter(|label| !and_not.contains_key(*label))
        .cloned()
        .collect()
}
