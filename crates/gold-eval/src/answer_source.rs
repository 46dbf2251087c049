//! What can be asked by id, and hands over each answer as soon as it has it.

use std::{borrow::Cow, ops::ControlFlow, time::Instant};

use serde::{Deserialize, Serialize};
use task_spec::{PredictError, Prediction, Predictor};

use crate::{GoldKind, GoldSet, PredictedRow, answer_line::AnswerLine};

/// What a predictor is shown of a gold row: never the right answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question<'a> {
    /// The gold row's id; the answer is joined on it.
    pub id: &'a str,
    /// The text that is asked about.
    pub input: Cow<'a, str>,
}

impl<'a> Question<'a> {
    /// The questions of a gold set, in its order.
    #[must_use]
    pub fn all<K: GoldKind>(gold: &'a GoldSet<K>) -> Vec<Self> {
        let questions = gold.ids().zip(gold.inputs());
        questions.map(|(id, input)| Self { id, input }).collect()
    }
}

/// An answer and what it took: a line of `predictions.jsonl` as [`collect`](crate::collect) writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "AnswerLine")]
pub struct TimedRow {
    /// Whose answer, and which.
    #[serde(flatten)]
    pub row: PredictedRow,
    /// From the question to its answer, in milliseconds; `None` where nobody measured it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// What it cost, in US dollars; `None` where nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}

/// Takes answers as they come; after [`ControlFlow::Break`] it wants no more.
pub type Keep<'a> = dyn FnMut(TimedRow) -> ControlFlow<()> + 'a;

/// Whatever answers questions by id, in any order, each as soon as it is there.
///
/// This is what [`collect`](crate::collect) asks. A [`Predictor`], which answers a batch as a whole, becomes one by
/// [`Batched`].
pub trait AnswerSource {
    /// A name for reports.
    fn name(&self) -> &str;

    /// What decides the answers (a command line; an address, a model and a prompt), in words or as a hash: answers
    /// of sources that differ here are never mixed in one file. It holds no secrets, for it is written beside the
    /// answers.
    fn identity(&self) -> String;

    /// Answers the questions: each is handed to `keep` once, under its id.
    ///
    /// Returns `Ok` when all were answered, and also when `keep` wanted no more.
    ///
    /// # Errors
    ///
    /// [`PredictError`] with what went wrong. The answers that were there before it were handed over.
    fn answer(&self, questions: &[Question<'_>], keep: &mut Keep<'_>) -> Result<(), PredictError>;
}

/// A [`Predictor`] that is asked some questions at a time.
///
/// The latency of an answer is that of the batch which it came in: so long its caller waited.
#[derive(Clone, Copy)]
pub struct Batched<'a> {
    predictor: &'a dyn Predictor,
    batch: usize,
}

impl<'a> Batched<'a> {
    /// Asks `predictor` `batch` questions at a time; at least 1.
    #[must_use]
    pub fn new(predictor: &'a dyn Predictor, batch: usize) -> Self {
        Self {
            predictor,
            batch: batch.max(1),
        }
    }
}

impl std::fmt::Debug for Batched<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batched")
            .field("predictor", &self.predictor.name())
            .field("batch", &self.batch)
            .finish()
    }
}

/// A predictor answered another number of questions than it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it gave {found} answers to {expected} questions: give one prediction for each input, in order")]
pub struct AnswerCountError {
    /// Questions asked.
    pub expected: usize,
    /// Answers given.
    pub found: usize,
}

impl AnswerSource for Batched<'_> {
    fn name(&self) -> &str {
        self.predictor.name()
    }

    fn identity(&self) -> String {
        format!("predictor {}", self.predictor.name())
    }

    fn answer(&self, questions: &[Question<'_>], keep: &mut Keep<'_>) -> Result<(), PredictError> {
        for asked in questions.chunks(self.batch) {
            let inputs: Vec<&str> = asked.iter().map(|question| question.input.as_ref()).collect();
            let from = Instant::now();
            let answers = self.predictor.predict(&inputs)?;
            let latency_ms = Some(from.elapsed().as_secs_f64() * 1e3);
            if answers.len() != asked.len() {
                let counts = AnswerCountError {
                    expected: asked.len(),
                    found: answers.len(),
                };
                return Err(failed(self.name(), asked.len(), counts));
            }
            for (question, prediction) in asked.iter().zip(answers) {
                let row = PredictedRow {
                    id: question.id.to_owned(),
                    prediction,
                };
                let answer = TimedRow {
                    row,
                    latency_ms,
                    cost_usd: None,
                };
                if keep(answer).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// What a source says when it fails.
pub(crate) fn failed(
    name: &str,
    rows: usize,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> PredictError {
    PredictError {
        predictor: name.to_owned(),
        rows,
        source: source.into(),
    }
}

/// A source asked as a [`Predictor`]: the inputs get numbers for ids, and the answers come back in their order.
pub(crate) fn predict_by_id(
    source: &dyn AnswerSource,
    inputs: &[&str],
) -> Result<Vec<Prediction>, PredictError> {
    let ids: Vec<String> = (0..inputs.len()).map(|number| number.to_string()).collect();
    let questions: Vec<Question<'_>> = (ids.iter().zip(inputs))
        .map(|(id, input)| Question {
            id,
            input: Cow::Borrowed(input),
        })
        .collect();
    let mut answers: Vec<Option<Prediction>> = vec![None; inputs.len()];
    source.answer(&questions, &mut |answer| {
        let slot = answer
            .row
            .id
            .parse()
            .ok()
            .and_then(|at: usize| answers.get_mut(at));
        if let Some(slot) = slot {
            *slot = Some(answer.row.prediction);
        }
        ControlFlow::Continue(())
    })?;
    let answers: Vec<Prediction> = answers.into_iter().flatten().collect();
    match answers.len() == inputs.len() {
        true => Ok(answers),
        false => Err(failed(
            source.name(),
            inputs.len(),
            AnswerCountError {
                expected: inputs.len(),
                found: answers.len(),
            },
        )),
    }
}
