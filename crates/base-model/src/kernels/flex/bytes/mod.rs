//! Products of whole numbers with a frozen matrix in 8 bits or in 4, on vector registers.
//!
//! Weights are whole numbers of one byte and rows become whole numbers of two, each with a scale for
//! [`INPUTS_OF_A_SCALE`] inputs, over which sums of products are exact in 32 bits. An instruction adds two products to a
//! sum where one in f32 adds one, and a quarter of the memory is read. Rows are not rounded to 8 bits as other engines
//! round them: that would cost more answers than rounding the weights does. As whole numbers add up to the same in any
//! order, a row's result depends on nothing but the row, and has the same bits on every machine.

mod kernel;
mod stored;

use std::ops::Range;

use rayon::prelude::*;

use super::{
    ahead::{Ahead, Reading},
    layout::Layout,
    matrix::Matrix,
    whole::{INPUTS_OF_A_SCALE, Rounded, largest, scale_of, size_of_largest},
};
use crate::WeightFormat;
use kernel::{Kernel, ROWS, Strip};
use stored::{Part, Stored};

/// Two neighbouring inputs of a row: what an instruction multiplies with two weights of every output.
type Pair = [i16; 2];
/// Rows whose whole numbers stay in the second-level cache while all weights pass by.
const ROWS_AT_ONCE: usize = 192;
/// Rows up to which a product is bound by reading the weights.
const FEW_ROWS: usize = 64;

const _: () = assert!(
    largest(1) as i64 * largest(2) as i64 * INPUTS_OF_A_SCALE as i64 <= i32::MAX as i64,
    "sums over the inputs of a scale are exact"
);

/// A matrix `[d_output, d_input]` in panels of as many outputs as the sums of one row take registers.
#[derive(Debug)]
pub(super) struct Bytes {
    d_input: usize,
    d_output: usize,
    kernel: Kernel,
    stored: Stored,
    /// `[panels, blocks of inputs, outputs of a panel]`
    scales: Vec<f32>,
}

impl Bytes {
    /// Lays out a matrix in 8 bits or in 4.
    pub(super) fn of(weight: Matrix<'_>, format: WeightFormat) -> Self {
        let kernel = Kernel::of_this_machine();
        let (d_output, d_input, width) = (weight.rows, weight.columns, kernel.width());
        let panels = d_output.div_ceil(width);
        let mut stored = Stored::new(format, panels, d_input, width);
        let mut scales = vec![0.0; panels * d_input.div_ceil(INPUTS_OF_A_SCALE) * width];
        if d_input > 0 {
            let scales = scales.par_chunks_exact_mut(d_input.div_ceil(INPUTS_OF_A_SCALE) * width);
            let panels = stored.panels_mut(d_input, width).zip(scales).enumerate();
            panels.for_each(|(panel, (mut stored, scales))| {
                for output in panel * width..d_output.min((panel + 1) * width) {
                    let lane = output % width;
                    let blocks = Rounded::blocks(weight, output, format);
                    for (scales, (first, rounded)) in scales.chunks_exact_mut(width).zip(blocks) {
                        scales[lane] = rounded.scale;
                        stored.lay_out(&rounded, first, lane, width);
                    }
                }
            });
        }
        Self {
            d_input,
            d_output,
            kernel,
            stored,
            scales,
        }
    }

    /// The scales of a panel, `[blocks of inputs, outputs of a panel]`.
    fn scales(&self, panel: usize) -> &[f32] {
        let of_a_panel = self.d_input.div_ceil(INPUTS_OF_A_SCALE) * self.kernel.width();
        &self.scales[panel * of_a_panel..][..of_a_panel]
    }

    /// Pairs of inputs of a panel, for each of its outputs.
    fn pairs_of_a_panel(&self) -> usize {
        self.d_input.div_ceil(2) * self.kernel.width()
    }

    /// A block of inputs of a panel.
    fn part(&self, panel: usize, block: usize) -> Part {
        let (of_a_panel, of_a_block) = (self.d_input.div_ceil(2), INPUTS_OF_A_SCALE / 2);
        Part {
            panel,
            pairs: block * of_a_block..of_a_panel.min((block + 1) * of_a_block),
            of_a_panel,
            width: self.kernel.width(),
        }
    }
}

impl Layout for Bytes {
    fn d_output(&self) -> usize {
        self.d_output
    }

    fn d_input(&self) -> usize {
        self.d_input
    }

    fn width(&self) -> usize {
        self.kernel.width()
    }

    fn bytes(&self, panels: Range<usize>) -> &[u8] {
        self.stored.bytes(panels, self.pairs_of_a_panel())
    }

    fn add(&self, output: &mut [f32], panels: Range<usize>, rows: Matrix<'_>, next: &[u8]) {
        let stride = output.len() / rows.rows.max(1);
        if stride == 0 || self.d_input == 0 {
            return;
        }
        let width = self.kernel.width();
        let mut place = self.stored.place(width);
        let first_pair = panels.start * self.pairs_of_a_panel();
        let reading = Reading {
            now: self.bytes(panels.clone()),
            next,
        };
        for (first, output) in (0..rows.rows)
            .step_by(ROWS_AT_ONCE)
            .zip(output.chunks_mut(ROWS_AT_ONCE * stride))
        {
            let x = WholeRows::of(rows.part(first, output.len() / stride));
            for panel in panels.clone() {
                let column = (panel - panels.start) * width;
                for (block, scales) in self.scales(panel).chunks_exact(width).enumerate() {
                    let part = self.part(panel, block);
                    // For few rows weights are read as they lie in memory, and what is read next is fetched meanwhile.
                    let place_of = |pair: usize| (pair - first_pair) * self.stored.size();
                    let Range { start, end } = part.place();
                    let ahead = match x.rows <= FEW_ROWS {
                        true => reading.after(place_of(start)..place_of(end)),
                        false => Ahead::default(),
                    };
                    let strip = Strip {
                        weights: self.stored.part(&part, &mut place),
                        scales,
                        outputs: width.min(stride - column),
                    };
                    self.multiply(&strip, &x, block, ahead, (&mut output[column..], stride));
                }
            }
        }
    }

    fn to_rows(&self) -> Vec<f32> {
        let width = self.kernel.width();
        let mut place = self.stored.place(width);
        let mut rows = vec![0.0; self.d_output * self.d_input];
        let panels = rows.chunks_mut((width * self.d_input).max(1));
        for (panel, rows) in panels.enumerate() {
            for (block, scales) in self.scales(panel).chunks_exact(width).enumerate() {
                let part = self.part(panel, block);
                let weights = self.stored.part(&part, &mut place);
                for (lane, row) in rows.chunks_exact_mut(self.d_input).enumerate() {
                    let row = &mut row[block * INPUTS_OF_A_SCALE..];
                    for (input, number) in row.iter_mut().take(INPUTS_OF_A_SCALE).enumerate() {
                        let whole = weights[(input / 2 * width + lane) * 2 + input % 2];
                        *number = f32::from(whole) * scales[lane];
                    }
                }
            }
        }
        rows
    }
}

impl Bytes {
    /// Adds the product of all rows with a block of inputs of a panel.
    fn multiply(
        &self,
        strip: &Strip<'_>,
        x: &WholeRows,
        block: usize,
        ahead: Ahead<'_>,
        (output, stride): (&mut [f32], usize),
    ) {
        let tiles = x.rows.div_ceil(ROWS);
        let mut ahead = ahead.cut(tiles);
        for tile in 0..tiles {
            // As even as they can be.
            let row = tile * x.rows / tiles;
            let count = (tile + 1) * x.rows / tiles - row;
            let numbers = std::array::from_fn(|at| match at < count {
                true => x.part(row + at, block),
                false => [].as_slice(),
            });
            let scales = &x.scales[block * x.rows + row..][..count];
            let ahead = ahead.next().unwrap_or_default();
            self.kernel.add(
                strip,
                (numbers, scales),
                ahead,
                (&mut output[row * stride..], stride),
            );
        }
    }
}

/// Rows as whole numbers of two bytes.
struct WholeRows {
    rows: usize,
    /// `[rows, pairs of inputs]`
    numbers: Vec<Pair>,
    /// `[blocks of inputs, rows]`
    scales: Vec<f32>,
    pairs: usize,
}

impl WholeRows {
    fn of(rows: Matrix<'_>) -> Self {
        let pairs = rows.columns.div_ceil(2);
        let mut numbers = vec![[0; 2]; rows.rows * pairs];
        let mut scales = vec![0.0; rows.rows * rows.columns.div_ceil(INPUTS_OF_A_SCALE)];
        for (row, numbers) in numbers.chunks_exact_mut(pairs).enumerate() {
            let blocks = rows.row(row).chunks(INPUTS_OF_A_SCALE);
            let parts = numbers.as_flattened_mut().chunks_mut(INPUTS_OF_A_SCALE);
            for (block, (x, whole)) in blocks.zip(parts).enumerate() {
                kernel::round(x, &mut scales[block * rows.rows + row], whole);
            }
        }
        Self {
            rows: rows.rows,
            numbers,
            scales,
            pairs,
        }
    }

    /// A block of inputs of a row.
    fn part(&self, row: usize, block: usize) -> &[Pair] {
        let of_a_block = INPUTS_OF_A_SCALE / 2;
        let row = &self.numbers[row * self.pairs..][..self.pairs];
        &row[block * of_a_block..self.pairs.min((block + 1) * of_a_block)]
    }
}
