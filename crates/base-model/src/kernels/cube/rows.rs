//! Normalisations: one cube a row.

use burn::tensor::Tensor;
use burn_cubecl::cubecl::{self, prelude::*};

use super::{UNITS, constant, cubes, room_like, tensor};

/// The sum of one number of each of a cube's units, which all of them get.
#[cube]
fn sum_of_units(number: f32, room: &mut Shared<[f32]>) -> f32 {
    let unit = UNIT_POS as usize;
    room[unit] = number;
    let mut half = comptime!(UNITS / 2).runtime();
    while half > 0 {
        sync_cube();
        if UNIT_POS < half {
            room[unit] += room[unit + half as usize];
        }
        half /= 2;
    }
    sync_cube();
    let sum = room[0];
    // Before the next sum is written where this one is read.
    sync_cube();
    sum
}

/// A number of a row, or the sum of two.
#[cube]
fn number<F: Float>(input: &[F], added: &[F], place: usize, #[comptime] is_sum: bool) -> f32 {
    let mut number = f32::cast_from(input[place]);
    if comptime!(is_sum) {
        number += f32::cast_from(added[place]);
    }
    number
}

#[cube(launch)]
fn layer_norm_kernel<F: Float, G: Float>(
    input: &[F],
    added: &[F],
    gain: &[G],
    bias: &[G],
    output: &mut [F],
    eps: f32,
    #[comptime] width: usize,
    #[comptime] is_sum: bool,
    #[define(F, G)] _types: [ElemType; 2],
) {
    let mut room = Shared::<[f32]>::new_slice(comptime!(UNITS as usize));
    let (row, unit) = (CUBE_POS * width, UNIT_POS as usize);
    let per_width = 1.0f32 / comptime!(width as f32);
    let mut sum = 0.0f32;
    let mut column = unit;
    while column < width {
        sum += number(input, added, row + column, is_sum);
        column += comptime!(UNITS as usize);
    }
    let mean = sum_of_units(sum, &mut room) * per_width;
    let mut squares = 0.0f32;
    let mut column = unit;
    while column < width {
        let off = number(input, added, row + column, is_sum) - mean;
        squares += off * off;
        column += comptime!(UNITS as usize);
    }
    let variance = sum_of_units(squares, &mut room) * per_width;
    let deviation = (variance + eps).sqrt();
    let mut column = unit;
    while column < width {
        let normal = (number(input, added, row + column, is_sum) - mean) / deviation;
        let scaled = normal * f32::cast_from(gain[column]) + f32::cast_from(bias[column]);
        output[row + column] = F::cast_from(scaled);
        column += comptime!(UNITS as usize);
    }
}

#[cube(launch)]
fn rms_norm_kernel<F: Float, G: Float>(
    input: &[F],
    gain: &[G],
    output: &mut [F],
    eps: f32,
    #[comptime] width: usize,
    #[define(F, G)] _types: [ElemType; 2],
) {
    let mut room = Shared::<[f32]>::new_slice(comptime!(UNITS as usize));
    let (row, unit) = (CUBE_POS * width, UNIT_POS as usize);
    let mut squares = 0.0f32;
    let mut column = unit;
    while column < width {
        let number = f32::cast_from(input[row + column]);
        squares += number * number;
        column += comptime!(UNITS as usize);
    }
    let mean = sum_of_units(squares, &mut room) / comptime!(width as f32);
    let factor = 1.0f32 / (mean + eps).sqrt();
    let mut column = unit;
    while column < width {
        let number = f32::cast_from(input[row + column]) * factor * f32::cast_from(gain[column]);
        output[row + column] = F::cast_from(number);
        column += comptime!(UNITS as usize);
    }
}

/// As [`plain::layer_norm`](super::super::plain::layer_norm) of a tensor or of the sum of two, if all are computed on here.
pub(in crate::kernels) fn layer_norm(
    input: &Tensor<3>,
    added: Option<&Tensor<3>>,
    gain: &Tensor<1>,
    bias: &Tensor<1>,
    eps: f64,
) -> Option<Tensor<3>> {
    let [batch, seq, width] = input.dims();
    let ((input, numbers), (gain, gains), (bias, biases)) =
        (constant(input)?, constant(gain)?, constant(bias)?);
    let is_sum = added.is_some();
    let (added, of_added) = match added {
        Some(added) => constant(added)?,
        // Something that is bound and not read.
        None => (input.clone(), numbers),
    };
    if (gains, numbers) != (biases, of_added) {
        return None;
    }
    let output = room_like(&input);
    if batch * seq * width > 0 {
        layer_norm_kernel::launch(
            &input.client.clone(),
            cubes([batch * seq, 1, 1])?,
            CubeDim::new_1d(UNITS),
            input.into_buffer_arg(),
            added.into_buffer_arg(),
            gain.into_buffer_arg(),
            bias.into_buffer_arg(),
            output.clone().into_buffer_arg(),
            eps as f32,
            width,
            is_sum,
            [numbers, gains],
        );
    }
    Some(tensor(output))
}

/// As [`plain::rms_norm`](super::super::plain::rms_norm), if all tensors are computed on here.
pub(in crate::kernels) fn rms_norm(input: &Tensor<3>, gain: &Tensor<1>, eps: f64) -> Option<Tensor<3>> {
    let [batch, seq, width] = input.dims();
    let ((input, numbers), (gain, gains)) = (constant(input)?, constant(gain)?);
    let output = room_like(&input);
    if batch * seq * width > 0 {
        rms_norm_kernel::launch(
            &input.client.clone(),
            cubes([batch * seq, 1, 1])?,
            CubeDim::new_1d(UNITS),
            input.into_buffer_arg(),
            gain.into_buffer_arg(),
            output.clone().into_buffer_arg(),
            eps as f32,
            width,
            [numbers, gains],
        );
    }
    Some(tensor(output))
}
