//! Where a field stands in a JSON object.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

/// A place in a JSON value: a JSON pointer (`/choices/0/text`, RFC 6901) or dotted keys (`choices.0.text`).
///
/// A path that starts with `/` is a pointer; use one for keys that contain a dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FieldPath {
    written: String,
    keys: Vec<String>,
}

/// A path that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{written:?} is no field: write a key, dotted keys (a.b.0) or a JSON pointer (/a/b/0)")]
pub struct FieldPathError {
    /// The path as written.
    pub written: String,
}

impl FieldPath {
    /// Reads a path.
    ///
    /// # Errors
    ///
    /// [`FieldPathError`] if it is empty or has an empty key between dots.
    pub fn new(written: impl Into<String>) -> Result<Self, FieldPathError> {
        let written = written.into();
        let keys: Vec<String> = match written.strip_prefix('/') {
            Some(pointer) => pointer
                .split('/')
                .map(|key| key.replace("~1", "/").replace("~0", "~"))
                .collect(),
            None => written.split('.').map(str::to_owned).collect(),
        };
        if !written.starts_with('/') && keys.iter().any(String::is_empty) {
            return Err(FieldPathError { written });
        }
        Ok(Self { written, keys })
    }

    /// A key of the outermost object, whatever characters it has.
    #[must_use]
    pub fn key(key: &str) -> Self {
        let written = if key.is_empty() || key.contains(['.', '/']) {
            format!("/{}", key.replace('~', "~0").replace('/', "~1"))
        } else {
            key.to_owned()
        };
        Self {
            written,
            keys: vec![key.to_owned()],
        }
    }

    /// The key of the outermost object.
    pub(crate) fn first_key(&self) -> &str {
        self.keys.first().map_or("", String::as_str)
    }

    /// The value at this place, if there is one.
    #[must_use]
    pub fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.keys.iter().try_fold(value, |value, key| match value {
            Value::Object(fields) => fields.get(key),
            Value::Array(items) => items.get(key.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// The JSON text of the value at this place, a piece of `json`.
    pub(crate) fn raw<'j>(&self, json: &'j str) -> Option<&'j str> {
        self.keys.iter().try_fold(json, |json, key| {
            if json.trim_start().starts_with('[') {
                let items: Vec<&'j RawValue> = serde_json::from_str(json).ok()?;
                return items.get(key.parse::<usize>().ok()?).map(|raw| raw.get());
            }
            let fields: BTreeMap<Cow<'j, str>, &'j RawValue> = serde_json::from_str(json).ok()?;
            fields.get(key.as_str()).map(|raw| raw.get())
        })
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl TryFrom<String> for FieldPath {
    type Error = FieldPathError;

    fn try_from(written: String) -> Result<Self, FieldPathError> {
        Self::new(written)
    }
}

impl From<FieldPath> for String {
    fn from(path: FieldPath) -> Self {
        path.written
    }
}

#[cfg(test)]
mod tests;
