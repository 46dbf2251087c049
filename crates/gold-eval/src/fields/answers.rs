//! A candidate's answers to a gold set of documents with fields.

use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use stage_files::{ContentHash, read_json_lines_and_hash, write_json_lines};

use crate::{FieldGold, PredictionsError, ReadAnswer, join, read_answer};

/// A line of a file of answers: a gold row's id and what the model wrote.
///
/// The answer is text, as a model wrote it (`"answer": "{\"total\": …}"`), or the object itself (`"answer": {"total": …}`,
/// or `"fields": {…}`), whose JSON is then the text. Further keys, such as the time it took, are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldAnswer {
    /// The gold row's id.
    pub id: String,
    /// What the model wrote, word for word.
    #[serde(alias = "fields", deserialize_with = "text_or_json")]
    pub answer: String,
}

fn text_or_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    if raw.get().starts_with('"') {
        return serde_json::from_str(raw.get()).map_err(serde::de::Error::custom);
    }
    Ok(raw.get().to_owned())
}

/// Answers to every row of a gold set, in its order, with who gave them.
#[derive(Debug, Clone)]
pub struct FieldAnswers {
    predictor: String,
    model_hash: Option<ContentHash>,
    gold_hash: ContentHash,
    answers_hash: ContentHash,
    rows: Vec<FieldAnswer>,
}

impl FieldAnswers {
    /// Joins answers to the gold rows by id; the order of `rows` does not matter. What an answer says is a matter of
    /// grading: one that cannot be read is kept, counted and wrong.
    ///
    /// # Errors
    ///
    /// [`PredictionsError::Join`] names a row that is missing, extra or answered twice.
    pub fn new(
        predictor: impl Into<String>,
        gold: &FieldGold,
        rows: impl IntoIterator<Item = FieldAnswer>,
    ) -> Result<Self, PredictionsError> {
        let rows = join::by_ids(&gold.ids(), rows.into_iter().map(|row| (row.id.clone(), row)))?;
        Ok(Self {
            predictor: predictor.into(),
            model_hash: None,
            gold_hash: gold.lock().hash.clone(),
            answers_hash: hash_of_lines(&rows),
            rows,
        })
    }

    /// Reads a file of answers.
    ///
    /// # Errors
    ///
    /// [`PredictionsError::File`]; [`PredictionsError::GoldItself`] for the gold file, whose rows have the shape of answers;
    /// and as [`FieldAnswers::new`].
    pub fn open(
        path: &Path,
        predictor: impl Into<String>,
        gold: &FieldGold,
    ) -> Result<Self, PredictionsError> {
        let (rows, hash) = read_json_lines_and_hash::<FieldAnswer>(path)?;
        if hash == gold.lock().hash {
            return Err(PredictionsError::GoldItself {
                path: path.to_owned(),
            });
        }
        Self::new(predictor, gold, rows)
    }

    /// Writes the answers in the order of the gold set.
    ///
    /// # Errors
    ///
    /// [`PredictionsError::File`].
    pub fn write(&self, path: &Path) -> Result<ContentHash, PredictionsError> {
        Ok(write_json_lines(path, &self.rows)?)
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

    /// BLAKE3 of the answers as [`FieldAnswers::write`] writes them, whatever their order when they came in.
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
    pub fn rows(&self) -> &[FieldAnswer] {
        &self.rows
    }

    pub(super) fn read(&self, gold: &FieldGold) -> Vec<ReadAnswer> {
        (self.rows.iter())
            .map(|row| read_answer(&row.answer, gold.schema()))
            .collect()
    }
}

fn hash_of_lines(rows: &[FieldAnswer]) -> ContentHash {
    let mut text = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut text, row).expect("text is JSON, and memory takes it");
        text.push(b'\n');
    }
    ContentHash::of_bytes(&text)
}
