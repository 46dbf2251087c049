//! Tensors read from safetensors files, by name and with the shape that the config promises.

mod format;
mod writer;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use burn::tensor::{Device, Tensor, TensorData};
use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

use crate::WeightsError;

pub use format::WeightFormat;
pub use writer::{Precision, WeightWriter, WeightWriterError};

/// Where a model takes its tensors from: files, or tensors that are being trained.
pub trait TensorSource {
    /// The matrix called `name`, as stored: for a linear layer `[d_output, d_input]`.
    ///
    /// # Errors
    ///
    /// [`WeightsError`] if it is missing, misshapen or of a type that is not read.
    fn matrix(&mut self, name: &str, shape: [usize; 2]) -> Result<Tensor<2>, WeightsError>;

    /// The vector called `name`.
    ///
    /// # Errors
    ///
    /// As [`TensorSource::matrix`].
    fn vector(&mut self, name: &str, length: usize) -> Result<Tensor<1>, WeightsError>;

    /// How the matrices of linear layers are to be held; exactly as they are given, where products are not what they are
    /// for, if `None`.
    fn weight_format(&self) -> Option<WeightFormat> {
        Some(WeightFormat::F32)
    }
}

/// A tensor on the host, in f32.
#[derive(Debug, Clone, PartialEq)]
pub struct HostTensor {
    /// Its shape, outermost first.
    pub shape: Vec<usize>,
    /// Its values, in row-major order.
    pub values: Vec<f32>,
}

/// The tensors of one or several safetensors files.
#[derive(Debug)]
pub struct WeightFiles {
    files: Vec<Vec<u8>>,
    entries: BTreeMap<String, Entry>,
    /// What the files' headers note beside their tensors.
    notes: BTreeMap<String, String>,
    format: Option<WeightFormat>,
}

#[derive(Debug)]
struct Entry {
    file: usize,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Range<usize>,
}

/// `model.safetensors.index.json`: which tensor is in which shard.
#[derive(Deserialize)]
pub(crate) struct ShardIndex {
    weight_map: BTreeMap<String, String>,
}

impl ShardIndex {
    /// The files, by name.
    pub(crate) fn shards(&self) -> BTreeSet<String> {
        self.weight_map.values().cloned().collect()
    }
}

impl WeightFiles {
    /// Reads one safetensors file.
    ///
    /// # Errors
    ///
    /// [`WeightsError::Read`] or [`WeightsError::Format`].
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        Self::open_all(&[path.to_owned()])
    }

    /// Reads `model.safetensors`, or the shards that `model.safetensors.index.json` lists.
    ///
    /// # Errors
    ///
    /// [`WeightsError`], naming the file or the entry of the index.
    pub fn open_folder(folder: &Path) -> Result<Self, WeightsError> {
        let index = folder.join("model.safetensors.index.json");
        if folder.join("model.safetensors").is_file() || !index.is_file() {
            return Self::open(&folder.join("model.safetensors"));
        }
        let bytes = read(&index)?;
        let map: ShardIndex = serde_json::from_slice(&bytes).map_err(|error| WeightsError::Read {
            path: index.clone(),
            source: error.into(),
        })?;
        for (tensor, file) in &map.weight_map {
            // A hostile index must not lead out of the folder.
            if Path::new(file).file_name() != Some(file.as_ref()) {
                return Err(WeightsError::Index {
                    tensor: tensor.clone(),
                    file: file.clone(),
                });
            }
        }
        let paths: Vec<PathBuf> = map.shards().iter().map(|file| folder.join(file)).collect();
        let files = Self::open_all(&paths)?;
        match map
            .weight_map
            .keys()
            .find(|tensor| !files.entries.contains_key(*tensor))
        {
            Some(tensor) => Err(WeightsError::Missing {
                tensor: tensor.clone(),
            }),
            None => Ok(files),
        }
    }

    fn open_all(paths: &[PathBuf]) -> Result<Self, WeightsError> {
        let (mut files, mut entries, mut notes) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        for path in paths {
            let bytes = read(path)?;
            let format = |source| WeightsError::Format {
                path: path.clone(),
                source,
            };
            let (header, metadata) = SafeTensors::read_metadata(&bytes).map_err(format)?;
            // `read_metadata` trusts the header; `deserialize` also checks it against the length.
            SafeTensors::deserialize(&bytes).map_err(format)?;
            notes.extend(metadata.metadata().clone().unwrap_or_default());
            for (name, info) in metadata.tensors() {
                let start = header + size_of::<u64>();
                let bytes = start + info.data_offsets.0..start + info.data_offsets.1;
                let entry = Entry {
                    file: files.len(),
                    dtype: info.dtype,
                    shape: info.shape.clone(),
                    bytes,
                };
                entries.insert(name, entry);
            }
            files.push(bytes);
        }
        Ok(Self {
            files,
            entries,
            notes,
            format: Some(WeightFormat::F32),
        })
    }

    /// The files of a network that is to hold its matrices in this format.
    #[must_use]
    pub(crate) fn with_format(self, format: Option<WeightFormat>) -> Self {
        Self { format, ..self }
    }

    /// The names of all tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// What the header notes under a key, if it does.
    #[must_use]
    pub fn note(&self, key: &str) -> Option<&str> {
        self.notes.get(key).map(String::as_str)
    }

    /// Whether a tensor of this name is there.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// A tensor's shape, outermost first, if it is there.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.entries.get(name).map(|entry| entry.shape.as_slice())
    }

    /// A tensor's values in f32.
    ///
    /// # Errors
    ///
    /// [`WeightsError::Missing`] or [`WeightsError::Type`].
    pub fn read(&self, name: &str) -> Result<HostTensor, WeightsError> {
        let entry = self.entries.get(name).ok_or_else(|| WeightsError::Missing {
            tensor: name.to_owned(),
        })?;
        let bytes = &self.files[entry.file][entry.bytes.clone()];
        let values = match entry.dtype {
            Dtype::F32 => bytes
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect(),
            Dtype::F16 => bytes
                .chunks_exact(2)
                .map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32())
                .collect(),
            Dtype::BF16 => bytes
                .chunks_exact(2)
                .map(|b| bf16::from_le_bytes([b[0], b[1]]).to_f32())
                .collect(),
            Dtype::F64 => bytes
                .chunks_exact(8)
                .map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32)
                .collect(),
            other => {
                return Err(WeightsError::Type {
                    tensor: name.to_owned(),
                    found: format!("{other:?}"),
                });
            }
        };
        Ok(HostTensor {
            shape: entry.shape.clone(),
            values,
        })
    }

    /// Whole numbers of a tensor stored as I64, as reference files hold token ids.
    ///
    /// # Errors
    ///
    /// [`WeightsError::Missing`] or [`WeightsError::Type`].
    pub fn read_integers(&self, name: &str) -> Result<(Vec<usize>, Vec<i64>), WeightsError> {
        let entry = self.entries.get(name).ok_or_else(|| WeightsError::Missing {
            tensor: name.to_owned(),
        })?;
        if entry.dtype != Dtype::I64 {
            return Err(WeightsError::Type {
                tensor: name.to_owned(),
                found: format!("{:?}", entry.dtype),
            });
        }
        let bytes = &self.files[entry.file][entry.bytes.clone()];
        let values = bytes
            .chunks_exact(8)
            .map(|b| i64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]))
            .collect();
        Ok((entry.shape.clone(), values))
    }

    /// A tensor that must have this shape.
    pub(crate) fn read_shaped(&self, name: &str, expected: &[usize]) -> Result<HostTensor, WeightsError> {
        match self.shape(name) {
            Some(found) if found != expected => Err(WeightsError::Shape {
                tensor: name.to_owned(),
                expected: expected.to_vec(),
                found: found.to_vec(),
            }),
            _ => self.read(name),
        }
    }
}

/// A model folder's tensors, put on a device one by one, with a record of which were asked for.
pub(crate) struct WeightReader<'a> {
    files: &'a WeightFiles,
    device: &'a Device,
    /// What stands before every name in the files, such as `bert.` or nothing.
    prefix: &'static str,
    /// The first part of the names that have no prefix; empty if all have.
    outside: &'static str,
    taken: BTreeSet<String>,
}

impl<'a> WeightReader<'a> {
    pub(crate) fn new(
        files: &'a WeightFiles,
        prefix: &'static str,
        outside: &'static str,
        device: &'a Device,
    ) -> Self {
        Self {
            files,
            device,
            prefix,
            outside,
            taken: BTreeSet::new(),
        }
    }

    /// Whether the files hold a tensor.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.files.contains(&self.full_name(name))
    }

    fn full_name(&self, name: &str) -> String {
        let is_outside = !self.outside.is_empty() && name.split('.').next() == Some(self.outside);
        let prefix = if is_outside { "" } else { self.prefix };
        let name = format!("{prefix}{name}");
        // Checkpoints that come from the first BERT call gain and bias so.
        let older = name
            .strip_suffix("LayerNorm.weight")
            .map(|start| format!("{start}LayerNorm.gamma"))
            .or_else(|| {
                name.strip_suffix("LayerNorm.bias")
                    .map(|start| format!("{start}LayerNorm.beta"))
            });
        match older {
            Some(older) if self.files.contains(&older) && !self.files.contains(&name) => older,
            _ => name,
        }
    }

    fn take(&mut self, name: &str, expected: &[usize]) -> Result<TensorData, WeightsError> {
        let name = self.full_name(name);
        let tensor = self.files.read_shaped(&name, expected)?;
        self.taken.insert(name);
        Ok(TensorData::new(tensor.values, tensor.shape))
    }

    /// Refuses tensors that nobody asked for, but for those that belong to heads and buffers that do not
    /// take part in the forward pass.
    pub(crate) fn finish(self, ignored: &[&str]) -> Result<(), WeightsError> {
        let mut unused = self
            .files
            .names()
            .filter(|name| !self.taken.contains(*name) && !ignored.iter().any(|part| name.contains(part)));
        match unused.next() {
            Some(first) => Err(WeightsError::Unused {
                first: first.to_owned(),
                count: 1 + unused.count(),
            }),
            None => Ok(()),
        }
    }
}

impl TensorSource for WeightReader<'_> {
    fn matrix(&mut self, name: &str, shape: [usize; 2]) -> Result<Tensor<2>, WeightsError> {
        let device = self.device.clone().without_autodiff();
        let element = self.files.format.unwrap_or_default().element(&device);
        let stored = self.take(name, &shape)?;
        Ok(Tensor::from_data(stored, (self.device, element)))
    }

    fn vector(&mut self, name: &str, length: usize) -> Result<Tensor<1>, WeightsError> {
        Ok(Tensor::from_data(self.take(name, &[length])?, self.device))
    }

    fn weight_format(&self) -> Option<WeightFormat> {
        self.files.format
    }
}

fn read(path: &Path) -> Result<Vec<u8>, WeightsError> {
    fs::read(path).map_err(|source| WeightsError::Read {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests;
