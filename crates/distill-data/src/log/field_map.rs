//! Plain JSON lines with fields of any name.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AnswerText, Choice, FieldPath, LoggedCall};
use crate::{
    answer::ConfidenceScale,
    confidence::{Confidence, ConfidenceKind},
    quarantine::LineDamage,
    rejected::RejectReason,
};

/// Which field of a line is what.
///
/// `input` and `answer` must be there on every line; the others may be missing from some or all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FieldMap {
    /// The question, a string. Default `input`.
    pub input: FieldPath,
    /// The answer, a string, or an object where answers are JSON. Default `answer`.
    pub answer: FieldPath,
    /// How sure the teacher was. Default `confidence`.
    pub confidence: FieldPath,
    /// What that number is of. Default a probability in 0..1.
    pub confidence_scale: ConfidenceScale,
    /// Where that number comes from. Default self-reported.
    pub confidence_kind: ConfidenceKind,
    /// The call's id, a string or a number. Default `id`.
    pub id: FieldPath,
    /// The model that answered. Default `model`.
    pub model: FieldPath,
    /// `true` where a person gave or confirmed the answer. Default `reviewed`.
    pub reviewed: FieldPath,
}

impl Default for FieldMap {
    fn default() -> Self {
        Self {
            input: FieldPath::key("input"),
            answer: FieldPath::key("answer"),
            confidence: FieldPath::key("confidence"),
            confidence_scale: ConfidenceScale::Unit,
            confidence_kind: ConfidenceKind::SelfReported,
            id: FieldPath::key("id"),
            model: FieldPath::key("model"),
            reviewed: FieldPath::key("reviewed"),
        }
    }
}

impl FieldMap {
    /// The fields that are looked for.
    pub(super) fn paths(&self) -> [&FieldPath; 6] {
        [
            &self.input,
            &self.answer,
            &self.confidence,
            &self.id,
            &self.model,
            &self.reviewed,
        ]
    }

    pub(crate) fn read(&self, line: &Value) -> Result<LoggedCall, LineDamage> {
        let input = match self.input.of(line) {
            Some(Value::String(input)) => input.clone(),
            Some(_) => return Err(LineDamage::wrong_shape(format!("{} is no string", self.input))),
            None => return Err(missing(&self.input)),
        };
        let answer = match self.answer.of(line) {
            Some(Value::Null) => Err(RejectReason::EmptyAnswer),
            Some(Value::String(text)) => Ok(AnswerText::Written(text.clone())),
            Some(value) => Ok(AnswerText::Value(value.clone())),
            None => return Err(missing(&self.answer)),
        };
        let confidence = match self.confidence.of(line) {
            None | Some(Value::Null) => None,
            Some(value) => Some(Confidence {
                value: self.confidence_scale.probability(value).ok_or_else(|| {
                    LineDamage::wrong_shape(format!("{} is no confidence: {value}", self.confidence))
                })?,
                kind: self.confidence_kind,
            }),
        };
        Ok(LoggedCall {
            id: name_at(&self.id, line),
            model: name_at(&self.model, line),
            by_person: self.reviewed.of(line) == Some(&Value::Bool(true)),
            input,
            choices: vec![Choice {
                confidence,
                ..Choice::of(answer)
            }],
            ..LoggedCall::default()
        })
    }
}

fn missing(path: &FieldPath) -> LineDamage {
    LineDamage::wrong_shape(format!("{path} is missing"))
}

/// A string or number as a name.
fn name_at(path: &FieldPath, line: &Value) -> Option<String> {
    match path.of(line)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
