//! One logged call, whatever the log's format.

use serde_json::Value;

use crate::{confidence::Confidence, rejected::RejectReason};

/// One call of the teacher: a question and the answers to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoggedCall {
    /// The id that the log gives it.
    pub(crate) id: Option<String>,
    /// The model that answered.
    pub(crate) model: Option<String>,
    /// The instructions, all of them, joined by blank lines.
    pub(crate) system: Option<String>,
    /// Whether question and answer follow earlier ones.
    pub(crate) has_earlier_turns: bool,
    /// Whether a person gave or confirmed the answer.
    pub(crate) by_person: bool,
    /// The question.
    pub(crate) input: String,
    /// What is wrong with the call as a whole.
    pub(crate) fault: Option<RejectReason>,
    /// The answers; one for an ordinary call, several where the call asked for several.
    pub(crate) choices: Vec<Choice>,
}

/// One answer, or why there is none.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) answer: Result<AnswerText, RejectReason>,
    /// The tokens of the answer in order, as bytes, with their natural-log probabilities.
    pub(crate) tokens: Vec<(Vec<u8>, f64)>,
    /// A confidence that the log states beside the answer.
    pub(crate) confidence: Option<Confidence>,
}

/// An answer as the log holds it.
#[derive(Debug, Clone)]
pub(crate) enum AnswerText {
    Written(String),
    Value(Value),
}
