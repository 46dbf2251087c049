//! Products of f32 by tiles: both factors pass through shared memory, and every unit sums a few rows times a few columns.
//!
//! The left factor lies row after row, the right one column after column, as a linear layer's weight does: both are read
//! along what is summed, four numbers at once, and summed so until the end. A bias and an activation come with the product.

use burn_cubecl::{
    cubecl::{self, prelude::*},
    tensor::CubeTensor,
};

use super::{
    F32, MOST_CUBES,
    numbers::{After, finished},
};
use crate::Activation;

/// Units along each side of a tile.
const SIDE: usize = 16;
const UNITS: u32 = 256;
/// Columns of a unit, and of a tile.
const COLUMNS: usize = 4;
const TILE_COLUMNS: usize = SIDE * COLUMNS;
/// Numbers that are read at once, and how many times that a step takes of each row.
pub(super) const AT_ONCE: usize = 4;
const STEP: usize = 4;
/// A row in shared memory: one more than is used, so that neighbouring rows begin in other banks.
const LINE: usize = STEP + 1;

/// What a kernel is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Plan {
    /// Rows that a unit sums.
    rows: usize,
    after: After,
}

/// One cube for a tile of columns (x) and of rows (y).
///
/// The output has `height` rows of `width` numbers, a row of either factor `vectors` vectors.
#[cube(launch)]
fn tiled_kernel<B: Float, N: Size>(
    lhs: &[Vector<f32, N>],
    rhs: &[Vector<f32, N>],
    bias: &[B],
    output: &mut [f32],
    height: usize,
    width: usize,
    vectors: usize,
    #[comptime] plan: Plan,
    #[define(B)] _element: ElemType,
) {
    let rows = comptime!(plan.rows);
    let tile_rows = comptime!(SIDE * plan.rows);
    let mut lhs_tile = Shared::<[Vector<f32, N>]>::new_slice(comptime!(SIDE * plan.rows * LINE));
    let mut rhs_tile = Shared::<[Vector<f32, N>]>::new_slice(comptime!(TILE_COLUMNS * LINE));
    let unit = UNIT_POS as usize;
    let (x, y) = (unit % SIDE, unit / SIDE);
    // What this unit brings of each step.
    let (line, part) = (unit / STEP, unit % STEP);
    let first_row = CUBE_POS_Y as usize * tile_rows;
    let first_column = CUBE_POS_X as usize * TILE_COLUMNS;
    // Beyond the last row and column the last ones, whose results are not written.
    let lhs_line = min(first_row + line, height - 1) * vectors;
    let rhs_line = min(first_column + line, width - 1) * vectors;

    let mut sums = Array::<Vector<f32, N>>::new(comptime!(plan.rows * COLUMNS));
    #[unroll]
    for i in 0..comptime!(plan.rows * COLUMNS) {
        sums[i] = Vector::new(0.0f32);
    }
    let mut of_lhs = Vector::<f32, N>::new(0.0f32);
    let mut of_rhs = Vector::<f32, N>::new(0.0f32);
    if part < vectors {
        of_lhs = lhs[lhs_line + part];
        of_rhs = rhs[rhs_line + part];
    }
    let mut step = 0usize;
    while step < vectors {
        sync_cube();
        if line < tile_rows {
            lhs_tile[line * LINE + part] = of_lhs;
        }
        rhs_tile[line * LINE + part] = of_rhs;
        sync_cube();
        // On their way while this step is computed.
        let next = step + comptime!(STEP) + part;
        of_lhs = Vector::new(0.0f32);
        of_rhs = Vector::new(0.0f32);
        if next < vectors {
            of_lhs = lhs[lhs_line + next];
            of_rhs = rhs[rhs_line + next];
        }
        #[unroll]
        for k in 0..STEP {
            let mut of_columns = Array::<Vector<f32, N>>::new(COLUMNS);
            #[unroll]
            for column in 0..COLUMNS {
                of_columns[column] = rhs_tile[(x + column * SIDE) * LINE + k];
            }
            #[unroll]
            for row in 0..rows {
                let of_row = lhs_tile[(y + row * SIDE) * LINE + k];
                #[unroll]
                for column in 0..COLUMNS {
                    sums[row * COLUMNS + column] += of_row * of_columns[column];
                }
            }
        }
        step += STEP;
    }
    #[unroll]
    for row in 0..rows {
        #[unroll]
        for column in 0..COLUMNS {
            let (at, to) = (first_row + y + row * SIDE, first_column + x + column * SIDE);
            if at < height && to < width {
                let sum = Vector::vector_sum(sums[row * COLUMNS + column]);
                output[at * width + to] = finished(sum, bias, to, comptime!(plan.after));
            }
        }
    }
}

/// Whether products of these sizes, `[m, k]` times `[k, n]`, are computed here.
pub(super) fn fits([m, k, n]: [usize; 3]) -> bool {
    // The most that a kernel makes of them: rows of a tile, and outputs of few rows.
    let cubes = [m.div_ceil(SIDE), n.div_ceil(4)];
    let is_vectors = k > 0 && k.is_multiple_of(AT_ONCE);
    is_vectors && m * n > 0 && cubes.iter().all(|&cubes| cubes <= MOST_CUBES as usize)
}

/// The product of `lhs`, `[m, k]`, and the transpose of `rhs`, `[n, k]`, both row after row and of sizes that [`fits`] finds
/// fit; with a bias, if there is one, of a type, and then an activation. Into `output`, `[m, n]`.
pub(super) fn tiled(
    [lhs, rhs, output]: [CubeTensor; 3],
    [m, k, n]: [usize; 3],
    bias: Option<(CubeTensor, ElemType)>,
    activation: Option<Activation>,
) {
    let after = After {
        has_bias: bias.is_some(),
        activation,
    };
    // Something that is bound and not read.
    let (bias, of_bias) = bias.unwrap_or_else(|| (lhs.clone(), F32));
    let columns = n.div_ceil(TILE_COLUMNS);
    // Tiles as large as leave none of the GPU's processors without one.
    let processors = lhs.client.properties().hardware.num_streaming_multiprocessors;
    let enough = processors.unwrap_or(1) as usize;
    let is_enough = |rows: &usize| columns * m.div_ceil(SIDE * rows) >= enough;
    let plan = Plan {
        rows: [4, 2].into_iter().find(is_enough).unwrap_or(1),
        after,
    };
    tiled_kernel::launch(
        &output.client.clone(),
        CubeCount::Static(columns as u32, m.div_ceil(SIDE * plan.rows) as u32, 1),
        CubeDim::new_1d(UNITS),
        AT_ONCE,
        lhs.into_buffer_arg(),
        rhs.into_buffer_arg(),
        bias.into_buffer_arg(),
        output.into_buffer_arg(),
        m,
        n,
        k / AT_ONCE,
        plan,
        of_bias,
    );
}
