//! Tensors as a safetensors file.

use std::{collections::BTreeSet, path::Path};

use burn::tensor::Tensor;
use half::{bf16, f16};
use safetensors::{Dtype, tensor::TensorView};
use stage_files::{ContentHash, FileError, write_whole};

/// As what numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits.
    F32,
    /// 16 bits, IEEE 754 half precision.
    F16,
    /// 16 bits, the upper half of 32.
    Bf16,
}

/// Tensors on their way into a safetensors file, with one note in its header: in what order a header holds several
/// is left to chance, and the same tensors are to give the same bytes.
#[derive(Debug)]
pub struct WeightWriter {
    precision: Precision,
    note: (String, String),
    tensors: Vec<StoredTensor>,
}

#[derive(Debug)]
struct StoredTensor {
    name: String,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Tensors could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightWriterError {
    /// Two tensors have one name.
    #[error("two tensors are called {name}")]
    SameName {
        /// The name.
        name: String,
    },
    /// They cannot be laid out.
    #[error("tensors cannot be laid out as a safetensors file")]
    Layout(#[source] safetensors::SafeTensorError),
    /// The file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl WeightWriter {
    /// A file for transformers and PEFT, which look for the note `format: pt` before they load one.
    #[must_use]
    pub fn new(precision: Precision) -> Self {
        Self::with_note(precision, "format", "pt")
    }

    /// A file with a note of one's own in its header, which [`WeightFiles::note`](crate::WeightFiles::note) gives back.
    #[must_use]
    pub fn with_note(precision: Precision, key: &str, value: impl Into<String>) -> Self {
        Self {
            precision,
            note: (key.to_owned(), value.into()),
            tensors: Vec::new(),
        }
    }

    /// Adds a matrix, or a vector that is held as a matrix of one row.
    pub fn push(&mut self, name: impl Into<String>, value: &Tensor<2>, is_vector: bool) {
        let [rows, columns] = value.dims();
        let data = value.clone().inner().into_data();
        let bytes = match self.precision {
            Precision::F32 => data.iter::<f32>().flat_map(f32::to_le_bytes).collect(),
            Precision::F16 => data
                .iter::<f32>()
                .flat_map(|x| f16::from_f32(x).to_le_bytes())
                .collect(),
            Precision::Bf16 => data
                .iter::<f32>()
                .flat_map(|x| bf16::from_f32(x).to_le_bytes())
                .collect(),
        };
        self.tensors.push(StoredTensor {
            name: name.into(),
            shape: if is_vector {
                vec![columns]
            } else {
                vec![rows, columns]
            },
            bytes,
        });
    }

    /// The file's content.
    ///
    /// # Errors
    ///
    /// [`WeightWriterError::SameName`] or [`WeightWriterError::Layout`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, WeightWriterError> {
        // The library panics on equal names.
        let mut names = BTreeSet::new();
        if let Some(twice) = self.tensors.iter().find(|tensor| !names.insert(&tensor.name)) {
            return Err(WeightWriterError::SameName {
                name: twice.name.clone(),
            });
        }
        let dtype = match self.precision {
            Precision::F32 => Dtype::F32,
            Precision::F16 => Dtype::F16,
            Precision::Bf16 => Dtype::BF16,
        };
        let views = self
            .tensors
            .iter()
            .map(|tensor| {
                TensorView::new(dtype, tensor.shape.clone(), &tensor.bytes)
                    .map(|view| (tensor.name.as_str(), view))
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(WeightWriterError::Layout)?;
        safetensors::serialize(views, Some([self.note.clone()].into())).map_err(WeightWriterError::Layout)
    }

    /// Writes the file, whole or not at all, and returns its hash.
    ///
    /// # Errors
    ///
    /// [`WeightWriterError`].
    pub fn write(&self, path: &Path) -> Result<ContentHash, WeightWriterError> {
        Ok(write_whole(path, self.to_bytes()?)?)
    }
}
