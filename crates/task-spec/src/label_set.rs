//! The fixed output space of a classification task.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// One legal answer of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// The answer itself, as it is trained and served.
    pub name: String,
    /// What belongs here, for people and for prompts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Other spellings that a teacher may use for the same answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

impl Label {
    /// A label without description or aliases.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: None,
            aliases: Vec::new(),
        }
    }

    /// Says what belongs under this label.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Adds a spelling that means this label.
    #[must_use]
    pub fn with_alias(mut self, alias: impl Into<String>) -> Self {
        self.aliases.push(alias.into());
        self
    }
}

/// Why a list of labels is not a label set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelSetError {
    /// A decision needs at least two possible answers.
    #[error("a label set needs at least 2 labels, found {found}")]
    TooFew {
        /// How many labels were given.
        found: usize,
    },
    /// A label or alias is empty or only white space.
    #[error("label number {number} has a blank name or alias: give it a name or remove it")]
    Blank {
        /// Position in the list, from 1.
        number: usize,
    },
    /// Two labels claim the same spelling.
    #[error("{spelling:?} is claimed by both {first:?} and {second:?}: remove one of them")]
    Claimed {
        /// The spelling as written.
        spelling: String,
        /// The label that has it already.
        first: String,
        /// The label that claims it again.
        second: String,
    },
}

/// The legal answers of a task, in a fixed order, with every spelling that means one of them.
///
/// The order is part of the set: a label's index is its class index in a head and in every table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Vec<Label>", into = "Vec<Label>")]
pub struct LabelSet {
    labels: Vec<Label>,
    /// Names and aliases as written.
    exact: HashMap<String, usize>,
    /// Names and aliases folded by [`fold`]; `None` where two labels fold to the same form, so that only
    /// their exact spelling counts.
    folded: HashMap<String, Option<usize>>,
}

impl LabelSet {
    /// Checks the labels and indexes their spellings.
    ///
    /// # Errors
    ///
    /// [`LabelSetError`] if there are fewer than two labels, one is blank, or two claim one spelling.
    pub fn new(labels: Vec<Label>) -> Result<Self, LabelSetError> {
        if labels.len() < 2 {
            return Err(LabelSetError::TooFew { found: labels.len() });
        }
        let mut exact: HashMap<String, usize> = HashMap::new();
        let mut folded: HashMap<String, Option<usize>> = HashMap::new();
        for (index, label) in labels.iter().enumerate() {
            for spelling in std::iter::once(&label.name).chain(&label.aliases) {
                if spelling.trim().is_empty() {
                    return Err(LabelSetError::Blank { number: index + 1 });
                }
                if let Some(&first) = exact.get(spelling)
                    && (first != index || *spelling == label.name)
                {
                    return Err(LabelSetError::Claimed {
                        spelling: spelling.clone(),
                        first: labels[first].name.clone(),
                        second: label.name.clone(),
                    });
                }
                exact.insert(spelling.clone(), index);
                folded
                    .entry(fold(spelling))
                    .and_modify(|owner| {
                        if *owner != Some(index) {
                            *owner = None;
                        }
                    })
                    .or_insert(Some(index));
            }
        }
        Ok(Self {
            labels,
            exact,
            folded,
        })
    }

    /// A label set from names alone.
    ///
    /// # Errors
    ///
    /// As [`LabelSet::new`].
    pub fn from_names<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Result<Self, LabelSetError> {
        Self::new(names.into_iter().map(Label::new).collect())
    }

    /// How many labels there are; at least 2.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a label set is never empty")]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// The labels in order.
    #[must_use]
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The names in order.
    #[must_use]
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.labels.iter().map(|label| label.name.as_str())
    }

    /// The name of the label at `index`, or `None` past the end.
    #[must_use]
    pub fn name(&self, index: usize) -> Option<&str> {
        self.labels.get(index).map(|label| label.name.as_str())
    }

    /// The index of the label whose name is exactly `name`; aliases do not count.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.exact
            .get(name)
            .copied()
            .filter(|&index| self.labels[index].name == name)
    }

    /// The index of the label that `answer` means: its name, one of its aliases, or a spelling of either that
    /// differs only in case, surrounding white space, or the separators space, `-` and `_`.
    ///
    /// Nothing is guessed: an answer that means no label, or could mean two, is `None`.
    #[must_use]
    pub fn resolve(&self, answer: &str) -> Option<usize> {
        let answer = answer.trim();
        self.exact
            .get(answer)
            .copied()
            .or_else(|| self.folded.get(&fold(answer)).copied().flatten())
    }
}

impl PartialEq for LabelSet {
    fn eq(&self, other: &Self) -> bool {
        self.labels == other.labels
    }
}

impl Eq for LabelSet {}

impl TryFrom<Vec<Label>> for LabelSet {
    type Error = LabelSetError;

    fn try_from(labels: Vec<Label>) -> Result<Self, Self::Error> {
        Self::new(labels)
    }
}

impl From<LabelSet> for Vec<Label> {
    fn from(set: LabelSet) -> Self {
        set.labels
    }
}

/// Lower case, with every run of separators made one space.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
        .split(|c: char| c.is_whitespace() || c == '-' || c == '_')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests;
