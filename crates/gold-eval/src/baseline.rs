//! The line to beat: the teacher's own answers to the gold set, pinned.

mod carry;
mod rescore;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, FileError, read_json, write_json};
use task_spec::LabelSet;

use crate::{
    GoldError, GoldKind, GoldSet, JoinError, Usage, answer_line::text_or_json, join,
    predictions::is_probability,
};

pub use carry::{Carry, OpenQuestion};
use rescore::changed_meaning;
pub use rescore::{Rescore, RescoredRow};

/// Which teacher answered, and how it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Teacher {
    /// The dated model id, such as `gpt-4o-2024-08-06`: a moving alias cannot be found again.
    pub model: String,
    /// BLAKE3 of the prompt.
    pub prompt_hash: ContentHash,
}

impl Teacher {
    /// A teacher by its dated model id and the prompt with which it was asked.
    pub fn new(model: impl Into<String>, prompt: &str) -> Self {
        Self {
            model: model.into(),
            prompt_hash: ContentHash::of_bytes(prompt.as_bytes()),
        }
    }

    /// Whether the model id carries a year, as dated ids do.
    pub(crate) fn is_dated(&self) -> bool {
        let digits: Vec<&str> = self.model.split(|c: char| !c.is_ascii_digit()).collect();
        digits.iter().any(|run| run.len() >= 4 && run.starts_with("20"))
    }
}

/// One raw answer of a teacher to a gold row.
///
/// The answer is text, as a model wrote it (`"answer": "{\"total\": …}"`), or the object itself (`"answer": {"total": …}`,
/// or `"fields": {…}`), whose JSON is then the text. Further keys, such as the time it took, are passed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TeacherAnswer {
    /// The gold row's id.
    pub id: String,
    /// What the teacher wrote, word for word.
    #[serde(alias = "fields", deserialize_with = "text_or_json")]
    pub answer: String,
    /// The teacher's confidence in 0..1, where it gave one.
    #[serde(default)]
    pub confidence: Option<f64>,
}

/// A row of `baseline.json`: a raw answer and what it means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineRow<M = String> {
    /// The gold row's id.
    pub id: String,
    /// What the teacher wrote, word for word.
    pub answer: String,
    /// What it means: the label; the fields that it gives; or the checks that the sentence fails. `None` is outside the
    /// task, or cannot be read, and counts as wrong.
    #[serde(alias = "label")]
    pub meaning: Option<M>,
    /// The teacher's confidence in 0..1, where it gave one.
    pub confidence: Option<f64>,
}

impl<M> BaselineRow<M> {
    /// The answer without its meaning.
    fn raw(&self) -> TeacherAnswer {
        TeacherAnswer {
            id: self.id.clone(),
            answer: self.answer.clone(),
            confidence: self.confidence,
        }
    }
}

/// What was done to a baseline after its answers were pinned first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum BaselineStep {
    /// It was carried over from an earlier version of the gold set.
    Carried {
        /// That version.
        from_version: u32,
        /// BLAKE3 of its gold file.
        from_hash: ContentHash,
        /// How many answers were kept.
        kept: u64,
        /// How many rows were asked of the teacher anew.
        asked: u64,
        /// How many of the kept answers mean something else than before.
        rescored: u64,
    },
    /// Its raw answers were scored again.
    Rescored {
        /// BLAKE3 of the file that held them.
        from: ContentHash,
        /// How many answers mean something else than before.
        changed: u64,
    },
}

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The answers do not match the gold rows one to one.
    #[error("the baseline does not fit the gold set")]
    Join(#[from] JoinError),
    /// The baseline was pinned on other rows.
    #[error(
        "{} was pinned on gold version {expected_version} ({}), this is version {found_version} ({}): carry it over, or pin \
         one for it",
        path.display(), expected.short(), found.short()
    )]
    OtherGold {
        /// The baseline.
        path: PathBuf,
        /// The gold version in the baseline.
        expected_version: u32,
        /// The gold hash in the baseline.
        expected: ContentHash,
        /// The version at hand.
        found_version: u32,
        /// The gold hash at hand.
        found: ContentHash,
    },
    /// Another baseline is pinned in this place.
    #[error("{} already pins other answers: a baseline is scored once; remove it by hand to replace it", path.display())]
    AlreadyPinned {
        /// The baseline.
        path: PathBuf,
    },
    /// The model id is blank.
    #[error("the teacher's model id is blank: name the dated model that answered")]
    BlankModel,
    /// A confidence is no probability.
    #[error("the teacher's confidence {confidence} for gold row {id:?} is not in 0..1")]
    Confidence {
        /// The row.
        id: String,
        /// The confidence.
        confidence: f64,
    },
    /// What is pinned is not what the raw answer means now.
    #[error(
        "gold row {id:?} is pinned as {pinned:?}, but the answer {answer:?} means {now:?}: the file was edited, or the \
         task's aliases or the rules of reading changed; score the raw answers again, to another file"
    )]
    Rescored {
        /// The row.
        id: String,
        /// The raw answer.
        answer: String,
        /// What it means in the file, in words; `None` is outside the task.
        pinned: Option<String>,
        /// What it means by the task at hand.
        now: Option<String>,
    },
    /// The counts in the file are not those of its rows.
    #[error(
        "{} was edited: of its answers {correct} are right and {outside} outside the task, and it says otherwise; put the \
         pinned file back", path.display()
    )]
    Counts {
        /// The baseline.
        path: PathBuf,
        /// Right answers.
        correct: u64,
        /// Answers outside the task.
        outside: u64,
    },
    /// Only a baseline of an earlier version can be carried over.
    #[error(
        "{} was pinned on gold version {pinned}, and the lock of version {version} names no such version before it: pin one \
         for it", path.display()
    )]
    NotEarlier {
        /// The baseline.
        path: PathBuf,
        /// The gold version in the baseline.
        pinned: u32,
        /// The version at hand.
        version: u32,
    },
    /// The rest was asked of another model, or in another way.
    #[error(
        "the kept answers are those of {} asked with prompt {}, the new ones of {} asked with prompt {}: ask the same in the \
         same way, or pin all rows anew",
        expected.model, expected.prompt_hash.short(), found.model, found.prompt_hash.short()
    )]
    OtherTeacher {
        /// The teacher of the baseline.
        expected: Box<Teacher>,
        /// The teacher of the new answers.
        found: Box<Teacher>,
    },
    /// The rows of the earlier version cannot be used.
    #[error(transparent)]
    Gold(#[from] Box<GoldError>),
}

/// A teacher's answers to a gold set, scored once and kept whole, so that the line stands when the hosted
/// model is gone and can be scored again when the rules change.
#[derive(Debug, Clone)]
pub struct Baseline<K: GoldKind = LabelSet> {
    file: BaselineFile<K::Meaning>,
}

/// The shape of `baseline.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BaselineFile<M> {
    gold_version: u32,
    gold_hash: ContentHash,
    teacher: Teacher,
    correct: u64,
    outside: u64,
    /// Since the answers were pinned first, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    steps: Vec<BaselineStep>,
    /// What the answers took; baselines of before it was kept have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    rows: Vec<BaselineRow<M>>,
}

impl<M> BaselineFile<M> {
    /// Refuses a baseline that was pinned on another gold set than the one at hand.
    fn belongs_to<K: GoldKind>(&self, path: &Path, gold: &GoldSet<K>) -> Result<(), BaselineError> {
        let lock = gold.lock();
        if self.gold_version == lock.version && self.gold_hash == lock.hash {
            return Ok(());
        }
        Err(BaselineError::OtherGold {
            path: path.to_owned(),
            expected_version: self.gold_version,
            expected: self.gold_hash.clone(),
            found_version: lock.version,
            found: lock.hash.clone(),
        })
    }
}

impl<K: GoldKind> Baseline<K> {
    /// Scores a teacher's raw answers, joined to the gold rows by id; their order does not matter.
    ///
    /// An answer means what the task's own rules make of it ([`task_spec::LabelSet::resolve`],
    /// [`read_answer`](crate::read_answer), [`SentenceChecker`](crate::narration::SentenceChecker)); one that means nothing
    /// is kept, counted and wrong.
    ///
    /// # Errors
    ///
    /// [`BaselineError::Join`] names a row that is missing, extra or answered twice;
    /// [`BaselineError::Confidence`] and [`BaselineError::BlankModel`] say what they say.
    pub fn pin(
        gold: &GoldSet<K>,
        teacher: Teacher,
        answers: impl IntoIterator<Item = TeacherAnswer>,
    ) -> Result<Self, BaselineError> {
        if teacher.model.trim().is_empty() {
            return Err(BaselineError::BlankModel);
        }
        let answers = answers.into_iter().map(|answer| (answer.id.clone(), answer));
        let answers = join::by_id(gold, answers)?;
        let mut file = BaselineFile {
            gold_version: gold.lock().version,
            gold_hash: gold.lock().hash.clone(),
            teacher,
            correct: 0,
            outside: 0,
            steps: Vec::new(),
            usage: None,
            rows: Vec::with_capacity(answers.len()),
        };
        for (row, answer) in answers.into_iter().enumerate() {
            if let Some(confidence) = answer.confidence.filter(|&c| !is_probability(c)) {
                return Err(BaselineError::Confidence {
                    id: answer.id,
                    confidence,
                });
            }
            let meaning = K::read(gold, row, &answer.answer);
            let is_right = meaning
                .as_ref()
                .is_some_and(|meaning| K::is_right(gold, row, meaning));
            file.correct += u64::from(is_right);
            file.outside += u64::from(meaning.is_none());
            file.rows.push(BaselineRow {
                id: answer.id,
                answer: answer.answer,
                meaning,
                confidence: answer.confidence,
            });
        }
        Ok(Self { file })
    }

    /// Pins what the answers took beside them, for rules that compare costs; nothing measured changes nothing.
    #[must_use]
    pub fn with_usage(mut self, usage: Usage) -> Self {
        self.file.usage = Some(usage).filter(|usage| !usage.is_empty());
        self
    }

    /// Writes `baseline.json`; writing the same one again changes nothing.
    ///
    /// # Errors
    ///
    /// [`BaselineError::AlreadyPinned`] if the file holds anything else, [`BaselineError::File`].
    pub fn write(&self, path: &Path) -> Result<(), BaselineError> {
        if path.exists() && read_json::<BaselineFile<K::Meaning>>(path)? != self.file {
            return Err(BaselineError::AlreadyPinned {
                path: path.to_owned(),
            });
        }
        write_json(path, &self.file)?;
        Ok(())
    }

    /// Opens a pinned baseline for the gold set on which it was scored.
    ///
    /// # Errors
    ///
    /// [`BaselineError::OtherGold`] for another version or content, [`BaselineError::Rescored`] if what is pinned is
    /// not what the raw answer means, [`BaselineError::Counts`], and as [`Baseline::pin`].
    pub fn open(path: &Path, gold: &GoldSet<K>) -> Result<Self, BaselineError> {
        let file: BaselineFile<K::Meaning> = read_json(path)?;
        file.belongs_to(path, gold)?;
        let raw: Vec<TeacherAnswer> = file.rows.iter().map(BaselineRow::raw).collect();
        let mut scored = Self::pin(gold, file.teacher, raw)?;
        scored.file.steps = file.steps;
        scored.file.usage = file.usage;
        let pinned = join::by_id(gold, file.rows.into_iter().map(|row| (row.id.clone(), row)))?;
        for (pinned, scored) in pinned.into_iter().zip(&scored.file.rows) {
            if pinned.meaning != scored.meaning {
                return Err(BaselineError::Rescored {
                    id: pinned.id,
                    answer: pinned.answer,
                    pinned: pinned.meaning.as_ref().map(K::in_words),
                    now: scored.meaning.as_ref().map(K::in_words),
                });
            }
        }
        if (file.correct, file.outside) != (scored.correct(), scored.outside()) {
            return Err(BaselineError::Counts {
                path: path.to_owned(),
                correct: scored.correct(),
                outside: scored.outside(),
            });
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
    pub fn rows(&self) -> &[BaselineRow<K::Meaning>] {
        &self.file.rows
    }

    /// What the answers took, where it was pinned.
    #[must_use]
    pub fn usage(&self) -> Option<&Usage> {
        self.file.usage.as_ref()
    }

    /// How many answers are right.
    #[must_use]
    pub fn correct(&self) -> u64 {
        self.file.correct
    }

    /// How many answers mean nothing that the task knows: no label, or a text that cannot be read.
    #[must_use]
    pub fn outside(&self) -> u64 {
        self.file.outside
    }

    /// The content hash of the gold set on which it was scored.
    #[must_use]
    pub fn gold_hash(&self) -> &ContentHash {
        &self.file.gold_hash
    }

    /// What was done to it since its answers were pinned first, the oldest first.
    #[must_use]
    pub fn steps(&self) -> &[BaselineStep] {
        &self.file.steps
    }
}

impl Baseline {
    /// The label index of each answer, in the order of the gold set for which it was pinned.
    ///
    /// Found anew for the set at hand: the same rows may have been opened with the labels in another order.
    pub(crate) fn labels(&self, gold: &GoldSet) -> Vec<Option<usize>> {
        self.rows()
            .iter()
            .map(|row| gold.labels().resolve(&row.answer))
            .collect()
    }
}
