//! A linear layer, alone and with its low-rank update.

use std::sync::Arc;

use burn::backend::flex::FlexTensor;

use super::{
    Packed, Panels,
    differentiate::Formula,
    matrix::{Matrix, Output, multiply},
    tensor,
};

/// `x W^T`.
#[derive(Debug, Clone)]
pub(super) struct Product {
    input: Packed,
    weight: Packed,
    panels: Option<Arc<Panels>>,
}

impl Product {
    /// `panels` are the weight in another layout.
    pub(super) fn new(tensors: [&FlexTensor; 2], panels: Option<Arc<Panels>>) -> Self {
        let [input, weight] = tensors.map(Packed::new);
        Self {
            input,
            weight,
            panels,
        }
    }

    fn values(&self) -> Vec<f32> {
        let (x, w) = (self.input.matrix(), self.weight.matrix());
        match &self.panels {
            Some(panels) => panels.times(x),
            None => {
                let mut output = vec![0.0; x.rows * w.rows];
                multiply(Output::rows_of(&mut output, w.rows), 0.0, 1.0, x, w.transposed());
                output
            }
        }
    }

    /// A tensor of the shape of the output.
    fn shaped(&self, output: Vec<f32>) -> FlexTensor {
        let mut shape = self.input.shape().to_vec();
        if let Some(last) = shape.last_mut() {
            *last = self.weight.matrix().rows;
        }
        tensor(output, &shape)
    }

    fn input_gradient(&self, dy: Matrix<'_>) -> Vec<f32> {
        let mut dx = self.input.zeros();
        multiply(
            Output::rows_of(&mut dx, self.input.width()),
            0.0,
            1.0,
            dy,
            self.weight.matrix(),
        );
        dx
    }

    fn weight_gradient(&self, dy: Matrix<'_>) -> FlexTensor {
        let x = self.input.matrix();
        let mut dw = self.weight.zeros();
        multiply(Output::rows_of(&mut dw, x.columns), 0.0, 1.0, dy.transposed(), x);
        self.weight.like(dw)
    }
}

impl Formula<2> for Product {
    fn output(&self) -> FlexTensor {
        self.shaped(self.values())
    }

    fn gradients(&self, gradient: &FlexTensor, [input, weight]: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let gradient = Packed::new(gradient);
        let dy = gradient.matrix();
        [
            input.then(|| self.input.like(self.input_gradient(dy))),
            weight.then(|| self.weight_gradient(dy)),
        ]
    }
}

/// `x W^T + scale * (x A^T) B^T`.
#[derive(Debug, Clone)]
pub(super) struct AdaptedProduct {
    frozen: Product,
    a: Packed,
    b: Packed,
    /// `x A^T`, `[tokens, rank]`.
    narrow: Vec<f32>,
    scale: f32,
}

impl AdaptedProduct {
    pub(super) fn new(
        [input, weight, a, b]: [&FlexTensor; 4],
        panels: Option<Arc<Panels>>,
        scale: f64,
    ) -> Self {
        let frozen = Product::new([input, weight], panels);
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

impl Formula<4> for AdaptedProduct {
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

    fn gradients(&self, gradient: &FlexTensor, wanted: [bool; 4]) -> [Option<FlexTensor>; 4] {
        let gradient = Packed::new(gradient);
        let (dy, x) = (gradient.matrix(), self.frozen.input.matrix());
        let (a, b, rank) = (self.a.matrix(), self.b.matrix(), self.a.matrix().rows);
        let mut d_narrow = vec![0.0; dy.rows * rank];
        multiply(Output::rows_of(&mut d_narrow, rank), 0.0, self.scale, dy, b);
        let d_narrow = Matrix::rows_of(&d_narrow, rank);
        let [input, weight, lower, upper] = wanted;
        [
            input.then(|| {
                let mut dx = self.frozen.input_gradient(dy);
                multiply(Output::rows_of(&mut dx, x.columns), 1.0, 1.0, d_narrow, a);
                self.frozen.input.like(dx)
            }),
            weight.then(|| self.frozen.weight_gradient(dy)),
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
