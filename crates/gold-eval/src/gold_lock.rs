//! What a frozen gold set was.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stage_files::ContentHash;
use task_spec::Task;

use crate::GoldKind;

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
    /// BLAKE3 of what in the task decides which answers are right: the names of the labels, the fields with the rules by
    /// which their values are compared, or the style of sentences.
    #[serde(alias = "labels_hash")]
    pub output_hash: ContentHash,
    /// How many rows each label has, with the labels that have none; or how many hold a value of each field.
    #[serde(alias = "labels")]
    pub parts: BTreeMap<String, u64>,
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
    /// BLAKE3 of what in the task decided which answers are right.
    #[serde(alias = "labels_hash")]
    pub output_hash: ContentHash,
    /// How many rows each label had, with the labels that had none; or how many held a value of each field.
    #[serde(alias = "labels")]
    pub parts: BTreeMap<String, u64>,
}

impl GoldLock {
    /// This version, as the lock of the next one keeps it.
    #[must_use]
    pub fn as_version(&self) -> FrozenVersion {
        FrozenVersion {
            version: self.version,
            rows: self.rows,
            hash: self.hash.clone(),
            output_hash: self.output_hash.clone(),
            parts: self.parts.clone(),
        }
    }

    /// Whether it freezes the same rows for the same answers under the same number, whatever came before it.
    pub(crate) fn freezes_as(&self, other: &Self) -> bool {
        self.task == other.task && self.as_version() == other.as_version()
    }

    /// Whether the versions before it are numbered upwards and below it.
    pub(crate) fn is_in_order(&self) -> bool {
        let numbers = self.earlier.iter().map(|earlier| earlier.version);
        numbers.chain([self.version]).is_sorted_by(|a, b| a < b)
    }

    pub(crate) fn of<K: GoldKind>(rows: &[K::Row], task: &Task<K>, version: u32, hash: ContentHash) -> Self {
        let named = task.output.named_parts().into_iter();
        let mut parts: BTreeMap<String, u64> = named.map(|name| (name.to_owned(), 0)).collect();
        for part in rows.iter().flat_map(K::parts) {
            *parts.entry(part.to_owned()).or_default() += 1;
        }
        Self {
            task: task.name.clone(),
            version,
            rows: rows.len() as u64,
            hash,
            output_hash: task.output.fingerprint(),
            parts,
            earlier: Vec::new(),
        }
    }
}
