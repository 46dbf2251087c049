//! JSON objects with their entries as written: in order, repeated keys and the digits of numbers included.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use task_spec::FieldSchema;

/// An object as its entries.
#[derive(Debug, Clone)]
pub(super) struct Object<'a> {
    pub(super) entries: Vec<(String, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// The object that starts at a place of a text, and where it ends; `None` if there is none.
    pub(super) fn at(text: &'a str, start: usize) -> Option<(Self, usize)> {
        let mut stream = serde_json::Deserializer::from_str(text.get(start..)?).into_iter::<Self>();
        let object = stream.next()?.ok()?;
        Some((object, start + stream.byte_offset()))
    }

    /// A value that is an object.
    pub(super) fn of(value: &'a RawValue) -> Option<Self> {
        let raw = value.get();
        raw.starts_with('{')
            .then(|| serde_json::from_str(raw).ok())
            .flatten()
    }

    /// Whether a key of it means a field.
    pub(super) fn holds_field(&self, schema: &FieldSchema) -> bool {
        self.entries.iter().any(|(key, _)| schema.resolve(key).is_some())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &'de RawValue>()? {
                    entries.push((key, value));
                }
                Ok(Object { entries })
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

/// The content of a JSON string; `None` if the text is none.
pub(super) fn unquoted(text: &str) -> Option<String> {
    let is_string = text.starts_with('"');
    is_string.then(|| serde_json::from_str(text).ok()).flatten()
}
