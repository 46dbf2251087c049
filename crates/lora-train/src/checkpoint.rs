//! The whole state of a run in one file, so that a killed run goes on as if nothing had happened.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use base_model::{Adapter, Parameter, WeightFiles};
use burn::{
    optim::{AdamWState, AdaptiveMomentumState},
    tensor::{Device, Tensor, TensorData},
};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, FileError, write_whole};

use crate::{
    CheckpointError, TrainConfig, TrainError,
    lineage::{EvaluationRecord, StepRecord},
};

/// How many checkpoints are kept.
const KEPT: usize = 2;

/// What a run is about: a checkpoint of another run is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunIdentity {
    pub(crate) base_hash: ContentHash,
    pub(crate) rows_hash: ContentHash,
    pub(crate) task_hash: ContentHash,
    /// Of the weights of the adapter that the run started from, if it was not a fresh one.
    pub(crate) start_hash: Option<ContentHash>,
    pub(crate) settings: TrainConfig,
}

/// Everything about a run's state that is not a tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunState {
    pub(crate) step: usize,
    pub(crate) best_step: usize,
    pub(crate) best_loss: f64,
    /// Evaluations since the best one.
    pub(crate) stale: usize,
    pub(crate) tokens: u64,
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
    /// Writes the snapshot, then removes the oldest ones.
    pub(crate) fn write(&self, folder: &Path, identity: &RunIdentity) -> Result<(), TrainError> {
        let mut tensors: Vec<(String, [usize; 2], Vec<u8>)> = Vec::new();
        let mut push = |kind: &str, parameter: &Parameter, value: &Tensor<2>| {
            let bytes = value.to_data().iter::<f32>().flat_map(f32::to_le_bytes).collect();
            tensors.push((format!("{kind}.{}", parameter.name), value.dims(), bytes));
        };
        let mut time = 0;
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
                time = state.momentum.time;
                push("moment_1", current, &state.momentum.moment_1);
                push("moment_2", current, &state.momentum.moment_2);
            }
        }
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
        let metadata: HashMap<String, String> = [("run".to_owned(), header)].into();
        let layout = |source| TrainError::Adapter(base_model::AdapterError::Layout(source));
        let views = tensors
            .iter()
            .map(|(name, shape, bytes)| {
                TensorView::new(Dtype::F32, shape.to_vec(), bytes).map(|view| (name.as_str(), view))
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(layout)?;
        write_whole(
            &path,
            safetensors::serialize(views, Some(metadata)).map_err(layout)?,
        )?;
        for old in list(folder).iter().rev().skip(KEPT) {
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
        let header: Header = serde_json::from_str(&header_of(path)?)?;
        let found = header.identity;
        for (what, same) in [
            ("base model", found.base_hash == identity.base_hash),
            ("set of rows", found.rows_hash == identity.rows_hash),
            ("task", found.task_hash == identity.task_hash),
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

/// The run's header in the metadata of a file that `WeightFiles` has already found sound.
fn header_of(path: &Path) -> Result<String, CheckpointError> {
    let read = |source| base_model::WeightsError::Read {
        path: path.to_owned(),
        source,
    };
    let bytes = fs::read(path).map_err(read)?;
    let (_, metadata) =
        SafeTensors::read_metadata(&bytes).map_err(|source| base_model::WeightsError::Format {
            path: path.to_owned(),
            source,
        })?;
    Ok(metadata
        .metadata()
        .as_ref()
        .and_then(|map| map.get("run"))
        .cloned()
        .unwrap_or_default())
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
