//! Training rows and gold rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Message, Role};

/// Where a row came from: one call in one log file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Source {
    /// The log file, as it was named on the command line.
    pub file: String,
    /// The line in that file, from 1.
    pub line: u64,
    /// The id that the log gives the call, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// Which question of that call, by name or number, where it asked several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
}

/// A training row: a line of `train.jsonl`.
///
/// `messages` is the OpenAI fine-tuning shape, so that other trainers read the file too; the other keys are
/// this workspace's and are ignored elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Unique in its file; derived from the content, not from the position.
    pub id: String,
    /// The chat, ending in the assistant's answer.
    pub messages: Vec<Message>,
    /// How much this row counts in the loss; 1 for an ordinary row, more for one that stands for several
    /// calls of the log. Above 0.
    #[serde(default = "one")]
    pub weight: f64,
    /// The teacher's confidence in the answer, a probability in 0..1; `None` where the log holds none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// The teacher's distribution over the labels by name, where the log holds it (soft labels).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub probabilities: BTreeMap<String, f64>,
    /// The near-duplicate cluster that the row stands for; rows of one cluster belong on one side of a split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The call behind the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

fn one() -> f64 {
    1.0
}

impl Example {
    /// A row of weight 1 with nothing known but its chat.
    pub fn new(id: impl Into<String>, messages: Vec<Message>) -> Self {
        Self {
            id: id.into(),
            messages,
            weight: 1.0,
            confidence: None,
            probabilities: BTreeMap::new(),
            cluster: None,
            source: None,
        }
    }

    /// The answer to be learnt: the text of the last message, if the assistant speaks it.
    #[must_use]
    pub fn answer(&self) -> Option<&str> {
        self.messages
            .last()
            .filter(|m| m.role == Role::Assistant)
            .map(|m| m.content.as_str())
    }

    /// The question: the text of the last user message.
    #[must_use]
    pub fn input(&self) -> Option<&str> {
        self.messages
            .iter()
            .rev()
            .find(|m| m.role == Role::User)
            .map(|m| m.content.as_str())
    }

    /// The chat up to the answer.
    #[must_use]
    pub fn prompt(&self) -> &[Message] {
        match self.messages.split_last() {
            Some((last, prompt)) if last.role == Role::Assistant => prompt,
            _ => &self.messages,
        }
    }
}

/// A row of the gold set: a line of `gold.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldRow {
    /// Unique in the gold set; predictions are joined on it, never on position.
    pub id: String,
    /// The question.
    pub input: String,
    /// The right answer, a label's name.
    pub label: String,
}

/// A row of a gold set of documents with fields: a line of its `gold.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldRecord {
    /// Unique in the gold set; answers are joined on it, never on position.
    pub id: String,
    /// The document.
    pub input: String,
    /// What each field holds: `None` where the document has no such field. A field that is left out was not annotated in
    /// this document and counts for nobody.
    pub fields: BTreeMap<String, Option<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_fine_tuning_row_with_an_id_reads() {
        let row: Example = serde_json::from_str(
            r#"{"id":"1","messages":[{"role":"developer","content":"s"},{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}"#,
        )
        .unwrap();
        assert_eq!(
            (row.input(), row.answer(), row.weight),
            (Some("q"), Some("a"), 1.0)
        );
        assert_eq!(row.prompt(), &[Message::system("s"), Message::user("q")]);
    }

    #[test]
    fn a_row_that_ends_in_a_question_has_no_answer() {
        let row = Example::new("1", vec![Message::user("q")]);
        assert_eq!(row.answer(), None);
        assert_eq!(row.prompt().len(), 1);
    }
}
