//! What a frozen gold set was.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stage_files::ContentHash;
use task_spec::{GoldRow, LabelSet, Task};

/// `gold.lock`: the fingerprint of a frozen gold set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldLock {
    /// The task's name.
    pub task: String,
    /// The version of the set; a baseline is bound to it.
    pub version: u32,
    /// How many rows there are.
    pub rows: u64,
    /// BLAKE3 of the gold file.
    pub hash: ContentHash,
    /// BLAKE3 of the task's label names, sorted: their order does not change what is right.
    pub labels_hash: ContentHash,
    /// How many rows each label has, with the labels that have none.
    pub labels: BTreeMap<String, u64>,
    /// The versions before this one, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<FrozenVersion>,
}

/// A version of a gold set, as the lock of a later one keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrozenVersion {
    /// Its number.
    pub version: u32,
    /// How many rows it had.
    pub rows: u64,
    /// BLAKE3 of its gold file.
    pub hash: ContentHash,
    /// BLAKE3 of the task's label names at the time, sorted.
    pub labels_hash: ContentHash,
    /// How many rows each label had, with the labels that had none.
    pub labels: BTreeMap<String, u64>,
}

impl GoldLock {
    /// This version, as the lock of the next one keeps it.
    #[must_use]
    pub fn as_version(&self) -> FrozenVersion {
        FrozenVersion {
            version: self.version,
            rows: self.rows,
            hash: self.hash.clone(),
            labels_hash: self.labels_hash.clone(),
            labels: self.labels.clone(),
        }
    }

    /// Whether it freezes the same rows for the same labels under the same number, whatever came before it.
    pub(crate) fn freezes_as(&self, other: &Self) -> bool {
        self.task == other.task && self.as_version() == other.as_version()
    }

    /// Whether the versions before it are numbered upwards and below it.
    pub(crate) fn is_in_order(&self) -> bool {
        let numbers = self.earlier.iter().map(|earlier| earlier.version);
        numbers.chain([self.version]).is_sorted_by(|a, b| a < b)
    }

    pub(crate) fn of(rows: &[GoldRow], task: &Task, version: u32, hash: ContentHash) -> Self {
        let mut labels: BTreeMap<String, u64> =
            task.labels().names().map(|name| (name.to_owned(), 0)).collect();
        for row in rows {
            *labels.entry(row.label.clone()).or_default() += 1;
        }
        Self {
            task: task.name.clone(),
            version,
            rows: rows.len() as u64,
            hash,
            labels_hash: Self::hash_of_labels(task.labels()),
            labels,
            earlier: Vec::new(),
        }
    }

    pub(crate) fn hash_of_labels(labels: &LabelSet) -> ContentHash {
        let mut names: Vec<&str> = labels.names().collect();
        names.sort_unstable();
        // Each name with its length before it, so that no two lists of names run together into the same bytes.
        let text: String = names
            .iter()
            .map(|name| format!("{}:{name}", name.len()))
            .collect();
        ContentHash::of_bytes(text.as_bytes())
    }
}
