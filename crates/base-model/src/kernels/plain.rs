//! The operations in plain tensor operations: for every backend, and what fused bodies are held to.
//!
//! States may be of 16 bits. Matrices are multiplied in the weight's type then, and all else is computed in f32; what comes
//! out is of the type that went in.

use burn::tensor::{Bool, DType, FloatDType, Tensor, activation, module};

#[cfg(feature = "cube")]
use super::cube;

/// The same numbers in another type.
pub(crate) fn of_type<const D: usize>(tensor: Tensor<D>, element: DType) -> Tensor<D> {
    match tensor.dtype() == element {
        true => tensor,
        false => tensor.cast(FloatDType::from(element)),
    }
}

/// A function computed in f32.
fn in_f32<const D: usize>(input: Tensor<D>, function: impl FnOnce(Tensor<D>) -> Tensor<D>) -> Tensor<D> {
    let element = input.dtype();
    of_type(function(of_type(input, DType::F32)), element)
}

pub(super) fn product(input: Tensor<3>, weight: Tensor<2>) -> Tensor<3> {
    let ([batch, seq, _], [d_output, _], element) = (input.dims(), weight.dims(), input.dtype());
    let rows = of_type(input, weight.dtype()).flatten::<2>(0, 1); // [batch * seq, d_input]
    let output = times(rows, weight.transpose()).reshape([batch, seq, d_output]);
    of_type(output, element)
}

/// The product of two tensors of one rank and one batch shape; of f32 in f32, whatever the device could do faster.
pub(crate) fn times<const D: usize>(lhs: Tensor<D>, rhs: Tensor<D>) -> Tensor<D> {
    #[cfg(feature = "cube")]
    if cube::are_rounded(&lhs) {
        return cube::exact_product(lhs, rhs);
    }
    lhs.matmul(rhs)
}

/// `scale * (x A^T) B^T`: `[batch, seq, d_input]` to `[batch, seq, d_output]`, with factors that may be being trained.
pub(crate) fn low_rank(input: Tensor<3>, a: Tensor<2>, b: Tensor<2>, scale: f64) -> Tensor<3> {
    let [a, b] = [a, b].map(|factor| of_type(factor, input.dtype()));
    let narrow = product(input, a); // [batch, seq, rank]
    // Scaling the narrow product touches `rank` numbers a token instead of `d_output`.
    product(narrow.mul_scalar(scale), b)
}

pub(super) fn adapted_product(
    input: Tensor<3>,
    weight: Tensor<2>,
    a: Tensor<2>,
    b: Tensor<2>,
    scale: f64,
) -> Tensor<3> {
    product(input.clone(), weight) + low_rank(input, a, b, scale)
}

pub(super) fn attention(
    query: Tensor<3>,
    key: Tensor<3>,
    value: Tensor<3>,
    blocked: &Tensor<4, Bool>,
    n_heads: usize,
    n_kv_heads: usize,
) -> Tensor<3> {
    let [batch, queries, width] = query.dims();
    let (d_head, element) = (width / n_heads, query.dtype());
    let heads = |states: Tensor<3>, heads: usize| {
        let [batch, seq, _] = states.dims();
        let states = states.reshape([batch, seq, heads, d_head]).swap_dims(1, 2); // [batch, heads, seq, d_head]
        repeat(states, n_heads / heads)
    };
    let (query, key, value) = (
        heads(query, n_heads),
        heads(key, n_kv_heads),
        heads(value, n_kv_heads),
    );
    let query = query.mul_scalar((d_head as f64).powf(-0.5));
    let scores = times(query, key.swap_dims(2, 3)); // [batch, n_heads, queries, keys]
    let blocked = blocked.clone().expand(scores.dims());
    // A finite floor, so that a row in which everything is blocked (padding) stays finite too.
    let scores = of_type(scores, DType::F32).mask_fill(blocked, -1e30);
    let shares = of_type(activation::softmax(scores, 3), element);
    let mixed = times(shares, value); // [batch, n_heads, queries, d_head]
    mixed.swap_dims(1, 2).reshape([batch, queries, width])
}

/// Each head `groups` times in a row: `[batch, kv, seq, d_head]` to `[batch, kv * groups, seq, d_head]`.
fn repeat(states: Tensor<4>, groups: usize) -> Tensor<4> {
    if groups == 1 {
        return states;
    }
    let [batch, kv, seq, d_head] = states.dims();
    states
        .unsqueeze_dim::<5>(2) // [batch, kv, 1, seq, d_head]
        .expand([batch, kv, groups, seq, d_head])
        .reshape([batch, kv * groups, seq, d_head])
}

pub(super) fn layer_norm(input: Tensor<3>, gain: Tensor<1>, bias: Tensor<1>, eps: f64) -> Tensor<3> {
    in_f32(input, |input| module::layer_norm(input, gain, Some(bias), eps))
}

pub(super) fn rms_norm(input: Tensor<3>, gain: Tensor<1>, eps: f64) -> Tensor<3> {
    in_f32(input, |input| {
        let mean_square = input.clone().square().mean_dim(2); // [batch, seq, 1]
        input * mean_square.add_scalar(eps).sqrt().recip() * gain.unsqueeze()
    })
}

pub(super) fn silu_gate(gate: Tensor<3>, up: Tensor<3>) -> Tensor<3> {
    silu(gate) * up
}

pub(super) fn gelu(input: Tensor<3>) -> Tensor<3> {
    in_f32(input, activation::gelu)
}

pub(super) fn gelu_tanh(input: Tensor<3>) -> Tensor<3> {
    in_f32(input, activation::gelu_approximate)
}

pub(super) fn silu(input: Tensor<3>) -> Tensor<3> {
    in_f32(input, activation::silu)
}

pub(super) fn log_softmax(scores: Tensor<2>) -> Tensor<2> {
    in_f32(scores, |scores| activation::log_softmax(scores, 1))
}

pub(super) fn rotate(states: Tensor<3>, cos: &Tensor<3>, sin: &Tensor<3>) -> Tensor<3> {
    in_f32(states, |states| turned(states, cos, sin))
}

fn turned(states: Tensor<3>, cos: &Tensor<3>, sin: &Tensor<3>) -> Tensor<3> {
    let [batch, seq, width] = states.dims();
    let [_, _, half] = cos.dims();
    let heads = width / (2 * half);
    let states = states.reshape([batch, seq, heads, 2 * half]);
    let first = states.clone().narrow(3, 0, half); // [batch, seq, heads, d_head / 2]
    let second = states.narrow(3, half, half);
    let (cos, sin) = (
        cos.clone().unsqueeze_dim::<4>(2), // [batch or 1, seq, 1, d_head / 2]
        sin.clone().unsqueeze_dim::<4>(2),
    );
    let turned_first = first.clone() * cos.clone() - second.clone() * sin.clone();
    let turned_second = second * cos + first * sin;
    Tensor::cat(vec![turned_first, turned_second], 3).reshape([batch, seq, width])
}
