//! The fields that are pulled off a document.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What a field's values are, which decides when two of them are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FieldKind {
    /// Words: a company, an address.
    #[default]
    Text,
    /// A number.
    Number,
    /// An amount of money, with a currency or without.
    Money,
    /// A day of the calendar.
    Date,
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name: the key of an answer's JSON object.
    pub name: String,
    /// What its values are; text unless given.
    #[serde(default)]
    pub kind: FieldKind,
}

/// The fields of a task: at least one, each with a name of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Field>", into = "Vec<Field>")]
pub struct FieldSchema {
    fields: Vec<Field>,
}

/// Why fields are no schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldSchemaError {
    /// There is none.
    #[error("the task has no fields: name at least one")]
    Empty,
    /// A name is empty or white space.
    #[error("field {position} has a blank name")]
    BlankName {
        /// Which one, counted from 1.
        position: usize,
    },
    /// Two fields have one name.
    #[error("the field {name:?} is listed twice")]
    Twice {
        /// The name.
        name: String,
    },
}

impl FieldSchema {
    /// Checks the names.
    ///
    /// # Errors
    ///
    /// [`FieldSchemaError`] names the field.
    pub fn new(fields: Vec<Field>) -> Result<Self, FieldSchemaError> {
        if fields.is_empty() {
            return Err(FieldSchemaError::Empty);
        }
        let mut names = BTreeSet::new();
        for (position, field) in (1..).zip(&fields) {
            if field.name.trim().is_empty() {
                return Err(FieldSchemaError::BlankName { position });
            }
            if !names.insert(&field.name) {
                return Err(FieldSchemaError::Twice {
                    name: field.name.clone(),
                });
            }
        }
        Ok(Self { fields })
    }

    /// The fields in the order of the task.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
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
