//! Products of matrices, by the `gemm` crate.

use gemm::Parallelism;

use super::threads::threads_for;

/// A matrix in a slice, by rows or by columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matrix<'a> {
    values: &'a [f32],
    pub(super) rows: usize,
    pub(super) columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of `columns` numbers, one after the other.
    pub(super) fn rows_of(values: &'a [f32], columns: usize) -> Self {
        let rows = values.len() / columns.max(1);
        Self::part_of(values, [rows, columns], columns)
    }

    /// Rows of `columns` numbers that begin `stride` numbers after one another.
    pub(super) fn part_of(values: &'a [f32], [rows, columns]: [usize; 2], stride: usize) -> Self {
        Self {
            values,
            rows,
            columns,
            row_stride: stride,
            column_stride: 1,
        }
    }

    /// A row of a matrix whose rows lie side by side.
    pub(super) fn row(&self, row: usize) -> &'a [f32] {
        debug_assert_eq!(
            self.column_stride, 1,
            "a transposed matrix has no rows in one piece"
        );
        &self.values[row * self.row_stride..][..self.columns]
    }

    /// Some of the rows.
    pub(super) fn part(&self, first: usize, count: usize) -> Self {
        Self {
            values: &self.values[(first * self.row_stride).min(self.values.len())..],
            rows: count,
            ..*self
        }
    }

    pub(super) fn at(&self, row: usize, column: usize) -> f32 {
        self.values[row * self.row_stride + column * self.column_stride]
    }

    pub(super) fn transposed(self) -> Self {
        Self {
            values: self.values,
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }

    fn is_inside(&self) -> bool {
        is_inside(
            [self.rows, self.columns],
            [self.row_stride, self.column_stride],
            self.values.len(),
        )
    }
}

/// Where a product goes: rows that begin `stride` numbers after one another.
#[derive(Debug)]
pub(super) struct Output<'a> {
    pub(super) values: &'a mut [f32],
    pub(super) stride: usize,
}

impl<'a> Output<'a> {
    /// Rows of `columns` numbers, one after the other.
    pub(super) fn rows_of(values: &'a mut [f32], columns: usize) -> Self {
        Self {
            values,
            stride: columns,
        }
    }
}

/// Whether every entry of a matrix lies among so many numbers.
fn is_inside([rows, columns]: [usize; 2], [row_stride, column_stride]: [usize; 2], numbers: usize) -> bool {
    rows == 0 || columns == 0 || (rows - 1) * row_stride + (columns - 1) * column_stride < numbers
}

/// Copies `count` rows of `width` numbers between two places in which rows begin so many numbers after one another.
pub(super) fn copy_rows(
    (from, from_stride): (&[f32], usize),
    (to, to_stride): (&mut [f32], usize),
    [count, width]: [usize; 2],
) {
    let rows = from.chunks(from_stride).zip(to.chunks_mut(to_stride));
    for (from, to) in rows.take(count) {
        to[..width].copy_from_slice(&from[..width]);
    }
}

/// `output = keep * output + factor * left * right`, where `keep` is 0 or 1.
///
/// # Panics
///
/// If the sizes do not fit one another.
#[expect(
    unsafe_code,
    reason = "gemm takes pointers; every index is checked against its slice before"
)]
pub(super) fn multiply(output: Output<'_>, keep: f32, factor: f32, left: Matrix<'_>, right: Matrix<'_>) {
    let (m, n, k) = (left.rows, right.columns, left.columns);
    let Output {
        values: output,
        stride: output_stride,
    } = output;
    assert!(
        right.rows == k
            && n <= output_stride
            && is_inside([m, n], [output_stride, 1], output.len())
            && left.is_inside()
            && right.is_inside(),
        "a product of {m} x {k} by {} x {n} into {} numbers",
        right.rows,
        output.len()
    );
    let parallelism = match threads_for(m * n * k) {
        1 => Parallelism::None,
        threads => Parallelism::Rayon(threads),
    };
    let stride = |stride: usize| stride.cast_signed();
    // SAFETY: the assertion above holds every index that gemm forms, from the sizes and strides given here,
    // inside of its slice; no two entries of the output are one, as a row is no longer than the stride; and
    // the output is borrowed mutably, so that it overlaps neither input.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            output.as_mut_ptr(),
            1,
            stride(output_stride),
            keep != 0.0,
            left.values.as_ptr(),
            stride(left.column_stride),
            stride(left.row_stride),
            right.values.as_ptr(),
            stride(right.column_stride),
            stride(right.row_stride),
            keep,
            factor,
            false,
            false,
            false,
            parallelism,
        );
    }
}
