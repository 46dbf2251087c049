//! Values by pattern, in an order that counts.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
};

/// Values by pattern of a module's path: an object in JSON, whose order is kept, because the first pattern that matches
/// counts.
#[derive(Debug, Clone, PartialEq)]
pub struct ByPattern<T>(Vec<(String, T)>);

impl<T> ByPattern<T> {
    /// No pattern.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The patterns with their values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(pattern, value)| (pattern.as_str(), value))
    }

    /// The same in the order of other values by the same patterns.
    pub(super) fn in_order_of<U>(mut self, other: Option<ByPattern<U>>) -> Self {
        let other = other.unwrap_or_default();
        let place = |pattern: &str| other.iter().position(|(other, _)| other == pattern);
        self.0.sort_by_key(|(pattern, _)| place(pattern));
        self
    }
}

impl<T> Default for ByPattern<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> FromIterator<(String, T)> for ByPattern<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl<T: Serialize> Serialize for ByPattern<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByPattern<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = ByPattern<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a value for each pattern")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(ByPattern(entries))
            }
        }

        deserializer.deserialize_map(Entries(PhantomData))
    }
}
