//! Products of whole numbers with a frozen matrix in 8 bits or in 4, on vector registers.
//!
//! Weights are whole numbers of one byte with a scale for [`INPUTS_OF_A_SCALE`] inputs. Rows become whole numbers of one
//! byte too, with a scale for every [`INPUTS_OF_A_ROW_SCALE`] inputs, so that an input that is far larger than all others
//! takes precision from few of them; with a scale for as many as weights have one, twice as many answers change. Sums over
//! inputs that share both scales are exact in 32 bits. Where the machine has the instruction, it adds four products to a sum
//! where one in f32 adds one, and a quarter of the memory is read. As whole numbers add up to the same in any order, a row's
//! result depends on nothing but the row, and has the same bits whatever computes it here.

mod kernel;
mod rows;
mod stored;

use std::ops::Range;

use rayon::prelude::*;

use super::{
    ahead::{Ahead, Reading},
    layout::Layout,
    matrix::Matrix,
    whole::{INPUTS_OF_A_SCALE, Rounded, largest},
};
use crate::WeightFormat;
use kernel::{Kernel, ROWS, Strip, Tile};
use rows::WholeRows;
use stored::{Part, Stored};

/// Inputs of a row that share a scale.
pub(super) const INPUTS_OF_A_ROW_SCALE: usize = 64;
/// Rows whose whole numbers stay in the second-level cache while all weights pass by.
const ROWS_AT_ONCE: usize = 192;

const _: () = assert!(
    INPUTS_OF_A_SCALE.is_multiple_of(INPUTS_OF_A_ROW_SCALE),
    "inputs that share a row's scale share a weight's"
);
const _: () = assert!(
    2 * largest(1) as i64 * (largest(1) as i64 + 1) * INPUTS_OF_A_ROW_SCALE as i64
        <= 1 << f32::MANTISSA_DIGITS,
    "sums over the inputs of a scale are exact, in f32 too"
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
        let mut stored = Stored::new(format, panels, d_input, kernel);
        let mut scales = vec![0.0; panels * d_input.div_ceil(INPUTS_OF_A_SCALE) * width];
        if d_input > 0 {
            let scales = scales.par_chunks_exact_mut(d_input.div_ceil(INPUTS_OF_A_SCALE) * width);
            let panels = stored.panels_mut(d_input).zip(scales).enumerate();
            panels.for_each(|(panel, (mut stored, scales))| {
                for output in panel * width..d_output.min((panel + 1) * width) {
                    let lane = output % width;
                    let blocks = Rounded::blocks(weight, output, format);
                    for (scales, (first, rounded)) in scales.chunks_exact_mut(width).zip(blocks) {
                        scales[lane] = rounded.scale;
                        stored.lay_out(&rounded, first, lane);
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

    /// Groups of inputs of a panel.
    fn groups_of_a_panel(&self) -> usize {
        self.d_input.div_ceil(self.kernel.group())
    }

    /// A block of inputs of a panel.
    fn part(&self, panel: usize, block: usize) -> Part {
        let (of_a_panel, of_a_block) = (self.groups_of_a_panel(), INPUTS_OF_A_SCALE / self.kernel.group());
        Part {
            panel,
            groups: block * of_a_block..of_a_panel.min((block + 1) * of_a_block),
            of_a_panel,
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
        self.stored.bytes(panels, self.groups_of_a_panel())
    }

    fn add(&self, output: &mut [f32], panels: Range<usize>, rows: Matrix<'_>, next: &[u8]) {
        let stride = output.len() / rows.rows.max(1);
        if stride == 0 || self.d_input == 0 {
            return;
        }
        let width = self.kernel.width();
        let mut place = self.stored.place();
        let first_byte = panels.start * self.groups_of_a_panel() * self.stored.bytes_of_a_group();
        let reading = Reading::of(
            [self.bytes(panels.clone()), next],
            rows.rows,
            self.stored.is_plain(),
        );
        for (first, output) in (0..rows.rows)
            .step_by(ROWS_AT_ONCE)
            .zip(output.chunks_mut(ROWS_AT_ONCE * stride))
        {
            let x = WholeRows::of(rows.part(first, output.len() / stride), self.kernel);
            for panel in panels.clone() {
                let column = (panel - panels.start) * width;
                for (block, scales) in self.scales(panel).chunks_exact(width).enumerate() {
                    let part = self.part(panel, block);
                    let Range { start, end } = self.stored.place_of(&part);
                    let ahead = reading.after(start - first_byte..end - first_byte);
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
        let mut place = self.stored.place();
        let mut rows = vec![0.0; self.d_output * self.d_input];
        let panels = rows.chunks_mut((width * self.d_input).max(1));
        for (panel, rows) in panels.enumerate() {
            for (block, scales) in self.scales(panel).chunks_exact(width).enumerate() {
                let part = self.part(panel, block);
                let weights = self.stored.part(&part, &mut place);
                for (lane, row) in rows.chunks_exact_mut(self.d_input).enumerate() {
                    let row = &mut row[block * INPUTS_OF_A_SCALE..];
                    for (input, number) in row.iter_mut().take(INPUTS_OF_A_SCALE).enumerate() {
                        let whole = self.kernel.whole(weights[self.kernel.place(input, lane)]);
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
        let tiles = x.rows().div_ceil(ROWS);
        let mut ahead = ahead.cut(tiles);
        for tile in 0..tiles {
            // As even as they can be.
            let first = tile * x.rows() / tiles;
            let rows = Tile {
                rows: x,
                first,
                count: (tile + 1) * x.rows() / tiles - first,
                block,
            };
            let ahead = ahead.next().unwrap_or_default();
            self.kernel
                .add(strip, rows, ahead, (&mut output[first * stride..], stride));
        }
    }
}
