//! The operations that cost time, in one place.
//!
//! Every forward pass goes through these functions and none other for its heavy work. Each has a body of plain
//! tensor operations in [`plain`], which runs and differentiates on every backend, and, on the CPU, a fused
//! body in [`flex`] that passes over its data once and differentiates by a formula of its own. On GPUs `cube` has
//! bodies of one kernel each for what no gradient flows to. Tests hold them to one another, values and gradients.

#[cfg(feature = "cube")]
mod cube;
mod frozen;
mod plain;

#[cfg(feature = "flex")]
mod flex;

use std::ops::Range;

use burn::tensor::{Bool, Device, Tensor, activation};

#[cfg(feature = "cube")]
pub(crate) use cube::Ends;
pub(crate) use plain::{low_rank, of_type, times};

#[cfg(feature = "flex")]
pub(crate) use flex::machine;
pub(crate) use frozen::Frozen;
#[cfg(feature = "flex")]
use frozen::Kept;

use crate::{Activation, batch::EndToEnd};

/// Ends a function with the fused body where all tensors are of a kind that it computes on, else the plain one.
///
/// Tensors that no gradient flows to, and that are only looked at, come after the first semicolon, other arguments
/// after the second.
macro_rules! fused_or_plain {
    ($name:ident($($tensor:ident),+ ; $($constant:ident),* ; $($other:ident),*)) => {{
        // Nothing may follow: what is computed here is returned.
        #[cfg(feature = "flex")]
        if [$(flex::computes(&$tensor)),+].iter().all(|&computes| computes) {
            return Tensor::from_dispatch(<burn::backend::Dispatch as flex::FusedOps>::$name(
                $($tensor.into_dispatch(),)+
                $($constant.clone().into_dispatch(),)*
                $($other),*
            ));
        }
        plain::$name($($tensor,)+ $($constant,)* $($other),*)
    }};
}

/// Ends a function with the body for GPUs where all tensors are of a kind that it computes on.
macro_rules! on_gpus {
    ($name:ident($($argument:expr),+)) => {
        #[cfg(feature = "cube")]
        if let Some(output) = cube::$name($($argument),+) {
            return output;
        }
    };
}

/// Whether bodies are fused for what is computed on a device without gradients; then a row's result does not depend on the
/// rows beside it, and work is cut over threads.
pub(crate) fn are_fused_on(device: &Device) -> bool {
    #[cfg(feature = "flex")]
    return flex::is_here(device);
    #[cfg(not(feature = "flex"))]
    {
        let _ = device;
        false
    }
}

/// Whether bodies are fused on a device and multiply bfloat16 where a matrix is held in it.
pub(crate) fn multiply_bf16_on(device: &Device) -> bool {
    #[cfg(feature = "flex")]
    return are_fused_on(device) && flex::multiplies_bf16();
    #[cfg(not(feature = "flex"))]
    {
        let _ = device;
        false
    }
}

/// Computes on all threads, where bodies are fused.
pub(crate) fn on_all_threads<T: Send>(device: &Device, compute: impl FnOnce() -> T + Send) -> T {
    #[cfg(feature = "flex")]
    if are_fused_on(device) {
        return flex::on_all_threads(compute);
    }
    let _ = device;
    compute()
}

/// Computes rows of so many tokens each in pieces, one after the other or on threads, where bodies are fused.
pub(crate) fn in_pieces(
    lengths: &[usize],
    compute: impl Fn(Range<usize>) -> Tensor<3> + Send + Sync,
) -> Vec<Tensor<3>> {
    #[cfg(feature = "flex")]
    return flex::in_pieces(lengths, compute);
    #[cfg(not(feature = "flex"))]
    vec![compute(0..lengths.len())]
}

/// A frozen linear layer with its low-rank update, `x W^T + b + scale * (x A^T) B^T`
/// (Hu et al. 2021, arXiv:2106.09685, section 4.1), as two thin products and never as a dense change of `W`.
///
/// # Shapes
///
/// - `input`: `[batch, seq, d_input]`
/// - `frozen`: `[d_output, d_input]`
/// - `bias`: `[d_output]`
/// - `a`: `[rank, d_input]`
/// - `b`: `[d_output, rank]`
/// - output: `[batch, seq, d_output]`
pub(crate) fn adapted_linear(
    input: Tensor<3>,
    frozen: &Frozen,
    bias: Option<Tensor<1>>,
    (a, b, scale): (Tensor<2>, Tensor<2>, f64),
) -> Tensor<3> {
    #[cfg(feature = "flex")]
    if let Kept::LaidOut(weight, _) = &frozen.0
        && [flex::computes(&input), flex::computes(&a), flex::computes(&b)] == [true; 3]
    {
        let (fused, later) = fused_bias(bias);
        let [input, a, b] = [input.into_dispatch(), a.into_dispatch(), b.into_dispatch()];
        let output = <burn::backend::Dispatch as flex::FusedOps>::adapted_product(
            input,
            a,
            b,
            weight.clone(),
            fused,
            scale,
        );
        return plus(Tensor::from_dispatch(output), later);
    }
    plus(plain::adapted_product(input, frozen.plain(), a, b, scale), bias)
}

/// The same with factors that are frozen too, the scale part of `B`: a row's bits do not depend on the rows beside it.
pub(crate) fn adapted_by_frozen(
    input: Tensor<3>,
    frozen: &Frozen,
    bias: Option<Tensor<1>>,
    (a, b): (&Frozen, &Frozen),
) -> Tensor<3> {
    #[cfg(feature = "flex")]
    if let (Kept::LaidOut(weight, _), Kept::LaidOut(a, _), Kept::LaidOut(b, _)) = (&frozen.0, &a.0, &b.0)
        && let Some(x) = flex::constant(&input)
    {
        let (fused, later) = fused_bias(bias);
        let output = flex::adapted_by_frozen(&x, weight.clone(), fused.as_ref(), [a, b]);
        return plus(Tensor::from_primitive::<burn::backend::Flex>(output), later);
    }
    let update = linear(linear(input.clone(), a, None), b, None);
    linear(input, frozen, bias) + update
}

/// A linear layer, `x W^T + b`.
///
/// # Shapes
///
/// - `input`: `[batch, seq, d_input]`
/// - `frozen`: `[d_output, d_input]`
/// - `bias`: `[d_output]`
/// - output: `[batch, seq, d_output]`
pub(crate) fn linear(input: Tensor<3>, frozen: &Frozen, bias: Option<Tensor<1>>) -> Tensor<3> {
    #[cfg(feature = "flex")]
    if let Kept::LaidOut(weight, _) = &frozen.0
        && flex::computes(&input)
    {
        let (fused, later) = fused_bias(bias);
        let input = input.into_dispatch();
        let output =
            <burn::backend::Dispatch as flex::FusedOps>::frozen_product(input, weight.clone(), fused);
        return plus(Tensor::from_dispatch(output), later);
    }
    let weight = frozen.plain();
    on_gpus!(linear(&input, &weight, bias.as_ref(), None));
    plus(product(input, weight), bias)
}

/// An activation of a linear layer's outputs.
pub(crate) fn activated_linear(
    input: Tensor<3>,
    frozen: &Frozen,
    bias: Option<Tensor<1>>,
    activation: Activation,
) -> Tensor<3> {
    #[cfg(feature = "cube")]
    if let Some(weight) = frozen.tensor() {
        on_gpus!(linear(&input, weight, bias.as_ref(), Some(activation)));
    }
    activate(linear(input, frozen, bias), activation)
}

/// The product with a weight `[d_output, d_input]` that may be being trained.
pub(crate) fn product(input: Tensor<3>, weight: Tensor<2>) -> Tensor<3> {
    fused_or_plain!(product(input, weight; ;))
}

/// A bias that the fused product adds, or one that is added later because gradients flow to it.
#[cfg(feature = "flex")]
fn fused_bias(bias: Option<Tensor<1>>) -> (Option<burn::backend::flex::FlexTensor>, Option<Tensor<1>>) {
    match bias.as_ref().and_then(flex::constant) {
        Some(constant) => (Some(constant), None),
        None => (None, bias),
    }
}

/// A product with its bias.
pub(crate) fn plus(output: Tensor<3>, bias: Option<Tensor<1>>) -> Tensor<3> {
    match bias {
        Some(bias) => {
            let bias = of_type(bias, output.dtype());
            output + bias.unsqueeze()
        }
        None => output,
    }
}

/// Scaled dot-product attention (Vaswani et al. 2017, arXiv:1706.03762, equation 1) with grouped queries
/// (Ainslie et al. 2023, arXiv:2305.13245): `n_heads / n_kv_heads` neighbouring query heads share a key head.
///
/// # Shapes
///
/// - `query`: `[batch, queries, n_heads * d_head]`
/// - `key`, `value`: `[batch, keys, n_kv_heads * d_head]`
/// - `blocked`: `[batch or 1, 1, queries or 1, keys]`, true where a query must not look
/// - output: `[batch, queries, n_heads * d_head]`
pub(crate) fn attention(
    query: Tensor<3>,
    key: Tensor<3>,
    value: Tensor<3>,
    blocked: &Tensor<4, Bool>,
    n_heads: usize,
    n_kv_heads: usize,
) -> Tensor<3> {
    on_gpus!(attention(
        [&query, &key, &value],
        blocked,
        None,
        [n_heads, n_kv_heads]
    ));
    fused_or_plain!(attention(query, key, value; blocked; n_heads, n_kv_heads))
}

/// The same among the tokens of each row, where rows are laid end to end.
///
/// # Shapes
///
/// - `query` and output: `[1, tokens, n_heads * d_head]`
/// - `key`, `value`: `[1, tokens, n_kv_heads * d_head]`
/// - `blocked`: `[batch or 1, 1, seq or 1, seq]`, of the padded rows
pub(crate) fn attention_in_rows(
    query: Tensor<3>,
    key: Tensor<3>,
    value: Tensor<3>,
    (blocked, rows): (&Tensor<4, Bool>, &EndToEnd),
    n_heads: usize,
    n_kv_heads: usize,
) -> Tensor<3> {
    #[cfg(feature = "flex")]
    if let [Some(query), Some(key), Some(value)] = [&query, &key, &value].map(flex::constant)
        && let Some(lengths) = rows.lengths()
        && let Ok(blocked) = blocked.clone().try_into_primitive::<burn::backend::Flex>()
    {
        let output =
            flex::attention_in_rows([&query, &key, &value], &blocked, lengths, [n_heads, n_kv_heads]);
        return Tensor::from_primitive::<burn::backend::Flex>(output);
    }
    #[cfg(feature = "cube")]
    if let Some(ends) = rows.ends() {
        on_gpus!(attention(
            [&query, &key, &value],
            blocked,
            Some(ends),
            [n_heads, n_kv_heads]
        ));
    }
    let [query, key, value] = [query, key, value].map(|states| rows.to_rows(states));
    rows.of_rows(attention(query, key, value, blocked, n_heads, n_kv_heads))
}

/// What was looked at before and what comes to it, row by row.
///
/// On the CPU what was before is written on where nobody else holds it.
///
/// # Shapes
///
/// - `before`: `[batch or 1, before, width]`
/// - `own`: `[batch, added, width]`
/// - output: `[batch, before + added, width]`
pub(crate) fn append(before: Tensor<3>, own: Tensor<3>) -> Tensor<3> {
    let ([rows, length, width], [batch, _, _]) = (before.dims(), own.dims());
    let before = match rows == batch {
        true => before,
        false => before.expand([batch, length, width]),
    };
    #[cfg(feature = "flex")]
    if [&before, &own]
        .iter()
        .all(|tensor| flex::constant(tensor).is_some())
    {
        return flex::append(before, own);
    }
    Tensor::cat(vec![before, own], 1)
}

/// Layer normalisation over the last axis (Ba et al. 2016, arXiv:1607.06450).
///
/// # Shapes
///
/// - `input` and output: `[batch, seq, d_model]`
/// - `gain`, `bias`: `[d_model]`
pub(crate) fn layer_norm(input: Tensor<3>, gain: Tensor<1>, bias: Tensor<1>, eps: f64) -> Tensor<3> {
    on_gpus!(layer_norm(&input, None, &gain, &bias, eps));
    fused_or_plain!(layer_norm(input, gain, bias; ; eps))
}

/// The same of `input + added`.
pub(crate) fn layer_norm_of_sum(
    input: Tensor<3>,
    added: Tensor<3>,
    (gain, bias): (Tensor<1>, Tensor<1>),
    eps: f64,
) -> Tensor<3> {
    on_gpus!(layer_norm(&input, Some(&added), &gain, &bias, eps));
    layer_norm(input + added, gain, bias, eps)
}

/// Root-mean-square normalisation over the last axis (Zhang and Sennrich 2019, arXiv:1910.07467).
///
/// # Shapes
///
/// - `input` and output: `[batch, seq, d_model]`
/// - `gain`: `[d_model]`
pub(crate) fn rms_norm(input: Tensor<3>, gain: Tensor<1>, eps: f64) -> Tensor<3> {
    on_gpus!(rms_norm(&input, &gain, eps));
    fused_or_plain!(rms_norm(input, gain; ; eps))
}

/// The gate of a gated feed-forward layer, `silu(gate) * up`.
fn silu_gate(gate: Tensor<3>, up: Tensor<3>) -> Tensor<3> {
    fused_or_plain!(silu_gate(gate, up; ;))
}

/// The exact Gaussian error linear unit (Hendrycks and Gimpel 2016, arXiv:1606.08415).
fn gelu(input: Tensor<3>) -> Tensor<3> {
    fused_or_plain!(gelu(input; ;))
}

/// The function of a feed-forward layer, number by number.
pub(crate) fn activate(input: Tensor<3>, activation: Activation) -> Tensor<3> {
    on_gpus!(activate(&input, activation));
    match activation {
        Activation::Gelu => gelu(input),
        Activation::GeluTanh => plain::gelu_tanh(input),
        Activation::Silu => plain::silu(input),
        Activation::Relu => activation::relu(input),
    }
}

/// The inside of a gated feed-forward layer, `activation(gate) * up` (Shazeer 2020, arXiv:2002.05202).
pub(crate) fn gate(gate: Tensor<3>, up: Tensor<3>, activation: Activation) -> Tensor<3> {
    on_gpus!(gate(&gate, &up, activation));
    match activation {
        Activation::Silu => silu_gate(gate, up),
        _ => activate(gate, activation) * up,
    }
}

/// The natural logarithm of the softmax over the last axis, `[n, classes]`.
pub(crate) fn log_softmax(scores: Tensor<2>) -> Tensor<2> {
    fused_or_plain!(log_softmax(scores; ;))
}

/// Turns the pairs `(x_i, x_{i + d_head/2})` of every head by the angles of their position (Su et al. 2021,
/// arXiv:2104.09864, in the half-split layout of transformers).
///
/// # Shapes
///
/// - `states` and output: `[batch, seq, heads * d_head]`
/// - `cos`, `sin`: `[batch or 1, seq, d_head / 2]`
pub(crate) fn rotate(states: Tensor<3>, cos: &Tensor<3>, sin: &Tensor<3>) -> Tensor<3> {
    on_gpus!(rotate(&states, cos, sin));
    fused_or_plain!(rotate(states; cos, sin;))
}

#[cfg(test)]
mod tests;
