//! Adapters folded into the weights they change, and out of them again.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use burn::tensor::Tensor;
use serde_json::{Map, Value, json};
use stage_files::{FileError, read_json, write_json, write_whole};

use crate::{
    Adapter, AdapterError, ModelError, ModuleKind, Network, Precision, Slot, TensorSource, WeightFormat,
    WeightWriter, WeightWriterError, WeightsError, adapter::LowRank, decoder::HEAD, kernels, layers::Module,
};

/// An adapter cannot be folded into a network, or out of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// An activated adapter changes some tokens and others not, which no weights do.
    #[error("an adapter with alora_invocation_tokens cannot be merged: serve it beside its base")]
    Activated,
    /// A module was replaced, and what it was is not in the merged network.
    #[error("{path} was replaced as a whole and cannot be taken out again: open the base model anew")]
    Replaced {
        /// Its path.
        path: String,
    },
    /// A weight-decomposed adapter is taken out, whose base is not known.
    #[error(
        "the adapter's use_dora needs the base's row lengths at {path}: merge it with this adapter first"
    )]
    UnknownNorms {
        /// The module's path.
        path: String,
    },
    /// transformers would fill what is missing with random numbers.
    #[error("the base has no {path} and the adapter does not bring it: transformers would draw it at random")]
    Incomplete {
        /// The module's path.
        path: String,
    },
    /// The base's folder could not be read.
    #[error("cannot read the base of the merged checkpoint")]
    Base(#[from] ModelError),
    /// The folder holds another model than the network.
    #[error("{} holds another model than the one that the adapter was opened with", folder.display())]
    OtherBase {
        /// The folder.
        folder: PathBuf,
    },
    /// The network could not be put together again.
    #[error("the merged weights do not fit")]
    Weights(#[from] WeightsError),
    /// What is left of the adapter does not fit the merged network.
    #[error("the label head does not fit the merged network")]
    Adapter(#[from] AdapterError),
    /// The merged weights could not be written.
    #[error("the merged weights cannot be written")]
    Write(#[from] WeightWriterError),
    /// A file of the base could not be read, or one of the checkpoint not be written.
    #[error("a file of the merged checkpoint cannot be read or written")]
    File(#[from] FileError),
    /// A file of the base could not be copied.
    #[error("cannot copy {} into the merged checkpoint", path.display())]
    Copy {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What became of a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merged {
    /// How many modules were changed.
    pub modules: usize,
    /// Whether the output head was the table of tokens, and is a matrix of its own now, because one of them changed.
    pub untied: bool,
}

/// Into the weights or out of them.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Direction {
    In,
    Out,
}

/// The weight and bias of a module; a gain is a matrix of one row.
type Weights = (Tensor<2>, Option<Tensor<1>>);

impl Network {
    /// The network with the adapter's changes in its weights, `W + s B A` and for a weight-decomposed adapter
    /// `m (W + s B A) / |W + s B A|` row by row; the label head stays with the adapter.
    ///
    /// It computes what the network computes with the adapter, to rounding.
    ///
    /// # Errors
    ///
    /// [`MergeError::Activated`].
    pub fn merge(&self, adapter: &Adapter) -> Result<Self, MergeError> {
        self.fold(adapter, Direction::In, Some(WeightFormat::F32))
    }

    /// The network that an adapter was merged into, to rounding.
    ///
    /// # Errors
    ///
    /// [`MergeError::Replaced`] if the adapter holds a module as a whole, [`MergeError::UnknownNorms`] if it is
    /// weight-decomposed and was not merged by this very value.
    pub fn unmerge(&self, adapter: &Adapter) -> Result<Self, MergeError> {
        self.fold(adapter, Direction::Out, Some(WeightFormat::F32))
    }

    fn fold(
        &self,
        adapter: &Adapter,
        direction: Direction,
        format: Option<WeightFormat>,
    ) -> Result<Self, MergeError> {
        if adapter.config().alora_invocation_tokens.is_some() {
            return Err(MergeError::Activated);
        }
        let mut tensors = BTreeMap::new();
        for (index, (slot, module)) in self.slots().iter().zip(self.modules()).enumerate() {
            let (weight, bias) = folded(slot, module, adapter, index, direction)?;
            tensors.insert(format!("{}.weight", slot.path), weight);
            if let Some(bias) = bias {
                tensors.insert(format!("{}.bias", slot.path), bias.unsqueeze());
            }
        }
        let is_brought = |path: &str| {
            let brought = |(index, slot): (usize, &Slot)| slot.path == path && adapter.saves(index);
            self.slots().iter().enumerate().any(brought)
        };
        Ok(self.assembled(
            &mut Host { tensors, format },
            self.is_untied_by(adapter),
            is_brought,
        )?)
    }

    /// Whether the output head is the table of tokens and the adapter changes one of the two.
    fn is_untied_by(&self, adapter: &Adapter) -> bool {
        let Self::Decoder(decoder) = self else {
            return false;
        };
        let is_changed = |(index, slot): (usize, &Slot)| {
            let is_one = slot.path == HEAD || slot.kind == ModuleKind::Embedding;
            is_one && adapter.changes(index)
        };
        decoder.config().tie_word_embeddings && self.slots().iter().enumerate().any(is_changed)
    }

    /// Writes a checkpoint into a folder that transformers loads without the adapter: merged weights, the label head
    /// among them, `config.json`, and the tokenizer's files as they are in the base's folder. Weights and config are
    /// written whole, the config last.
    ///
    /// `base` is the folder that this network was opened from: weights are taken from its files, so that rounding by a
    /// [`WeightFormat`] does not reach the checkpoint, and those that the adapter leaves alone stay as they are.
    ///
    /// # Errors
    ///
    /// [`MergeError`].
    pub fn export_merged(
        &self,
        base: &Path,
        adapter: &Adapter,
        out: &Path,
        precision: Precision,
    ) -> Result<Merged, MergeError> {
        // What this network computes with may be rounded.
        let first = self.modules().first();
        let device = first.map(|module| stored(module).0.device()).unwrap_or_default();
        let exact = Self::open_exactly(base, &device)?;
        if exact.slots() != self.slots() {
            return Err(MergeError::OtherBase {
                folder: base.to_owned(),
            });
        }
        let merged = exact.fold(adapter, Direction::In, None)?;
        let classes = adapter.classes();
        let slots = merged.slots().iter();
        if let Some(slot) = slots.clone().find(|slot| classes.is_some() && !slot.is_in_base) {
            return Err(MergeError::Incomplete {
                path: slot.path.clone(),
            });
        }
        let is_tied = matches!(&merged, Self::Decoder(decoder) if decoder.config().tie_word_embeddings);
        let paths = merged.task_paths(classes.is_some());
        let mut writer = WeightWriter::new(precision);
        for ((slot, module), path) in slots.zip(merged.modules()).zip(&paths) {
            let is_written = slot.is_in_base && !(is_tied && slot.path == HEAD);
            if is_written {
                let (weight, bias) = stored(module);
                writer.push(format!("{path}.weight"), &weight, slot.kind == ModuleKind::Norm);
                if let Some(bias) = bias {
                    writer.push(format!("{path}.bias"), &bias.unsqueeze(), true);
                }
            }
        }
        for (name, value, is_vector) in adapter.head_tensors() {
            writer.push(name, &value, is_vector);
        }
        let untied = self.is_untied_by(adapter);
        copy_tokenizer(base, out)?;
        writer.write(&out.join("model.safetensors"))?;
        let mut config: Map<String, Value> = read_json(&base.join("config.json"))?;
        describe(&mut config, classes, untied, precision);
        write_json(&out.join("config.json"), &config)?;
        let modules = (0..paths.len()).filter(|&index| adapter.changes(index)).count();
        Ok(Merged { modules, untied })
    }
}

/// The weights of a module with the adapter's change, or without it.
fn folded(
    slot: &Slot,
    module: &Module,
    adapter: &Adapter,
    index: usize,
    direction: Direction,
) -> Result<Weights, MergeError> {
    let path = || slot.path.clone();
    if let Some(saved) = adapter.saved(index) {
        return match direction {
            Direction::In => Ok(saved),
            Direction::Out => Err(MergeError::Replaced { path: path() }),
        };
    }
    let (weight, bias) = stored(module);
    let Some(update) = adapter.low_rank(index) else {
        return Ok((weight, bias));
    };
    // PEFT keeps the factors of an embedding for the transposed table.
    let is_table = slot.kind == ModuleKind::Embedding;
    let turned = |weight: Tensor<2>| match is_table {
        true => weight.transpose(),
        false => weight,
    };
    let weight = turned(weight); // [d_output, d_input]
    let change = update.dense();
    let folded = match direction {
        Direction::In => {
            let square_norms = || LowRank::square_norms(weight.clone());
            let ratio =
                update.magnitude_ratio(square_norms, |a| kernels::times(weight.clone(), a.transpose()));
            let changed = weight.clone() + change;
            match update.magnitude {
                Some(_) => changed * ratio.unsqueeze_dim::<2>(1),
                None => changed,
            }
        }
        Direction::Out => {
            let weight = match &update.magnitude {
                None => weight,
                Some(magnitude) => {
                    let norms = update
                        .known_norms()
                        .ok_or_else(|| MergeError::UnknownNorms { path: path() })?;
                    weight * (norms / magnitude.clone().inner()).unsqueeze_dim::<2>(1)
                }
            };
            weight - change
        }
    };
    Ok((turned(folded), bias))
}

/// As a checkpoint stores them.
fn stored(module: &Module) -> Weights {
    match module {
        Module::Linear(layer) => layer.stored(),
        Module::Embedding(embedding) => (embedding.stored(), None),
        Module::Norm(norm) => {
            let (gain, bias) = norm.stored();
            (gain.unsqueeze(), bias)
        }
    }
}

/// Tensors by name.
struct Host {
    tensors: BTreeMap<String, Tensor<2>>,
    format: Option<WeightFormat>,
}

impl Host {
    fn take(&self, name: &str) -> Result<Tensor<2>, WeightsError> {
        self.tensors
            .get(name)
            .cloned()
            .ok_or_else(|| WeightsError::Missing {
                tensor: name.to_owned(),
            })
    }
}

impl TensorSource for Host {
    fn matrix(&mut self, name: &str, _shape: [usize; 2]) -> Result<Tensor<2>, WeightsError> {
        self.take(name)
    }

    fn vector(&mut self, name: &str, _length: usize) -> Result<Tensor<1>, WeightsError> {
        Ok(self.take(name)?.squeeze_dim::<1>(0))
    }

    fn weight_format(&self) -> Option<WeightFormat> {
        self.format
    }
}

/// What else transformers needs to open a folder as a chat or text model.
const TOKENIZER_FILES: &[&str] = &[
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "special_tokens_map.json",
    "vocab.txt",
    "generation_config.json",
];

fn copy_tokenizer(base: &Path, out: &Path) -> Result<(), MergeError> {
    for name in TOKENIZER_FILES {
        let path = base.join(name);
        if path.is_file() {
            let content = fs::read(&path).map_err(|source| MergeError::Copy { path, source })?;
            write_whole(&out.join(name), content)?;
        }
    }
    Ok(())
}

/// Makes a base's config one of the merged checkpoint.
fn describe(config: &mut Map<String, Value>, classes: Option<usize>, untied: bool, precision: Precision) {
    if untied {
        config.insert("tie_word_embeddings".to_owned(), json!(false));
    }
    let dtype = match precision {
        Precision::F32 => "float32",
        Precision::F16 => "float16",
        Precision::Bf16 => "bfloat16",
    };
    config.insert("dtype".to_owned(), json!(dtype));
    config.remove("torch_dtype");
    let Some(classes) = classes else {
        return;
    };
    let architecture = match config.get("model_type").and_then(Value::as_str) {
        Some("modernbert") => "ModernBertForSequenceClassification",
        _ => "BertForSequenceClassification",
    };
    config.insert("architectures".to_owned(), json!([architecture]));
    let labels = || (0..classes).map(|class| format!("LABEL_{class}"));
    let by_id: Map<String, Value> = labels()
        .enumerate()
        .map(|(id, label)| (id.to_string(), json!(label)))
        .collect();
    let by_label: Map<String, Value> = labels()
        .enumerate()
        .map(|(id, label)| (label, json!(id)))
        .collect();
    config.insert("id2label".to_owned(), Value::Object(by_id));
    config.insert("label2id".to_owned(), Value::Object(by_label));
}
