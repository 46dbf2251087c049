//! Plain JSON lines with fields of any name.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    AnswerText, Choice, FieldPath, LoggedCall,
    metadata::{self, CallMetadata},
};
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
    /// The instructions of the call, a string. Default `system`.
    pub system: FieldPath,
    /// When the call was: a number of seconds, milliseconds, microseconds or nanoseconds since 1970, or RFC 3339; without
    /// a zone in UTC. Default `timestamp`.
    pub time: FieldPath,
    /// Tokens read, those out of a cache among them. Default `input_tokens`.
    pub input_tokens: FieldPath,
    /// Of those, tokens out of a cache. Default `cached_tokens`.
    pub cached_tokens: FieldPath,
    /// Tokens written. Default `output_tokens`.
    pub output_tokens: FieldPath,
    /// From request to answer, in milliseconds. Default `latency_ms`.
    pub latency_ms: FieldPath,
    /// The configuration of the service that answered, beside the model's name. Default `system_fingerprint`.
    pub fingerprint: FieldPath,
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
            system: FieldPath::key("system"),
            time: FieldPath::key("timestamp"),
            input_tokens: FieldPath::key("input_tokens"),
            cached_tokens: FieldPath::key("cached_tokens"),
            output_tokens: FieldPath::key("output_tokens"),
            latency_ms: FieldPath::key("latency_ms"),
            fingerprint: FieldPath::key("system_fingerprint"),
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
            system: metadata::text(self.system.of(line)),
            metadata: self.metadata(line),
            by_person: self.reviewed.of(line) == Some(&Value::Bool(true)),
            input,
            choices: vec![Choice {
                confidence,
                ..Choice::of(answer)
            }],
            ..LoggedCall::default()
        })
    }

    fn metadata(&self, line: &Value) -> CallMetadata {
        let mut metadata = CallMetadata::default();
        metadata.at = metadata.time(self.time.of(line));
        metadata.latency_ms = metadata.milliseconds(self.latency_ms.of(line), 1.0);
        metadata.usage.input = metadata.tokens(self.input_tokens.of(line), "input_tokens");
        metadata.usage.cached = metadata.tokens(self.cached_tokens.of(line), "cached_tokens");
        metadata.usage.output = metadata.tokens(self.output_tokens.of(line), "output_tokens");
        metadata.fingerprint = name_at(&self.fingerprint, line);
        metadata
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
