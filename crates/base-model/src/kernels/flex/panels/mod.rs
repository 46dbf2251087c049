//! Products with a frozen matrix that is laid out once, in the order in which they read it.
//!
//! A library for products of any matrices lays out both sides anew each time. Here the frozen side is laid out once:
//! in panels of as many outputs as a few vector registers hold, each input's numbers for these outputs side by side and
//! at the start of a cache line; the rows are read where they lie. A part of a panel stays in the caches while all rows
//! of a block pass by it. Sums run over the inputs in order, whatever the blocks, so that a row's result does not
//! depend on the rows beside it.

mod stored;
mod tile;

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::{
    machine::machine,
    matrix::{Matrix, is_worth_threads},
};
use crate::WeightFormat;
use stored::{GROUP, Panel, Stored};
use tile::{ROWS, Tile};

/// Inputs of a panel that are read for all rows of a block before the next: with up to 64 outputs they take 128 KiB, and
/// come from the second-level cache. Fewer would fit the first level, but then sums are written and read more often.
const INPUTS_AT_ONCE: usize = 512;
/// Rows and outputs, at most, whose sums stay in the second-level cache while all inputs pass by.
const ROWS_AT_ONCE: usize = 192;
const OUTPUTS_AT_ONCE: usize = 1024;
/// Rows for one thread from which threads share out rows rather than outputs.
const ROWS_OF_A_THREAD: usize = 24;
/// Outputs of a panel on any machine.
const MOST_OUTPUTS: usize = 64;
/// Rows up to which a product is bound by reading the panels.
const FEW_ROWS: usize = 64;
/// Bytes of a cache line.
const LINE: usize = 64;

/// A matrix `[d_output, d_input]` in panels.
#[derive(Debug)]
pub(in crate::kernels) struct Panels {
    d_input: usize,
    d_output: usize,
    /// `d_output` filled up to whole registers, with zeros.
    outputs: usize,
    /// Outputs of a panel, of which the last one may have fewer.
    width: usize,
    stored: Stored,
    /// The instruction set that the width is for.
    machine: Arch,
}

impl Panels {
    /// Lays out a matrix for the vector registers of this machine.
    pub(in crate::kernels) fn of(weight: Matrix<'_>, format: WeightFormat) -> Self {
        let machine = machine();
        let (d_output, d_input) = (weight.rows, weight.columns);
        let [width, lanes] = machine.dispatch(Widths);
        let outputs = d_output.next_multiple_of(lanes);
        let mut panels = vec![0.0_f32; outputs * d_input];
        let each = panels.par_chunks_mut((width * d_input).max(1));
        each.enumerate().for_each(|(index, panel)| {
            let first = index * width;
            let width = panel.len() / d_input;
            for output in 0..width.min(d_output - first) {
                for (input, numbers) in panel.chunks_exact_mut(width).enumerate() {
                    numbers[output] = weight.at(first + output, input);
                }
            }
        });
        Self {
            d_input,
            d_output,
            outputs,
            width,
            stored: Stored::new(format, panels, d_input, width),
            machine,
        }
    }

    /// The matrix as products see it, row after row: as it was before it was laid out, but for what its format rounds.
    pub(in crate::kernels) fn to_rows(&self) -> Vec<f32> {
        let mut rows = vec![0.0; self.d_output * self.d_input];
        let mut place = vec![0.0; self.width * self.d_input];
        let all = rows.chunks_mut((self.width * self.d_input).max(1));
        for (index, rows) in all.enumerate() {
            let panel = self.panel(index, 0..self.d_input);
            let numbers = self.stored.part(&panel, &mut place, self.machine);
            for (output, row) in rows.chunks_exact_mut(self.d_input).enumerate() {
                for (number, numbers) in row.iter_mut().zip(numbers.chunks_exact(panel.width)) {
                    *number = numbers[output];
                }
            }
        }
        rows
    }

    pub(in crate::kernels) fn d_output(&self) -> usize {
        self.d_output
    }

    pub(in crate::kernels) fn d_input(&self) -> usize {
        self.d_input
    }

    /// The rows times the transposed matrix, plus a bias of `d_output` numbers: `[rows, d_output]`.
    ///
    /// # Panics
    ///
    /// If the rows are not of `d_input` numbers each, or the bias is of another length.
    pub(super) fn times(&self, rows: Matrix<'_>, bias: Option<&[f32]>) -> Vec<f32> {
        let d_output = self.d_output;
        assert_eq!(
            (rows.columns, bias.map_or(d_output, <[f32]>::len)),
            (self.d_input, d_output),
            "the matrix has as many inputs as a row, and as many outputs as the bias"
        );
        // What the sums begin with.
        let begin = |bias: Option<&[f32]>, outputs: usize| match bias {
            Some(bias) => bias.repeat(rows.rows),
            None => vec![0.0; rows.rows * outputs],
        };
        let mut output = begin(bias, d_output);
        let panels = d_output.div_ceil(self.width);
        let threads = match is_worth_threads(rows.rows * d_output * self.d_input) {
            true => rayon::current_num_threads(),
            false => 1,
        };
        if threads == 1 || output.is_empty() {
            self.add(&mut output, 0..panels, rows);
        } else if rows.rows >= threads * ROWS_OF_A_THREAD {
            let share = rows.rows.div_ceil(threads);
            let shares = output.par_chunks_mut(share * d_output).enumerate();
            shares.for_each(|(index, output)| {
                let rows = rows.part(index * share, output.len() / d_output);
                self.add(output, 0..panels, rows);
            });
        } else {
            // Outputs of a thread lie apart in memory: each thread has its own, and they are few.
            let share = panels.div_ceil(threads);
            let shares = (0..panels).into_par_iter().step_by(share).map(|first| {
                let panels = first..(first + share).min(panels);
                let columns = first * self.width..(panels.end * self.width).min(d_output);
                let mut output = begin(bias.map(|bias| &bias[columns.clone()]), columns.len());
                self.add(&mut output, panels, rows);
                (columns, output)
            });
            for (columns, part) in shares.collect::<Vec<_>>() {
                let part = part.chunks_exact(columns.len());
                for (output, part) in output.chunks_exact_mut(d_output).zip(part) {
                    output[columns.clone()].copy_from_slice(part);
                }
            }
        }
        output
    }

    /// Adds the rows times the transposed matrix to `output`, `[rows, d_output]`.
    ///
    /// # Panics
    ///
    /// If the rows are not of `d_input` numbers each, or the output is of another size.
    pub(super) fn add_times(&self, output: &mut [f32], rows: Matrix<'_>) {
        assert_eq!(
            (rows.columns, rows.rows * self.d_output),
            (self.d_input, output.len()),
            "the matrix has as many inputs as a row, and the output a row for each"
        );
        let panels = self.d_output.div_ceil(self.width);
        let share = match is_worth_threads(output.len() * self.d_input) {
            true => rows.rows.div_ceil(rayon::current_num_threads()),
            false => rows.rows,
        };
        if share == rows.rows || output.is_empty() {
            return self.add(output, 0..panels, rows);
        }
        let shares = output.par_chunks_mut(share * self.d_output).enumerate();
        shares.for_each(|(index, output)| {
            let rows = rows.part(index * share, output.len() / self.d_output);
            self.add(output, 0..panels, rows);
        });
    }

    /// Adds the product of some rows with some panels, on this thread.
    fn add(&self, output: &mut [f32], panels: Range<usize>, rows: Matrix<'_>) {
        self.machine.dispatch(Product {
            matrix: self,
            panels,
            rows,
            output,
        });
    }

    /// Some inputs of a panel; the last one may be narrower than others.
    fn panel(&self, index: usize, inputs: Range<usize>) -> Panel {
        let column = index * self.width;
        Panel {
            first: column * self.d_input,
            first_scale: column * self.d_input.div_ceil(GROUP),
            width: self.width.min(self.outputs - column),
            inputs,
        }
    }
}

/// Outputs of a panel, but for a last one that is narrower.
pub(super) fn panel_width<S: Simd>() -> usize {
    tile::registers::<S>() * S::F32_LANES
}

/// Outputs of a panel, and of a register.
struct Widths;

impl WithSimd for Widths {
    type Output = [usize; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> [usize; 2] {
        [panel_width::<S>(), S::F32_LANES]
    }
}

/// Some rows times some panels.
struct Product<'a> {
    matrix: &'a Panels,
    panels: Range<usize>,
    rows: Matrix<'a>,
    /// `[rows, outputs of these panels]`
    output: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Panels {
            width,
            d_input,
            ref stored,
            machine,
            ..
        } = *self.matrix;
        let stride = self.output.len() / self.rows.rows.max(1);
        let group = OUTPUTS_AT_ONCE / width;
        // A part that is widened for few rows stays in the first-level cache; for many, it is widened seldom enough.
        let inputs_at_once = match stored.is_plain() || self.rows.rows > FEW_ROWS {
            true => INPUTS_AT_ONCE,
            false => GROUP,
        };
        let mut place = match stored.is_plain() {
            true => Vec::new(),
            false => vec![0.0; inputs_at_once * width],
        };
        for first in (0..self.rows.rows).step_by(ROWS_AT_ONCE) {
            let rows = self.rows.part(first, ROWS_AT_ONCE.min(self.rows.rows - first));
            for panels in self.panels.clone().step_by(group) {
                let panels = panels..(panels + group).min(self.panels.end);
                for from in (0..d_input).step_by(inputs_at_once) {
                    let inputs = from..(from + inputs_at_once).min(d_input);
                    for panel in panels.clone() {
                        let column = (panel - self.panels.start) * width;
                        let output = &mut self.output[first * stride + column..];
                        let part = self.matrix.panel(panel, inputs.clone());
                        // What is read for few rows alone is fetched while the part before it is computed.
                        let rest = inputs.end..(inputs.end + inputs_at_once).min(d_input);
                        let ahead = match (panel + 1 < panels.end, rows.rows <= FEW_ROWS) {
                            (true, true) => stored.bytes(&self.matrix.panel(panel + 1, inputs.clone())),
                            (false, true) => stored.bytes(&self.matrix.panel(panels.start, rest)),
                            (_, false) => &[],
                        };
                        Strip {
                            rows,
                            inputs: inputs.clone(),
                            panel: stored.part(&part, &mut place, machine),
                            outputs: width.min(stride - column),
                            ahead,
                        }
                        .add(simd, output, stride);
                    }
                }
            }
        }
    }
}

/// Some rows times some inputs of a panel.
pub(super) struct Strip<'a> {
    pub(super) rows: Matrix<'a>,
    pub(super) inputs: Range<usize>,
    /// `[inputs, width]`
    pub(super) panel: &'a [f32],
    /// Outputs of the panel: all, or as many as lie in front of what fills up its registers.
    pub(super) outputs: usize,
    /// What is wanted after these.
    pub(super) ahead: &'a [u8],
}

impl Strip<'_> {
    /// Adds to `output`, rows that begin `stride` numbers after one another.
    #[inline(always)]
    pub(super) fn add<S: Simd>(self, simd: S, output: &mut [f32], stride: usize) {
        let Self {
            rows,
            inputs,
            panel,
            outputs,
            ahead,
        } = self;
        let width = panel.len() / inputs.len();
        let blocks = rows.rows.div_ceil(ROWS);
        let mut whole = [0.0; ROWS * MOST_OUTPUTS];
        let mut ahead = tile::cut(ahead, blocks);
        for block in 0..blocks {
            // As even as they can be.
            let row = block * rows.rows / blocks;
            let count = (block + 1) * rows.rows / blocks - row;
            let output = &mut output[row * stride..];
            let (target, target_stride) = if outputs == width {
                (&mut *output, stride)
            } else {
                // Outputs that do not fill registers pass through a place where they do.
                for (whole, output) in whole
                    .chunks_exact_mut(width)
                    .zip(output.chunks(stride))
                    .take(count)
                {
                    whole[..outputs].copy_from_slice(&output[..outputs]);
                }
                (whole.as_mut_slice(), width)
            };
            let tile = Tile {
                rows: std::array::from_fn(|at| match at < count {
                    true => &rows.row(row + at)[inputs.clone()],
                    false => [].as_slice(),
                }),
                count,
                panel,
                registers: width / S::F32_LANES,
                output: target,
                stride: target_stride,
                ahead: ahead.next().unwrap_or_default(),
            };
            tile.add(simd);
            if outputs < width {
                for (whole, output) in whole
                    .chunks_exact(width)
                    .zip(output.chunks_mut(stride))
                    .take(count)
                {
                    output[..outputs].copy_from_slice(&whole[..outputs]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
