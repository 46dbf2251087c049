//! Rows and weights as digits.
//!
//! A number is `scale * q` with `q = d0 * 256^(n-1) + ... + d(n-1)` and digits `-128..=127`. A product of two such sums is
//! the sum over all pairs of digits, of which those of the lowest weight are left out. This is Ozaki's scheme (Ozaki et
//! al. 2012, Numerical Algorithms 59; on integer units Ootomo, Ozaki and Yokota 2024, arXiv:2306.11975).

use std::arch::x86_64::{
    __m512i, _mm_set1_epi8, _mm_xor_si128, _mm512_add_epi32, _mm512_add_ps, _mm512_cvtepi32_epi8,
    _mm512_cvtepi32_ps, _mm512_cvtps_epi32, _mm512_fmadd_ps, _mm512_mul_ps, _mm512_set1_epi32,
    _mm512_set1_ps, _mm512_srli_epi32,
};

use super::{LANES, LEVELS, STEP, Sums, Tile};
use crate::kernels::flex::{
    matrix::Matrix,
    whole::{INPUTS_OF_A_SCALE, scale_of, size_of_largest},
};

/// The lowest digit, and the whole number of the others.
pub(super) fn cut(whole: i32) -> (i8, i32) {
    let digit = whole as i8;
    (digit, (whole - i32::from(digit)) >> 8)
}

/// Rows as digits, in the order in which the unit reads them.
#[derive(Debug)]
pub(super) struct RowDigits {
    /// `[tiles of rows, steps, digits]`; in a tile [`STEP`] inputs of all rows after the other.
    tiles: Vec<Tile>,
    /// `[blocks of inputs, rows]`
    pub(super) scales: Vec<f32>,
    steps: usize,
    digits: usize,
}

impl RowDigits {
    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn of(rows: Matrix<'_>, digits: usize, rows_of_a_tile: usize) -> Self {
        let steps = rows.columns.div_ceil(STEP);
        let of_a_tile = steps * digits;
        let mut tiles = vec![Tile::ZERO; rows.rows.div_ceil(rows_of_a_tile) * of_a_tile];
        let mut scales = vec![0.0; rows.rows * rows.columns.div_ceil(INPUTS_OF_A_SCALE)];
        for row in 0..rows.rows {
            let (tile, line) = (row / rows_of_a_tile, row % rows_of_a_tile);
            let tiles = &mut tiles[tile * of_a_tile..][..of_a_tile];
            let blocks = rows.row(row).chunks(INPUTS_OF_A_SCALE).enumerate();
            for ((block, numbers), tiles) in blocks.zip(tiles.chunks_mut(INPUTS_OF_A_SCALE / STEP * digits)) {
                let (scale, inverse) = scale_of(size_of_largest(numbers), digits);
                scales[block * rows.rows + row] = scale;
                let (whole, rest) = numbers.as_chunks::<STEP>();
                let (tiles_of_whole, tiles_of_rest) = tiles.split_at_mut(whole.len() * digits);
                for (numbers, tiles) in whole.iter().zip(tiles_of_whole.chunks_exact_mut(digits)) {
                    cut_step(numbers, inverse, tiles, line);
                }
                if !rest.is_empty() {
                    let mut numbers = [0.0; STEP];
                    numbers[..rest.len()].copy_from_slice(rest);
                    cut_step(&numbers, inverse, tiles_of_rest, line);
                }
            }
        }
        Self {
            tiles,
            scales,
            steps,
            digits,
        }
    }

    /// A block of inputs of a tile of rows.
    pub(super) fn part(&self, tile: usize, block: usize) -> &[Tile] {
        let of_a_tile = self.steps * self.digits;
        super::part(&self.tiles[tile * of_a_tile..][..of_a_tile], block, self.digits)
    }
}

/// Cuts the numbers of a step into one line of a tile for each digit.
#[target_feature(enable = "avx512f,avx512bw")]
fn cut_step(numbers: &[f32; STEP], inverse: f32, tiles: &mut [Tile], line: usize) {
    // With 128 added to every digit, digits are the bytes of the whole number.
    let raised = _mm512_set1_epi32(0x80_8080 & ((1 << (8 * tiles.len())) - 1));
    let inverse = _mm512_set1_ps(inverse);
    for (numbers, part) in numbers.as_chunks::<LANES>().0.iter().zip(0..) {
        // 0 times what is no number is some whole number; the scale tells.
        let whole = _mm512_cvtps_epi32(_mm512_mul_ps(pulp::cast(*numbers), inverse));
        let mut bytes = _mm512_add_epi32(whole, raised);
        for tile in tiles.iter_mut().rev() {
            let digits = _mm_xor_si128(_mm512_cvtepi32_epi8(bytes), _mm_set1_epi8(-128));
            tile.0[line].as_chunks_mut::<LANES>().0[part] = pulp::cast(digits);
            bytes = _mm512_srli_epi32::<8>(bytes);
        }
    }
}

/// Adds sums of all levels times the scales of rows and weights to so many columns of rows that begin `stride` numbers
/// after one another.
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn add_scaled(
    sums: &[Sums; LEVELS],
    digits: usize,
    row_scales: &[f32],
    weight_scales: &[f32; LANES],
    (output, stride): (&mut [f32], usize),
    columns: usize,
) {
    // What a sum of the lowest level stands for: so many digits of both lie below it.
    let below = digits + super::digits_of_rows(digits) - 1 - super::levels(digits);
    let unit = _mm512_set1_ps([1.0, 256.0][below]);
    let weight_scales = _mm512_mul_ps(pulp::cast(*weight_scales), unit);
    let base = _mm512_set1_ps(256.0);
    for (row, &row_scale) in row_scales.iter().enumerate() {
        let level = |level: usize| {
            let sums: __m512i = pulp::cast(sums[level].0[row]);
            _mm512_cvtepi32_ps(sums)
        };
        let mut whole = _mm512_fmadd_ps(level(0), base, level(1));
        if digits > 1 {
            whole = _mm512_fmadd_ps(whole, base, level(2));
        }
        if digits > 2 {
            whole = _mm512_fmadd_ps(whole, base, level(3));
        }
        let scales = _mm512_mul_ps(weight_scales, _mm512_set1_ps(row_scale));
        // Not fused: so 8-bit weights give the same bits as on machines that cannot.
        let added = |output: [f32; LANES]| -> [f32; LANES] {
            pulp::cast(_mm512_add_ps(pulp::cast(output), _mm512_mul_ps(whole, scales)))
        };
        let output = &mut output[row * stride..][..columns];
        match output.as_mut_array::<LANES>() {
            Some(output) => *output = added(*output),
            // The last outputs are fewer.
            None => {
                let mut place = [0.0; LANES];
                place[..columns].copy_from_slice(output);
                output.copy_from_slice(&added(place)[..columns]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn digits_are_the_number(whole in -0x7f_7f7f..=0x7f_7f7f_i32) {
            let (low, rest) = cut(whole);
            let (middle, rest) = cut(rest);
            let (high, rest) = cut(rest);
            prop_assert_eq!(rest, 0);
            prop_assert_eq!(
                i32::from(high) * 65_536 + i32::from(middle) * 256 + i32::from(low),
                whole
            );
        }
    }
}
