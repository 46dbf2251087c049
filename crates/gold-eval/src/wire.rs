//! The shapes in which models are asked over HTTP: what is sent, and what an answer means.
//!
//! Nothing here opens a socket: the feature `http` does ([`HttpEndpoint`](crate::HttpEndpoint)), or any client of
//! yours.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use task_spec::{LabelProbability, LabelSet, Prediction, Task};

use crate::GoldKind;

mod chat;
mod classify;
mod decisions;
mod predict;
mod system_one;

pub use chat::TokenCounts;
pub(crate) use chat::{Completion, answer as chat_answer};

/// The answer to a row that the model declined to answer without a word, which means no label.
const REFUSED: &str = "(refused)";

/// How a model is asked over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum WireShape {
    /// `POST /v1/chat/completions`, as OpenAI and most servers have it: the answer is the message's text, its
    /// probability that of its tokens where the server logs them.
    Chat,
    /// `POST /v1/decisions`, OpenAI's: a choice among the task's labels, with its distribution.
    Decisions,
    /// `POST /v1/systemone`: a choice among the task's labels, with its distribution rounded to four decimals.
    SystemOne,
    /// `POST /predict`, as text-embeddings-inference has it: labels with scores; takes many inputs at once.
    Predict,
    /// `POST /classify`, as vLLM has it: the best label and its probability; takes many inputs at once.
    Classify,
}

impl WireShape {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Chat,
        Self::Decisions,
        Self::SystemOne,
        Self::Predict,
        Self::Classify,
    ];

    /// The path under which servers have it.
    #[must_use]
    pub fn route(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Decisions => "/v1/decisions",
            Self::SystemOne => "/v1/systemone",
            Self::Predict => "/predict",
            Self::Classify => "/classify",
        }
    }

    /// Whether one request may hold many inputs.
    #[must_use]
    pub fn takes_batches(self) -> bool {
        matches!(self, Self::Predict | Self::Classify)
    }

    /// Whether a request must name the model.
    #[must_use]
    pub fn names_a_model(self) -> bool {
        !matches!(self, Self::Predict | Self::Classify)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Decisions => "decisions",
            Self::SystemOne => "systemone",
            Self::Predict => "predict",
            Self::Classify => "classify",
        }
    }
}

impl fmt::Display for WireShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// No shape has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no shape of a request: name chat, decisions, systemone, predict or classify")]
pub struct UnknownShape {
    /// The name as given.
    pub name: String,
}

impl FromStr for WireShape {
    type Err = UnknownShape;

    fn from_str(name: &str) -> Result<Self, UnknownShape> {
        let found = Self::ALL.into_iter().find(|shape| shape.word() == name);
        found.ok_or_else(|| UnknownShape {
            name: name.to_owned(),
        })
    }
}

/// Why the body of an HTTP answer answers nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// It is not JSON of the shape.
    #[error("the body is not what {shape} answers: {text:?}")]
    Json {
        /// The shape.
        shape: WireShape,
        /// The beginning of the body.
        text: String,
        /// Where and why.
        source: serde_json::Error,
    },
    /// It answers another number of questions than were asked.
    #[error("the body holds {found} answers to {expected} questions")]
    Count {
        /// Questions asked.
        expected: usize,
        /// Answers found.
        found: usize,
    },
    /// An answer has no label.
    #[error("answer {number} of the body has no label: does the served model name its classes?")]
    NoLabel {
        /// Which answer, from 1.
        number: usize,
    },
    /// An answer is not of the kind that was asked for.
    #[error("the body holds no answer to the question {question:?}")]
    NoAnswer {
        /// The question's name.
        question: String,
    },
}

/// How much of a body an error shows, in characters.
const SHOWN: usize = 300;

/// A shape bound to a task: what is asked, and how its answers are read.
#[derive(Debug, Clone)]
pub struct Wire {
    shape: WireShape,
    /// With the labels of a task that has some.
    task: Task<Option<LabelSet>>,
    model: Option<String>,
    logprobs: bool,
    extra: Map<String, Value>,
}

impl Wire {
    /// Asks the task's question in this shape; `model` is the name that the server knows the model by.
    #[must_use]
    pub fn new(shape: WireShape, task: Task, model: Option<String>) -> Self {
        Self::of(shape, (task.name, task.system, Some(task.output)), model)
    }

    /// Asks a task of any kind as a chat: the only shape whose answers may be other than labels.
    #[must_use]
    pub fn chat<K: GoldKind>(task: &Task<K>, model: Option<String>) -> Self {
        let task = (task.name.clone(), task.system.clone(), None);
        Self::of(WireShape::Chat, task, model)
    }

    fn of(
        shape: WireShape,
        (name, system, output): (String, Option<String>, Option<LabelSet>),
        model: Option<String>,
    ) -> Self {
        Self {
            shape,
            task: Task { name, system, output },
            model,
            logprobs: false,
            extra: Map::new(),
        }
    }

    /// Asks chat completions for the probabilities of the answer's tokens, of which its confidence is made. Not every
    /// server and model allows it.
    #[must_use]
    pub fn with_logprobs(mut self, logprobs: bool) -> Self {
        self.logprobs = logprobs;
        self
    }

    /// Adds fields to each request, over those that it has: `{"temperature": null}` sends `null`.
    #[must_use]
    pub fn with_extra(mut self, extra: Map<String, Value>) -> Self {
        self.extra = extra;
        self
    }

    /// The shape.
    #[must_use]
    pub fn shape(&self) -> WireShape {
        self.shape
    }

    /// The body of a request about these inputs: one, unless the shape takes batches.
    #[must_use]
    pub fn request(&self, inputs: &[&str]) -> Value {
        let input = inputs.first().copied().unwrap_or_default();
        let mut body = match self.shape {
            WireShape::Chat => chat::request(&self.task, input, self.logprobs),
            WireShape::Decisions => decisions::request(&self.task, input),
            WireShape::SystemOne => system_one::request(&self.task, input),
            WireShape::Predict => predict::request(inputs),
            WireShape::Classify => classify::request(inputs),
        };
        if let Some(model) = &self.model {
            body.insert("model".to_owned(), Value::String(model.clone()));
        }
        body.extend(self.extra.clone());
        Value::Object(body)
    }

    /// What the body of an answer to `asked` inputs says, in the order of the inputs.
    ///
    /// The confidence is the probability of the answer wherever the shape gives one, whatever else a server calls
    /// confidence. A distribution is kept where it is one over the task's labels, else only the answer's own
    /// probability. A model that declines has answered, and wrongly: its refusal is the answer.
    ///
    /// # Errors
    ///
    /// [`WireError`].
    pub fn answers(&self, body: &str, asked: usize) -> Result<Vec<Prediction>, WireError> {
        let mut answers = match self.shape {
            WireShape::Chat => vec![chat::answer(self.parse(body)?)?],
            WireShape::Decisions => vec![decisions::answer(self.parse(body)?)?],
            WireShape::SystemOne => vec![system_one::answer(self.parse(body)?)?],
            WireShape::Predict => predict::answers(self.parse(body)?)?,
            WireShape::Classify => classify::answers(self.parse(body)?, asked)?,
        };
        if answers.len() != asked {
            return Err(WireError::Count {
                expected: asked,
                found: answers.len(),
            });
        }
        for answer in &mut answers {
            self.settle(answer);
        }
        Ok(answers)
    }

    /// The tokens that the body of an answer says it took; only chat completions say it, and not on every server.
    #[must_use]
    pub fn tokens(&self, body: &str) -> Option<TokenCounts> {
        match self.shape {
            WireShape::Chat => serde_json::from_str::<chat::Billed>(body).ok()?.usage,
            _ => None,
        }
    }

    fn parse<'a, T: Deserialize<'a>>(&self, body: &'a str) -> Result<T, WireError> {
        serde_json::from_str(body).map_err(|source| WireError::Json {
            shape: self.shape,
            text: body.chars().take(SHOWN).collect(),
            source,
        })
    }

    /// Orders a distribution and takes the answer's confidence from it; one that is none over the task's labels goes.
    fn settle(&self, answer: &mut Prediction) {
        let of_answer = (answer.probabilities.iter())
            .find(|entry| entry.label == answer.answer)
            .map(|entry| entry.probability);
        answer.confidence = answer.confidence.or(of_answer);
        answer.probabilities.sort_by(|a, b| {
            let by_probability = b.probability.total_cmp(&a.probability);
            by_probability.then_with(|| a.label.cmp(&b.label))
        });
        let sum: f64 = answer.probabilities.iter().map(|entry| entry.probability).sum();
        let mut seen = BTreeSet::new();
        let labels = self.task.output.as_ref();
        let mut is_one_of_the_task = |entry: &LabelProbability| {
            let label = labels.and_then(|labels| labels.resolve(&entry.label));
            (0.0..=1.0).contains(&entry.probability) && label.is_some_and(|label| seen.insert(label))
        };
        // As far from 1 as Predictions takes it: rounded to four decimals, or a thousandth off.
        let tolerance = (5e-5 * answer.probabilities.len() as f64).max(1e-3);
        if !answer.probabilities.iter().all(&mut is_one_of_the_task) || (sum - 1.0).abs() > tolerance {
            answer.probabilities.clear();
        }
    }
}

/// The name that the question goes by in shapes that want one.
const QUESTION: &str = "label";

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests;
