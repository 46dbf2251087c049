//! What one version of a gold set changed in the one before.

mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stage_files::ContentHash;
use task_spec::Output;

use crate::{FrozenVersion, GoldError, GoldKind, GoldSet, Reasons};

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
    /// The kind of its answers, as `task.toml` names it.
    pub kind: String,
    /// The version before.
    pub from: VersionFacts,
    /// The version after.
    pub to: VersionFacts,
    /// Rows that are the same in both.
    pub unchanged: u64,
    /// Rows that are new.
    pub added: Vec<AddedRow>,
    /// Rows that are gone.
    pub removed: Vec<RemovedRow>,
    /// Rows with another right answer.
    pub relabelled: Vec<RelabelledRow>,
    /// Rows with another question.
    pub reworded: Vec<RewordedRow>,
    /// Of the rows that are gone, how many have come back under another id with the same question.
    pub under_another_id: u64,
    /// The labels, or the fields, of which the rows changed.
    pub parts: BTreeMap<String, PartDiff>,
    /// Labels, or fields, that there were none of before.
    pub parts_added: Vec<String>,
    /// Labels, or fields, that there are none of now.
    pub parts_removed: Vec<String>,
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

/// A row that is new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddedRow {
    /// Its id.
    pub id: String,
    /// Its question.
    pub input: String,
    /// Its right answer: the label, or else its JSON.
    pub answer: String,
}

/// A row that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemovedRow {
    /// Its id.
    pub id: String,
    /// Its question.
    pub input: String,
    /// Its right answer: the label, or else its JSON.
    pub answer: String,
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
    /// The right answer before: the label; of fields those that changed, as JSON; of sentences the references.
    pub before: String,
    /// The right answer after.
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
    pub answer: String,
    /// The question before.
    pub before: String,
    /// The question after.
    pub after: String,
    /// Why, where somebody said it.
    pub reason: Option<String>,
}

/// What happened to the rows of one label, or with a value of one field:
/// `after = before + added + gained - removed - lost`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartDiff {
    /// Rows before.
    pub before: u64,
    /// Rows after.
    pub after: u64,
    /// Rows that are new.
    pub added: u64,
    /// Rows that are gone.
    pub removed: u64,
    /// Rows that were not of it before.
    pub gained: u64,
    /// Rows that are not of it now.
    pub lost: u64,
}

impl GoldDiff {
    /// What `after` changed in `before`, without reasons.
    #[must_use]
    pub fn between<K: GoldKind>(before: &GoldSet<K>, after: &GoldSet<K>) -> Self {
        let version = before.lock().as_version();
        Self::of_versions((&version, before.rows()), after, &Reasons::default())
    }

    pub(crate) fn of_versions<K: GoldKind>(
        (version, before): (&FrozenVersion, &[K::Row]),
        after: &GoldSet<K>,
        reasons: &Reasons,
    ) -> Self {
        let lock = after.lock();
        let output: Output = after.output().clone().into();
        let mut diff = Self {
            task: lock.task.clone(),
            kind: output.kind().to_owned(),
            from: VersionFacts::of(version),
            to: VersionFacts::of(&lock.as_version()),
            unchanged: 0,
            added: Vec::new(),
            removed: Vec::new(),
            relabelled: Vec::new(),
            reworded: Vec::new(),
            under_another_id: 0,
            parts: BTreeMap::new(),
            parts_added: only_in(&lock.parts, &version.parts),
            parts_removed: only_in(&version.parts, &lock.parts),
        };
        let (old, new) = (by_id::<K>(before), by_id::<K>(after.rows()));
        for (&id, &row) in &old {
            match new.get(id) {
                Some(&now) => diff.compare::<K>(row, now, reasons.of(id)),
                None => {
                    K::parts(row)
                        .into_iter()
                        .for_each(|part| diff.part(part).removed += 1);
                    diff.removed.push(RemovedRow {
                        id: id.to_owned(),
                        input: K::question(row).into_owned(),
                        answer: K::right_answer(row),
                        reason: reasons.of(id).map(str::to_owned),
                    });
                }
            }
        }
        for (&id, &row) in new.iter().filter(|(id, _)| !old.contains_key(*id)) {
            K::parts(row)
                .into_iter()
                .for_each(|part| diff.part(part).added += 1);
            diff.added.push(AddedRow {
                id: id.to_owned(),
                input: K::question(row).into_owned(),
                answer: K::right_answer(row),
            });
        }
        let questions: BTreeSet<&str> = diff.added.iter().map(|row| row.input.as_str()).collect();
        let is_back = |row: &&RemovedRow| questions.contains(row.input.as_str());
        diff.under_another_id = diff.removed.iter().filter(is_back).count() as u64;
        for (part, change) in &mut diff.parts {
            change.before = version.parts.get(part).copied().unwrap_or_default();
            change.after = lock.parts.get(part).copied().unwrap_or_default();
        }
        diff
    }

    fn part(&mut self, name: &str) -> &mut PartDiff {
        self.parts.entry(name.to_owned()).or_default()
    }

    fn compare<K: GoldKind>(&mut self, before: &K::Row, after: &K::Row, reason: Option<&str>) {
        let (of_before, of_after) = (K::parts(before), K::parts(after));
        let only_in = |these: &[&str], others: &[&str]| -> Vec<String> {
            let only = these.iter().filter(|part| !others.contains(part));
            only.map(|part| (*part).to_owned()).collect()
        };
        for part in only_in(&of_before, &of_after) {
            self.part(&part).lost += 1;
        }
        for part in only_in(&of_after, &of_before) {
            self.part(&part).gained += 1;
        }
        let (right_before, right_after) = K::right_answers(before, after);
        if right_before != right_after {
            self.relabelled.push(RelabelledRow {
                id: K::id(after).to_owned(),
                input: K::question(after).into_owned(),
                before: right_before,
                after: right_after,
                reason: reason.map(str::to_owned),
            });
        }
        if K::question(before) != K::question(after) {
            self.reworded.push(RewordedRow {
                id: K::id(after).to_owned(),
                answer: K::right_answer(after),
                before: K::question(before).into_owned(),
                after: K::question(after).into_owned(),
                reason: reason.map(str::to_owned),
            });
        }
        self.unchanged += u64::from(before == after);
    }

    /// Whether anything is different: rows, or the labels or fields of the task.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.changed_ids().is_empty()
            && self.parts_added.is_empty()
            && self.parts_removed.is_empty()
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

fn by_id<K: GoldKind>(rows: &[K::Row]) -> BTreeMap<&str, &K::Row> {
    rows.iter().map(|row| (K::id(row), row)).collect()
}

fn only_in(these: &BTreeMap<String, u64>, and_not: &BTreeMap<String, u64>) -> Vec<String> {
    these
        .keys()
        .filter(|part| !and_not.contains_key(*part))
        .cloned()
        .collect()
}
