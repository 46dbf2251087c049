//! `training.json`: what an adapter was made from, and how.

use std::collections::BTreeMap;

use base_model::LabelScoring;
use serde::{Deserialize, Serialize};
use stage_files::ContentHash;

use crate::TrainConfig;

/// Name of the lineage file in an adapter folder.
pub const LINEAGE_FILE: &str = "training.json";

/// What an adapter was made from, and how the run went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lineage {
    /// Version of this crate.
    pub version: String,
    /// The base model's folder name, for people.
    pub base: String,
    /// The base model by content.
    pub base_hash: ContentHash,
    /// How the base writes this task as ids; serving refuses another.
    pub probe_hash: ContentHash,
    /// How labels are scored, as they were in training.
    pub scoring: LabelScoring,
    /// The trained tensors, `adapter_model.safetensors`, by content.
    pub adapter_hash: ContentHash,
    /// The task, as it was serialised, by content.
    pub task_hash: ContentHash,
    /// The rows, as they were serialised, by content.
    pub rows_hash: ContentHash,
    /// Content hashes that the caller adds: the manifest, the gold set that the rows were kept apart from.
    pub inputs: BTreeMap<String, ContentHash>,
    /// Every setting.
    pub settings: TrainConfig,
    /// Rows that were trained on.
    pub rows: usize,
    /// Rows that were held out.
    pub held_out: usize,
    /// Targets (labels, or tokens of answers) of one epoch, each as its share of its row.
    pub targets_per_epoch: f64,
    /// Numbers that were trained.
    pub parameters: usize,
    /// Steps that were done.
    pub steps: usize,
    /// The step whose adapter was kept.
    pub best_step: usize,
    /// Why the run ended.
    pub ended_by: EndedBy,
    /// Loss and rate of every step.
    pub curve: Vec<StepRecord>,
    /// Loss on the held-out rows.
    pub held_out_curve: Vec<EvaluationRecord>,
    /// Tokens that went through the network in training, padding not counted.
    pub tokens: u64,
    /// Time of the run in seconds, the last start only.
    pub seconds: f64,
    /// The largest resident memory of the process in bytes, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// What the run found when it looked at its own result.
    pub self_check: SelfCheck,
}

/// What a run found when it looked at its own result; had anything been wrong, the run would have failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfCheck {
    /// Rows whose scores were compared.
    pub probes: usize,
    /// The largest difference between scores of the trained adapter and of the saved one, read back.
    pub read_back_difference: f64,
    /// The same between the adapter beside its base and merged into it; not known of activated adapters, which do not
    /// merge, and of bases that are rounded.
    pub merged_difference: Option<f64>,
    /// Tensors that were trained, every one of which a gradient has reached.
    pub trained_tensors: usize,
    /// Epochs that were done to the end, every one of which saw every row once.
    pub whole_epochs: usize,
    /// Targets that were learnt in all steps, each as its share of its row.
    pub targets: f64,
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// All epochs were done.
    Epochs,
    /// The held-out loss did not improve any more.
    EarlyStop,
}

/// One step of the curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The step, from 1.
    pub step: usize,
    /// The mean loss over the step's targets, in nats.
    pub loss: f64,
    /// The learning rate.
    pub rate: f64,
}

/// One evaluation on the held-out rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvaluationRecord {
    /// After which step.
    pub step: usize,
    /// The mean loss over the held-out targets, in nats.
    pub loss: f64,
    /// How many are right, where labels were compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<LabelAccuracy>,
}

/// How many held-out rows get the right label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelAccuracy {
    /// Of all rows, in 0..=1.
    pub overall: f64,
    /// The label of which the fewest are right; of equals, the first of the task.
    pub worst_label: String,
    /// Of that label's rows, in 0..=1.
    pub worst: f64,
}

/// The largest resident memory of this process so far, in bytes, where Linux tells it.
#[must_use]
pub fn peak_memory_bytes() -> Option<u64> {
    bytes_of("VmHWM:")
}

/// A size that Linux tells about this process.
pub(crate) fn bytes_of(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
