//! Adapter folders, as PEFT reads and writes them.

use std::{collections::BTreeSet, path::Path};

use burn::tensor::{Device, Tensor, TensorData};
use stage_files::{ContentHash, FileError, write_json};

use super::{Adapter, AdapterConfig, HEAD, ROOT, TaskType};
use crate::{
    ConfigError, Network, Precision, WeightFiles, WeightWriter, WeightWriterError, WeightsError,
    layers::Module,
};

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
    /// A target, a module to save or a pattern selected no module at all.
    #[error(
        "no module of the base model that can be adapted matches {pattern:?}: list the layers' own names, or use \"all-linear\""
    )]
    NoTarget {
        /// The pattern as the caller wrote it.
        pattern: String,
    },
    /// A target that speaks of no layer in particular selected modules in some layers only.
    #[error(
        "target {pattern:?} matches in {matched} of {layers} layers: name the layers that are meant, or all of the modules"
    )]
    PartialTarget {
        /// The pattern as the caller wrote it.
        pattern: String,
        /// Layers in which it matches.
        matched: usize,
        /// Layers that there are.
        layers: usize,
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
    /// The base model has no weights for a module, and the adapter brings none.
    #[error(
        "the base model's files have no {path}, and the adapter does not hold it: add it to modules_to_save"
    )]
    NotInBase {
        /// The module's path.
        path: String,
    },
    /// The adapter was made on a base with another table of tokens.
    #[error("the adapter's copy of {tensor} is not the base model's: it was trained on another base")]
    OtherBase {
        /// The tensor's key in the adapter.
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
        let config = AdapterConfig::read(&folder.join(CONFIG_FILE))?;
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
        let classes = match config.task_type {
            TaskType::SeqCls => {
                let name = format!("{HEAD}.weight");
                let shape = files
                    .shape(&name)
                    .ok_or(WeightsError::Missing { tensor: name.clone() })?;
                Some(shape.first().copied().unwrap_or(0))
            }
            TaskType::CausalLm => None,
        };
        let mut taken = BTreeSet::new();
        let adapter = Self::build(config, network, classes, false, |wanted| {
            let on_disk = if wanted.is_vector {
                &wanted.shape[1..]
            } else {
                &wanted.shape[..]
            };
            let tensor = files.read_shaped(wanted.name, on_disk)?;
            taken.insert(wanted.name.to_owned());
            Ok(Tensor::from_data(
                TensorData::new(tensor.values, wanted.shape),
                device,
            ))
        })?;
        let copies = adapter.copies_of_the_base(&files, network)?;
        match files
            .names()
            .find(|name| !taken.contains(*name) && !copies.contains(*name))
        {
            Some(tensor) => Err(AdapterError::Unexpected {
                tensor: tensor.to_owned(),
            }),
            None => Ok(adapter),
        }
    }

    /// The keys under which the file holds a table of the base: PEFT saves embeddings and output heads along with their
    /// factors, in case they were resized. They must be the base's.
    fn copies_of_the_base(
        &self,
        files: &WeightFiles,
        network: &Network,
    ) -> Result<BTreeSet<String>, AdapterError> {
        let mut copies = BTreeSet::new();
        let paths = network.task_paths(self.head.is_some());
        for (path, module) in paths.iter().zip(network.modules()) {
            let key = format!("{ROOT}{path}.base_layer.weight");
            if !files.contains(&key) {
                continue;
            }
            let table = match module {
                Module::Embedding(embedding) => embedding.stored(),
                Module::Linear(layer) => layer.stored().0,
                Module::Norm(_) => continue,
            };
            let copy = files.read_shaped(&key, &table.dims())?;
            // Where matrices are held in few bits they are not the file's to the last.
            let largest = copy.values.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            let is_near = |(a, b): (f32, &f32)| (a - b).abs() <= largest / 100.0;
            if !table.into_data().iter::<f32>().zip(&copy.values).all(is_near) {
                return Err(AdapterError::OtherBase { tensor: key });
            }
            copies.insert(key);
        }
        Ok(copies)
    }

    /// Writes `adapter_config.json` and `adapter_model.safetensors` (f32) into a folder, the config last, and returns
    /// the hash of the weights.
    ///
    /// # Errors
    ///
    /// [`AdapterError::Write`] or [`AdapterError::File`].
    pub fn write(&self, folder: &Path) -> Result<ContentHash, AdapterError> {
        let hash = self.weights().write(&folder.join(WEIGHTS_FILE))?;
        write_json(&folder.join(CONFIG_FILE), &self.config.written())?;
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
