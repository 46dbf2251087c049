//! Adapter folders, as PEFT reads and writes them.

use std::{collections::BTreeSet, path::Path};

use burn::tensor::{Device, Tensor, TensorData};
use serde_json::{Map, Value};
use stage_files::{ContentHash, FileError, read_json, write_json};

use super::{Adapter, AdapterConfig, HEAD, TaskType};
use crate::{ConfigError, Network, Precision, WeightFiles, WeightWriter, WeightWriterError, WeightsError};

/// The two files of an adapter folder.
const CONFIG_FILE: &str = "adapter_config.json";
const WEIGHTS_FILE: &str = "adapter_model.safetensors";

/// An adapter does not fit its base model, or cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdapterError {
    /// A file could not be read or written.
    #[error("cannot use the adapter's files")]
    File(#[from] FileError),
    /// `adapter_config.json` asks for something that is not implemented.
    #[error("adapter_config.json cannot be used")]
    Config(#[from] ConfigError),
    /// A target pattern selected no projection at all.
    #[error(
        "no projection of the base model matches target {pattern:?}: list the layers' own names, or use \"all-linear\""
    )]
    NoTarget {
        /// The pattern as the caller wrote it.
        pattern: String,
    },
    /// Two patterns give one projection different values.
    #[error("{field}: {first:?} and {second:?} both match {path} and disagree: keep one of them")]
    Ambiguous {
        /// The field of `adapter_config.json`.
        field: &'static str,
        /// The projection's path.
        path: String,
        /// A pattern.
        first: String,
        /// Another.
        second: String,
    },
    /// A tensor is missing, misshapen or unreadable.
    #[error("adapter_model.safetensors does not fit the base model: was it trained for another one?")]
    Weights(#[from] WeightsError),
    /// The file holds a tensor that the config says nothing about.
    #[error("adapter tensor {tensor} belongs to no target of this base model")]
    Unexpected {
        /// Its key.
        tensor: String,
    },
    /// The adapter's kind and the network do not go together.
    #[error("a {task} adapter does not fit this base model, which is {network}")]
    WrongKind {
        /// The task type in the config.
        task: &'static str,
        /// What the network is.
        network: &'static str,
    },
    /// The tensors could not be written.
    #[error("the adapter's tensors cannot be written")]
    Write(#[from] WeightWriterError),
}

impl Adapter {
    /// Reads an adapter folder for this network.
    ///
    /// Every tensor that the config promises must be there with the shape that the network needs, and
    /// nothing else.
    ///
    /// # Errors
    ///
    /// [`AdapterError`], naming the field, pattern or tensor at fault.
    pub fn read(folder: &Path, network: &Network, device: &Device) -> Result<Self, AdapterError> {
        let json: Map<String, Value> = read_json(&folder.join(CONFIG_FILE))?;
        let config = AdapterConfig::from_json(&json)?;
        let network_kind = match network {
            Network::Encoder(_) => "an encoder",
            Network::Decoder(_) => "a decoder",
        };
        let fits = match config.task_type {
            TaskType::SeqCls => matches!(network, Network::Encoder(_)),
            TaskType::CausalLm => matches!(network, Network::Decoder(_)),
        };
        if !fits {
            return Err(AdapterError::WrongKind {
                task: config.task_type.name(),
                network: network_kind,
            });
        }
        let files = WeightFiles::open(&folder.join(WEIGHTS_FILE))?;
        let head = match config.task_type {
            TaskType::SeqCls => {
                let name = format!("{HEAD}.weight");
                let shape = files
                    .shape(&name)
                    .ok_or(WeightsError::Missing { tensor: name.clone() })?;
                Some((shape.first().copied().unwrap_or(0), network.hidden_size()))
            }
            TaskType::CausalLm => None,
        };
        let mut taken = BTreeSet::new();
        let prefix = network.peft_prefix(head.is_some());
        let adapter = Self::build(config, network.slots(), prefix, head, |name, shape| {
            let on_disk = if name.ends_with(".bias") {
                &shape[1..]
            } else {
                &shape[..]
            };
            let tensor = files.read_shaped(name, on_disk)?;
            taken.insert(name.to_owned());
            Ok(Tensor::from_data(TensorData::new(tensor.values, shape), device))
        })?;
        match files.names().find(|name| !taken.contains(*name)) {
            Some(tensor) => Err(AdapterError::Unexpected {
                tensor: tensor.to_owned(),
            }),
            None => Ok(adapter),
        }
    }

    /// Writes `adapter_config.json` and `adapter_model.safetensors` (f32) into a folder, the config last, and returns
    /// the hash of the weights.
    ///
    /// # Errors
    ///
    /// [`AdapterError::Write`] or [`AdapterError::File`].
    pub fn write(&self, folder: &Path) -> Result<ContentHash, AdapterError> {
        let hash = self.weights().write(&folder.join(WEIGHTS_FILE))?;
        write_json(&folder.join(CONFIG_FILE), &self.config.to_json())?;
        Ok(hash)
    }

    /// The content of `adapter_model.safetensors`.
    ///
    /// # Errors
    ///
    /// [`AdapterError::Write`].
    pub fn to_safetensors(&self) -> Result<Vec<u8>, AdapterError> {
        Ok(self.weights().to_bytes()?)
    }

    fn weights(&self) -> WeightWriter {
        let mut writer = WeightWriter::new(Precision::F32);
        for parameter in &self.parameters {
            writer.push(&parameter.name, &parameter.value, parameter.is_vector);
        }
        writer
    }
}
