//! A line with an answer, as files and processes write it.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::value::RawValue;
use task_spec::{LabelProbability, Prediction};

use crate::{PredictedRow, TimedRow};

/// Everything that may stand in a line of `predictions.jsonl`. Further keys are passed over.
#[derive(Deserialize)]
pub(crate) struct AnswerLine {
    id: String,
    #[serde(alias = "fields", deserialize_with = "text_or_json")]
    answer: String,
    #[serde(default)]
    confidence: Option<f64>,
    #[serde(default)]
    probabilities: Vec<LabelProbability>,
    #[serde(default)]
    outside: Option<f64>,
    #[serde(default)]
    latency_ms: Option<f64>,
    #[serde(default)]
    cost_usd: Option<f64>,
}

impl From<AnswerLine> for PredictedRow {
    fn from(line: AnswerLine) -> Self {
        Self {
            id: line.id,
            prediction: Prediction {
                answer: line.answer,
                confidence: line.confidence,
                probabilities: line.probabilities,
                outside: line.outside,
            },
        }
    }
}

impl From<AnswerLine> for TimedRow {
    fn from(line: AnswerLine) -> Self {
        Self {
            latency_ms: line.latency_ms,
            cost_usd: line.cost_usd,
            row: line.into(),
        }
    }
}

/// A text as it is, and of an object or a list its JSON as it is written: a model's answer may come as the object that it
/// wrote.
pub(crate) fn text_or_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    match raw.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw.get()).map_err(D::Error::custom),
        Some(b'{' | b'[') => Ok(raw.get().to_owned()),
        _ => Err(D::Error::custom(
            "an answer is text, or the JSON object that the model wrote",
        )),
    }
}
