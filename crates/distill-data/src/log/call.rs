//! One logged call, whatever the log's format.

use serde_json::Value;

use super::metadata::CallMetadata;
use crate::{
    confidence::Confidence,
    quarantine::{Damage, LineDamage},
    rejected::RejectReason,
};

/// The most that the questions of one line may repeat of what they share, in bytes (64 MiB): the 400 questions that OpenAI's
/// decisions allow, on an input of 160 KiB. A line of 16 MiB could else become terabytes.
const MOST_REPEATED: usize = 64 << 20;

/// One call of the teacher: a question and the answers to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoggedCall {
    /// The id that the log gives it.
    pub(crate) id: Option<String>,
    /// What the call is a part of, as the log names it: a trace, an episode.
    pub(crate) trace: Option<String>,
    /// Which of several questions of the call, by its name or its number from 1.
    pub(crate) question: Option<String>,
    /// What could be answered, where the call says so.
    pub(crate) offered: Vec<String>,
    /// The model that answered.
    pub(crate) model: Option<String>,
    /// The instructions, all of them, joined by blank lines.
    pub(crate) system: Option<String>,
    /// When it was, and how much.
    pub(crate) metadata: CallMetadata,
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

impl LoggedCall {
    /// Whether each of so many questions can be a call of its own, with the input and the instructions of this one. A line
    /// without any would hold no call, and have no end in the ledger.
    pub(crate) fn check_questions(&self, questions: usize) -> Result<(), LineDamage> {
        if questions == 0 {
            return Err(LineDamage::wrong_shape("in the request: there are no questions"));
        }
        let shared = self.input.len() + self.system.as_ref().map_or(0, String::len) + size_of::<Self>();
        match shared.saturating_mul(questions) > MOST_REPEATED {
            false => Ok(()),
            true => Err(LineDamage {
                damage: Damage::TooLong,
                detail: format!(
                    "{questions} questions repeat an input of {} bytes: more than {MOST_REPEATED} bytes in all",
                    self.input.len()
                ),
            }),
        }
    }
}

/// One answer, or why there is none.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) answer: Result<AnswerText, RejectReason>,
    /// The tokens of the answer in order, as bytes, with their natural-log probabilities.
    pub(crate) tokens: Vec<(Vec<u8>, f64)>,
    /// A confidence that the log states beside the answer.
    pub(crate) confidence: Option<Confidence>,
    /// The probability of everything that could be answered, where the log has it.
    pub(crate) distribution: Vec<(String, f64)>,
}

impl Choice {
    /// An answer of which nothing else is known.
    pub(crate) fn of(answer: Result<AnswerText, RejectReason>) -> Self {
        Self {
            answer,
            tokens: Vec::new(),
            confidence: None,
            distribution: Vec::new(),
        }
    }
}

/// What a line of a log holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct LineContent {
    /// Calls, one for each question.
    pub(crate) calls: Vec<LoggedCall>,
    /// The names of questions that are not the task's.
    pub(crate) others: Vec<String>,
    /// What the line is where it is no call of a model.
    pub(crate) without_call: Option<String>,
}

impl LineContent {
    /// A line that is something else than a call.
    pub(crate) fn without_call(kind: String) -> Self {
        Self {
            without_call: Some(kind),
            ..Self::default()
        }
    }
}

impl From<LoggedCall> for LineContent {
    fn from(call: LoggedCall) -> Self {
        Self {
            calls: vec![call],
            ..Self::default()
        }
    }
}

/// An answer as the log holds it.
#[derive(Debug, Clone)]
pub(crate) enum AnswerText {
    /// Text in which the label stands as the answer's format says.
    Written(String),
    /// JSON in which it does.
    Value(Value),
    /// What was chosen among what was offered, and nothing around it.
    Chosen(String),
}
