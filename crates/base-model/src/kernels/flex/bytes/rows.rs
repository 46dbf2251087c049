//! Rows as whole numbers of a byte.

use super::{
    INPUTS_OF_A_ROW_SCALE, INPUTS_OF_A_SCALE,
    kernel::{Group, Kernel},
};
use crate::kernels::flex::{
    lanes::ROUND,
    machine::vectorised,
    matrix::Matrix,
    whole::{scale_of, size_of_largest},
};

/// Rows as a kernel reads them.
pub(super) struct WholeRows {
    rows: usize,
    kernel: Kernel,
    /// `[rows, groups of inputs]`
    groups: Vec<Group>,
    /// `[rows, scales of a row]`
    scales: Vec<f32>,
    /// `[rows, scales of a row]`: what sums over the inputs of a scale begin with.
    begins: Vec<i32>,
}

/// Some inputs of a row.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WholeRow<'a> {
    pub(super) groups: &'a [Group],
    pub(super) scales: &'a [f32],
    pub(super) begins: &'a [i32],
}

impl WholeRows {
    /// # Panics
    ///
    /// If the rows have no numbers.
    pub(super) fn of(rows: Matrix<'_>, kernel: Kernel) -> Self {
        let of_a_row = rows.columns.div_ceil(kernel.group());
        let scales_of_a_row = rows.columns.div_ceil(INPUTS_OF_A_ROW_SCALE);
        let mut groups = vec![[0; 4]; rows.rows * of_a_row];
        let mut scales = vec![0.0; rows.rows * scales_of_a_row];
        let mut begins = vec![0; rows.rows * scales_of_a_row];
        let scaled = scales
            .chunks_exact_mut(scales_of_a_row)
            .zip(begins.chunks_exact_mut(scales_of_a_row));
        let all = groups.chunks_exact_mut(of_a_row).zip(scaled);
        for (row, (groups, (scales, begins))) in all.enumerate() {
            round(rows.row(row), kernel, groups, scales, begins);
        }
        Self {
            rows: rows.rows,
            kernel,
            groups,
            scales,
            begins,
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// A row's inputs that share the weights' scales.
    #[inline(always)]
    pub(super) fn part(&self, row: usize, block: usize) -> WholeRow<'_> {
        #[inline(always)]
        fn part<T>(all: &[T], rows: usize, row: usize, block: usize, of_a_block: usize) -> &[T] {
            let of_a_row = all.len() / rows;
            let row = &all[row * of_a_row..][..of_a_row];
            &row[block * of_a_block..of_a_row.min((block + 1) * of_a_block)]
        }
        let scales = INPUTS_OF_A_SCALE / INPUTS_OF_A_ROW_SCALE;
        WholeRow {
            groups: part(
                &self.groups,
                self.rows,
                row,
                block,
                INPUTS_OF_A_SCALE / self.kernel.group(),
            ),
            scales: part(&self.scales, self.rows, row, block, scales),
            begins: part(&self.begins, self.rows, row, block, scales),
        }
    }
}

vectorised! {
    /// Numbers as whole numbers of a byte times scales. Of what is no number the scale tells.
    fn round(numbers: &[f32], kernel: Kernel, groups: &mut [Group], scales: &mut [f32], begins: &mut [i32]) {
        let parts = groups.chunks_mut(INPUTS_OF_A_ROW_SCALE / kernel.group());
        let scaled = scales.iter_mut().zip(begins);
        let (blocks, rest) = numbers.as_chunks();
        let mut last = [0.0; INPUTS_OF_A_ROW_SCALE];
        last[..rest.len()].copy_from_slice(rest);
        for ((numbers, groups), (scale, begin)) in blocks.iter().chain([&last]).zip(parts).zip(scaled) {
            round_block(numbers, kernel, groups, scale, begin);
        }
    }
}

/// The inputs of one scale; there are fewer groups where only a part of them is a row's.
#[inline(always)]
fn round_block(
    numbers: &[f32; INPUTS_OF_A_ROW_SCALE],
    kernel: Kernel,
    groups: &mut [Group],
    scale: &mut f32,
    begin: &mut i32,
) {
    let inverse;
    (*scale, inverse) = scale_of(size_of_largest(numbers), 1);
    let mut whole = [0_i32; INPUTS_OF_A_ROW_SCALE];
    for at in 0..INPUTS_OF_A_ROW_SCALE {
        whole[at] = rounded(numbers[at] * inverse);
    }
    *begin = kernel.begin(whole.iter().sum());
    if kernel.group() == 4 {
        let whole = whole.map(|whole| whole as u8);
        let (whole, _) = whole.as_chunks();
        groups.copy_from_slice(&whole[..groups.len()]);
    } else {
        let whole = whole.map(|whole| whole as i16);
        for (group, &[first, second]) in groups.iter_mut().zip(whole.as_chunks().0) {
            *group = pulp::cast([first, second]);
        }
    }
}

/// The nearest whole number, of one that a byte holds.
#[inline(always)]
fn rounded(number: f32) -> i32 {
    i32::from((number + ROUND).to_bits() as i8)
}
