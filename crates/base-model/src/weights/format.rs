//! How weights are held in memory.

use burn::tensor::{DType, Device};

use crate::kernels;

/// How the frozen matrices of a network are held in memory, and what is computed with them, chosen when it is opened.
///
/// `Int16`, `Int8` and `Int4` are formats of the CPU (`flex`) and of linear layers: embeddings, norms, biases and adapters
/// stay f32, and so does all arithmetic; on other devices such matrices stay f32 whatever is asked for. `Bf16` and `F16`
/// are formats of the others, where the processor multiplies in them: embeddings are held so too, and the states between
/// layers; `Bf16` is one of linear layers on some CPUs too. Norms, rotations, softmax and activations are computed in f32 there, labels' and next tokens' scores too, and
/// adapters are kept in f32.
///
/// An adapter can be trained on any format: its gradients are those of the rounded weights; on the CPU a transposed layout
/// of these, in f32, is made when the first gradient flows. An adapter and the decisions fitted on it belong to the format
/// that they were made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum WeightFormat {
    /// As stored: 4 bytes a weight, or 3 on a processor with a matrix unit (AMX), which computes with whole numbers of 24
    /// bits and loses no more than sums in f32 do.
    #[default]
    F32,
    /// 2 bytes a weight: whole numbers of up to 32,639, with a scale for every 512 inputs of an output. Rather than f16 or
    /// bf16, which have 11 and 8 significant bits: weights of an output are of like size, and range is of no use to them.
    Int16,
    /// 1 byte a weight: whole numbers of up to 127, with a scale for every 512 inputs of an output. What they are multiplied
    /// with is rounded to 8 bits too, with a scale for every 64 numbers of a row, and sums of products that share scales are
    /// exact, so that products have the same bits on every processor. A matrix unit (AMX) is the exception: there 16 bits
    /// cost nothing, and rows are rounded to these.
    Int8,
    /// 4 bits a weight, and a quarter of a bit for steps: whole numbers from -8 to 7 times a step of up to 15 for every 32
    /// inputs of an output, and these times a scale for every 512. Products are those of [`WeightFormat::Int8`]. A
    /// network loses answers by it: measure, and train the adapter on it.
    Int4,
    /// 2 bytes a weight: bfloat16, as most checkpoints of decoders are stored. GPUs multiply it many times faster than f32.
    /// A processor with AVX-512 and its instructions for bfloat16 multiplies linear layers in it, twice as fast; what these
    /// are given is rounded for that, and all else stays f32.
    Bf16,
    /// 2 bytes a weight: IEEE half precision, with 3 bits more than bfloat16 and numbers up to 65,504. Checkpoints that were
    /// trained in bfloat16 may leave that range.
    F16,
}

impl WeightFormat {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::F32,
        Self::Int16,
        Self::Int8,
        Self::Int4,
        Self::Bf16,
        Self::F16,
    ];

    /// Its name, for options and reports: `f32`, `int16`, `int8`, `int4`, `bf16` or `f16`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Int16 => "int16",
            Self::Int8 => "int8",
            Self::Int4 => "int4",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
        }
    }

    /// The format of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Whether a network can be opened in it on a device: always, but for `Bf16` and `F16`.
    #[must_use]
    pub fn is_for(self, device: &Device) -> bool {
        let device = device.clone().without_autodiff();
        match (self, kernels::are_fused_on(&device)) {
            (Self::Bf16, true) => kernels::multiply_bf16_on(&device),
            (Self::F16, true) => false,
            (Self::Bf16 | Self::F16, false) => device.supports_dtype(self.element(&device)),
            _ => true,
        }
    }

    /// What tensors of it are made of on a device, without gradients.
    pub(crate) fn element(self, device: &Device) -> DType {
        match self {
            _ if kernels::are_fused_on(device) => DType::F32,
            Self::Bf16 => DType::BF16,
            Self::F16 => DType::F16,
            _ => DType::F32,
        }
    }
}
