//! Linear layers of few rows: some units for every output, which read a weight's row once for several rows of the input.
//!
//! Such products are bound by reading the weights, and by what it takes to launch them: choosing among kernels for each, as
//! burn does, takes longer than they do. The bias and an activation come with them. Of more rows, products that burn would
//! round go by [tiles](tiled).

use burn::tensor::{DType, Tensor};
use burn_cubecl::{
    cubecl::{self, prelude::*},
    ops::numeric::empty_device_contiguous_dtype,
};

use super::{
    constant,
    numbers::{After, finished},
    product::are_rounded,
    tensor,
    tiled::{AT_ONCE, fits, tiled},
};
use crate::Activation;

/// Rows of an input that are few.
const MOST_ROWS: usize = 64;
/// Rows of an input that are computed at once.
const ROWS_AT_ONCE: usize = 16;
/// Units that compute an output together, and outputs of a cube.
const TOGETHER: u32 = 32;
const OUTPUTS: u32 = 4;

/// What a kernel is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Plan {
    /// Vectors of a row.
    vectors: usize,
    /// Rows that are computed at once.
    rows: usize,
    after: After,
}

/// One cube for a few outputs (x) and the rows that are computed at once (y).
#[cube(launch)]
fn linear_kernel<F: Float, W: Float, B: Float, N: Size>(
    input: &[Vector<F, N>],
    weight: &[Vector<W, N>],
    bias: &[B],
    output: &mut [F],
    rows: usize,
    d_output: usize,
    #[comptime] plan: Plan,
    #[define(F, W, B)] _types: [ElemType; 3],
) {
    // A number more for each row, so that the units that add them up read from different banks.
    let line = comptime!(TOGETHER as usize + 1);
    let mut parts =
        Shared::<[f32]>::new_slice(comptime!(OUTPUTS as usize * plan.rows * (TOGETHER as usize + 1)));
    // Beyond the last output the last one, whose result is not written again.
    let of_cube = (CUBE_POS_X * OUTPUTS + UNIT_POS_Y) as usize;
    let column = min(of_cube, d_output - 1);
    let first = CUBE_POS_Y as usize * comptime!(plan.rows);
    let mut sums = Array::<f32>::new(comptime!(plan.rows));
    #[unroll]
    for row in 0..comptime!(plan.rows) {
        sums[row] = 0.0f32;
    }
    let mut place = UNIT_POS_X as usize;
    while place < comptime!(plan.vectors) {
        let factor = Vector::<f32, N>::cast_from(weight[column * comptime!(plan.vectors) + place]);
        #[unroll]
        for row in 0..comptime!(plan.rows) {
            let of_row = min(first + row, rows - 1) * comptime!(plan.vectors);
            let x = Vector::<f32, N>::cast_from(input[of_row + place]);
            sums[row] += Vector::vector_sum(x * factor);
        }
        place += comptime!(TOGETHER as usize);
    }
    let own = UNIT_POS_Y as usize * comptime!(plan.rows);
    #[unroll]
    for row in 0..comptime!(plan.rows) {
        parts[(own + row) * line + UNIT_POS_X as usize] = sums[row];
    }
    sync_cube();
    let row = UNIT_POS_X as usize;
    if row < comptime!(plan.rows) && first + row < rows && of_cube < d_output {
        let mut sum = 0.0f32;
        for unit in 0..comptime!(TOGETHER as usize) {
            sum += parts[(own + row) * line + unit];
        }
        let finished = finished(sum, bias, column, comptime!(plan.after));
        output[(first + row) * d_output + column] = F::cast_from(finished);
    }
}

/// `x W^T + b`, and an activation of it, if all tensors are computed on here and rows are few, or the product is one of f32
/// that burn might round.
pub(in crate::kernels) fn linear(
    input: &Tensor<3>,
    weight: &Tensor<2>,
    bias: Option<&Tensor<1>>,
    activation: Option<Activation>,
) -> Option<Tensor<3>> {
    let ([batch, seq, d_input], [d_output, _]) = (input.dims(), weight.dims());
    let sizes @ [rows, ..] = [batch * seq, d_input, d_output];
    let are_few = rows <= MOST_ROWS;
    let is_exact = [input.dtype(), weight.dtype()] == [DType::F32; 2] && are_rounded(input);
    if !fits(sizes) || !(are_few || is_exact) {
        return None;
    }
    let ((input, of_input), (weight, of_weight)) = (constant(input)?, constant(weight)?);
    let bias = match bias {
        Some(bias) => Some(constant(bias)?),
        None => None,
    };
    let client = input.client.clone();
    let shape = [batch, seq, d_output].into();
    let output = empty_device_contiguous_dtype(client.clone(), input.device.clone(), shape, input.dtype);
    if !are_few {
        tiled([input, weight, output.clone()], sizes, bias, activation);
        return Some(tensor(output));
    }
    let plan = Plan {
        vectors: d_input / AT_ONCE,
        rows: rows.next_power_of_two().min(ROWS_AT_ONCE),
        after: After {
            has_bias: bias.is_some(),
            activation,
        },
    };
    // Something that is bound and not read.
    let (bias, of_bias) = bias.unwrap_or_else(|| (input.clone(), of_input));
    let cubes = [d_output.div_ceil(OUTPUTS as usize), rows.div_ceil(plan.rows)];
    linear_kernel::launch(
        &client,
        CubeCount::Static(cubes[0] as u32, cubes[1] as u32, 1),
        CubeDim::new_2d(TOGETHER, OUTPUTS),
        AT_ONCE,
        input.into_buffer_arg(),
        weight.into_buffer_arg(),
        bias.into_buffer_arg(),
        output.clone().into_buffer_arg(),
        rows,
        d_output,
        plan,
        [of_input, of_weight, of_bias],
    );
    Some(tensor(output))
}
