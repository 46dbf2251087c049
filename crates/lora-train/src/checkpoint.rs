//! The whole state of a run in one file, so that a killed run goes on as if nothing had happened.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base_model::{Adapter, Parameter, Precision, WeightFiles, WeightWriter};
use burn::{
    optim::{AdamWState, AdaptiveMomentumState},
    tensor::{Device, Tensor, TensorData},
};
use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, FileError};

use crate::{
    CheckpointError, TrainConfig, TrainError,
    lineage::{EvaluationRecord, StepRecord},
};

/// Where a file's header says what it belongs to.
const NOTE: &str = "run";

/// What a run is about: a checkpoint of another run is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunIdentity {
    pub(crate) base_hash: ContentHash,
    pub(crate) rows_hash: ContentHash,
    pub(crate) task_hash: ContentHash,
    /// How the base writes the task as ids.
    pub(crate) probe_hash: ContentHash,
    /// Of the weights of the adapter that the run started from, if it was not a fresh one.
    pub(crate) start_hash: Option<ContentHash>,
    pub(crate) settings: TrainConfig,
}

/// Everything about a run's state that is not a tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunState {
    pub(crate) step: usize,
    pub(crate) best_step: usize,
    /// The evaluation of the best adapter.
    pub(crate) best: Option<EvaluationRecord>,
    /// Evaluations since the best one.
    pub(crate) stale: usize,
    pub(crate) tokens: u64,
    /// What the rows that the present epoch has seen add up to.
    pub(crate) seen: u64,
    /// Targets that were learnt.
    pub(crate) targets: f64,
    /// Of every parameter, whether a gradient has reached it.
    pub(crate) reached: Vec<bool>,
    pub(crate) curve: Vec<StepRecord>,
    pub(crate) held_out_curve: Vec<EvaluationRecord>,
}

/// A run between two steps.
pub(crate) struct Snapshot {
    pub(crate) state: RunState,
    pub(crate) current: Adapter,
    pub(crate) best: Adapter,
    pub(crate) optimizer: Vec<Option<AdamWState<2>>>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    identity: RunIdentity,
    state: RunState,
    /// AdamW's own step count; the same for every parameter.
    time: usize,
}

impl Snapshot {
    /// The state before the first step.
    pub(crate) fn fresh(adapter: &Adapter) -> Self {
        let parameters = adapter.parameters().len();
        Self {
            state: RunState {
                step: 0,
                best_step: 0,
                best: None,
                stale: 0,
                tokens: 0,
                seen: 0,
                targets: 0.0,
                reached: vec![false; parameters],
                curve: Vec::new(),
                held_out_curve: Vec::new(),
            },
            current: adapter.clone(),
            best: adapter.clone(),
            optimizer: vec![None; parameters],
        }
    }

    /// Writes the snapshot, then removes the oldest ones.
    pub(crate) fn write(&self, folder: &Path, identity: &RunIdentity) -> Result<(), TrainError> {
        // The same for every parameter, and none before the first step.
        let first = self.optimizer.iter().flatten().next();
        let time = first.map_or(0, |state| state.momentum.time);
        let header = Header {
            identity: identity.clone(),
            state: self.state.clone(),
            time,
        };
        let path = folder.join(format!("step-{:08}.safetensors", self.state.step));
        let encode = |source| {
            TrainError::File(FileError::Encode {
                path: path.clone(),
                source,
            })
        };
        let header = serde_json::to_string(&header).map_err(encode)?;
        let mut writer = WeightWriter::with_note(Precision::F32, NOTE, header);
        let mut push = |kind: &str, parameter: &Parameter, value: &Tensor<2>| {
            writer.push(format!("{kind}.{}", parameter.name), value, false);
        };
        let all = self
            .current
            .parameters()
            .iter()
            .zip(self.best.parameters())
            .zip(&self.optimizer);
        for ((current, best), state) in all {
            push("current", current, &current.value);
            push("best", best, &best.value);
            if let Some(state) = state {
                push("moment_1", current, &state.momentum.moment_1);
                push("moment_2", current, &state.momentum.moment_2);
            }
        }
        writer.write(&path).map_err(TrainError::WriteCheckpoint)?;
        for old in list(folder).iter().rev().skip(identity.settings.keep_checkpoints) {
            // What cannot be removed only takes up room.
            let _ = fs::remove_file(old);
        }
        Ok(())
    }

    /// The newest snapshot in a folder, if there is one; `shape` is an adapter of the run's layout.
    pub(crate) fn read_newest(
        folder: &Path,
        identity: &RunIdentity,
        shape: &Adapter,
        device: &Device,
    ) -> Result<Option<Self>, TrainError> {
        let Some(path) = list(folder).pop() else {
            return Ok(None);
        };
        let file = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Self::read(&path, identity, shape, device)
            .map(Some)
            .map_err(|source| TrainError::Checkpoint { file, source })
    }

    fn read(
        path: &Path,
        identity: &RunIdentity,
        shape: &Adapter,
        device: &Device,
    ) -> Result<Self, CheckpointError> {
        let files = WeightFiles::open(path)?;
        let header: Header = serde_json::from_str(files.note(NOTE).unwrap_or_default())?;
        let found = header.identity;
        for (what, same) in [
            ("base model", found.base_hash == identity.base_hash),
            ("set of rows", found.rows_hash == identity.rows_hash),
            ("task", found.task_hash == identity.task_hash),
            (
                "tokenizer or chat template",
                found.probe_hash == identity.probe_hash,
            ),
            ("adapter to start from", found.start_hash == identity.start_hash),
            ("setting", found.settings == identity.settings),
        ] {
            if !same {
                return Err(CheckpointError::OtherRun { what });
            }
        }
        let tensor = |kind: &str, parameter: &Parameter| -> Result<Tensor<2>, CheckpointError> {
            let values = files.read(&format!("{kind}.{}", parameter.name))?.values;
            let shape = parameter.value.dims();
            if values.len() != shape[0] * shape[1] {
                return Err(CheckpointError::OtherRun {
                    what: "adapter layout",
                });
            }
            Ok(Tensor::from_data(TensorData::new(values, shape), device))
        };
        let adapter = |kind: &str| -> Result<Adapter, CheckpointError> {
            let values = shape.parameters().iter().map(|p| tensor(kind, p));
            Ok(shape.with_values(values.collect::<Result<Vec<_>, _>>()?))
        };
        let optimizer = shape
            .parameters()
            .iter()
            .map(|parameter| {
                if header.time == 0 {
                    return Ok(None);
                }
                let momentum = AdaptiveMomentumState {
                    time: header.time,
                    moment_1: tensor("moment_1", parameter)?,
                    moment_2: tensor("moment_2", parameter)?,
                    max_moment_2: None,
                };
                Ok::<_, CheckpointError>(Some(AdamWState::new(momentum)))
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            state: header.state,
            current: adapter("current")?,
            best: adapter("best")?,
            optimizer,
        })
    }
}

/// The checkpoints in a folder, oldest first.
fn list(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("step-") && name.ends_with(".safetensors")
        })
        .collect();
    paths.sort();
    paths
}
