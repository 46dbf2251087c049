//! Functions number by number, and rotations pair by pair.

use burn::tensor::Tensor;
use burn_cubecl::{
    cubecl::{self, calculate_cube_count_elemwise, prelude::*},
    tensor::CubeTensor,
};

use super::{constant, room_like, tensor};
use crate::Activation;

/// An activation of one number, in f32.
#[cube]
fn activated(x: f32, #[comptime] activation: Activation) -> f32 {
    match comptime!(activation) {
        Activation::Gelu => x * (Erf::erf(x / std::f32::consts::SQRT_2) + 1.0f32) / 2.0f32,
        Activation::GeluTanh => {
            let inner = 0.797_884_6f32 * (x + 0.044_715f32 * x * x * x);
            0.5f32 * x * (1.0f32 + inner.tanh())
        }
        Activation::Silu => x / (1.0f32 + (-x).exp()),
        Activation::Relu => max(x, 0.0f32),
    }
}

/// What is made of a layer's sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct After {
    pub(super) has_bias: bool,
    pub(super) activation: Option<Activation>,
}

/// A sum with its column's bias, and then activated, as far as there are such.
#[cube]
pub(super) fn finished<B: Float>(sum: f32, bias: &[B], column: usize, #[comptime] after: After) -> f32 {
    let mut output = sum;
    if comptime!(after.has_bias) {
        output += f32::cast_from(bias[column]);
    }
    match comptime!(after.activation) {
        Some(activation) => activated(output, activation),
        None => output,
    }
}

#[cube(launch)]
fn activate_kernel<F: Float>(
    input: &[F],
    output: &mut [F],
    #[comptime] activation: Activation,
    #[define(F)] _element: ElemType,
) {
    if ABSOLUTE_POS < output.len() {
        let x = f32::cast_from(input[ABSOLUTE_POS]);
        output[ABSOLUTE_POS] = F::cast_from(activated(x, activation));
    }
}

#[cube(launch)]
fn gate_kernel<F: Float>(
    gate: &[F],
    up: &[F],
    output: &mut [F],
    #[comptime] activation: Activation,
    #[define(F)] _element: ElemType,
) {
    if ABSOLUTE_POS < output.len() {
        let x = f32::cast_from(gate[ABSOLUTE_POS]);
        let open = activated(x, activation);
        output[ABSOLUTE_POS] = F::cast_from(open * f32::cast_from(up[ABSOLUTE_POS]));
    }
}

/// `tokens` is how many of a table of positions there are: rows may share one.
#[cube(launch)]
fn rotate_kernel<F: Float>(
    states: &[F],
    cos: &[f32],
    sin: &[f32],
    output: &mut [F],
    tokens: usize,
    #[comptime] heads: usize,
    #[comptime] half: usize,
    #[define(F)] _element: ElemType,
) {
    let pairs = output.len() / 2;
    if ABSOLUTE_POS < pairs {
        let (pair, of_head) = (ABSOLUTE_POS % half, ABSOLUTE_POS / half);
        let angle = of_head / heads % tokens * half + pair;
        let (cos, sin) = (cos[angle], sin[angle]);
        let first = of_head * comptime!(2 * half) + pair;
        let second = first + half;
        let (a, b) = (f32::cast_from(states[first]), f32::cast_from(states[second]));
        output[first] = F::cast_from(a * cos - b * sin);
        output[second] = F::cast_from(b * cos + a * sin);
    }
}

/// Cubes and their units for so many pieces of work.
fn cubes(tensor: &CubeTensor, pieces: usize) -> (CubeCount, CubeDim) {
    let dim = CubeDim::new(&tensor.client, pieces);
    (calculate_cube_count_elemwise(&tensor.client, pieces, dim), dim)
}

/// As [`plain`](super::super::plain)'s functions, if the tensor is computed on here.
pub(in crate::kernels) fn activate(input: &Tensor<3>, activation: Activation) -> Option<Tensor<3>> {
    let count = input.shape().num_elements();
    let (input, element) = constant(input)?;
    let output = room_like(&input);
    if count > 0 {
        let (cubes, dim) = cubes(&input, count);
        activate_kernel::launch(
            &input.client.clone(),
            cubes,
            dim,
            input.into_buffer_arg(),
            output.clone().into_buffer_arg(),
            activation,
            element,
        );
    }
    Some(tensor(output))
}

/// `activation(gate) * up`, if both are computed on here.
pub(in crate::kernels) fn gate(
    gate: &Tensor<3>,
    up: &Tensor<3>,
    activation: Activation,
) -> Option<Tensor<3>> {
    let count = gate.shape().num_elements();
    let ((gate, element), (up, other)) = (constant(gate)?, constant(up)?);
    if element != other {
        return None;
    }
    let output = room_like(&gate);
    if count > 0 {
        let (cubes, dim) = cubes(&gate, count);
        gate_kernel::launch(
            &gate.client.clone(),
            cubes,
            dim,
            gate.into_buffer_arg(),
            up.into_buffer_arg(),
            output.clone().into_buffer_arg(),
            activation,
            element,
        );
    }
    Some(tensor(output))
}

/// As [`plain::rotate`](super::super::plain::rotate), if all tensors are computed on here.
pub(in crate::kernels) fn rotate(states: &Tensor<3>, cos: &Tensor<3>, sin: &Tensor<3>) -> Option<Tensor<3>> {
    let ([batch, seq, width], [tables, _, half]) = (states.dims(), cos.dims());
    let ((states, element), (cos, of_cos), (sin, of_sin)) =
        (constant(states)?, constant(cos)?, constant(sin)?);
    if [of_cos, of_sin] != [super::F32; 2] {
        return None;
    }
    let output = room_like(&states);
    let pairs = batch * seq * width / 2;
    if pairs > 0 {
        let (cubes, dim) = cubes(&states, pairs);
        rotate_kernel::launch(
            &states.client.clone(),
            cubes,
            dim,
            states.into_buffer_arg(),
            cos.into_buffer_arg(),
            sin.into_buffer_arg(),
            output.clone().into_buffer_arg(),
            tables * seq,
            width / (2 * half),
            half,
            element,
        );
    }
    Some(tensor(output))
}
