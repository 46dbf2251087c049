//! The kinds of tasks that there are gold sets of.

mod labels;

use std::{borrow::Cow, fmt::Debug};

use serde::{Serialize, de::DeserializeOwned};
use stage_files::ContentHash;
use task_spec::{FieldSchema, LabelSet, Output, Prediction, SentenceStyle};

use crate::{Case, Gate, GoldError, GoldSet, JudgeError, PredictionsError, predictions::is_probability};

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for LabelSet {}
impl sealed::Sealed for FieldSchema {}
impl sealed::Sealed for SentenceStyle {}

/// A kind of task, by what its answers are: labels ([`LabelSet`]), fields of documents ([`FieldSchema`]) or sentences about
/// rows of data ([`SentenceStyle`]).
///
/// Gold sets, baselines, predictions and cases are the same for all of them, and a [`Task`](task_spec::Task) decides which
/// kind they are of. It cannot be implemented elsewhere: answers of other kinds are judged as [`Grades`](crate::Grades).
pub trait GoldKind: sealed::Sealed + Debug + Clone + PartialEq + Into<Output> {
    /// A line of `gold.jsonl`.
    type Row: Debug + Clone + PartialEq + Serialize + DeserializeOwned;
    /// What an answer means in the task, as a baseline pins it.
    type Meaning: Debug + Clone + PartialEq + Serialize + DeserializeOwned;
    /// What [`judge`](crate::judge) says of a candidate.
    type Report;
    /// The right answers, made ready to be compared with.
    #[doc(hidden)]
    type Truth: Debug + Clone;
    /// What a model's answers mean, looked up once.
    #[doc(hidden)]
    type Readings: Debug + Clone;

    /// A row's id.
    #[doc(hidden)]
    fn id(row: &Self::Row) -> &str;

    /// What a model is asked.
    #[doc(hidden)]
    fn question(row: &Self::Row) -> Cow<'_, str>;

    /// The right answer in words.
    #[doc(hidden)]
    fn right_answer(row: &Self::Row) -> String;

    /// The right answers of two rows in words, as far as they differ.
    #[doc(hidden)]
    fn right_answers(before: &Self::Row, after: &Self::Row) -> (String, String) {
        (Self::right_answer(before), Self::right_answer(after))
    }

    /// The parts to which a row belongs: its label, or the fields that have a value.
    #[doc(hidden)]
    fn parts(row: &Self::Row) -> Vec<&str>;

    /// The parts that the task names, whether or not there are rows.
    #[doc(hidden)]
    fn named_parts(&self) -> Vec<&str>;

    /// The hash of everything in the task that decides which answers are right.
    #[doc(hidden)]
    fn fingerprint(&self) -> ContentHash;

    /// The error that says that a set was frozen for another fingerprint.
    #[doc(hidden)]
    fn other_output(task: String, version: u32) -> GoldError;

    /// Checks every row.
    #[doc(hidden)]
    fn check(&self, rows: &[Self::Row]) -> Result<Self::Truth, GoldError>;

    /// What an answer to a row of the set means; `None` where it means nothing that the task knows.
    #[doc(hidden)]
    fn read(gold: &GoldSet<Self>, row: usize, answer: &str) -> Option<Self::Meaning>;

    /// Whether an answer that means this is right.
    #[doc(hidden)]
    fn is_right(gold: &GoldSet<Self>, row: usize, meaning: &Self::Meaning) -> bool;

    /// A meaning in words.
    #[doc(hidden)]
    fn in_words(meaning: &Self::Meaning) -> String;

    /// Checks the numbers of an answer to the row `id`.
    #[doc(hidden)]
    fn check_prediction(&self, id: &str, prediction: &Prediction) -> Result<(), PredictionsError> {
        check_confidences(id, prediction)?;
        match prediction.probabilities.first() {
            None => Ok(()),
            // Only labels have a distribution.
            Some(entry) => Err(PredictionsError::Probability {
                id: id.to_owned(),
                label: entry.label.clone(),
                probability: entry.probability,
            }),
        }
    }

    /// Looks up what answers mean.
    #[doc(hidden)]
    fn readings(&self, rows: &[Prediction]) -> Self::Readings;

    /// Judges a case whose parts belong together.
    #[doc(hidden)]
    fn judge(case: &Case<'_, Self>, gate: &Gate) -> Result<Self::Report, JudgeError>;
}

/// Refuses a confidence that is no probability.
pub(crate) fn check_confidences(id: &str, prediction: &Prediction) -> Result<(), PredictionsError> {
    let mut given = prediction.confidence.into_iter().chain(prediction.outside);
    match given.find(|&confidence| !is_probability(confidence)) {
        None => Ok(()),
        Some(confidence) => Err(PredictionsError::Confidence {
            id: id.to_owned(),
            confidence,
        }),
    }
}

/// Of names, texts and numbers in range, which are JSON.
pub(crate) fn as_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
