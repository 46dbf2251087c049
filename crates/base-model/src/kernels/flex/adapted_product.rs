//! A frozen linear layer with its low-rank update.

use burn::backend::flex::FlexTensor;

use super::{
    Packed,
    differentiate::Formula,
    matrix::{Matrix, Output, multiply},
    tensor,
};

/// `x W^T + scale * (x A^T) B^T`.
#[derive(Debug, Clone)]
pub(super) struct AdaptedProduct {
    input: Packed,
    weight: Packed,
    a: Packed,
    b: Packed,
    /// `x A^T`, `[tokens, rank]`.
    narrow: Vec<f32>,
    scale: f32,
}

impl AdaptedProduct {
    pub(super) fn new(tensors: [&FlexTensor; 4], scale: f64) -> Self {
        let [input, weight, a, b] = tensors.map(Packed::new);
        let (x, a_rows) = (input.matrix(), a.matrix());
        let mut narrow = vec![0.0; x.rows * a_rows.rows];
        multiply(
            Output::rows_of(&mut narrow, a_rows.rows),
            0.0,
            1.0,
            x,
            a_rows.transposed(),
        );
        Self {
            input,
            weight,
            a,
            b,
            narrow,
            scale: scale as f32,
        }
    }
}

impl Formula<4> for AdaptedProduct {
    fn output(&self) -> FlexTensor {
        let (x, w, b) = (self.input.matrix(), self.weight.matrix(), self.b.matrix());
        let narrow = Matrix::rows_of(&self.narrow, b.columns);
        let mut output = vec![0.0; x.rows * w.rows];
        multiply(Output::rows_of(&mut output, w.rows), 0.0, 1.0, x, w.transposed());
        multiply(
            Output::rows_of(&mut output, w.rows),
            1.0,
            self.scale,
            narrow,
            b.transposed(),
        );
        let mut shape = self.input.shape().to_vec();
        if let Some(last) = shape.last_mut() {
            *last = w.rows;
        }
        tensor(output, &shape)
    }

    fn gradients(&self, gradient: &FlexTensor, wanted: [bool; 4]) -> [Option<FlexTensor>; 4] {
        let gradient = Packed::new(gradient);
        let (dy, x) = (gradient.matrix(), self.input.matrix());
        let (a, b, rank) = (self.a.matrix(), self.b.matrix(), self.a.matrix().rows);
        let mut d_narrow = vec![0.0; dy.rows * rank];
        multiply(Output::rows_of(&mut d_narrow, rank), 0.0, self.scale, dy, b);
        let d_narrow = Matrix::rows_of(&d_narrow, rank);
        let [input, weight, lower, upper] = wanted;
        [
            input.then(|| {
                let mut dx = self.input.zeros();
                multiply(
                    Output::rows_of(&mut dx, self.input.width()),
                    0.0,
                    1.0,
                    dy,
                    self.weight.matrix(),
                );
                multiply(
                    Output::rows_of(&mut dx, self.input.width()),
                    1.0,
                    1.0,
                    d_narrow,
                    a,
                );
                self.input.like(dx)
            }),
            weight.then(|| {
                let mut dw = self.weight.zeros();
                multiply(Output::rows_of(&mut dw, x.columns), 0.0, 1.0, dy.transposed(), x);
                self.weight.like(dw)
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
