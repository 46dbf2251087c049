//! Everything that a verdict rests on, and whether it belongs together.

use std::collections::{BTreeSet, HashSet};

use stage_files::ContentHash;
use task_spec::LabelSet;

use crate::{
    Baseline, Gate, GoldKind, GoldSet, GradesError, History, LookDiffers, Predictions, TrainingRecord, Usage,
};

/// Everything that a verdict rests on.
#[derive(Debug)]
pub struct Case<'a, K: GoldKind = LabelSet> {
    /// The rows and their right answers.
    pub gold: &'a GoldSet<K>,
    /// The line to beat.
    pub baseline: &'a Baseline<K>,
    /// The answers to be judged.
    pub candidate: &'a Predictions<K>,
    /// The answers of the model that was shipped last.
    pub shipped: Option<&'a Predictions<K>>,
    /// The ids of gold rows that have a near neighbour in the training log, beside those of which the training texts
    /// show it.
    pub near_in_training: Option<&'a BTreeSet<String>>,
    /// What the candidate was trained on, and the leakage certificate that came with it.
    pub training: Option<&'a TrainingRecord>,
    /// Earlier looks at the gold set.
    pub history: Option<&'a History>,
    /// Further runs of the candidate over the same rows, of a model that does not always give the same answer.
    pub repeats: &'a [Predictions<K>],
    /// What the candidate's answers took, for rules on latency and cost; the baseline's is pinned with its answers.
    pub usage: Option<&'a Usage>,
    /// When this is, in whatever form the reports shall state it: nothing here reads a clock.
    pub at: &'a str,
}

// Derived, they would ask for a kind of task that can be copied; only references are.
impl<K: GoldKind> Clone for Case<'_, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: GoldKind> Copy for Case<'_, K> {}

impl<'a, K: GoldKind> Case<'a, K> {
    /// A case of which nothing else is known.
    #[must_use]
    pub fn new(
        gold: &'a GoldSet<K>,
        baseline: &'a Baseline<K>,
        candidate: &'a Predictions<K>,
        at: &'a str,
    ) -> Self {
        Self {
            gold,
            baseline,
            candidate,
            shipped: None,
            near_in_training: None,
            training: None,
            history: None,
            repeats: &[],
            usage: None,
            at,
        }
    }

    /// Adds the answers of the model that was shipped last.
    #[must_use]
    pub fn with_shipped(mut self, shipped: &'a Predictions<K>) -> Self {
        self.shipped = Some(shipped);
        self
    }

    /// Adds the ids of gold rows that have a near neighbour in the training log.
    #[must_use]
    pub fn with_near_in_training(mut self, ids: &'a BTreeSet<String>) -> Self {
        self.near_in_training = Some(ids);
        self
    }

    /// Adds what the candidate was trained on; its leakage certificate is computed again from that.
    #[must_use]
    pub fn with_training(mut self, training: &'a TrainingRecord) -> Self {
        self.training = Some(training);
        self
    }

    /// Adds what the candidate's answers took.
    #[must_use]
    pub fn with_usage(mut self, usage: &'a Usage) -> Self {
        self.usage = Some(usage);
        self
    }

    /// Adds the earlier looks.
    #[must_use]
    pub fn with_history(mut self, history: &'a History) -> Self {
        self.history = Some(history);
        self
    }

    /// Adds further runs of the candidate over the same rows. The verdict rests on the candidate's own answers, the
    /// first run; how far the runs differ is reported beside it.
    #[must_use]
    pub fn with_repeats(mut self, repeats: &'a [Predictions<K>]) -> Self {
        self.repeats = repeats;
        self
    }

    /// Refuses parts that were made for another gold set, and a near neighbour of no row.
    fn belong_together(&self) -> Result<(), JudgeError> {
        let expected = &self.gold.lock().hash;
        let repeats = (self.repeats.iter()).map(|run| ("a further run's answers", run.gold_hash()));
        let shipped =
            (self.shipped.iter()).map(|shipped| ("the last shipped model's answers", shipped.gold_hash()));
        let parts = [
            ("the baseline", self.baseline.gold_hash()),
            ("the candidate's answers", self.candidate.gold_hash()),
        ];
        let mut parts = parts.into_iter().chain(shipped).chain(repeats);
        if let Some((part, found)) = parts.find(|(_, found)| *found != expected) {
            return Err(JudgeError::OtherGold {
                part,
                expected: expected.clone(),
                found: found.clone(),
            });
        }
        let Some(near) = self.near_in_training else {
            return Ok(());
        };
        let ids: HashSet<&str> = self.gold.ids().collect();
        match near.iter().find(|id| !ids.contains(id.as_str())) {
            Some(id) => Err(JudgeError::UnknownNeighbour { id: id.clone() }),
            None => Ok(()),
        }
    }
}

/// Why a case cannot be judged: its parts do not belong together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// A part was made for another gold set.
    #[error("{part} belongs to another gold set: expected {}, found {}; make it anew for this one", expected.short(), found.short())]
    OtherGold {
        /// Which part of the case.
        part: &'static str,
        /// The content hash of the gold set at hand.
        expected: ContentHash,
        /// The content hash that the part names.
        found: ContentHash,
    },
    /// Grades are not of the same rows and aspects.
    #[error("the answers cannot be compared")]
    Grades(#[from] GradesError),
    /// A near neighbour is said of a row that is not in the gold set.
    #[error("{id:?}, named as having a near neighbour in training, is no row of the gold set")]
    UnknownNeighbour {
        /// The id.
        id: String,
    },
    /// The history does not fit the gold set.
    #[error(transparent)]
    Look(#[from] LookDiffers),
    /// A rule names a category, a field or a check that the task does not have.
    #[error(
        "the rule {rule} names {name:?}, which is none of the task's labels, fields or checks{}",
        meant.as_ref().map_or_else(String::new, |meant| format!(": write {meant:?}"))
    )]
    UnknownCategory {
        /// The rule's name.
        rule: &'static str,
        /// The category as the rule names it.
        name: String,
        /// The label that is meant, where the task has one by another spelling or by this alias.
        meant: Option<String>,
    },
}

/// Judges a case by a gate, and reports as its kind of task is reported: a [`Report`](crate::Report) on labels, a
/// [`GradedReport`](crate::GradedReport) on fields and on sentences. A candidate that fails is `Ok`: the verdict is in the
/// report.
///
/// Of documents with fields, whole records are the headline, and fields take the place of categories in the rules; of
/// sentences it is those in which no check fails, and the checks.
///
/// Writes nothing; see [`Report::write`](crate::Report::write) and [`History::append`].
///
/// ```
/// use gold_eval::{Baseline, Case, GoldSet, PredictedRow, Predictions, Preset, Teacher, TeacherAnswer, Verdict, judge};
/// use task_spec::{FieldSchema, GoldRecord, Prediction, Task};
///
/// let task: Task<FieldSchema> = toml::from_str(r#"
///     name = "receipts"
///     output = { kind = "fields", fields = [{ name = "company" }, { name = "total", kind = "money" }] }
/// "#)?;
/// let folder = tempfile::tempdir()?;
/// let gold_file = folder.path().join("gold.jsonl");
/// stage_files::write_json_lines(&gold_file, (0..60).map(|i| GoldRecord {
///     id: i.to_string(),
///     input: format!("CAFE NO {i} TOTAL RM {i}.50"),
///     fields: [("company", format!("Cafe No. {i}")), ("total", format!("{i}.50"))]
///         .map(|(name, value)| (name.to_owned(), Some(value)))
///         .into(),
/// }))?;
/// let gold = GoldSet::freeze(&gold_file, &task, 1)?;
///
/// // What the teacher wrote, word for word: its total is wrong on every sixth receipt.
/// let teacher = (0..60).map(|i| TeacherAnswer {
///     id: i.to_string(),
///     answer: format!("Here you are: {{\"company\": \"CAFE NO {i}\", \"total\": {}.5}}", if i % 6 == 0 { 99 } else { i }),
///     confidence: None,
/// });
/// let baseline = Baseline::pin(&gold, Teacher::new("teacher-2026-05-01", "Pull the fields."), teacher)?;
/// let ours = (0..60).map(|i| PredictedRow {
///     id: i.to_string(),
///     prediction: Prediction::new(format!("{{\"company\": \"cafe no {i}\", \"total\": \"RM{i}.50\"}}")),
/// });
/// let candidate = Predictions::new("adapter", &gold, ours)?;
///
/// let gate = Preset::ClearTheLine.config().check()?;
/// let report = judge(&Case::new(&gold, &baseline, &candidate, "2026-11-05"), &gate)?;
/// assert_eq!(report.verdict, Verdict::Ship);
/// assert_eq!((report.candidate.accuracy.count, report.baseline.accuracy.count), (60, 50));
/// report.write(folder.path())?; // report.json, report.md, report.html, junit.xml
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`JudgeError`] if the parts of the case do not belong together.
pub fn judge<K: GoldKind>(case: &Case<'_, K>, gate: &Gate) -> Result<K::Report, JudgeError> {
    case.belong_together()?;
    K::judge(case, gate)
}
