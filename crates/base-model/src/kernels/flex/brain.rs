//! Products in bfloat16 with a frozen matrix, on vector registers that multiply pairs of it.
//!
//! An instruction multiplies two neighbouring inputs of a row with two weights of every output and adds both products to a
//! sum in f32: twice as many as one in f32 does, and half of the memory is read. Rows are rounded to bfloat16 as they come,
//! to the nearest and of two as near to the even one, as weights are: what is lost is that rounding and no more. Sums run
//! over the inputs in order, so that a row's result does not depend on the rows beside it.

use std::{
    arch::x86_64::{__m512, __m512bh, _mm512_dpbf16_ps, _mm512_set1_epi32},
    ops::Range,
};

use pulp::bytemuck;
use rayon::prelude::*;

use super::{
    ahead::{Ahead, Lines, Reading, cut, fetch},
    layout::Layout,
    machine::{machine, vectorised},
    matrix::{Matrix, copy_rows},
};

/// Two neighbouring inputs, the first in the lower half.
type Pair = u32;

/// Numbers of a register of sums.
const LANES: usize = 16;
/// Registers of a row's sums.
const REGISTERS: usize = 4;
/// Outputs of a panel.
const WIDTH: usize = REGISTERS * LANES;
/// Rows whose sums are held in registers at once.
const ROWS: usize = 6;
/// Pairs of inputs for which a row is looked up at once.
const STEP: usize = 4;
/// Pairs of inputs of a panel that are read for all rows before the next: 64 KiB, from the second-level cache.
const PAIRS_AT_ONCE: usize = 256;
/// Rows whose numbers stay in the second-level cache while all weights pass by.
const ROWS_AT_ONCE: usize = 192;

/// Whether this machine multiplies bfloat16, and may.
pub(super) fn is_there() -> bool {
    matches!(machine().simd, pulp::Arch::V4(_)) && is_x86_feature_detected!("avx512bf16")
}

/// A matrix `[d_output, d_input]` in panels of [`WIDTH`] outputs; what fills up the last one and the last pair is 0.
#[derive(Debug)]
pub(super) struct Brain {
    d_input: usize,
    d_output: usize,
    /// `[panels, pairs of inputs, outputs of a panel]`
    weights: Lines<Pair>,
}

impl Brain {
    /// Lays out a matrix, rounded to bfloat16; for a machine that has the instructions.
    pub(super) fn of(weight: Matrix<'_>) -> Self {
        let (d_output, d_input) = (weight.rows, weight.columns);
        let of_a_panel = d_input.div_ceil(2) * WIDTH;
        let mut weights = Lines::new(0, d_output.div_ceil(WIDTH) * of_a_panel);
        let panels = weights.par_chunks_mut(of_a_panel.max(1)).enumerate();
        panels.for_each(|(panel, weights)| {
            for output in panel * WIDTH..d_output.min((panel + 1) * WIDTH) {
                let pairs = weights.iter_mut().skip(output % WIDTH).step_by(WIDTH);
                for (pair, weights) in pairs.enumerate() {
                    let at = |input: usize| match input < d_input {
                        true => rounded(weight.at(output, input)),
                        false => 0,
                    };
                    *weights = at(2 * pair) | at(2 * pair + 1) << 16;
                }
            }
        });
        Self {
            d_input,
            d_output,
            weights,
        }
    }

    /// Where some pairs of a panel are among all weights.
    fn place(&self, panel: usize, pairs: &Range<usize>) -> Range<usize> {
        let at = |pair: usize| (panel * self.d_input.div_ceil(2) + pair) * WIDTH;
        at(pairs.start)..at(pairs.end)
    }
}

impl Layout for Brain {
    fn d_output(&self) -> usize {
        self.d_output
    }

    fn d_input(&self) -> usize {
        self.d_input
    }

    fn width(&self) -> usize {
        WIDTH
    }

    fn bytes(&self, panels: Range<usize>) -> &[u8] {
        let all = self.d_input.div_ceil(2);
        let [first, end] = [panels.start, panels.end].map(|panel| self.place(panel, &(0..all)).start);
        bytemuck::cast_slice(&self.weights[first..end])
    }

    fn add(&self, output: &mut [f32], panels: Range<usize>, rows: Matrix<'_>, next: &[u8]) {
        let stride = output.len() / rows.rows.max(1);
        if stride == 0 || self.d_input == 0 {
            return;
        }
        let all = self.d_input.div_ceil(2);
        let bytes = |pairs: usize| pairs * size_of::<Pair>();
        let begin = self.place(panels.start, &(0..all)).start;
        let reading = Reading::of([self.bytes(panels.clone()), next], rows.rows, true);
        let outputs = output.chunks_mut(ROWS_AT_ONCE * stride);
        for (first, output) in (0..rows.rows).step_by(ROWS_AT_ONCE).zip(outputs) {
            let count = output.len() / stride;
            let x = pairs_of(rows.part(first, count));
            for from in (0..all).step_by(PAIRS_AT_ONCE) {
                let pairs = from..all.min(from + PAIRS_AT_ONCE);
                for panel in panels.clone() {
                    let column = (panel - panels.start) * WIDTH;
                    let place = self.place(panel, &pairs);
                    let strip = Strip {
                        x: &x,
                        all,
                        pairs: pairs.clone(),
                        weights: &self.weights[place.clone()],
                        outputs: WIDTH.min(stride - column),
                        ahead: reading.after(bytes(place.start - begin)..bytes(place.end - begin)),
                    };
                    strip.add(count, &mut output[column..], stride);
                }
            }
        }
    }

    fn to_rows(&self) -> Vec<f32> {
        let mut rows = vec![0.0; self.d_output * self.d_input];
        let pairs = self.d_input.div_ceil(2);
        for (output, row) in rows.chunks_exact_mut(self.d_input.max(1)).enumerate() {
            let panel = &self.weights[self.place(output / WIDTH, &(0..pairs))];
            for (input, number) in row.iter_mut().enumerate() {
                let pair = panel[input / 2 * WIDTH + output % WIDTH];
                *number = f32::from_bits(pair >> (16 * (input % 2)) << 16);
            }
        }
        rows
    }
}

/// Some rows times some pairs of inputs of a panel.
struct Strip<'a> {
    /// Rows of `all` pairs.
    x: &'a [Pair],
    all: usize,
    pairs: Range<usize>,
    /// `[pairs, outputs of a panel]`
    weights: &'a [Pair],
    /// Outputs of the panel, without what fills it up.
    outputs: usize,
    ahead: Ahead<'a>,
}

impl Strip<'_> {
    /// Adds to `count` rows of output that begin `stride` numbers after one another.
    #[expect(
        unsafe_code,
        reason = "instructions are run that the machine was asked about before"
    )]
    fn add(&self, count: usize, output: &mut [f32], stride: usize) {
        let tiles = count.div_ceil(ROWS);
        let mut whole = [0.0; ROWS * WIDTH];
        let mut ahead = self.ahead.cut(tiles);
        for tile in 0..tiles {
            // As even as they can be.
            let row = tile * count / tiles;
            let of_tile = (tile + 1) * count / tiles - row;
            let x: [&[Pair]; ROWS] = std::array::from_fn(|at| match at < of_tile {
                true => &self.x[(row + at) * self.all..][self.pairs.clone()],
                false => [].as_slice(),
            });
            let output = &mut output[row * stride..];
            let ahead = ahead.next().unwrap_or_default();
            let (target, target_stride) = if self.outputs == WIDTH {
                (&mut *output, stride)
            } else {
                // Outputs that do not fill registers pass through a place where they do.
                copy_rows((output, stride), (&mut whole, WIDTH), [of_tile, self.outputs]);
                (whole.as_mut_slice(), WIDTH)
            };
            macro_rules! by_count {
                ($($count:literal)+) => {
                    match of_tile {
                        // SAFETY: a matrix is laid out so only where the machine has the instructions, see `is_there`.
                        $($count => unsafe { multiply::<$count>(&x, self.weights, ahead, target, target_stride) },)+
                        _ => unreachable!("tiles are of one to six rows"),
                    }
                };
            }
            by_count!(1 2 3 4 5 6);
            if self.outputs < WIDTH {
                copy_rows((&whole, WIDTH), (output, stride), [of_tile, self.outputs]);
            }
        }
    }
}

/// Adds products of pairs to rows of output that begin `stride` numbers after one another.
#[target_feature(enable = "avx512f,avx512bf16")]
// Loops over indices, which the compiler unrolls, so that sums stay in registers.
#[expect(clippy::needless_range_loop, reason = "see above")]
fn multiply<const COUNT: usize>(
    rows: &[&[Pair]; ROWS],
    weights: &[Pair],
    ahead: &[u8],
    output: &mut [f32],
    stride: usize,
) {
    let weights = weights.as_chunks::<LANES>().0.as_chunks::<REGISTERS>().0;
    let (steps, rest) = weights.as_chunks::<STEP>();
    let rows: [_; COUNT] = std::array::from_fn(|row| rows[row][..weights.len()].as_chunks::<STEP>());
    let mut ahead = cut(ahead, steps.len());
    let mut totals: [[__m512; REGISTERS]; COUNT] = [[pulp::cast([0_u32; LANES]); REGISTERS]; COUNT];
    for row in 0..COUNT {
        let (sums, _) = output[row * stride..][..WIDTH].as_chunks::<LANES>();
        for register in 0..REGISTERS {
            totals[row][register] = pulp::cast(sums[register]);
        }
    }
    macro_rules! add_pair {
        ($weights:expr, $input:expr) => {
            let mut wide: [__m512bh; REGISTERS] = [pulp::cast([0_u32; LANES]); REGISTERS];
            for register in 0..REGISTERS {
                wide[register] = pulp::cast($weights[register]);
            }
            for row in 0..COUNT {
                let input: Pair = $input(row);
                let x: __m512bh = pulp::cast(_mm512_set1_epi32(input.cast_signed()));
                for register in 0..REGISTERS {
                    totals[row][register] = _mm512_dpbf16_ps(totals[row][register], x, wide[register]);
                }
            }
        };
    }
    for (step, weights) in steps.iter().enumerate() {
        fetch(ahead.next().unwrap_or_default());
        for at in 0..STEP {
            add_pair!(weights[at], |row: usize| rows[row].0[step][at]);
        }
    }
    for (at, weights) in rest.iter().enumerate() {
        add_pair!(weights, |row: usize| rows[row].1[at]);
    }
    for row in 0..COUNT {
        let (sums, _) = output[row * stride..][..WIDTH].as_chunks_mut::<LANES>();
        for register in 0..REGISTERS {
            sums[register] = pulp::cast(totals[row][register]);
        }
    }
}

/// The upper half of a number, rounded to the nearest and of two as near to the even one; what is no number stays none.
#[inline(always)]
fn rounded(number: f32) -> u32 {
    let bits = number.to_bits();
    let up = bits.wrapping_add(0x7FFF + (bits >> 16 & 1)) >> 16;
    match number.is_nan() {
        true => bits >> 16 | 0x40,
        false => up,
    }
}

/// Rows as pairs, `[rows, pairs of inputs]`.
fn pairs_of(rows: Matrix<'_>) -> Vec<Pair> {
    let pairs = rows.columns.div_ceil(2);
    let mut all = vec![0; rows.rows * pairs];
    for (row, pairs) in all.chunks_exact_mut(pairs).enumerate() {
        round(rows.row(row), pairs);
    }
    all
}

vectorised! {
    fn round(numbers: &[f32], pairs: &mut [Pair]) {
        let (whole, rest) = numbers.as_chunks::<2>();
        for (pair, &[first, second]) in pairs.iter_mut().zip(whole) {
            *pair = rounded(first) | rounded(second) << 16;
        }
        if let (Some(pair), [last]) = (pairs.last_mut(), rest) {
            *pair = rounded(*last);
        }
    }
}

#[cfg(test)]
mod tests {
    use half::bf16;

    use super::*;

    #[test]
    fn numbers_are_rounded_as_ieee_rounds_them() {
        let numbers = (0..1_000_000_u32).map(|index| f32::from_bits(index.wrapping_mul(0x9E37_79B1)));
        for number in numbers.chain([f32::NAN, f32::INFINITY, f32::MAX, -0.0, f32::MIN_POSITIVE]) {
            let (found, expected) = (rounded(number), bf16::from_f32(number));
            if number.is_nan() {
                assert!(bf16::from_bits(found as u16).is_nan(), "{number}");
            } else {
                assert_eq!(found, u32::from(expected.to_bits()), "{number}");
            }
        }
    }

    /// Numbers of few bits, whose products and sums are exact in any order.
    fn exact(count: usize, seed: usize) -> Vec<f32> {
        (0..count)
            .map(|index| ((index * 37 + seed * 11) % 29) as f32 / 8.0 - 1.75)
            .collect()
    }

    #[test]
    fn a_product_is_the_sum_over_the_inputs() {
        if !is_there() {
            return;
        }
        for (rows, d_input, d_output) in [(1, 1, 1), (7, 33, 64), (13, 600, 65), (200, 513, 150), (3, 0, 5)] {
            let (left, right) = (exact(rows * d_input, 1), exact(d_output * d_input, 2));
            let laid = Brain::of(Matrix::part_of(&right, [d_output, d_input], d_input));
            assert_eq!(laid.to_rows(), right);
            let mut output = exact(rows * d_output, 3);
            let mut expected = output.clone();
            for (index, sum) in expected.iter_mut().enumerate() {
                let x = &left[index / d_output * d_input..][..d_input];
                let w = &right[index % d_output * d_input..][..d_input];
                *sum += x.iter().zip(w).map(|(x, w)| x * w).sum::<f32>();
            }
            let strips = 0..d_output.div_ceil(WIDTH);
            laid.add(
                &mut output,
                strips,
                Matrix::part_of(&left, [rows, d_input], d_input),
                &[],
            );
            assert_eq!(output, expected, "{rows} x {d_input} x {d_output}");
        }
    }
}
