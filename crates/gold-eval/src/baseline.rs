//! The line to beat: the teacher's own answers to the gold set, pinned.

mod carry;
mod rescore;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use stage_files::{ContentHash, FileError, read_json, write_json};

use crate::{GoldError, GoldSet, JoinError, Usage, join, predictions::is_probability};

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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TeacherAnswer {
    /// The gold row's id.
    pub id: String,
    /// What the teacher wrote, word for word.
    pub answer: String,
    /// The teacher's confidence in 0..1, where it gave one.
    #[serde(default)]
    pub confidence: Option<f64>,
}

/// A row of `baseline.json`: a raw answer and the label that it means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineRow {
    /// The gold row's id.
    pub id: String,
    /// What the teacher wrote, word for word.
    pub answer: String,
    /// The label that it means; `None` is outside the task and counts as wrong.
    pub label: Option<String>,
    /// The teacher's confidence in 0..1, where it gave one.
    pub confidence: Option<f64>,
}

impl BaselineRow {
    /// The answer without its label.
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
        /// How many of the kept answers mean another label than before.
        rescored: u64,
    },
    /// Its raw answers were scored again.
    Rescored {
        /// BLAKE3 of the file that held them.
        from: ContentHash,
        /// How many answers mean another label than before.
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
    /// A pinned label is not what the raw answer means now.
    #[error(
        "gold row {id:?} is pinned as {pinned:?}, but the answer {answer:?} means {now:?}: the file was edited or the \
         task's aliases changed; score the raw answers again, to another file"
    )]
    Rescored {
        /// The row.
        id: String,
        /// The raw answer.
        answer: String,
        /// The label in the file.
        pinned: Option<String>,
        /// The label that the task gives the answer.
        now: Option<String>,
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
pub struct Baseline {
    file: BaselineFile,
}

/// The shape of `baseline.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BaselineFile {
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
    rows: Vec<BaselineRow>,
}

/// The gold version and the content hash that something was made for.
pub(crate) type GoldOf<'a> = (u32, &'a ContentHash);

/// Refuses a baseline that was pinned on another gold set than the one at hand.
pub(crate) fn belongs_to(
    path: &Path,
    pinned_on: GoldOf<'_>,
    at_hand: GoldOf<'_>,
) -> Result<(), BaselineError> {
    if pinned_on == at_hand {
        return Ok(());
    }
    Err(BaselineError::OtherGold {
        path: path.to_owned(),
        expected_version: pinned_on.0,
        expected: pinned_on.1.clone(),
        found_version: at_hand.0,
        found: at_hand.1.clone(),
    })
}

/// Writes a baseline; writing the same one again changes nothing, and another one is never written over.
pub(crate) fn write_pinned<F>(path: &Path, file: &F) -> Result<(), BaselineError>
where
    F: PartialEq + Serialize + DeserializeOwned,
{
    if path.exists() && read_json::<F>(path)? != *file {
        return Err(BaselineError::AlreadyPinned {
            path: path.to_owned(),
        });
    }
    write_json(path, file)?;
    Ok(())
}

impl BaselineFile {
    fn belongs_to(&self, path: &Path, gold: &GoldSet) -> Result<(), BaselineError> {
        let lock = gold.lock();
        belongs_to(
            path,
            (self.gold_version, &self.gold_hash),
            (lock.version, &lock.hash),
        )
    }
}

impl Baseline {
    /// Scores a teacher's raw answers, joined to the gold rows by id; their order does not matter.
    ///
    /// An answer means a label by the task's own rules ([`task_spec::LabelSet::resolve`]); one that means none
    /// is kept, counted and wrong.
    ///
    /// # Errors
    ///
    /// [`BaselineError::Join`] names a row that is missing, extra or answered twice;
    /// [`BaselineError::Confidence`] and [`BaselineError::BlankModel`] say what they say.
    pub fn pin(
        gold: &GoldSet,
        teacher: Teacher,
        answers: impl IntoIterator<Item = TeacherAnswer>,
    ) -> Result<Self, BaselineError> {
        if teacher.model.trim().is_empty() {
            return Err(BaselineError::BlankModel);
        }
        let answers = join::by_id(
            gold,
            answers.into_iter().map(|answer| (answer.id.clone(), answer)),
        )?;
        let labels: Vec<Option<usize>> = answers
            .iter()
            .map(|answer| gold.labels().resolve(&answer.answer))
            .collect();
        let rows = answers
            .into_iter()
            .zip(&labels)
            .map(|(answer, label)| {
                if let Some(confidence) = answer.confidence.filter(|&c| !is_probability(c)) {
                    return Err(BaselineError::Confidence {
                        id: answer.id,
                        confidence,
                    });
                }
                Ok(BaselineRow {
                    id: answer.id,
                    answer: answer.answer,
                    label: name_of(gold, *label),
                    confidence: answer.confidence,
                })
            })
            .collect::<Result<_, _>>()?;
        let right = labels
            .iter()
            .zip(gold.truth())
            .filter(|(label, truth)| **label == Some(**truth));
        let file = BaselineFile {
            gold_version: gold.lock().version,
            gold_hash: gold.lock().hash.clone(),
            teacher,
            correct: right.count() as u64,
            outside: labels.iter().filter(|label| label.is_none()).count() as u64,
            steps: Vec::new(),
            usage: None,
            rows,
        };
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
        write_pinned(path, &self.file)
    }

    /// Opens a pinned baseline for the gold set on which it was scored.
    ///
    /// # Errors
    ///
    /// [`BaselineError::OtherGold`] for another version or content, [`BaselineError::Rescored`] if a pinned
    /// label is not what its raw answer means, and as [`Baseline::pin`].
    pub fn open(path: &Path, gold: &GoldSet) -> Result<Self, BaselineError> {
        let file: BaselineFile = read_json(path)?;
        file.belongs_to(path, gold)?;
        let raw: Vec<TeacherAnswer> = file.rows.iter().map(BaselineRow::raw).collect();
        let mut scored = Self::pin(gold, file.teacher, raw)?;
        scored.file.steps = file.steps;
        scored.file.usage = file.usage;
        let pinned = join::by_id(gold, file.rows.into_iter().map(|row| (row.id.clone(), row)))?;
        for (pinned, scored) in pinned.into_iter().zip(&scored.file.rows) {
            if pinned.label != scored.label {
                return Err(BaselineError::Rescored {
                    id: pinned.id,
                    answer: pinned.answer,
                    pinned: pinned.label,
                    now: scored.label.clone(),
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
    pub fn rows(&self) -> &[BaselineRow] {
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

    /// How many answers mean no label of the task.
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

fn name_of(gold: &GoldSet, label: Option<usize>) -> Option<String> {
    label
        .and_then(|label| gold.labels().name(label))
        .map(str::to_owned)
}
