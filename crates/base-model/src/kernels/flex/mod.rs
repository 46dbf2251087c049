//! Fused bodies for burn's CPU backend, in f32.
//!
//! Each operation is a struct that holds its inputs, a function on slices that passes once over them, and its
//! derivative by formula; here they are made operations of burn, by its backend extensions. Loops are written for
//! registers of any width, or for the compiler to vectorise, and run on the instruction set that [`machine`] chose.

mod activation;
mod ahead;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod amx;
mod attention;
#[cfg(target_arch = "x86_64")]
mod brain;
mod bytes;
mod differentiate;
mod frozen;
mod grown;
mod halves;
mod lanes;
mod layout;
pub(crate) mod machine;
mod matrix;
mod norm;
mod panels;
mod pieces;
mod product;
mod rotary;
mod taken;
mod threads;
mod whole;

use std::sync::Arc;

use burn::{
    backend::{
        Autodiff, DispatchDevice, DispatchTensorKind, Flex,
        autodiff::checkpoint::strategy::CheckpointStrategy,
        backend_extension,
        flex::FlexTensor,
        tensor::{BoolTensor, FloatTensor},
    },
    tensor::{DType, Device, Tensor, TensorData},
};

use activation::{Gelu, LogSoftmax, SiluGate, gelu_of, silu_gated};
use attention::Attention;
pub(super) use attention::attention_in_rows;
use differentiate::{Formula, record};
pub(super) use frozen::FrozenMatrix;
use grown::{Apart, appended};
use matrix::Matrix;
use norm::{LayerNorm, RmsNorm, layer_normed, rms_normed};
pub(super) use pieces::in_pieces;
pub(super) use product::adapted_by_frozen;
use product::{AdaptedProduct, FrozenProduct, Product};
use rotary::{Rotate, turned};
use taken::Taken;
pub(super) use threads::on_all_threads;

use crate::WeightFormat;

/// The fused operations, under the names and shapes of [`super`].
#[backend_extension(Flex, Autodiff)]
pub(super) trait FusedOps: burn::backend::Backend {
    fn product(input: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;

    fn frozen_product(
        input: FloatTensor<Self>,
        weight: Arc<FrozenMatrix>,
        bias: Option<FlexTensor>,
    ) -> FloatTensor<Self>;

    fn adapted_product(
        input: FloatTensor<Self>,
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        weight: Arc<FrozenMatrix>,
        bias: Option<FlexTensor>,
        scale: f64,
    ) -> FloatTensor<Self>;

    fn attention(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        blocked: BoolTensor<Self>,
        n_heads: usize,
        n_kv_heads: usize,
    ) -> FloatTensor<Self>;

    fn layer_norm(
        input: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        eps: f64,
    ) -> FloatTensor<Self>;

    fn rms_norm(input: FloatTensor<Self>, gain: FloatTensor<Self>, eps: f64) -> FloatTensor<Self>;

    fn silu_gate(gate: FloatTensor<Self>, up: FloatTensor<Self>) -> FloatTensor<Self>;

    fn gelu(input: FloatTensor<Self>) -> FloatTensor<Self>;

    fn log_softmax(scores: FloatTensor<Self>) -> FloatTensor<Self>;

    fn rotate(states: FloatTensor<Self>, cos: FloatTensor<Self>, sin: FloatTensor<Self>)
    -> FloatTensor<Self>;
}

/// A tensor that these operations compute on and no gradient flows to, as this backend holds it.
pub(super) fn constant<const D: usize>(tensor: &Tensor<D>) -> Option<FlexTensor> {
    let tensor = tensor.clone().try_into_primitive::<Flex>().ok()?;
    (tensor.dtype() == DType::F32).then_some(tensor)
}

/// A weight laid out, if it is one that these operations compute on and no gradient flows to it.
pub(super) fn laid_out(weight: &Tensor<2>, format: WeightFormat) -> Option<FrozenMatrix> {
    let weight = Packed::new(&constant(weight)?);
    Some(FrozenMatrix::new(weight.values(), weight.width(), format))
}

/// Rows and then others as one tensor.
///
/// # Panics
///
/// If one of them is not [`constant`].
pub(super) fn append(before: Tensor<3>, own: Tensor<3>) -> Tensor<3> {
    let [before, own] = [before, own].map(|tensor| {
        let held = tensor.try_into_primitive::<Flex>();
        held.unwrap_or_else(|_| unreachable!("what this backend holds is given out by it"))
    });
    Tensor::from_primitive::<Flex>(appended(before, &own))
}

/// Whether a tensor is one that these operations compute on: f32, on the CPU, with or without gradients.
pub(super) fn computes<const D: usize>(tensor: &Tensor<D>) -> bool {
    fn is_flex(kind: &DispatchTensorKind) -> bool {
        match kind {
            DispatchTensorKind::Flex(_) => true,
            DispatchTensorKind::Autodiff(inner) => is_flex(inner),
            #[allow(unreachable_patterns, reason = "reached where another backend is compiled in")]
            _ => false,
        }
    }
    tensor.dtype() == DType::F32 && is_flex(&tensor.clone().into_dispatch().kind)
}

/// Whether matrices are multiplied in bfloat16 where they are held in it.
pub(super) fn multiplies_bf16() -> bool {
    #[cfg(target_arch = "x86_64")]
    return brain::is_there();
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Whether a device is one that these operations compute on, without gradients.
pub(super) fn is_here(device: &Device) -> bool {
    matches!(device.as_dispatch(), DispatchDevice::Flex(_))
}

/// A tensor whose numbers lie side by side, row after row.
#[derive(Debug, Clone)]
struct Packed(FlexTensor);

impl Packed {
    fn new(tensor: &FlexTensor) -> Self {
        Self(tensor.to_contiguous())
    }

    fn values(&self) -> &[f32] {
        let start = self.0.layout().start_offset();
        &self.0.storage::<f32>()[start..start + self.0.layout().num_elements()]
    }

    fn shape(&self) -> &[usize] {
        self.0.layout().shape()
    }

    /// Length of the last axis.
    fn width(&self) -> usize {
        self.shape().last().copied().unwrap_or(1)
    }

    /// The tensor as a matrix of its last axis by all others.
    fn matrix(&self) -> Matrix<'_> {
        Matrix::rows_of(self.values(), self.width())
    }

    /// A tensor of this one's shape.
    fn like(&self, values: Vec<f32>) -> FlexTensor {
        tensor(values, self.shape())
    }

    fn zeros(&self) -> Vec<f32> {
        vec![0.0; self.values().len()]
    }
}

fn tensor(values: Vec<f32>, shape: &[usize]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape.to_vec()))
}

impl FusedOps for Flex {
    fn product(input: FlexTensor, weight: FlexTensor) -> FlexTensor {
        Product::new([&input, &weight]).output()
    }

    fn frozen_product(input: FlexTensor, weight: Arc<FrozenMatrix>, bias: Option<FlexTensor>) -> FlexTensor {
        FrozenProduct::new(&input, weight, bias.as_ref()).output()
    }

    fn adapted_product(
        input: FlexTensor,
        a: FlexTensor,
        b: FlexTensor,
        weight: Arc<FrozenMatrix>,
        bias: Option<FlexTensor>,
        scale: f64,
    ) -> FlexTensor {
        let frozen = FrozenProduct::new(&input, weight, bias.as_ref());
        AdaptedProduct::new(frozen, [&a, &b], scale).output()
    }

    fn attention(
        query: FlexTensor,
        key: FlexTensor,
        value: FlexTensor,
        blocked: FlexTensor,
        n_heads: usize,
        n_kv_heads: usize,
    ) -> FlexTensor {
        Attention::new([&query, &key, &value], &blocked, n_heads, n_kv_heads).output()
    }

    fn layer_norm(input: FlexTensor, gain: FlexTensor, bias: FlexTensor, eps: f64) -> FlexTensor {
        let [gain, bias] = [&gain, &bias].map(Packed::new);
        layer_normed(Taken::new(input), (&gain, &bias), eps as f32)
    }

    fn rms_norm(input: FlexTensor, gain: FlexTensor, eps: f64) -> FlexTensor {
        rms_normed(Taken::new(input), &Packed::new(&gain), eps as f32)
    }

    fn silu_gate(gate: FlexTensor, up: FlexTensor) -> FlexTensor {
        silu_gated(Taken::new(gate), &Packed::new(&up))
    }

    fn gelu(input: FlexTensor) -> FlexTensor {
        gelu_of(Taken::new(input))
    }

    fn log_softmax(scores: FlexTensor) -> FlexTensor {
        LogSoftmax::new(&scores).output()
    }

    fn rotate(states: FlexTensor, cos: FlexTensor, sin: FlexTensor) -> FlexTensor {
        turned(Taken::new(states), [&cos, &sin].map(Packed::new).each_ref(), 1.0)
    }
}

impl<C: CheckpointStrategy> FusedOps for Autodiff<Flex, C> {
    fn product(input: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let formula = Product::new([&input, &weight].map(|tensor| tensor.primitive()));
        record::<C, _, 2>(formula, [&input, &weight])
    }

    fn frozen_product(
        input: FloatTensor<Self>,
        weight: Arc<FrozenMatrix>,
        bias: Option<FlexTensor>,
    ) -> FloatTensor<Self> {
        let formula = FrozenProduct::new(input.primitive(), weight, bias.as_ref());
        record::<C, _, 1>(formula, [&input])
    }

    fn adapted_product(
        input: FloatTensor<Self>,
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        weight: Arc<FrozenMatrix>,
        bias: Option<FlexTensor>,
        scale: f64,
    ) -> FloatTensor<Self> {
        let frozen = FrozenProduct::new(input.primitive(), weight, bias.as_ref());
        let formula = AdaptedProduct::new(frozen, [a.primitive(), b.primitive()], scale);
        record::<C, _, 3>(formula, [&input, &a, &b])
    }

    fn attention(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        blocked: FlexTensor,
        n_heads: usize,
        n_kv_heads: usize,
    ) -> FloatTensor<Self> {
        let inputs = [&query, &key, &value].map(|tensor| tensor.primitive());
        let formula = Attention::new(inputs, &blocked, n_heads, n_kv_heads);
        record::<C, _, 3>(formula, [&query, &key, &value])
    }

    fn layer_norm(
        input: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        eps: f64,
    ) -> FloatTensor<Self> {
        let formula = LayerNorm::new([&input, &gain, &bias].map(|tensor| tensor.primitive()), eps);
        record::<C, _, 3>(formula, [&input, &gain, &bias])
    }

    fn rms_norm(input: FloatTensor<Self>, gain: FloatTensor<Self>, eps: f64) -> FloatTensor<Self> {
        let formula = RmsNorm::new([&input, &gain].map(|tensor| tensor.primitive()), eps);
        record::<C, _, 2>(formula, [&input, &gain])
    }

    fn silu_gate(gate: FloatTensor<Self>, up: FloatTensor<Self>) -> FloatTensor<Self> {
        let formula = SiluGate::new([&gate, &up].map(|tensor| tensor.primitive()));
        record::<C, _, 2>(formula, [&gate, &up])
    }

    fn gelu(input: FloatTensor<Self>) -> FloatTensor<Self> {
        let formula = Gelu::new(input.primitive());
        record::<C, _, 1>(formula, [&input])
    }

    fn log_softmax(scores: FloatTensor<Self>) -> FloatTensor<Self> {
        record::<C, _, 1>(LogSoftmax::new(scores.primitive()), [&scores])
    }

    fn rotate(
        states: FloatTensor<Self>,
        cos: FloatTensor<Self>,
        sin: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        // The angles come from positions: nothing is to be learnt about them.
        let formula = Rotate::new(states.primitive(), cos.primitive(), sin.primitive());
        record::<C, _, 1>(formula, [&states])
    }
}
