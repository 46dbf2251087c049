//! The gold set of documents with fields, frozen before anything is judged by it.

use std::{collections::BTreeMap, path::Path};

use near_texts::NORMALISER_VERSION;
use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, read_json, read_json_lines, write_json};
use task_spec::{Field, FieldSchema, GoldRecord, Task};

use crate::{FieldValue, GoldError, fields::grade::is_allowed, gold_set::Ids};

/// `gold.lock` of documents with fields: the fingerprint of a frozen gold set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldGoldLock {
    /// The task's name.
    pub task: String,
    /// The version of the set; a baseline is bound to it.
    pub version: u32,
    /// How many rows there are.
    pub rows: u64,
    /// BLAKE3 of the gold file.
    pub hash: ContentHash,
    /// BLAKE3 of what decides which values are the same: the fields with all their settings but the aliases, sorted by
    /// name, and the version of the rules by which texts are normalised.
    pub fields_hash: ContentHash,
    /// What the rows say of each field.
    pub fields: BTreeMap<String, FieldSupport>,
}

/// What the gold rows say of one field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSupport {
    /// Rows with a value.
    pub with_value: u64,
    /// Rows that say that there is none.
    pub without: u64,
    /// Rows that say nothing.
    pub not_annotated: u64,
    /// Of the rows with a value, those whose value is none of the field's kind, and is compared as text.
    pub of_other_kind: u64,
}

/// A gold set of documents with fields whose content is what its lock says.
#[derive(Debug, Clone)]
pub struct FieldGold {
    rows: Vec<GoldRecord>,
    schema: FieldSchema,
    lock: FieldGoldLock,
}

impl FieldGold {
    /// Freezes `gold` as `version`: checks every row, writes `gold.lock` beside it (the same name with the extension
    /// `lock`), and returns the set.
    ///
    /// Freezing the same content and version again changes nothing.
    ///
    /// # Errors
    ///
    /// [`GoldError::AlreadyFrozen`] if the lock holds other content or other fields and `version` is not above its
    /// version, or a later version than asked for; otherwise as [`FieldGold::open`].
    pub fn freeze(gold: &Path, task: &Task<FieldSchema>, version: u32) -> Result<Self, GoldError> {
        let path = gold.with_extension("lock");
        let set = Self::read(gold, task, version)?;
        if path.exists() {
            let locked: FieldGoldLock = read_json(&path)?;
            if locked.version > version || (locked.version == version && locked != set.lock) {
                return Err(GoldError::AlreadyFrozen {
                    path,
                    locked: locked.version,
                    asked: version,
                });
            }
        }
        write_json(&path, &set.lock)?;
        Ok(set)
    }

    /// Opens a frozen set: `gold` must be, byte for byte, what `lock` froze for this task's fields.
    ///
    /// # Errors
    ///
    /// [`GoldError`]; its variants name the row, or the two hashes.
    pub fn open(gold: &Path, lock: &Path, task: &Task<FieldSchema>) -> Result<Self, GoldError> {
        let locked: FieldGoldLock = read_json(lock)?;
        if locked.task != task.name {
            return Err(GoldError::OtherTask {
                path: lock.to_owned(),
                expected: locked.task,
                found: task.name.clone(),
            });
        }
        let found = ContentHash::of_file(gold)?;
        if found != locked.hash {
            return Err(GoldError::Edited {
                path: gold.to_owned(),
                version: locked.version,
                expected: locked.hash,
                found,
            });
        }
        if locked.fields_hash != hash_of(&task.output) {
            return Err(GoldError::OtherFields {
                task: task.name.clone(),
                version: locked.version,
            });
        }
        let set = Self::read(gold, task, locked.version)?;
        if set.lock != locked {
            return Err(GoldError::LockEdited {
                path: lock.to_owned(),
            });
        }
        Ok(set)
    }

    fn read(gold: &Path, task: &Task<FieldSchema>, version: u32) -> Result<Self, GoldError> {
        let hash = ContentHash::of_file(gold)?;
        let rows: Vec<GoldRecord> = read_json_lines(gold)?;
        if rows.is_empty() {
            return Err(GoldError::Empty {
                path: gold.to_owned(),
            });
        }
        let schema = task.output.clone();
        check(&rows, &schema)?;
        let lock = FieldGoldLock {
            task: task.name.clone(),
            version,
            rows: rows.len() as u64,
            hash,
            fields_hash: hash_of(&schema),
            fields: (schema.fields().iter())
                .map(|field| (field.name.clone(), support(field, &rows)))
                .collect(),
        };
        Ok(Self { rows, schema, lock })
    }

    /// The rows in the order of the file.
    #[must_use]
    pub fn rows(&self) -> &[GoldRecord] {
        &self.rows
    }

    /// The task's fields.
    #[must_use]
    pub fn schema(&self) -> &FieldSchema {
        &self.schema
    }

    /// What was frozen: version, hashes and counts.
    #[must_use]
    pub fn lock(&self) -> &FieldGoldLock {
        &self.lock
    }

    /// The ids in the order of the file.
    pub(super) fn ids(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.id.as_str()).collect()
    }
}

fn support(field: &Field, rows: &[GoldRecord]) -> FieldSupport {
    let mut support = FieldSupport::default();
    for row in rows {
        match row.fields.get(&field.name) {
            Some(Some(value)) => {
                support.with_value += 1;
                support.of_other_kind += u64::from(!FieldValue::read(field, value).is_of_kind(field));
            }
            Some(None) => support.without += 1,
            None => support.not_annotated += 1,
        }
    }
    support
}

/// The hash of the fields and of the rules by which their values are compared.
fn hash_of(schema: &FieldSchema) -> ContentHash {
    let mut fields: Vec<Field> = schema.fields().to_vec();
    for field in &mut fields {
        // A further key under which a field is found does not change which of its values are right.
        field.aliases.clear();
    }
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    let text =
        serde_json::to_vec(&(NORMALISER_VERSION, fields)).expect("names and numbers in range are JSON");
    ContentHash::of_bytes(&text)
}

fn check(rows: &[GoldRecord], schema: &FieldSchema) -> Result<(), GoldError> {
    let mut ids = Ids::default();
    for (number, row) in (1..).zip(rows) {
        ids.take(number, &row.id, &row.input)?;
        check_fields(number, row, schema)?;
    }
    Ok(())
}

fn check_fields(number: usize, row: &GoldRecord, schema: &FieldSchema) -> Result<(), GoldError> {
    if row.fields.is_empty() {
        return Err(GoldError::NotAnnotated {
            row: number,
            id: row.id.clone(),
        });
    }
    let outside = row.fields.keys().find(|name| schema.index_of(name).is_none());
    if let Some(name) = outside {
        return Err(GoldError::FieldOutside {
            row: number,
            id: row.id.clone(),
            field: name.clone(),
        });
    }
    for field in schema.fields() {
        let wrong = |value: &str, what| GoldError::FieldValue {
            row: number,
            id: row.id.clone(),
            field: field.name.clone(),
            value: value.to_owned(),
            what,
        };
        match row.fields.get(&field.name) {
            Some(Some(value)) if value.trim().is_empty() => {
                return Err(wrong(
                    value,
                    "is blank: write null where the document has none, or leave the field out where nobody knows",
                ));
            }
            Some(Some(value))
                if !field.values.is_empty() && !is_allowed(field, &FieldValue::read(field, value)) =>
            {
                return Err(wrong(value, "is none of the values that the task allows"));
            }
            Some(None) if field.required => {
                return Err(wrong("null", "is no value, and the task requires one"));
            }
            _ => {}
        }
    }
    Ok(())
}
