//! What went in, what came out, and by which settings: `manifest.json`.

mod account;
mod next_steps;
mod page;
mod words;

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use stage_files::ContentHash;
use task_spec::Task;

use crate::{
    AuditRecord, Calibration, ClassLimitsRecord, ClassSuspicion, ConfidenceCut, ConfidenceKind, CurateConfig,
    CuratePlan, LeakageCertificate, Ledger, LogFormat, PersonalDataKind, QueueRecord, ScoresRecord,
    SplitReport, Teachers,
};

pub(crate) use page::PAGE_FILE;

/// The account of a curation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this crate.
    pub version: String,
    /// The rules by which texts were normalised.
    pub normaliser: String,
    /// Whether the outputs may be used.
    pub verdict: Verdict,
    /// Where every line went.
    pub ledger: Ledger,
    /// The task.
    pub task: TaskRecord,
    /// The logs, in the order in which they were given.
    pub logs: Vec<LogRecord>,
    /// BLAKE3 of the gold set, if one was given.
    pub gold: Option<ContentHash>,
    /// The settings.
    pub settings: CurateConfig,
    /// Answers that are no label of the task, with how often each came: a bucket that the task may lack.
    pub unknown_labels: BTreeMap<String, u64>,
    /// By label, in the order of the task.
    pub labels: Vec<LabelRecord>,
    /// By kind of confidence, `unknown` included: calls with a legal label, in ten bins of width 0.1 by the
    /// confidence as the log has it.
    pub confidence: BTreeMap<String, ConfidenceRecord>,
    /// Answers that stated a confidence which is no number in range; it counts as unknown.
    pub odd_confidences: u64,
    /// Calls whose question follows earlier turns of a chat, which the training rows do not have.
    pub calls_with_earlier_turns: u64,
    /// Calls by the model that answered, as the log names it.
    pub models: BTreeMap<String, u64>,
    /// Calls by the hash of the instructions, 12 digits.
    pub prompts: BTreeMap<String, u64>,
    /// The teachers: one for each model, fingerprint and prompt; a log with a change inside has several.
    #[serde(default)]
    pub teachers: Teachers,
    /// Fields beside question and answer (times, tokens, latency) that held something which cannot be, with how often; they
    /// count as unknown.
    #[serde(default)]
    pub malformed_metadata: BTreeMap<String, u64>,
    /// What was masked, if the settings ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal_data: Option<PersonalDataRecord>,
    /// How the rows were split, if they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<SplitReport>,
    /// Classes with more rows than they may have, and with fewer than they should.
    #[serde(default)]
    pub class_limits: ClassLimitsRecord,
    /// What reviewed rows did, if there were any.
    pub reviewed: Option<ReviewedRecord>,
    /// What the review is expected to take and to bring.
    #[serde(default)]
    pub review: QueueRecord,
    /// How many wrong labels are left among the rows that are kept; `null` where the plan draws none.
    #[serde(default)]
    pub audit: Option<AuditRecord>,
    /// What the search for wrong labels found, unless it was left out.
    pub suspects: Option<SuspectRecord>,
    /// How near the gold set came to the log and comes to the training rows, if a gold set was given.
    pub leakage: Option<LeakageRecord>,
    /// BLAKE3 of each file written beside this one, the page among them.
    pub outputs: BTreeMap<String, ContentHash>,
}

impl Manifest {
    /// The account as one page, for people who have never seen the files: nothing is fetched, and it is below 1 MB whatever the
    /// manifest holds. Equal manifests make equal pages.
    #[must_use]
    pub fn to_html(&self) -> String {
        page::of(self)
    }
}

impl fmt::Display for Manifest {
    /// The account for a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        account::write(self, f)
    }
}

/// Whether the outputs of a curation may be used.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// They may.
    Usable,
    /// More of the log is damaged than the plan allows; what could be read is not to be trusted either.
    TooDamaged {
        /// The share of damaged lines.
        share: f64,
        /// The largest share allowed.
        allowed: f64,
    },
    /// No row was left to train on.
    NothingKept,
}

impl Verdict {
    /// The verdict on logs of which such a share is damaged and so many rows or calls are kept.
    pub(crate) fn of(share: f64, kept: u64, plan: &CuratePlan) -> Self {
        let allowed = plan.config().max_damaged_share;
        if share > allowed {
            Self::TooDamaged { share, allowed }
        } else if kept == 0 {
            Self::NothingKept
        } else {
            Self::Usable
        }
    }
}

/// The task by which answers were judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// Its name.
    pub name: String,
    /// BLAKE3 of the task as JSON.
    pub hash: ContentHash,
}

impl TaskRecord {
    /// The record of a task.
    #[must_use]
    pub fn of(task: &Task) -> Self {
        Self {
            name: task.name.clone(),
            hash: task_hash(task),
        }
    }
}

fn task_hash(task: &Task) -> ContentHash {
    ContentHash::of_bytes(&serde_json::to_vec(task).expect("a task is made of strings and lists"))
}

/// A log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogRecord {
    /// The file, as it was named.
    pub file: String,
    /// BLAKE3 of its bytes.
    pub hash: ContentHash,
    /// How it was read.
    pub format: LogFormat,
    /// What its rows count in the loss.
    pub weight: f64,
    /// Lines read, blank ones left out.
    pub lines: u64,
    /// Of those, damaged.
    pub damaged: u64,
    /// What the file of scores beside it gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<ScoresRecord>,
}

/// A label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelRecord {
    /// Its name.
    pub label: String,
    /// Calls that gave it.
    pub calls: u64,
    /// Rows of `train.jsonl`.
    pub train: u64,
    /// Rows of the files that hold what is kept from training: parts of a split, and what is over the cap.
    #[serde(default)]
    pub set_apart: u64,
    /// Rows of `review.jsonl`.
    pub review: u64,
    /// What the search for wrong labels found in it, where it judged any of its rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspicion: Option<ClassSuspicion>,
}

/// One kind of confidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ConfidenceRecord {
    /// Calls with this kind.
    pub calls: u64,
    /// Those calls by tenths of confidence, from 0..0.1 to 0.9..=1; all 0 for `unknown`.
    pub tenths: [u64; 10],
}

/// What was masked of the questions in the logs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PersonalDataRecord {
    /// The rules, [`MASKING_RULES`](crate::MASKING_RULES).
    pub rules: String,
    /// Questions in which something was masked.
    pub questions: u64,
    /// How much of each kind was masked in them.
    pub found: BTreeMap<PersonalDataKind, u64>,
}

/// What reviewed rows did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewedRecord {
    /// How many were given.
    pub rows: usize,
    /// Of those, found in the logs; the others change nothing.
    pub found: usize,
    /// Calls that were checked against them and have a confidence.
    pub checked: usize,
    /// Of those, right.
    pub right: usize,
    /// Texts that were labelled because a person was told that the answer to a similar one is theirs.
    #[serde(default)]
    pub similar: usize,
    /// Such texts that kept the teacher's label, which is no longer the one that the person was shown.
    #[serde(default)]
    pub similar_changed: usize,
    /// How the questions fared that a person has answered, by the reason for which they were asked.
    #[serde(default)]
    pub questions: BTreeMap<String, AnsweredQuestions>,
    /// From confidence to precision.
    pub calibration: Calibration,
    /// With a target precision: the confidence from which rows are kept, by kind; `null` where no confidence
    /// reaches the target, so that all rows of the kind are reviewed.
    pub cuts: BTreeMap<ConfidenceKind, Option<ConfidenceCut>>,
}

/// Questions of one reason that a person has answered.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct AnsweredQuestions {
    /// How many.
    pub answered: usize,
    /// How many of them were expected to be wrong: the sum of their chances.
    pub expected: f64,
    /// How many were wrong.
    pub wrong: usize,
}

impl AnsweredQuestions {
    /// By what the chances of further questions of the reason are multiplied: how many were wrong to how many were
    /// expected, each with one more, so that few answers change little. 1 below [`LEAST_REVIEWED`](crate::LEAST_REVIEWED) answers.
    #[must_use]
    pub fn correction(&self) -> f64 {
        match self.answered >= crate::LEAST_REVIEWED {
            true => (self.wrong as f64 + 1.0) / (self.expected + 1.0),
            false => 1.0,
        }
    }
}

/// What the search for wrong labels found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SuspectRecord {
    /// Rows judged.
    pub judged: usize,
    /// Rows sent to review.
    pub suspects: usize,
    /// The share of rows whose out-of-fold prediction is their label: how far the judge can be trusted. Below
    /// `min_agreement` of the settings it was not, and nothing was suspected.
    pub agreement: f64,
    /// The estimated share of wrong labels among the judged rows, in 0..=1: the mean chance of a row.
    pub wrong_share: f64,
    /// The same by the calibrated confident joint of Northcutt et al. 2021, which takes what the model does not understand
    /// for noise.
    pub wrong_share_by_joint: f64,
    /// The pairs of labels that are confused most by the calibrated joint, at most 20, most rows first.
    pub confused: Vec<ConfusedRecord>,
    /// Labels from which more was suspected than may be taken; their numbers are with the label.
    pub protected_classes: Vec<String>,
}

/// A label that is given where another is right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfusedRecord {
    /// The label that is given.
    pub given: String,
    /// The label that would be right.
    pub right: String,
    /// The estimated number of such rows.
    pub rows: f64,
}

/// How near the gold set came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeakageRecord {
    /// Against the distinct texts of all calls with a legal label, before anything was removed.
    pub log: LeakageCertificate,
    /// Against the rows of `train.jsonl`.
    pub train: LeakageCertificate,
}

#[cfg(test)]
mod tests;
