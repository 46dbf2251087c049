//! What the teacher wrote, read as a label and perhaps a confidence.

use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use crate::FieldPath;

/// How the teacher writes its answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum AnswerFormat {
    /// The label and nothing else. One pair of quotes, backticks or asterisks around it and one full stop
    /// after it are formatting and go.
    #[default]
    Text,
    /// A JSON object, bare or in a fenced block of Markdown.
    Json {
        /// Where the label stands in the object.
        label: FieldPath,
        /// Where the teacher says how sure it is, if it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        confidence: Option<FieldPath>,
        /// What its number means.
        #[serde(default)]
        scale: ConfidenceScale,
    },
}

impl AnswerFormat {
    /// A JSON object with `label` and `confidence` in 0..1.
    #[must_use]
    pub fn json() -> Self {
        Self::Json {
            label: FieldPath::key("label"),
            confidence: Some(FieldPath::key("confidence")),
            scale: ConfidenceScale::Unit,
        }
    }
}

/// What a self-reported confidence is a number of.
///
/// It is stated and not guessed: `1` is certainty on one scale and despair on the other. A string such as
/// `"95%"` says it itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfidenceScale {
    /// A probability in 0..1.
    #[default]
    Unit,
    /// A percentage in 0..100.
    Percent,
}

impl ConfidenceScale {
    /// The probability that a JSON value means, or `None` if it is no number or out of range.
    pub(crate) fn probability(self, value: &Value) -> Option<f64> {
        let (number, scale) = match value {
            Value::Number(number) => (number.as_f64()?, self),
            Value::String(text) => match text.trim().strip_suffix('%') {
                Some(percent) => (percent.trim().parse().ok()?, Self::Percent),
                None => (text.trim().parse().ok()?, self),
            },
            _ => return None,
        };
        let probability = match scale {
            Self::Unit => number,
            Self::Percent => number / 100.0,
        };
        (0.0..=1.0).contains(&probability).then_some(probability)
    }
}

/// An answer taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AnswerParts {
    /// What stands where the label should.
    pub(crate) label: String,
    /// The bytes of the answer that spell the label, where the answer is text; token probabilities outside
    /// them say nothing about it.
    pub(crate) span: Option<Range<usize>>,
    /// The self-reported confidence, if there is a field for it and it is present.
    pub(crate) reported: Option<Value>,
}

impl AnswerParts {
    /// Of an answer that is a label and nothing else.
    pub(crate) fn of_label(name: &str) -> Self {
        Self {
            label: name.to_owned(),
            span: None,
            reported: None,
        }
    }
}

/// Takes a written answer apart; `None` if it is not of the format.
pub(crate) fn parts_of_text(answer: &str, format: &AnswerFormat) -> Option<AnswerParts> {
    match format {
        AnswerFormat::Text => {
            let label = bare(answer);
            let start = label.as_ptr() as usize - answer.as_ptr() as usize;
            Some(AnswerParts {
                label: label.to_owned(),
                span: Some(start..start + label.len()),
                reported: None,
            })
        }
        AnswerFormat::Json { label, .. } => {
            let object = std::iter::once(answer.trim())
                .chain(fenced(answer))
                .find(|text| serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(text).is_ok())?;
            let mut parts = parts_of_value(&serde_json::from_str(object).ok()?, format)?;
            parts.span = label.raw(object).map(|raw| {
                let start = raw.as_ptr() as usize - answer.as_ptr() as usize;
                start..start + raw.len()
            });
            Some(parts)
        }
    }
}

/// The JSON object that an answer is, bare or in the one fenced block of a Markdown text.
pub(crate) fn object_in(answer: &str) -> Option<Value> {
    let answer = answer.trim();
    if !answer.ends_with(['}', '`']) {
        return None;
    }
    std::iter::once(answer)
        .chain(fenced(answer))
        .find_map(|text| serde_json::from_str(text).ok().filter(Value::is_object))
}

/// Takes an answer apart that is a JSON value in the log already; `None` if it is not of the format.
pub(crate) fn parts_of_value(answer: &Value, format: &AnswerFormat) -> Option<AnswerParts> {
    let (label, reported) = match format {
        AnswerFormat::Text => (answer, None),
        AnswerFormat::Json {
            label, confidence, ..
        } => {
            if let Value::String(text) = answer {
                return parts_of_text(text, format);
            }
            let reported = confidence.as_ref().and_then(|path| path.of(answer));
            (label.of(answer)?, reported.cloned())
        }
    };
    let label = match label {
        Value::String(text) => text.trim().to_owned(),
        Value::Bool(_) | Value::Number(_) => label.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    Some(AnswerParts {
        label,
        span: None,
        reported: reported.filter(|value| !value.is_null()),
    })
}

/// A label without the formatting around it.
fn bare(answer: &str) -> &str {
    let answer = answer.trim();
    let answer = answer.strip_suffix('.').unwrap_or(answer);
    for mark in ["**", "\"", "'", "`"] {
        if let Some(inner) = answer.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark)) {
            let inner = inner.trim();
            return inner.strip_suffix('.').unwrap_or(inner);
        }
    }
    answer
}

/// The object in the one fenced block of a Markdown text; `None` if there is no block, or several, for then
/// which one is the answer would be a guess.
fn fenced(text: &str) -> Option<&str> {
    let mut pieces = text.split("```");
    let (_before, block, _after) = (pieces.next()?, pieces.next()?, pieces.next()?);
    if pieces.next().is_some() {
        return None;
    }
    // What precedes the object inside the fence is the name of the language.
    Some(block[block.find('{')?..].trim())
}

#[cfg(test)]
mod tests;
