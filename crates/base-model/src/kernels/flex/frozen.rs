//! A matrix that never changes, laid out for both directions of a product.

use std::sync::{Arc, OnceLock, Weak};

use super::{
    layout::{Layout, laid_out},
    matrix::Matrix,
};
use crate::WeightFormat;

/// A weight `[d_output, d_input]`, and, from the first gradient that flows through it, its transpose.
#[derive(Debug)]
pub(in crate::kernels) struct FrozenMatrix {
    forward: Box<dyn Layout>,
    backward: OnceLock<Box<dyn Layout>>,
    format: WeightFormat,
    /// What a forward pass multiplies with next.
    next: OnceLock<Weak<FrozenMatrix>>,
}

impl FrozenMatrix {
    /// Lays out a weight given row after row.
    pub(in crate::kernels) fn new(rows: &[f32], d_input: usize, format: WeightFormat) -> Self {
        Self {
            forward: laid_out(Matrix::rows_of(rows, d_input), format),
            backward: OnceLock::new(),
            format,
            next: OnceLock::new(),
        }
    }

    /// Says which matrix a forward pass multiplies with next, so that its beginning is there by then. The first word counts.
    pub(in crate::kernels) fn is_followed_by(&self, next: &Arc<Self>) {
        self.next.get_or_init(|| Arc::downgrade(next));
    }

    /// Lengths of what comes out and of what goes in.
    pub(in crate::kernels) fn sizes(&self) -> [usize; 2] {
        [self.forward.d_output(), self.forward.d_input()]
    }

    /// The weight, row after row, as its format rounds it.
    pub(in crate::kernels) fn to_rows(&self) -> Vec<f32> {
        self.forward.to_rows()
    }

    /// `x W^T + bias`, `[rows, d_output]`.
    pub(super) fn times(&self, x: Matrix<'_>, bias: Option<&[f32]>) -> Vec<f32> {
        let next = self.next.get().and_then(Weak::upgrade);
        self.forward
            .times(x, bias, next.as_deref().map(|next| &*next.forward))
    }

    /// Adds `x W^T` to `output`, `[rows, d_output]`.
    pub(super) fn add_times(&self, output: &mut [f32], x: Matrix<'_>) {
        self.forward.add_times(output, x, None);
    }

    /// `dy W`, `[rows, d_input]`.
    pub(super) fn times_transposed(&self, dy: Matrix<'_>) -> Vec<f32> {
        let backward = self.backward.get_or_init(|| {
            let rows = self.forward.to_rows();
            let weight = Matrix::rows_of(&rows, self.forward.d_input());
            // Gradients are those of the weight that the forward pass saw; what is rounded once in bfloat16 stays as it is.
            let format = match self.format {
                WeightFormat::Bf16 => WeightFormat::Bf16,
                _ => WeightFormat::F32,
            };
            laid_out(weight.transposed(), format)
        });
        backward.times(dy, None, None)
    }
}
