//! A query alone, as a decoder has one for every token that it writes.
//!
//! Its values are read where they lie, once for all heads that share them; laying them out, as is done where many queries mix
//! them, would take longer than mixing. All sums are those of queries among others, in the same order.

use std::ops::Range;

use pulp::{Simd, bytemuck};

use super::{Part, add_product, fill_keys};
use crate::kernels::flex::{ahead::fetch, lanes::LANES, matrix::Matrix, panels::panel_width};

/// Heads that are mixed at once, at most: their sums stay in registers.
const HEADS: usize = 4;
/// Registers of a head's mixture that are computed at once, at most.
const REGISTERS: usize = 4;

impl Part<'_> {
    /// The weighted values, where heads fill whole registers.
    #[inline(always)]
    pub(super) fn alone<S: Simd>(self, simd: S) {
        let sizes = self.sizes;
        let d_head = sizes.d_head;
        let panel_width = panel_width::<S>();
        let key_width = sizes.keys.next_multiple_of(LANES);
        let heads_of_a_kv_head = sizes.n_heads / sizes.n_kv_heads;
        let mut panels = vec![0.0; d_head * key_width];
        let mut scores = vec![0.0; heads_of_a_kv_head * key_width];
        for seen in self.seen(key_width, panel_width.max(LANES)) {
            let count = seen.keys.len();
            let panels = &mut panels[..d_head * count];
            let scores = &mut scores[..heads_of_a_kv_head * count];
            for (index, head) in self.heads.clone().step_by(heads_of_a_kv_head).enumerate() {
                let [keys, values] = [self.key, self.value].map(|all| {
                    let all = sizes.keys_of(all, head / heads_of_a_kv_head);
                    all.part(seen.keys.start, count.min(all.rows - seen.keys.start))
                });
                fill_keys(keys, sizes.scale(), (panel_width, count), panels);
                scores.fill(0.0);
                let query =
                    Matrix::part_of(&self.query[head * d_head..], [heads_of_a_kv_head, d_head], d_head);
                add_product(simd, query, (panels, count), scores, count);
                for scores in scores.chunks_exact_mut(count) {
                    self.weigh(&seen, scores);
                }
                let of_a_kv_head = heads_of_a_kv_head * d_head;
                let output = &mut self.output[index * of_a_kv_head..][..of_a_kv_head];
                let heads = scores
                    .chunks(HEADS * count)
                    .zip(output.chunks_mut(HEADS * d_head));
                for (weights, output) in heads {
                    match weights.len() / count {
                        1 => mix_heads::<S, 1>(simd, weights, values, output),
                        2 => mix_heads::<S, 2>(simd, weights, values, output),
                        3 => mix_heads::<S, 3>(simd, weights, values, output),
                        _ => mix_heads::<S, HEADS>(simd, weights, values, output),
                    }
                }
            }
        }
    }
}

/// The values times the weights of so many heads, `[heads, keys and what fills these up]`, into `[heads, d_head]`.
#[inline(always)]
fn mix_heads<S: Simd, const COUNT: usize>(simd: S, weights: &[f32], values: Matrix<'_>, output: &mut [f32]) {
    for first in (0..values.columns).step_by(REGISTERS * S::F32_LANES) {
        match (values.columns - first) / S::F32_LANES {
            1 => mix::<S, COUNT, 1>(simd, weights, (values, first), output),
            2 => mix::<S, COUNT, 2>(simd, weights, (values, first), output),
            3 => mix::<S, COUNT, 3>(simd, weights, (values, first), output),
            _ => mix::<S, COUNT, REGISTERS>(simd, weights, (values, first), output),
        }
    }
}

/// As many registers of each head as the compiler knows of, and so keeps where they are; they begin with the number `first` of
/// every value.
#[inline(always)]
fn mix<S: Simd, const COUNT: usize, const REGISTERS: usize>(
    simd: S,
    weights: &[f32],
    (values, first): (Matrix<'_>, usize),
    output: &mut [f32],
) {
    let count = weights.len() / COUNT;
    let numbers = first..first + REGISTERS * S::F32_LANES;
    let mut sums = [[simd.splat_f32s(0.0); REGISTERS]; COUNT];
    for value in 0..values.rows {
        fetch_row(values, value + LANES, numbers.clone());
        let (row, _) = S::as_simd_f32s(&values.row(value)[numbers.clone()]);
        for head in 0..COUNT {
            let weight = simd.splat_f32s(weights[head * count + value]);
            for register in 0..REGISTERS {
                sums[head][register] = simd.mul_add_e_f32s(weight, row[register], sums[head][register]);
            }
        }
    }
    for (sums, output) in sums.iter().zip(output.chunks_exact_mut(values.columns)) {
        let (output, _) = S::as_mut_simd_f32s(&mut output[numbers.clone()]);
        output.copy_from_slice(sums);
    }
}

/// Fetches some numbers of a row, where there is one.
#[inline(always)]
fn fetch_row(rows: Matrix<'_>, row: usize, numbers: Range<usize>) {
    if row < rows.rows {
        fetch(bytemuck::cast_slice(&rows.row(row)[numbers]));
    }
}
