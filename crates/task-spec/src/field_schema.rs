//! The fields that are pulled off a document.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{Field, FieldKind, label_set::fold};

/// The fields of a task: at least one, each with a name and keys of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Vec<Field>", into = "Vec<Field>")]
pub struct FieldSchema {
    fields: Vec<Field>,
    /// Names and aliases as written.
    exact: HashMap<String, usize>,
    /// Names and aliases folded by [`fold`]; `None` where two fields fold to the same form, so that only their exact
    /// spelling counts.
    folded: HashMap<String, Option<usize>>,
}

/// Why fields are no schema.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldSchemaError {
    /// There is none.
    #[error("the task has no fields: name at least one")]
    Empty,
    /// A name or an alias is empty or white space.
    #[error("field {position} has a blank name or alias: write the key of an answer's JSON object")]
    BlankName {
        /// Which one, counted from 1.
        position: usize,
    },
    /// Two fields have one name.
    #[error("the key {name:?} is listed twice: keep it as a name or alias of one field")]
    Twice {
        /// The name or alias.
        name: String,
    },
    /// A setting says nothing about values of this kind.
    #[error(
        "field {field:?} is of the kind {kind}, for which {setting:?} says nothing: remove it, or change the kind"
    )]
    NotForKind {
        /// The field.
        field: String,
        /// Its kind.
        kind: FieldKind,
        /// The setting.
        setting: &'static str,
    },
    /// A setting is out of its range.
    #[error("{setting} = {value} of field {field:?} is out of range: it must be {range}")]
    OutOfRange {
        /// The field.
        field: String,
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// An allowed value is blank or listed twice.
    #[error("field {field:?} lists the allowed value {value:?} twice, or it is blank")]
    AllowedValue {
        /// The field.
        field: String,
        /// The value.
        value: String,
    },
}

impl FieldSchema {
    /// Checks the fields and indexes their keys.
    ///
    /// # Errors
    ///
    /// [`FieldSchemaError`] names the field and the setting.
    pub fn new(fields: Vec<Field>) -> Result<Self, FieldSchemaError> {
        if fields.is_empty() {
            return Err(FieldSchemaError::Empty);
        }
        let (mut exact, mut folded) = (HashMap::new(), HashMap::new());
        for (index, field) in fields.iter().enumerate() {
            for key in std::iter::once(&field.name).chain(&field.aliases) {
                if key.trim().is_empty() {
                    return Err(FieldSchemaError::BlankName { position: index + 1 });
                }
                if exact.insert(key.clone(), index).is_some() {
                    return Err(FieldSchemaError::Twice { name: key.clone() });
                }
                folded
                    .entry(fold(key))
                    .and_modify(|owner| {
                        if *owner != Some(index) {
                            *owner = None;
                        }
                    })
                    .or_insert(Some(index));
            }
            field.check()?;
        }
        Ok(Self {
            fields,
            exact,
            folded,
        })
    }

    /// The fields in the order of the task.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// How many fields there are; at least 1.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a schema is never empty")]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// The names in the order of the task.
    #[must_use]
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    /// The index of the field whose name is exactly `name`; aliases do not count.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        let index = self.exact.get(name).copied()?;
        (self.fields.get(index)?.name == name).then_some(index)
    }

    /// The index of the field that a key of an answer means: its name, one of its aliases, or a spelling of either that
    /// differs only in case, surrounding white space, or the separators space, `-` and `_`.
    #[must_use]
    pub fn resolve(&self, key: &str) -> Option<usize> {
        let key = key.trim();
        (self.exact.get(key).copied()).or_else(|| self.folded.get(&fold(key)).copied().flatten())
    }
}

impl PartialEq for FieldSchema {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

impl TryFrom<Vec<Field>> for FieldSchema {
    type Error = FieldSchemaError;

    fn try_from(fields: Vec<Field>) -> Result<Self, FieldSchemaError> {
        Self::new(fields)
    }
}

impl From<FieldSchema> for Vec<Field> {
    fn from(schema: FieldSchema) -> Self {
        schema.fields
    }
}

#[cfg(test)]
mod tests;
