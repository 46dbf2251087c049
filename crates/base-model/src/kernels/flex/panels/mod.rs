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
    ahead::{Ahead, FEW_ROWS, Reading},
    layout::Layout,
    machine::machine,
    matrix::{Matrix, copy_rows},
    whole::INPUTS_OF_A_SCALE,
};
use stored::{Panel, Stored};
use tile::{ROWS, Tile};

/// Inputs of a panel that are read for all rows of a block before the next: with up to 64 outputs they take 128 KiB, and
/// come from the second-level cache. Fewer would fit the first level, but then sums are written and read more often.
const INPUTS_AT_ONCE: usize = INPUTS_OF_A_SCALE;
/// The same where rows are few and a part is widened for them: then it stays in the first level.
const FEW_INPUTS: usize = 64;
/// Rows and outputs, at most, whose sums stay in the second-level cache while all inputs pass by.
const ROWS_AT_ONCE: usize = 192;
const OUTPUTS_AT_ONCE: usize = 1024;
/// Outputs of a panel on any machine.
const MOST_OUTPUTS: usize = 64;

/// A matrix `[d_output, d_input]` in panels.
#[derive(Debug)]
pub(super) struct Panels {
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
    /// Lays out a matrix for the vector registers of this machine, its numbers rounded to 16 bits or as they are.
    pub(super) fn of(weight: Matrix<'_>, is_rounded: bool) -> Self {
        let machine = machine().simd;
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
            stored: Stored::new(&panels, d_input, width, is_rounded),
            machine,
        }
    }

    /// Where the numbers of some panels lie among all.
    fn numbers(&self, panels: Range<usize>) -> Range<usize> {
        let at = |panel: usize| (panel * self.width).min(self.outputs) * self.d_input;
        at(panels.start)..at(panels.end)
    }

    /// Some inputs of a panel; the last one may be narrower than others.
    fn panel(&self, index: usize, inputs: Range<usize>) -> Panel {
        let column = index * self.width;
        Panel {
            first: column * self.d_input,
            first_scale: column * self.d_input.div_ceil(INPUTS_OF_A_SCALE),
            width: self.width.min(self.outputs - column),
            inputs,
        }
    }
}

impl Layout for Panels {
    fn d_output(&self) -> usize {
        self.d_output
    }

    fn d_input(&self) -> usize {
        self.d_input
    }

    fn width(&self) -> usize {
        self.width
    }

    fn add(&self, output: &mut [f32], panels: Range<usize>, rows: Matrix<'_>, next: &[u8]) {
        self.machine.dispatch(Product {
            matrix: self,
            panels,
            rows,
            output,
            next,
        });
    }

    fn bytes(&self, panels: Range<usize>) -> &[u8] {
        self.stored.bytes(self.numbers(panels))
    }

    fn to_rows(&self) -> Vec<f32> {
        let mut rows = vec![0.0; self.d_output * self.d_input];
        let mut place = vec![0.0; self.width * INPUTS_AT_ONCE];
        let all = rows.chunks_mut((self.width * self.d_input).max(1));
        for (index, rows) in all.enumerate() {
            for from in (0..self.d_input).step_by(INPUTS_AT_ONCE) {
                let panel = self.panel(index, from..self.d_input.min(from + INPUTS_AT_ONCE));
                let numbers = self.stored.part(&panel, &mut place);
                for (output, row) in rows.chunks_exact_mut(self.d_input).enumerate() {
                    for (number, numbers) in row[from..].iter_mut().zip(numbers.chunks_exact(panel.width)) {
                        *number = numbers[output];
                    }
                }
            }
        }
        rows
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
    next: &'a [u8],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Panels {
            width,
            d_input,
            ref stored,
            ..
        } = *self.matrix;
        let stride = self.output.len() / self.rows.rows.max(1);
        // For few rows panels are read as they lie in memory.
        let is_few = self.rows.rows <= FEW_ROWS;
        let group = if is_few { 1 } else { OUTPUTS_AT_ONCE / width };
        let inputs_at_once = match is_few && !stored.is_plain() {
            true => FEW_INPUTS,
            false => INPUTS_AT_ONCE,
        };
        let mut place = match stored.is_plain() {
            true => Vec::new(),
            false => vec![0.0; inputs_at_once * width],
        };
        let numbers = self.matrix.numbers(self.panels.clone());
        let reading = Reading::of(
            [stored.bytes(numbers.clone()), self.next],
            self.rows.rows,
            stored.is_plain(),
        );
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
                        let place_of = |number: usize| (number - numbers.start) * stored.size();
                        let Range { start, end } = part.numbers();
                        let ahead = reading.after(place_of(start)..place_of(end));
                        Strip {
                            rows,
                            inputs: inputs.clone(),
                            panel: stored.part(&part, &mut place),
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
    pub(super) ahead: Ahead<'a>,
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
        let mut ahead = ahead.cut(blocks);
        for block in 0..blocks {
            // As even as they can be.
            let row = block * rows.rows / blocks;
            let count = (block + 1) * rows.rows / blocks - row;
            let output = &mut output[row * stride..];
            let (target, target_stride) = if outputs == width {
                (&mut *output, stride)
            } else {
                // Outputs that do not fill registers pass through a place where they do.
                copy_rows((output, stride), (&mut whole, width), [count, outputs]);
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
                copy_rows((&whole, width), (output, stride), [count, outputs]);
            }
        }
    }
}
