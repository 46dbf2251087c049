//! A linear layer, alone and with its low-rank update.

use std::sync::Arc;

use burn::backend::flex::FlexTensor;

use super::{
    Packed,
    differentiate::Formula,
    frozen::FrozenMatrix,
    matrix::{Matrix, Output, multiply},
    tensor,
};

/// `x W^T` with a weight that may be trained.
#[derive(Debug, Clone)]
pub(super) struct Product {
    input: Packed,
    weight: Packed,
}

impl Product {
    pub(super) fn new(tensors: [&FlexTensor; 2]) -> Self {
        let [input, weight] = tensors.map(Packed::new);
        Self { input, weight }
    }
}

impl Formula<2> for Product {
    fn output(&self) -> FlexTensor {
        let (x, w) = (self.input.matrix(), self.weight.matrix());
        let mut output = vec![0.0; x.rows * w.rows];
        multiply(Output::rows_of(&mut output, w.rows), 0.0, 1.0, x, w.transposed());
        shaped(&self.input, output, w.rows)
    }

    fn gradients(&self, gradient: &FlexTensor, [input, weight]: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let gradient = Packed::new(gradient);
        let (dy, x, w) = (gradient.matrix(), self.input.matrix(), self.weight.matrix());
        [
            input.then(|| {
                let mut dx = self.input.zeros();
                multiply(Output::rows_of(&mut dx, x.columns), 0.0, 1.0, dy, w);
                self.input.like(dx)
            }),
            weight.then(|| {
                let mut dw = self.weight.zeros();
                multiply(Output::rows_of(&mut dw, x.columns), 0.0, 1.0, dy.transposed(), x);
                self.weight.like(dw)
            }),
        ]
    }
}

/// A tensor of the input's shape but for the last axis.
fn shaped(input: &Packed, output: Vec<f32>, width: usize) -> FlexTensor {
    let mut shape = input.shape().to_vec();
    if let Some(last) = shape.last_mut() {
        *last = width;
    }
    tensor(output, &shape)
}

/// `x W^T + bias` with neither weight nor bias trained.
#[derive(Debug, Clone)]
pub(super) struct FrozenProduct {
    input: Packed,
    weight: Arc<FrozenMatrix>,
    bias: Option<Packed>,
}

impl FrozenProduct {
    pub(super) fn new(input: &FlexTensor, weight: Arc<FrozenMatrix>, bias: Option<&FlexTensor>) -> Self {
        Self {
            input: Packed::new(input),
            weight,
            bias: bias.map(Packed::new),
        }
    }

    fn values(&self) -> Vec<f32> {
        self.weight
            .times(self.input.matrix(), self.bias.as_ref().map(Packed::values))
    }

    fn shaped(&self, output: Vec<f32>) -> FlexTensor {
        let [d_output, _] = self.weight.sizes();
        shaped(&self.input, output, d_output)
    }
}

impl Formula<1> for FrozenProduct {
    fn output(&self) -> FlexTensor {
        self.shaped(self.values())
    }

    fn gradients(&self, gradient: &FlexTensor, _wanted: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let dx = self.weight.times_transposed(Packed::new(gradient).matrix());
        [Some(self.input.like(dx))]
    }
}

/// `x W^T + bias + (x A^T) B^T` with all matrices frozen: a row's bits do not depend on the rows beside it.
pub(in crate::kernels) fn adapted_by_frozen(
    input: &FlexTensor,
    weight: Arc<FrozenMatrix>,
    bias: Option<&FlexTensor>,
    [a, b]: [&FrozenMatrix; 2],
) -> FlexTensor {
    let frozen = FrozenProduct::new(input, weight, bias);
    let narrow = a.times(frozen.input.matrix(), None);
    let mut output = frozen.values();
    b.add_times(&mut output, Matrix::rows_of(&narrow, a.sizes()[0]));
    frozen.shaped(output)
}

/// `x W^T + bias + scale * (x A^T) B^T`.
#[derive(Debug, Clone)]
pub(super) struct AdaptedProduct {
    frozen: FrozenProduct,
    a: Packed,
    b: Packed,
    /// `x A^T`, `[tokens, rank]`.
    narrow: Vec<f32>,
    scale: f32,
}

impl AdaptedProduct {
    pub(super) fn new(frozen: FrozenProduct, [a, b]: [&FlexTensor; 2], scale: f64) -> Self {
        let [a, b] = [a, b].map(Packed::new);
        let (x, a_rows) = (frozen.input.matrix(), a.matrix());
        let mut narrow = vec![0.0; x.rows * a_rows.rows];
        multiply(
            Output::rows_of(&mut narrow, a_rows.rows),
            0.0,
            1.0,
            x,
            a_rows.transposed(),
        );
        Self {
            frozen,
            a,
            b,
            narrow,
            scale: scale as f32,
        }
    }
}

impl Formula<3> for AdaptedProduct {
    fn output(&self) -> FlexTensor {
        let b = self.b.matrix();
        let narrow = Matrix::rows_of(&self.narrow, b.columns);
        let mut output = self.frozen.values();
        multiply(
            Output::rows_of(&mut output, b.rows),
            1.0,
            self.scale,
            narrow,
            b.transposed(),
        );
        self.frozen.shaped(output)
    }

    fn gradients(&self, gradient: &FlexTensor, wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let gradient = Packed::new(gradient);
        let (dy, x) = (gradient.matrix(), self.frozen.input.matrix());
        let (a, b, rank) = (self.a.matrix(), self.b.matrix(), self.a.matrix().rows);
        let mut d_narrow = vec![0.0; dy.rows * rank];
        multiply(Output::rows_of(&mut d_narrow, rank), 0.0, self.scale, dy, b);
        let d_narrow = Matrix::rows_of(&d_narrow, rank);
        let [input, lower, upper] = wanted;
        [
            input.then(|| {
                let mut dx = self.frozen.weight.times_transposed(dy);
                multiply(Output::rows_of(&mut dx, x.columns), 1.0, 1.0, d_narrow, a);
                self.frozen.input.like(dx)
            }),
            lower.then(|| {
                let mut da = self.a.zeros();
                multiply(
                    Output::rows_of(&mut da, x.columns),
                    0.0,
                    1.0,
                    d_narrow.transposed(),
                    x,
                );
                self.a.like(da)
            }),
            upper.then(|| {
                let mut db = self.b.zeros();
                let narrow = Matrix::rows_of(&self.narrow, rank);
                multiply(
                    Output::rows_of(&mut db, rank),
                    0.0,
                    self.scale,
                    dy.transposed(),
                    narrow,
                );
                self.b.like(db)
            }),
        ]
    }
}
