//! Positions as rotations.

use burn::tensor::{Device, Tensor, TensorData};

use crate::batch::EndToEnd;

/// Cosines and sines of the angles by which a batch of positions turns queries and keys.
#[derive(Debug, Clone)]
pub(crate) struct Rotary {
    /// `[batch or 1, seq, d_head / 2]`
    pub(crate) cos: Tensor<3>,
    /// `[batch or 1, seq, d_head / 2]`
    pub(crate) sin: Tensor<3>,
}

impl Rotary {
    /// The angles `position * frequency` of every pair, in f64 before they are rounded.
    ///
    /// `positions` holds one list a row, or one list for all rows; all lists have one length. `frequencies` are those
    /// of the `d_head / 2` pairs, in radians a token; what is turned is multiplied with `magnitude`.
    pub(crate) fn new(
        positions: &[Vec<usize>],
        (frequencies, magnitude): (&[f64], f64),
        device: &Device,
    ) -> Self {
        let seq = positions.first().map_or(0, Vec::len);
        let table = |f: fn(f64) -> f64| {
            let values: Vec<f32> = positions
                .iter()
                .flatten()
                .flat_map(|&position| {
                    let angles = frequencies.iter();
                    angles.map(move |frequency| (magnitude * f(position as f64 * frequency)) as f32)
                })
                .collect();
            Tensor::from_data(
                TensorData::new(values, [positions.len(), seq, frequencies.len()]),
                device,
            )
        };
        Self {
            cos: table(f64::cos),
            sin: table(f64::sin),
        }
    }

    /// The same for rows laid end to end.
    pub(crate) fn end_to_end(&self, rows: &EndToEnd) -> Self {
        Self {
            cos: rows.of_rows(self.cos.clone()),
            sin: rows.of_rows(self.sin.clone()),
        }
    }
}
