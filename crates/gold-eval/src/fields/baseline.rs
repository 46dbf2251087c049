//! The line to beat: the teacher's own answers to documents with fields, pinned.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, read_json};

use crate::{
    BaselineError, FieldAnswer, FieldGold, ReadAnswer, Teacher,
    baseline::{belongs_to, write_pinned},
    fields::figures::{graded_records, is_whole},
    join, read_answer,
};

/// A row of `baseline.json`: a raw answer and the fields that it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldBaselineRow {
    /// The gold row's id.
    pub id: String,
    /// What the teacher wrote, word for word.
    pub answer: String,
    /// The value of each field that the answer gives; `None` of an answer that could not be read, which is all wrong.
    pub fields: Option<BTreeMap<String, String>>,
}

/// A teacher's answers to a gold set, read once and kept whole, so that the line stands when the hosted model is gone and
/// can be drawn again when the rules change.
#[derive(Debug, Clone)]
pub struct FieldBaseline {
    file: BaselineFile,
    read: Vec<ReadAnswer>,
}

/// The shape of `baseline.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BaselineFile {
    gold_version: u32,
    gold_hash: ContentHash,
    teacher: Teacher,
    /// Whole records that are right.
    correct: u64,
    /// Answers that could not be read.
    unreadable: u64,
    rows: Vec<FieldBaselineRow>,
}

impl FieldBaseline {
    /// Reads and scores a teacher's raw answers, joined to the gold rows by id; their order does not matter.
    ///
    /// # Errors
    ///
    /// [`BaselineError::Join`] names a row that is missing, extra or answered twice; [`BaselineError::BlankModel`] says
    /// what it says.
    pub fn pin(
        gold: &FieldGold,
        teacher: Teacher,
        answers: impl IntoIterator<Item = FieldAnswer>,
    ) -> Result<Self, BaselineError> {
        if teacher.model.trim().is_empty() {
            return Err(BaselineError::BlankModel);
        }
        let answers = join::by_ids(
            &gold.ids(),
            answers.into_iter().map(|answer| (answer.id.clone(), answer)),
        )?;
        let read: Vec<ReadAnswer> = (answers.iter())
            .map(|answer| read_answer(&answer.answer, gold.schema()))
            .collect();
        let rows = answers
            .into_iter()
            .zip(&read)
            .map(|(answer, read)| FieldBaselineRow {
                id: answer.id,
                answer: answer.answer,
                fields: fields_of(read, gold),
            });
        let records = graded_records(gold, &read);
        let file = BaselineFile {
            gold_version: gold.lock().version,
            gold_hash: gold.lock().hash.clone(),
            teacher,
            correct: records.iter().filter(|record| is_whole(record)).count() as u64,
            unreadable: read.iter().filter(|read| !read.is_readable).count() as u64,
            rows: rows.collect(),
        };
        Ok(Self { file, read })
    }

    /// Writes `baseline.json`; writing the same one again changes nothing.
    ///
    /// # Errors
    ///
    /// [`BaselineError::AlreadyPinned`] if the file holds anything else, [`BaselineError::File`].
    pub fn write(&self, path: &Path) -> Result<(), BaselineError> {
        write_pinned(path, &self.file)
    }

    /// Opens a pinned baseline for the gold set on which it was scored.
    ///
    /// # Errors
    ///
    /// [`BaselineError::OtherGold`] for another version or content, [`BaselineError::Rescored`] if the pinned fields are
    /// not what the raw answer means, and as [`FieldBaseline::pin`].
    pub fn open(path: &Path, gold: &FieldGold) -> Result<Self, BaselineError> {
        let file: BaselineFile = read_json(path)?;
        let lock = gold.lock();
        belongs_to(
            path,
            (file.gold_version, &file.gold_hash),
            (lock.version, &lock.hash),
        )?;
        let raw = file.rows.iter().map(|row| FieldAnswer {
            id: row.id.clone(),
            answer: row.answer.clone(),
        });
        let scored = Self::pin(gold, file.teacher, raw)?;
        let pinned = join::by_ids(
            &gold.ids(),
            file.rows.into_iter().map(|row| (row.id.clone(), row)),
        )?;
        for (pinned, now) in pinned.into_iter().zip(&scored.file.rows) {
            if pinned.fields != now.fields {
                return Err(BaselineError::Rescored {
                    id: pinned.id,
                    answer: pinned.answer,
                    pinned: in_words(pinned.fields.as_ref()),
                    now: in_words(now.fields.as_ref()),
                });
            }
        }
        Ok(scored)
    }

    /// Which teacher answered.
    #[must_use]
    pub fn teacher(&self) -> &Teacher {
        &self.file.teacher
    }

    /// The pinned answers, in the order of the gold set.
    #[must_use]
    pub fn rows(&self) -> &[FieldBaselineRow] {
        &self.file.rows
    }

    /// How many whole records are right.
    #[must_use]
    pub fn correct(&self) -> u64 {
        self.file.correct
    }

    /// How many answers could not be read.
    #[must_use]
    pub fn unreadable(&self) -> u64 {
        self.file.unreadable
    }

    /// The content hash of the gold set on which it was scored.
    #[must_use]
    pub fn gold_hash(&self) -> &ContentHash {
        &self.file.gold_hash
    }

    pub(super) fn read(&self) -> &[ReadAnswer] {
        &self.read
    }
}

fn fields_of(read: &ReadAnswer, gold: &FieldGold) -> Option<BTreeMap<String, String>> {
    let named = gold.schema().names().zip(&read.values);
    let given = named.filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
    read.is_readable.then(|| given.collect())
}

fn in_words(fields: Option<&BTreeMap<String, String>>) -> Option<String> {
    fields.map(|fields| format!("{fields:?}"))
}
