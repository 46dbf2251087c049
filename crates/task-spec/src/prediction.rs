//! Answers, and whatever gives them.

use serde::{Deserialize, Serialize};

/// One label with its probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelProbability {
    /// The label's name.
    pub label: String,
    /// Its probability, in 0..1.
    pub probability: f64,
}

/// The answer to one input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The answer, as text; for a label task the label's name, or whatever a teacher wrote instead.
    pub answer: String,
    /// The probability of the answer, in 0..1; `None` where the predictor has none, never a made-up 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// The whole distribution, most probable first, where the predictor has it; sums to 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probabilities: Vec<LabelProbability>,
    /// The probability that the model gave to answers outside the task's set before the distribution was
    /// renormalised over it, in 0..1: high values say that the input is out of scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<f64>,
}

impl Prediction {
    /// An answer about which nothing else is known.
    pub fn new(answer: impl Into<String>) -> Self {
        Self {
            answer: answer.into(),
            confidence: None,
            probabilities: Vec::new(),
            outside: None,
        }
    }

    /// Sets the probability of the answer.
    #[must_use]
    pub fn with_confidence(mut self, confidence: f64) -> Self {
        self.confidence = Some(confidence);
        self
    }
}

/// Why a [`Predictor`] gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("predictor {predictor} failed on a batch of {rows} rows")]
pub struct PredictError {
    /// Which predictor.
    pub predictor: String,
    /// How many inputs were asked together.
    pub rows: usize,
    /// What went wrong inside it.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Anything that answers inputs: a served adapter, a teacher, a file of recorded answers.
pub trait Predictor {
    /// A name for reports.
    fn name(&self) -> &str;

    /// Answers each input, in order: the result has one prediction per input.
    ///
    /// # Errors
    ///
    /// [`PredictError`] if the whole batch could not be answered.
    fn predict(&self, inputs: &[&str]) -> Result<Vec<Prediction>, PredictError>;
}

/// What was asked and answered: a line of `served.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Served {
    /// Unique in the file.
    pub id: String,
    /// When, in seconds since the Unix epoch, UTC.
    pub at: i64,
    /// The question.
    pub input: String,
    /// The answer, a label's name.
    pub label: String,
    /// The probability of the answer, in 0..1.
    pub confidence: f64,
    /// The probability outside the label set, in 0..1, where the model gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<f64>,
    /// The content hash of the adapter that answered.
    pub adapter: String,
}
