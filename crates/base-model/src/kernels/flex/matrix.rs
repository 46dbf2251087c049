//! Products of matrices, by the `gemm` crate.

use gemm::Parallelism;

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
        Self {
            values,
            rows: values.len() / columns.max(1),
            columns,
            row_stride: columns,
            column_stride: 1,
        }
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

    /// Whether every entry lies in the slice.
    fn is_inside(&self) -> bool {
        self.rows == 0
            || self.columns == 0
            || (self.rows - 1) * self.row_stride + (self.columns - 1) * self.column_stride < self.values.len()
    }
}

/// Multiplications from which a product is cut over the threads of the current pool.
const WORTH_THREADS: usize = 1 << 23;

/// `output = keep * output + factor * left * right`, the output by rows.
///
/// # Panics
///
/// If the sizes do not fit one another.
#[expect(
    unsafe_code,
    reason = "gemm takes pointers; every index is checked against its slice before"
)]
pub(super) fn multiply(output: &mut [f32], keep: f32, factor: f32, left: Matrix<'_>, right: Matrix<'_>) {
    let (m, n, k) = (left.rows, right.columns, left.columns);
    assert!(
        right.rows == k && output.len() == m * n && left.is_inside() && right.is_inside(),
        "a product of {m} x {k} by {} x {n} into {} numbers",
        right.rows,
        output.len()
    );
    let parallelism = if m * n * k >= WORTH_THREADS && rayon::current_num_threads() > 1 {
        Parallelism::Rayon(0)
    } else {
        Parallelism::None
    };
    let stride = |stride: usize| stride.cast_signed();
    // SAFETY: the assertion above holds every index that gemm forms, from the sizes and strides given here,
    // inside of its slice, and `output` is borrowed mutably, so that it overlaps neither input.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            output.as_mut_ptr(),
            1,
            stride(n),
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
