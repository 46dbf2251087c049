//! The fields of answers that are JSON objects: which are chosen from a set, which are copied, which are written.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    config::ShapeLimits,
    distinct::{DistinctSample, FrequentValues, hash_of},
    unseen::UnseenShare,
};
use crate::{normalise, quarantine::excerpt};

/// How deep objects and lists are looked into.
const DEPTH: usize = 4;
/// How many fields are told apart; objects with more have keys that are data.
const MOST_FIELDS: usize = 200;
/// How many values of a field are listed.
const LISTED: usize = 5;
/// A value up to so many characters is short, in the mean of a field.
const SHORT_CHARS: f64 = 40.0;
/// How much of a value is kept, in characters.
const SHOWN_CHARS: usize = 60;

/// What the values of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FieldKind {
    /// One value alone.
    Constant,
    /// Values of a set that is small and no longer grows.
    Chosen,
    /// Values that stand in the question word for word: extraction.
    Copied,
    /// Numbers.
    Number,
    /// Short texts that are neither chosen nor copied, such as dates in another form.
    Short,
    /// Text.
    Free,
}

impl FieldKind {
    /// The kind in words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Constant => "always the same",
            Self::Chosen => "chosen from a set",
            Self::Copied => "copied from the question",
            Self::Number => "a number",
            Self::Short => "short text",
            Self::Free => "free text",
        }
    }
}

/// A field of the answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldShape {
    /// Where it stands: keys with dots between them, `[]` for the elements of a list.
    pub path: String,
    /// What its values are.
    pub kind: FieldKind,
    /// Whether it is left out of the judgement, by the settings.
    pub ignored: bool,
    /// The share of JSON answers that have it with a value, in 0..=1.
    pub present: f64,
    /// Distinct values after the normaliser, estimated where there are many.
    pub distinct: f64,
    /// The share of future values that have never come before.
    pub unseen: Option<UnseenShare>,
    /// The share of values that stand in the question, in 0..=1.
    pub copied: f64,
    /// The mean length of a value, in characters.
    pub mean_chars: f64,
    /// The most frequent values with how often each came.
    pub top: Vec<(String, u64)>,
}

/// What is noted of all fields.
#[derive(Debug, Clone)]
pub(super) struct FieldTallies {
    bound: usize,
    answers: u64,
    fields: BTreeMap<String, FieldTally>,
    /// Answers with a field beyond those told apart.
    overfull: u64,
}

#[derive(Debug, Clone)]
struct FieldTally {
    answers: u64,
    values: u64,
    numbers: u64,
    copied: u64,
    characters: u64,
    distinct: DistinctSample<u64>,
    frequent: FrequentValues<String>,
}

impl FieldTallies {
    pub(super) fn new(bound: usize) -> Self {
        Self {
            bound,
            answers: 0,
            fields: BTreeMap::new(),
            overfull: 0,
        }
    }

    /// How many answers were objects.
    pub(super) fn answers(&self) -> u64 {
        self.answers
    }

    /// Whether objects have so many different keys that these are data.
    pub(super) fn is_overfull(&self) -> bool {
        self.overfull > 0
    }

    /// Notes an answer that is an object, to a question in its normal form.
    pub(super) fn note(&mut self, answer: &Value, question: &str) {
        self.answers += 1;
        let mut leaves = Vec::new();
        flatten(answer, String::new(), DEPTH, &mut leaves);
        let question = format!(" {question} ");
        let mut present = BTreeSet::new();
        for (path, value) in leaves {
            if !self.fields.contains_key(&path) && self.fields.len() >= MOST_FIELDS {
                self.overfull += 1;
                continue;
            }
            let bound = self.bound;
            let field = self
                .fields
                .entry(path.clone())
                .or_insert_with(|| FieldTally::new(bound));
            field.note(&value, &question);
            if present.insert(path) {
                field.answers += 1;
            }
        }
    }

    pub(super) fn shapes(&self, limits: &ShapeLimits) -> Vec<FieldShape> {
        let shape = |(path, field): (&String, &FieldTally)| field.shape(path, self.answers, limits);
        self.fields.iter().map(shape).collect()
    }
}

impl FieldTally {
    fn new(bound: usize) -> Self {
        Self {
            answers: 0,
            values: 0,
            numbers: 0,
            copied: 0,
            characters: 0,
            distinct: DistinctSample::new(bound),
            frequent: FrequentValues::new(bound.min(512)),
        }
    }

    fn note(&mut self, value: &Value, question: &str) {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let normal = normalise(&text);
        self.values += 1;
        self.numbers += u64::from(value.is_number());
        self.characters += text.chars().count() as u64;
        // Whole words, so that 5 is not copied from 15; texts without spaces between words have long values.
        let is_copied = match normal.chars().count() {
            0 => false,
            1..6 => question.contains(&format!(" {normal} ")),
            _ => question.contains(&normal),
        };
        self.copied += u64::from(is_copied && !value.is_boolean());
        let hash = hash_of(&normal);
        if let Some(values) = self.distinct.entry(hash, || 0) {
            *values += 1;
        }
        let shown = excerpt(&text, SHOWN_CHARS);
        if let Some(kept) = self.frequent.note(hash, || shown.clone())
            && shown < *kept
        {
            // The first of all spellings, so that the order of lines does not matter.
            *kept = shown;
        }
    }

    fn shape(&self, path: &str, answers: u64, limits: &ShapeLimits) -> FieldShape {
        let values = self.values.max(1) as f64;
        let came = |times: u64| {
            self.distinct.values().filter(|&&count| count == times).count() as f64 * self.distinct.weight()
        };
        let unseen = UnseenShare::of(came(1), came(2), self.values);
        let distinct = self.distinct.distinct();
        let copied = self.copied as f64 / values;
        let mean_chars = self.characters as f64 / values;
        let is_closed =
            distinct <= limits.most_answers as f64 && unseen.is_some_and(|u| u.high <= limits.most_unseen);
        let kind = if distinct <= 1.0 && self.values > 1 {
            FieldKind::Constant
        } else if is_closed {
            FieldKind::Chosen
        } else if copied >= limits.least_copied {
            FieldKind::Copied
        } else if self.numbers as f64 / values >= 0.9 {
            FieldKind::Number
        } else if mean_chars <= SHORT_CHARS {
            FieldKind::Short
        } else {
            FieldKind::Free
        };
        let top = self.frequent.sorted().into_iter().take(LISTED);
        FieldShape {
            path: path.to_owned(),
            kind,
            ignored: limits.ignored_fields.iter().any(|ignored| ignored == path),
            present: self.answers as f64 / answers.max(1) as f64,
            distinct,
            unseen,
            copied,
            mean_chars,
            top: top.map(|(_, count, text)| (text.clone(), count)).collect(),
        }
    }
}

/// The values that are neither objects nor lists, each with its path; `null` is no value.
fn flatten(value: &Value, path: String, depth: usize, leaves: &mut Vec<(String, Value)>) {
    match value {
        Value::Null => {}
        Value::Object(fields) if depth > 0 => {
            for (key, value) in fields {
                let key = excerpt(key, SHOWN_CHARS);
                let path = match path.is_empty() {
                    true => key,
                    false => format!("{path}.{key}"),
                };
                flatten(value, path, depth - 1, leaves);
            }
        }
        Value::Array(items) if depth > 0 => {
            for item in items {
                flatten(item, format!("{path}[]"), depth - 1, leaves);
            }
        }
        other => leaves.push((path, other.clone())),
    }
}

#[cfg(test)]
mod tests;
