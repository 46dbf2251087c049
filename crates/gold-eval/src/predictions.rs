//! A candidate's answers to a gold set.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, FileError, read_json_lines_and_hash, write_json_lines};
use task_spec::{LabelSet, PredictError, Prediction, Predictor};

use crate::{GoldKind, GoldSet, JoinError, answer_line::AnswerLine, join};

/// A line of `predictions.jsonl`: a gold row's id and the answer to it.
///
/// The answer is text, as a model wrote it (`"answer": "{\"total\": …}"`), or the object itself (`"answer": {"total": …}`,
/// or `"fields": {…}`), whose JSON is then the text. Further keys, such as the time it took, are passed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "AnswerLine")]
pub struct PredictedRow {
    /// The gold row's id.
    pub id: String,
    /// The answer.
    #[serde(flatten)]
    pub prediction: Prediction,
}

/// Why predictions cannot be judged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PredictionsError {
    /// The file could not be read or written, or a line of it is no prediction.
    #[error(transparent)]
    File(#[from] FileError),
    /// The answers do not match the gold rows one to one.
    #[error("the predictions do not fit the gold set")]
    Join(#[from] JoinError),
    /// The file of answers is the gold file.
    #[error("{} is the gold set itself, which is always right: give the answers of a model", path.display())]
    GoldItself {
        /// The file.
        path: PathBuf,
    },
    /// The predictor gave no answer.
    #[error("the gold set could not be predicted")]
    Predict(#[from] PredictError),
    /// The predictor gave more or fewer answers than it was asked questions.
    #[error("predictor {predictor} gave {found} answers to {expected} questions")]
    AnswerCount {
        /// Which predictor.
        predictor: String,
        /// Questions asked.
        expected: usize,
        /// Answers given.
        found: usize,
    },
    /// A confidence is NaN or outside 0..1.
    #[error("the confidence {confidence} of row {id:?} is not in 0..1")]
    Confidence {
        /// The row.
        id: String,
        /// The confidence.
        confidence: f64,
    },
    /// A probability is NaN or outside 0..1, or its label is unknown or listed twice.
    #[error(
        "row {id:?} gives {label:?} the probability {probability}: need labels of the task, each once, in 0..1"
    )]
    Probability {
        /// The row.
        id: String,
        /// The label.
        label: String,
        /// Its probability.
        probability: f64,
    },
    /// A distribution does not sum to 1.
    #[error("the probabilities of row {id:?} sum to {sum}, more than {tolerance} away from 1")]
    Sum {
        /// The row.
        id: String,
        /// What they sum to.
        sum: f64,
        /// How far from 1 is accepted.
        tolerance: f64,
    },
}

/// Answers to every row of a gold set, in its order, with who gave them.
#[derive(Debug, Clone)]
pub struct Predictions<K: GoldKind = LabelSet> {
    predictor: String,
    model_hash: Option<ContentHash>,
    gold_hash: ContentHash,
    answers_hash: ContentHash,
    rows: Vec<Prediction>,
    /// What they were checked against, and what they mean by it.
    output: K,
    readings: K::Readings,
}

impl<K: GoldKind> Predictions<K> {
    /// Joins answers to the gold rows by id and checks them; the order of `rows` does not matter.
    ///
    /// An answer means what the task's rules make of it, by which the baseline's are read, too. Where
    /// there is a distribution and no confidence, the answer's probability is its confidence. A distribution may
    /// miss 1 by 0.001 or by half a unit of the fourth decimal for each of its labels, whichever is more: System
    /// One's are rounded so.
    ///
    /// # Errors
    ///
    /// [`PredictionsError`]; its variants name the row.
    pub fn new(
        predictor: impl Into<String>,
        gold: &GoldSet<K>,
        rows: impl IntoIterator<Item = PredictedRow>,
    ) -> Result<Self, PredictionsError> {
        let rows = join::by_id(gold, rows.into_iter().map(|row| (row.id, row.prediction)))?;
        for (row, id) in rows.iter().zip(gold.ids()) {
            gold.output().check_prediction(id, row)?;
        }
        Ok(Self {
            predictor: predictor.into(),
            model_hash: None,
            gold_hash: gold.lock().hash.clone(),
            answers_hash: hash_of_lines(gold, &rows),
            readings: gold.output().readings(&rows),
            output: gold.output().clone(),
            rows,
        })
    }

    /// Reads `predictions.jsonl`.
    ///
    /// # Errors
    ///
    /// [`PredictionsError::File`]; [`PredictionsError::GoldItself`] for the gold file, whose rows may have the shape of
    /// answers; and as [`Predictions::new`].
    pub fn open(
        path: &Path,
        predictor: impl Into<String>,
        gold: &GoldSet<K>,
    ) -> Result<Self, PredictionsError> {
        let (rows, hash) = read_json_lines_and_hash::<PredictedRow>(path)?;
        if hash == gold.lock().hash {
            return Err(PredictionsError::GoldItself {
                path: path.to_owned(),
            });
        }
        Self::new(predictor, gold, rows)
    }

    /// Writes `predictions.jsonl`, in the order of the gold set.
    ///
    /// # Errors
    ///
    /// [`PredictionsError::File`].
    pub fn write(&self, path: &Path, gold: &GoldSet<K>) -> Result<ContentHash, PredictionsError> {
        Ok(write_json_lines(path, lines(gold, &self.rows))?)
    }

    /// Says by which model the answers were given: the content hash of the adapter or of the weights.
    #[must_use]
    pub fn with_model_hash(mut self, hash: ContentHash) -> Self {
        self.model_hash = Some(hash);
        self
    }

    /// Who answered.
    #[must_use]
    pub fn predictor(&self) -> &str {
        &self.predictor
    }

    /// The content hash of the model that answered, where it was given.
    #[must_use]
    pub fn model_hash(&self) -> Option<&ContentHash> {
        self.model_hash.as_ref()
    }

    /// BLAKE3 of the answers as [`Predictions::write`] writes them, whatever their order when they came in.
    #[must_use]
    pub fn answers_hash(&self) -> &ContentHash {
        &self.answers_hash
    }

    /// The content hash of the gold set that was answered.
    #[must_use]
    pub fn gold_hash(&self) -> &ContentHash {
        &self.gold_hash
    }

    /// The answers in the order of the gold set.
    #[must_use]
    pub fn rows(&self) -> &[Prediction] {
        &self.rows
    }

    /// What the answers mean by the task of the set at hand: found anew where that is not the one that they were checked
    /// against, as the same rows may have been opened with labels in another order.
    pub(crate) fn readings(&self, gold: &GoldSet<K>) -> Cow<'_, K::Readings> {
        if *gold.output() == self.output {
            Cow::Borrowed(&self.readings)
        } else {
            Cow::Owned(gold.output().readings(&self.rows))
        }
    }
}

impl Predictions {
    /// The label index of each answer.
    pub(crate) fn labels(&self, gold: &GoldSet) -> Vec<Option<usize>> {
        self.readings(gold).answers.clone()
    }

    pub(crate) fn confidences(&self, gold: &GoldSet) -> Vec<Option<f64>> {
        self.readings(gold).confidences(&self.rows)
    }
}

/// Asks a predictor every question of the gold set, `batch` at a time (at least 1).
///
/// # Errors
///
/// [`PredictionsError::Predict`] or [`PredictionsError::AnswerCount`], and as [`Predictions::new`].
pub fn predict_gold<K: GoldKind>(
    predictor: &dyn Predictor,
    gold: &GoldSet<K>,
    batch: usize,
) -> Result<Predictions<K>, PredictionsError> {
    let mut answered = Vec::with_capacity(gold.rows().len());
    for rows in gold.rows().chunks(batch.max(1)) {
        let inputs: Vec<Cow<'_, str>> = rows.iter().map(K::question).collect();
        let inputs: Vec<&str> = inputs.iter().map(AsRef::as_ref).collect();
        let answers = predictor.predict(&inputs)?;
        if answers.len() != rows.len() {
            return Err(PredictionsError::AnswerCount {
                predictor: predictor.name().to_owned(),
                expected: rows.len(),
                found: answers.len(),
            });
        }
        answered.extend(rows.iter().zip(answers).map(|(row, prediction)| PredictedRow {
            id: K::id(row).to_owned(),
            prediction,
        }));
    }
    Predictions::new(predictor.name(), gold, answered)
}

pub(crate) fn is_probability(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}

/// The lines of `predictions.jsonl`.
fn lines<K: GoldKind>(gold: &GoldSet<K>, rows: &[Prediction]) -> impl Iterator<Item = PredictedRow> {
    gold.ids().zip(rows).map(|(id, prediction)| PredictedRow {
        id: id.to_owned(),
        prediction: prediction.clone(),
    })
}

fn hash_of_lines<K: GoldKind>(gold: &GoldSet<K>, rows: &[Prediction]) -> ContentHash {
    let mut text = Vec::new();
    for line in lines(gold, rows) {
        serde_json::to_writer(&mut text, &line).expect("text and numbers are JSON, and memory takes them");
        text.push(b'\n');
    }
    ContentHash::of_bytes(&text)
}
