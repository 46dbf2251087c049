//! What went in, what came out, and by which settings: `manifest.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stage_files::ContentHash;

use crate::{
    Calibration, ClassSuspicion, ConfidenceCut, ConfidenceKind, CurateConfig, LeakageCertificate, Ledger,
    LogFormat,
};

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
    /// Calls by the model that answered, as the log names it; a teacher that changed is several.
    pub models: BTreeMap<String, u64>,
    /// Calls by the hash of the instructions, 12 digits; a prompt that changed is several.
    pub prompts: BTreeMap<String, u64>,
    /// What reviewed rows did, if there were any.
    pub reviewed: Option<ReviewedRecord>,
    /// What the search for wrong labels found, unless it was left out.
    pub suspects: Option<SuspectRecord>,
    /// How near the gold set came to the log and comes to the training rows, if a gold set was given.
    pub leakage: Option<LeakageRecord>,
    /// BLAKE3 of each file written beside this one.
    pub outputs: BTreeMap<String, ContentHash>,
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

/// The task by which answers were judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// Its name.
    pub name: String,
    /// BLAKE3 of the task as JSON.
    pub hash: ContentHash,
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
    /// From confidence to precision.
    pub calibration: Calibration,
    /// With a target precision: the confidence from which rows are kept, by kind; `null` where no confidence
    /// reaches the target, so that all rows of the kind are reviewed.
    pub cuts: BTreeMap<ConfidenceKind, Option<ConfidenceCut>>,
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
