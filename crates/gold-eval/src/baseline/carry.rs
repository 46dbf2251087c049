//! A pinned baseline, carried over to the next version of its gold set.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, read_json};

use super::{BaselineFile, BaselineStep, RescoredRow, changed_meaning};
use crate::{
    Baseline, BaselineError, GoldKind, GoldSet, JoinError, Teacher, TeacherAnswer, Usage,
    gold_versions::VersionFiles,
};

/// A question to be put to the teacher: a gold row without its right answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenQuestion {
    /// The gold row's id.
    pub id: String,
    /// The question.
    pub input: String,
}

/// What is left to be done before a baseline holds for the next version of the gold set.
///
/// A raw answer is kept where its row asks the same question as before: a row with another right answer keeps it and
/// is scored anew, a row with another question does not. Only the rest has to be put to the teacher again, and only
/// to the same one, asked in the same way: answers of two models, or to two prompts, are no line.
#[derive(Debug, Clone)]
pub struct Carry {
    teacher: Teacher,
    steps: Vec<BaselineStep>,
    usage: Option<Usage>,
    from_version: u32,
    from_hash: ContentHash,
    kept: Vec<TeacherAnswer>,
    to_ask: Vec<OpenQuestion>,
    dropped: u64,
    rescored: Vec<RescoredRow>,
}

impl Carry {
    /// Compares the version for which the baseline at `path` was pinned with `gold`, which was opened from `gold_file`.
    ///
    /// The rows of that version are read from the copy that freezing left beside `gold_file`.
    ///
    /// # Errors
    ///
    /// [`BaselineError::NotEarlier`] if the baseline was not pinned on a version before this one,
    /// [`BaselineError::Gold`] if the rows of that version are not where freezing left them, [`BaselineError::File`],
    /// and [`BaselineError::Join`] if the file answers a row twice.
    pub fn open<K: GoldKind>(
        path: &Path,
        gold_file: &Path,
        gold: &GoldSet<K>,
    ) -> Result<Self, BaselineError> {
        let file: BaselineFile<K::Meaning> = read_json(path)?;
        let is_it =
            |version: u32, hash: &ContentHash| version == file.gold_version && *hash == file.gold_hash;
        let mut earlier = gold.lock().earlier.iter();
        let Some(version) = earlier.find(|earlier| is_it(earlier.version, &earlier.hash)) else {
            return Err(BaselineError::NotEarlier {
                path: path.to_owned(),
                pinned: file.gold_version,
                version: gold.lock().version,
            });
        };
        let rows = VersionFiles::of(gold_file)
            .rows_of::<K>(version)
            .map_err(Box::new)?;
        let asked: HashMap<&str, Cow<'_, str>> =
            rows.iter().map(|row| (K::id(row), K::question(row))).collect();
        let mut answers: BTreeMap<&str, &super::BaselineRow<K::Meaning>> = BTreeMap::new();
        for row in &file.rows {
            if answers.insert(&row.id, row).is_some() {
                return Err(JoinError::Duplicate { id: row.id.clone() }.into());
            }
        }
        let (mut kept, mut to_ask, mut rescored) = (Vec::new(), Vec::new(), Vec::new());
        for (row, (id, input)) in gold.ids().zip(gold.inputs()).enumerate() {
            match answers.get(id).filter(|_| asked.get(id) == Some(&input)) {
                Some(answer) => {
                    rescored.extend(changed_meaning(gold, row, answer));
                    kept.push(answer.raw());
                }
                None => to_ask.push(OpenQuestion {
                    id: id.to_owned(),
                    input: input.into_owned(),
                }),
            }
        }
        Ok(Self {
            dropped: (file.rows.len() - kept.len()) as u64,
            teacher: file.teacher,
            steps: file.steps,
            usage: file.usage,
            from_version: file.gold_version,
            from_hash: file.gold_hash,
            kept,
            to_ask,
            rescored,
        })
    }

    /// The teacher that has to answer the rest.
    #[must_use]
    pub fn teacher(&self) -> &Teacher {
        &self.teacher
    }

    /// The rows that it has to be asked, in the order of the gold set.
    #[must_use]
    pub fn to_ask(&self) -> &[OpenQuestion] {
        &self.to_ask
    }

    /// How many answers are kept.
    #[must_use]
    pub fn kept(&self) -> u64 {
        self.kept.len() as u64
    }

    /// How many answers of the old baseline are not kept: their rows are gone or ask something else.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Kept answers that mean something else now than when they were pinned: the task or the rules of reading changed.
    #[must_use]
    pub fn rescored(&self) -> &[RescoredRow] {
        &self.rescored
    }

    /// Pins the baseline for the new version: the answers that are kept, and those of `teacher` to the rest.
    ///
    /// # Errors
    ///
    /// [`BaselineError::OtherTeacher`] if the rest was asked of another dated model or with another prompt,
    /// [`BaselineError::Join`] for an answer that is missing, or that nobody asked for, and as [`Baseline::pin`].
    pub fn finish<K: GoldKind>(
        self,
        gold: &GoldSet<K>,
        teacher: &Teacher,
        answers: impl IntoIterator<Item = TeacherAnswer>,
    ) -> Result<Baseline<K>, BaselineError> {
        if *teacher != self.teacher {
            return Err(BaselineError::OtherTeacher {
                expected: Box::new(self.teacher),
                found: Box::new(teacher.clone()),
            });
        }
        let kept = self.kept();
        let changed: BTreeSet<&str> = self.rescored.iter().map(|row| row.id.as_str()).collect();
        let step = BaselineStep::Carried {
            from_version: self.from_version,
            from_hash: self.from_hash,
            kept,
            asked: self.to_ask.len() as u64,
            rescored: changed.len() as u64,
        };
        let mut baseline = Baseline::pin(gold, self.teacher, self.kept.into_iter().chain(answers))?;
        baseline.file.steps = self.steps;
        baseline.file.usage = self.usage;
        baseline.file.steps.push(step);
        Ok(baseline)
    }
}
