//! What a sentence about a row has to keep to.

use serde::{Deserialize, Serialize};

/// The house style of a sentence, as far as it can be checked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SentenceStyle {
    /// Phrases that may not occur, whatever their case; none unless given.
    pub forbidden: Vec<String>,
    /// The most words; any number unless given.
    pub max_words: Option<usize>,
}
