//! Products with a frozen matrix on the matrix unit of recent x86-64 servers (AMX), which multiplies bytes.
//!
//! Rows and weights become whole numbers of up to three bytes, with a scale for every [`INPUTS_OF_A_SCALE`] inputs; all
//! sums over these are exact, and none exceeds 32 bits. With three bytes each, the result is about as near to the exact
//! one as sums in f32 are, at a multiple of their speed, and three bytes a weight are read rather than four. In other
//! formats weights have fewer digits; rows are never rounded as coarsely as the weights. As whole numbers add up to the
//! same in any order, a row's result depends on nothing but the row.

mod digits;
mod stored;
mod unit;

use std::ops::Range;

use rayon::prelude::*;

use super::{
    layout::Layout,
    matrix::Matrix,
    whole::{INPUTS_OF_A_SCALE, Rounded, bytes_of},
};
use crate::WeightFormat;
use digits::{RowDigits, add_scaled};
use stored::Stored;
#[cfg(test)]
pub(super) use unit::has_vectors;
pub(super) use unit::is_there;
use unit::{Sums, Tile, Unit};

/// Rows of a tile, at most.
const ROWS_OF_A_TILE: usize = 16;
/// Inputs in a row of a tile.
const STEP: usize = 64;
/// Outputs of a strip: sums in a row of a tile, and in a vector register.
const LANES: usize = 16;
/// Rows whose digits stay in the second-level cache while all weights pass by.
const ROWS_AT_ONCE: usize = 192;

/// Sums that are kept: those of pairs of the highest digits, of pairs whose weight is lower by one digit, and so on.
const LEVELS: usize = 4;

/// Digits of a row for so many digits of the weights.
const fn digits_of_rows(digits: usize) -> usize {
    match digits {
        1 => 2,
        _ => 3,
    }
}

/// Levels for so many digits of the weights: what lies below does not reach what rounding weights has changed.
const fn levels(digits: usize) -> usize {
    digits + 1
}

/// A matrix `[d_output, d_input]` in tiles.
#[derive(Debug)]
pub(super) struct Tiles {
    d_input: usize,
    d_output: usize,
    digits: usize,
    stored: Stored,
    /// `[strips, blocks of inputs]`
    scales: Vec<[f32; LANES]>,
}

impl Tiles {
    pub(super) fn of(weight: Matrix<'_>, format: WeightFormat) -> Self {
        let (d_output, d_input) = (weight.rows, weight.columns);
        let digits = bytes_of(format);
        let (strips, steps) = (d_output.div_ceil(LANES), d_input.div_ceil(STEP));
        let blocks = d_input.div_ceil(INPUTS_OF_A_SCALE);
        let mut matrix = Self {
            d_input,
            d_output,
            digits,
            stored: Stored::new(format, strips * steps * digits),
            scales: vec![[0.0; LANES]; strips * blocks],
        };
        if strips * steps > 0 {
            let strips = matrix.stored.strips_mut(steps, digits);
            let scales = matrix.scales.par_chunks_exact_mut(blocks);
            strips
                .zip(scales)
                .enumerate()
                .for_each(|(strip, (mut stored, scales))| {
                    for output in strip * LANES..d_output.min((strip + 1) * LANES) {
                        let lane = output % LANES;
                        let blocks = Rounded::blocks(weight, output, format);
                        for (scales, (first, rounded)) in scales.iter_mut().zip(blocks) {
                            scales[lane] = rounded.scale;
                            stored.lay_out(&rounded, first, lane);
                        }
                    }
                });
        }
        matrix
    }
}

impl Layout for Tiles {
    fn d_output(&self) -> usize {
        self.d_output
    }

    fn d_input(&self) -> usize {
        self.d_input
    }

    fn width(&self) -> usize {
        LANES
    }

    #[expect(
        unsafe_code,
        reason = "instructions are run that the machine was asked about before"
    )]
    fn add(&self, output: &mut [f32], strips: Range<usize>, rows: Matrix<'_>, _next: &[u8]) {
        let stride = output.len() / rows.rows.max(1);
        if stride == 0 || self.d_input == 0 {
            return;
        }
        // All tiles of a product have as many rows, so that the unit is set once: as even as can be.
        let at_once = rows.rows.min(ROWS_AT_ONCE);
        let rows_of_a_tile = at_once.div_ceil(at_once.div_ceil(ROWS_OF_A_TILE));
        let unit = Unit::with_rows(rows_of_a_tile);
        // SAFETY: tiles are made where the machine has the vector registers too.
        unsafe { self.add_on(&unit, rows_of_a_tile, (output, stride), strips, rows) }
    }

    /// The unit's loop fetches for itself.
    fn bytes(&self, _strips: Range<usize>) -> &[u8] {
        &[]
    }

    fn to_rows(&self) -> Vec<f32> {
        let mut rows = vec![0.0; self.d_output * self.d_input];
        let mut place = Vec::new();
        let strips = rows.chunks_mut((LANES * self.d_input).max(1));
        for (strip, rows) in strips.enumerate() {
            for block in 0..self.blocks() {
                let (tiles, scales) = self.part(strip, block, &mut place);
                for (lane, row) in rows.chunks_exact_mut(self.d_input).enumerate() {
                    let row = &mut row[block * INPUTS_OF_A_SCALE..];
                    for (input, number) in row.iter_mut().take(INPUTS_OF_A_SCALE).enumerate() {
                        let (step, at) = (input / STEP, input % STEP);
                        let digits = &tiles[step * self.digits..][..self.digits];
                        let whole = digits.iter().fold(0.0, |whole, tile| {
                            whole * 256.0 + f64::from(tile.0[at / 4][lane * 4 + at % 4])
                        });
                        *number = (whole * f64::from(scales[lane])) as f32;
                    }
                }
            }
        }
        rows
    }
}

impl Tiles {
    fn blocks(&self) -> usize {
        self.d_input.div_ceil(INPUTS_OF_A_SCALE)
    }

    /// A block of inputs of a strip, and its scales.
    fn part<'a>(
        &'a self,
        strip: usize,
        block: usize,
        place: &'a mut Vec<Tile>,
    ) -> (&'a [Tile], &'a [f32; LANES]) {
        let of_a_strip = self.d_input.div_ceil(STEP) * self.digits;
        let of_a_block = INPUTS_OF_A_SCALE / STEP * self.digits;
        let tiles = block * of_a_block..of_a_strip.min((block + 1) * of_a_block);
        let first = strip * of_a_strip;
        (
            self.stored.tiles(first + tiles.start..first + tiles.end, place),
            &self.scales[strip * self.blocks() + block],
        )
    }
}

impl Tiles {
    #[target_feature(enable = "avx512f,avx512bw")]
    fn add_on(
        &self,
        unit: &Unit,
        rows_of_a_tile: usize,
        (output, stride): (&mut [f32], usize),
        strips: Range<usize>,
        rows: Matrix<'_>,
    ) {
        let (mut sums, mut place) = ([const { Sums::ZERO }; LEVELS], Vec::new());
        for (first, output) in (0..rows.rows)
            .step_by(ROWS_AT_ONCE)
            .zip(output.chunks_mut(ROWS_AT_ONCE * stride))
        {
            let rows = rows.part(first, output.len() / stride);
            let x = RowDigits::of(rows, digits_of_rows(self.digits), rows_of_a_tile);
            for strip in strips.clone() {
                let column = (strip - strips.start) * LANES;
                let columns = LANES.min(stride - column);
                for block in 0..self.blocks() {
                    let (weights, weight_scales) = self.part(strip, block, &mut place);
                    let row_scales = x.scales[block * rows.rows..][..rows.rows].chunks(rows_of_a_tile);
                    for (tile, row_scales) in row_scales.enumerate() {
                        unit.multiply(self.digits, x.part(tile, block), weights, &mut sums);
                        let output = &mut output[tile * rows_of_a_tile * stride + column..];
                        add_scaled(
                            &sums,
                            self.digits,
                            row_scales,
                            weight_scales,
                            (output, stride),
                            columns,
                        );
                    }
                }
            }
        }
    }
}

/// A block of inputs of tiles `[steps, digits]`.
fn part(tiles: &[Tile], block: usize, digits: usize) -> &[Tile] {
    let of_a_block = INPUTS_OF_A_SCALE / STEP * digits;
    &tiles[block * of_a_block..tiles.len().min((block + 1) * of_a_block)]
}
