//! The operations that cost time, in one place.
//!
//! Every forward pass goes through these functions and none other for its heavy work, so that a fused or
//! hand-written kernel for one device replaces one body here and nothing else. The bodies below are plain
//! tensor operations: they run, and differentiate, on every backend, and stay as the reference for such
//! kernels.

use burn::tensor::{Bool, Tensor, activation, module};

/// `x W^T + b`, with the weight as it is stored.
///
/// # Shapes
///
/// - `input`: `[batch, seq, d_input]`
/// - `weight`: `[d_output, d_input]`
/// - `bias`: `[d_output]`
/// - output: `[batch, seq, d_output]`
pub(crate) fn linear(input: Tensor<3>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<3> {
    module::linear(input, weight.transpose(), bias)
}

/// The two thin products of a low-rank update, `scale * (x A^T) B^T` (Hu et al. 2021, arXiv:2106.09685,
/// section 4.1).
///
/// # Shapes
///
/// - `input`: `[batch, seq, d_input]`
/// - `a`: `[rank, d_input]`
/// - `b`: `[d_output, rank]`
/// - output: `[batch, seq, d_output]`
pub(crate) fn low_rank(input: Tensor<3>, a: Tensor<2>, b: Tensor<2>, scale: f64) -> Tensor<3> {
    let narrow = module::linear(input, a.transpose(), None); // [batch, seq, rank]
    // Scaling the narrow product touches `rank` numbers a token instead of `d_output`.
    module::linear(narrow.mul_scalar(scale), b.transpose(), None)
}

/// Scaled dot-product attention (Vaswani et al. 2017, arXiv:1706.03762, equation 1).
///
/// # Shapes
///
/// - `query`: `[batch, n_heads, queries, d_head]`
/// - `key`, `value`: `[batch, n_heads, keys, d_head]`
/// - `blocked`: `[batch or 1, 1, queries or 1, keys]`, true where a query must not look
/// - output: `[batch, n_heads, queries, d_head]`
pub(crate) fn attention(
    query: Tensor<4>,
    key: Tensor<4>,
    value: Tensor<4>,
    blocked: Option<&Tensor<4, Bool>>,
) -> Tensor<4> {
    let [_, _, _, d_head] = query.dims();
    let scores = query
        .mul_scalar((d_head as f64).powf(-0.5))
        .matmul(key.swap_dims(2, 3)); // [batch, n_heads, queries, keys]
    let scores = match blocked {
        // A finite floor, so that a row in which everything is blocked (padding) stays finite too.
        Some(blocked) => {
            let blocked = blocked.clone().expand(scores.dims());
            scores.mask_fill(blocked, -1e30)
        }
        None => scores,
    };
    activation::softmax(scores, 3).matmul(value)
}

/// Layer normalisation over the last axis (Ba et al. 2016, arXiv:1607.06450).
///
/// # Shapes
///
/// - `input` and output: `[batch, seq, d_model]`
/// - `gain`, `bias`: `[d_model]`
pub(crate) fn layer_norm(input: Tensor<3>, gain: Tensor<1>, bias: Tensor<1>, eps: f64) -> Tensor<3> {
    module::layer_norm(input, gain, Some(bias), eps)
}

/// Root-mean-square normalisation over the last axis (Zhang and Sennrich 2019, arXiv:1910.07467).
///
/// # Shapes
///
/// - `input` and output: `[batch, seq, d_model]`
/// - `gain`: `[d_model]`
pub(crate) fn rms_norm(input: Tensor<3>, gain: Tensor<1>, eps: f64) -> Tensor<3> {
    let mean_square = input.clone().square().mean_dim(2); // [batch, seq, 1]
    input * mean_square.add_scalar(eps).sqrt().recip() * gain.unsqueeze()
}

/// The gate of a gated feed-forward layer, `silu(gate) * up` (Shazeer 2020, arXiv:2002.05202).
pub(crate) fn silu_gate(gate: Tensor<3>, up: Tensor<3>) -> Tensor<3> {
    activation::silu(gate) * up
}

/// The exact Gaussian error linear unit (Hendrycks and Gimpel 2016, arXiv:1606.08415).
pub(crate) fn gelu(input: Tensor<3>) -> Tensor<3> {
    activation::gelu(input)
}

/// Turns the pairs `(x_i, x_{i + d_head/2})` of every head by the angles of their position (Su et al. 2021,
/// arXiv:2104.09864, in the half-split layout of transformers).
///
/// # Shapes
///
/// - `states` and output: `[batch, n_heads, seq, d_head]`
/// - `cos`, `sin`: `[batch or 1, 1, seq, d_head]`
pub(crate) fn rotate(states: Tensor<4>, cos: &Tensor<4>, sin: &Tensor<4>) -> Tensor<4> {
    let [_, _, _, d_head] = states.dims();
    let first = states.clone().narrow(3, 0, d_head / 2);
    let second = states.clone().narrow(3, d_head / 2, d_head / 2);
    let turned = Tensor::cat(vec![second.neg(), first], 3); // [batch, n_heads, seq, d_head]
    states * cos.clone() + turned * sin.clone()
}
