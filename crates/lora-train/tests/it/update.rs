//! The update of a step on any device.

use burn::tensor::{Tensor, TensorData};
use lora_train::Updates;

use crate::fixtures::fixture::device;

/// The shapes of the factors and lengths of a small decoder's adapter.
const SHAPES: [[usize; 2]; 21] = [
    [2, 32],
    [32, 2],
    [1, 32],
    [2, 32],
    [16, 2],
    [1, 16],
    [2, 32],
    [16, 2],
    [1, 16],
    [2, 32],
    [32, 2],
    [1, 32],
    [2, 32],
    [24, 2],
    [1, 24],
    [2, 32],
    [24, 2],
    [1, 24],
    [2, 24],
    [32, 2],
    [1, 32],
];

/// Numbers that differ from tensor to tensor, none of which is 0.
fn numbers(tensor: usize, count: usize) -> Vec<f32> {
    (0..count)
        .map(|index| ((index * 37 + tensor * 101) % 89) as f32 / 40.0 - 1.1125)
        .collect()
}

/// Gradients come as they fall out of products, some turned: burn's fusion on GPUs wrote the first 8 of 24 numbers then.
#[test]
fn the_first_update_goes_by_the_rate_however_gradients_lie_in_memory() {
    let device = device().unwrap();
    let (rate, decay) = (1e-2, 0.01);
    let tensor = |values, shape| Tensor::<2>::from_data(TensorData::new(values, shape), &device);
    for is_turned in [false, true] {
        let values: Vec<Vec<f32>> = (0..SHAPES.len()).map(|at| numbers(at, 64)).collect();
        let parameters = values
            .iter()
            .zip(SHAPES)
            .map(|(values, shape)| tensor(values[..shape[0] * shape[1]].to_vec(), shape))
            .collect();
        let gradients: Vec<Tensor<2>> = SHAPES
            .iter()
            .enumerate()
            .map(|(at, &[rows, columns])| {
                let numbers = numbers(at + 100, rows * columns);
                match is_turned {
                    true => tensor(numbers, [columns, rows]).transpose(),
                    false => tensor(numbers, [rows, columns]),
                }
            })
            .collect();
        let of_gradients: Vec<Vec<f32>> = gradients
            .iter()
            .map(|gradient| gradient.clone().into_data().iter::<f32>().collect())
            .collect();
        let mut updates = Updates::new(SHAPES.len(), decay, f64::MAX);
        let update = updates.apply(parameters, gradients, rate);
        for (at, found) in update.values.into_iter().enumerate() {
            let found: Vec<f32> = found.into_data().iter::<f32>().collect();
            for (index, found) in found.into_iter().enumerate() {
                let (value, gradient) = (values[at][index], of_gradients[at][index]);
                // Both moments of the first step are the gradient's own, corrected: its sign is left.
                let expected = f64::from(value) * (1.0 - rate * decay) - rate * f64::from(gradient.signum());
                assert!(
                    (f64::from(found) - expected).abs() < 1e-5,
                    "tensor {at} of {:?}, turned: {is_turned}, at {index}: {found} in place of {expected}",
                    SHAPES[at]
                );
            }
        }
    }
}
