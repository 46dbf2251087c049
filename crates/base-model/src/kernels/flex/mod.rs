//! Fused bodies for burn's CPU backend, in f32.
//!
//! Each operation is a function on slices that passes once over its data, with its derivative by formula; here
//! they are made operations of burn, by its backend extensions. Loops are written for the compiler to
//! vectorise, and compiled once for each instruction set: the one that the machine has is taken at run time
//! (`pulp`), so that a binary built for any x86-64 is as fast as one built for this machine.

mod activation;
mod attention;
mod differentiate;
mod lanes;
mod matrix;
mod norm;
mod rotary;

use burn::{
    backend::{
        Autodiff, Dispatch, DispatchTensorKind, Flex,
        autodiff::checkpoint::strategy::CheckpointStrategy,
        backend_extension,
        flex::FlexTensor,
        tensor::{BoolTensor, FloatTensor},
    },
    tensor::{Bool, DType, Tensor, TensorData},
};

use attention::AttentionSizes;
use differentiate::{Formula, record};
use matrix::{Matrix, multiply};

/// The fused operations, under the names and shapes of [`super`].
#[backend_extension(Flex, Autodiff)]
trait FusedOps: burn::backend::Backend {
    fn adapted_product(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
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

    fn rotate(states: FloatTensor<Self>, cos: FloatTensor<Self>, sin: FloatTensor<Self>)
    -> FloatTensor<Self>;
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

pub(super) fn adapted_product(
    input: Tensor<3>,
    weight: Tensor<2>,
    a: Tensor<2>,
    b: Tensor<2>,
    scale: f64,
) -> Tensor<3> {
    let [input, weight, a, b] = [
        input.into_dispatch(),
        weight.into_dispatch(),
        a.into_dispatch(),
        b.into_dispatch(),
    ];
    Tensor::from_dispatch(<Dispatch as FusedOps>::adapted_product(
        input, weight, a, b, scale,
    ))
}

pub(super) fn attention(
    query: Tensor<3>,
    key: Tensor<3>,
    value: Tensor<3>,
    blocked: &Tensor<4, Bool>,
    n_heads: usize,
    n_kv_heads: usize,
) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as FusedOps>::attention(
        query.into_dispatch(),
        key.into_dispatch(),
        value.into_dispatch(),
        blocked.clone().into_dispatch(),
        n_heads,
        n_kv_heads,
    ))
}

pub(super) fn layer_norm(input: Tensor<3>, gain: Tensor<1>, bias: Tensor<1>, eps: f64) -> Tensor<3> {
    let [input, gain, bias] = [input.into_dispatch(), gain.into_dispatch(), bias.into_dispatch()];
    Tensor::from_dispatch(<Dispatch as FusedOps>::layer_norm(input, gain, bias, eps))
}

pub(super) fn rms_norm(input: Tensor<3>, gain: Tensor<1>, eps: f64) -> Tensor<3> {
    let (input, gain) = (input.into_dispatch(), gain.into_dispatch());
    Tensor::from_dispatch(<Dispatch as FusedOps>::rms_norm(input, gain, eps))
}

pub(super) fn silu_gate(gate: Tensor<3>, up: Tensor<3>) -> Tensor<3> {
    let (gate, up) = (gate.into_dispatch(), up.into_dispatch());
    Tensor::from_dispatch(<Dispatch as FusedOps>::silu_gate(gate, up))
}

pub(super) fn gelu(input: Tensor<3>) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as FusedOps>::gelu(input.into_dispatch()))
}

pub(super) fn rotate(states: Tensor<3>, cos: &Tensor<3>, sin: &Tensor<3>) -> Tensor<3> {
    let (cos, sin) = (cos.clone().into_dispatch(), sin.clone().into_dispatch());
    Tensor::from_dispatch(<Dispatch as FusedOps>::rotate(states.into_dispatch(), cos, sin))
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
    fn adapted_product(
        input: FlexTensor,
        weight: FlexTensor,
        a: FlexTensor,
        b: FlexTensor,
        scale: f64,
    ) -> FlexTensor {
        AdaptedProduct::new([&input, &weight, &a, &b], scale).1
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
        LayerNorm::new([&input, &gain, &bias], eps).output()
    }

    fn rms_norm(input: FlexTensor, gain: FlexTensor, eps: f64) -> FlexTensor {
        RmsNorm::new([&input, &gain], eps).output()
    }

    fn silu_gate(gate: FlexTensor, up: FlexTensor) -> FlexTensor {
        SiluGate::new([&gate, &up]).output()
    }

    fn gelu(input: FlexTensor) -> FlexTensor {
        Gelu::new(&input).output()
    }

    fn rotate(states: FlexTensor, cos: FlexTensor, sin: FlexTensor) -> FlexTensor {
        Rotate::new(&states, &cos, &sin).output()
    }
}

impl<C: CheckpointStrategy> FusedOps for Autodiff<Flex, C> {
    fn adapted_product(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        scale: f64,
    ) -> FloatTensor<Self> {
        let inputs = [&input, &weight, &a, &b].map(|tensor| tensor.primitive());
        let (formula, output) = AdaptedProduct::new(inputs, scale);
        record::<C, _, 4>(formula, [&input, &weight, &a, &b], output)
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
        let output = formula.output();
        record::<C, _, 3>(formula, [&query, &key, &value], output)
    }

    fn layer_norm(
        input: FloatTensor<Self>,
        gain: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        eps: f64,
    ) -> FloatTensor<Self> {
        let formula = LayerNorm::new([&input, &gain, &bias].map(|tensor| tensor.primitive()), eps);
        let output = formula.output();
        record::<C, _, 3>(formula, [&input, &gain, &bias], output)
    }

    fn rms_norm(input: FloatTensor<Self>, gain: FloatTensor<Self>, eps: f64) -> FloatTensor<Self> {
        let formula = RmsNorm::new([&input, &gain].map(|tensor| tensor.primitive()), eps);
        let output = formula.output();
        record::<C, _, 2>(formula, [&input, &gain], output)
    }

    fn silu_gate(gate: FloatTensor<Self>, up: FloatTensor<Self>) -> FloatTensor<Self> {
        let formula = SiluGate::new([&gate, &up].map(|tensor| tensor.primitive()));
        let output = formula.output();
        record::<C, _, 2>(formula, [&gate, &up], output)
    }

    fn gelu(input: FloatTensor<Self>) -> FloatTensor<Self> {
        let formula = Gelu::new(input.primitive());
        let output = formula.output();
        record::<C, _, 1>(formula, [&input], output)
    }

    fn rotate(
        states: FloatTensor<Self>,
        cos: FloatTensor<Self>,
        sin: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        // The angles come from positions: nothing is to be learnt about them.
        let formula = Rotate::new(states.primitive(), cos.primitive(), sin.primitive());
        let output = formula.output();
        record::<C, _, 1>(formula, [&states], output)
    }
}

#[derive(Debug, Clone)]
struct AdaptedProduct {
    input: Packed,
    weight: Packed,
    a: Packed,
    b: Packed,
    /// `x A^T`, `[tokens, rank]`.
    narrow: Vec<f32>,
    scale: f32,
}

impl AdaptedProduct {
    /// The output comes with the formula, as the narrow product serves both.
    fn new(tensors: [&FlexTensor; 4], scale: f64) -> (Self, FlexTensor) {
        let [input, weight, a, b] = tensors.map(Packed::new);
        let (x, w, scale) = (input.matrix(), weight.matrix(), scale as f32);
        let (tokens, rank, d_output) = (x.rows, a.matrix().rows, w.rows);
        let mut narrow = vec![0.0; tokens * rank];
        multiply(&mut narrow, 0.0, 1.0, x, a.matrix().transposed());
        let mut output = vec![0.0; tokens * d_output];
        multiply(&mut output, 0.0, 1.0, x, w.transposed());
        multiply(
            &mut output,
            1.0,
            scale,
            Matrix::rows_of(&narrow, rank),
            b.matrix().transposed(),
        );
        let mut shape = input.shape().to_vec();
        if let Some(last) = shape.last_mut() {
            *last = d_output;
        }
        let output = tensor(output, &shape);
        let formula = Self {
            input,
            weight,
            a,
            b,
            narrow,
            scale,
        };
        (formula, output)
    }
}

impl Formula<4> for AdaptedProduct {
    fn gradients(&self, gradient: &FlexTensor, wanted: [bool; 4]) -> [Option<FlexTensor>; 4] {
        let gradient = Packed::new(gradient);
        let (dy, x) = (gradient.matrix(), self.input.matrix());
        let (a, b, rank) = (self.a.matrix(), self.b.matrix(), self.a.matrix().rows);
        let mut d_narrow = vec![0.0; dy.rows * rank];
        multiply(&mut d_narrow, 0.0, self.scale, dy, b);
        let d_narrow = Matrix::rows_of(&d_narrow, rank);
        let [input, weight, lower, upper] = wanted;
        [
            input.then(|| {
                let mut dx = self.input.zeros();
                multiply(&mut dx, 0.0, 1.0, dy, self.weight.matrix());
                multiply(&mut dx, 1.0, 1.0, d_narrow, a);
                self.input.like(dx)
            }),
            weight.then(|| {
                let mut dw = self.weight.zeros();
                multiply(&mut dw, 0.0, 1.0, dy.transposed(), x);
                self.weight.like(dw)
            }),
            lower.then(|| {
                let mut da = self.a.zeros();
                multiply(&mut da, 0.0, 1.0, d_narrow.transposed(), x);
                self.a.like(da)
            }),
            upper.then(|| {
                let mut db = self.b.zeros();
                let narrow = Matrix::rows_of(&self.narrow, rank);
                multiply(&mut db, 0.0, self.scale, dy.transposed(), narrow);
                self.b.like(db)
            }),
        ]
    }
}

#[derive(Debug, Clone)]
struct Attention {
    query: Packed,
    key: Packed,
    value: Packed,
    blocked: FlexTensor,
    sizes: AttentionSizes,
}

impl Attention {
    fn new(tensors: [&FlexTensor; 3], blocked: &FlexTensor, n_heads: usize, n_kv_heads: usize) -> Self {
        let [query, key, value] = tensors.map(Packed::new);
        let blocked = blocked.to_contiguous();
        let mask = blocked.layout().shape();
        let sizes = AttentionSizes {
            batch: query.shape()[0],
            queries: query.shape()[1],
            keys: key.shape()[1],
            n_heads,
            n_kv_heads,
            d_head: query.width() / n_heads,
            masks: mask[0],
            mask_rows: mask[2],
        };
        Self {
            query,
            key,
            value,
            blocked,
            sizes,
        }
    }

    fn mask(&self) -> &[u8] {
        let start = self.blocked.layout().start_offset();
        &self.blocked.storage::<u8>()[start..]
    }

    fn output(&self) -> FlexTensor {
        let mut output = self.query.zeros();
        let inputs = [&self.query, &self.key, &self.value].map(Packed::values);
        attention::forward(self.sizes, inputs, self.mask(), &mut output);
        self.query.like(output)
    }
}

impl Formula<3> for Attention {
    fn gradients(&self, gradient: &FlexTensor, _wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let gradient = Packed::new(gradient);
        let inputs = [&self.query, &self.key, &self.value];
        let mut gradients = inputs.map(Packed::zeros);
        attention::backward(
            self.sizes,
            inputs.map(Packed::values),
            self.mask(),
            gradient.values(),
            &mut gradients,
        );
        let [query, key, value] = gradients;
        [
            Some(self.query.like(query)),
            Some(self.key.like(key)),
            Some(self.value.like(value)),
        ]
    }
}

#[derive(Debug, Clone)]
struct LayerNorm {
    input: Packed,
    gain: Packed,
    bias: Packed,
    eps: f32,
}

impl LayerNorm {
    fn new(tensors: [&FlexTensor; 3], eps: f64) -> Self {
        let [input, gain, bias] = tensors.map(Packed::new);
        let eps = eps as f32;
        Self {
            input,
            gain,
            bias,
            eps,
        }
    }

    fn output(&self) -> FlexTensor {
        let mut output = self.input.zeros();
        norm::layer_norm(
            self.input.values(),
            self.gain.values(),
            self.bias.values(),
            self.eps,
            &mut output,
        );
        self.input.like(output)
    }
}

impl Formula<3> for LayerNorm {
    fn gradients(&self, gradient: &FlexTensor, _wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let gradient = Packed::new(gradient);
        let [mut input, mut gain, mut bias] = [&self.input, &self.gain, &self.bias].map(Packed::zeros);
        norm::layer_norm_backward(
            self.input.values(),
            self.gain.values(),
            self.eps,
            gradient.values(),
            (&mut input, &mut gain, &mut bias),
        );
        [
            Some(self.input.like(input)),
            Some(self.gain.like(gain)),
            Some(self.bias.like(bias)),
        ]
    }
}

#[derive(Debug, Clone)]
struct RmsNorm {
    input: Packed,
    gain: Packed,
    eps: f32,
}

impl RmsNorm {
    fn new(tensors: [&FlexTensor; 2], eps: f64) -> Self {
        let [input, gain] = tensors.map(Packed::new);
        let eps = eps as f32;
        Self { input, gain, eps }
    }

    fn output(&self) -> FlexTensor {
        let mut output = self.input.zeros();
        norm::rms_norm(self.input.values(), self.gain.values(), self.eps, &mut output);
        self.input.like(output)
    }
}

impl Formula<2> for RmsNorm {
    fn gradients(&self, gradient: &FlexTensor, _wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let gradient = Packed::new(gradient);
        let [mut input, mut gain] = [&self.input, &self.gain].map(Packed::zeros);
        norm::rms_norm_backward(
            self.input.values(),
            self.gain.values(),
            self.eps,
            gradient.values(),
            (&mut input, &mut gain),
        );
        [Some(self.input.like(input)), Some(self.gain.like(gain))]
    }
}

#[derive(Debug, Clone)]
struct SiluGate {
    gate: Packed,
    up: Packed,
}

impl SiluGate {
    fn new(tensors: [&FlexTensor; 2]) -> Self {
        let [gate, up] = tensors.map(Packed::new);
        Self { gate, up }
    }

    fn output(&self) -> FlexTensor {
        let mut output = self.gate.zeros();
        activation::silu_gate(self.gate.values(), self.up.values(), &mut output);
        self.gate.like(output)
    }
}

impl Formula<2> for SiluGate {
    fn gradients(&self, gradient: &FlexTensor, _wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let gradient = Packed::new(gradient);
        let [mut gate, mut up] = [&self.gate, &self.up].map(Packed::zeros);
        let inputs = (self.gate.values(), self.up.values());
        activation::silu_gate_backward(inputs, gradient.values(), (&mut gate, &mut up));
        [Some(self.gate.like(gate)), Some(self.up.like(up))]
    }
}

#[derive(Debug, Clone)]
struct Gelu {
    input: Packed,
}

impl Gelu {
    fn new(input: &FlexTensor) -> Self {
        Self {
            input: Packed::new(input),
        }
    }

    fn output(&self) -> FlexTensor {
        let mut output = self.input.zeros();
        activation::gelu(self.input.values(), &mut output);
        self.input.like(output)
    }
}

impl Formula<1> for Gelu {
    fn gradients(&self, gradient: &FlexTensor, _wanted: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let gradient = Packed::new(gradient);
        let mut input = self.input.zeros();
        activation::gelu_backward(self.input.values(), gradient.values(), &mut input);
        [Some(self.input.like(input))]
    }
}

#[derive(Debug, Clone)]
struct Rotate {
    states: Packed,
    cos: Packed,
    sin: Packed,
}

impl Rotate {
    fn new(states: &FlexTensor, cos: &FlexTensor, sin: &FlexTensor) -> Self {
        let [states, cos, sin] = [states, cos, sin].map(Packed::new);
        Self { states, cos, sin }
    }

    fn turned(&self, states: &Packed, direction: f32) -> FlexTensor {
        let mut turned = states.zeros();
        rotary::rotate(
            states.values(),
            (self.cos.values(), self.sin.values()),
            (states.width(), self.cos.width()),
            direction,
            &mut turned,
        );
        states.like(turned)
    }

    fn output(&self) -> FlexTensor {
        self.turned(&self.states, 1.0)
    }
}

impl Formula<1> for Rotate {
    fn gradients(&self, gradient: &FlexTensor, _wanted: [bool; 1]) -> [Option<FlexTensor>; 1] {
        // The inverse of a rotation is its transpose: the gradient turns back.
        [Some(self.turned(&Packed::new(gradient), -1.0))]
    }
}
