//! Normalisations: one cube a row.

use burn::tensor::Tensor;
use burn_cubecl::cubecl::{self, prelude::*};

use super::{MOST_CUBES, UNITS, constant, room_like, tensor};

/// The sum of one number of each of a cube's units, which all of them get.
#[cube]
fn sum_of_units(number: f32, room: &mut Shared<[f32]>, #[comptime] units: u32) -> f32 {
    let unit = UNIT_POS as usize;
    room[unit] = number;
    let mut half = comptime!(units / 2).runtime();
    while half > 0 {
        sync_cube();
        if UNIT_POS < half {
            room[unit] = room[unit] + room[unit + half as usize];
        }
        half = half / 2;
    }
    sync_cube();
    let sum = room[0];
    // Before the next sum is written where this one is read.
    sync_cube();
    sum
}

#[cube(launch)]
fn layer_norm_kernel<F: Float, G: Float>(
    input: &[F],
    gain: &[G],
    bias: &[G],
    output: &mut [F],
    eps: f32,
    #[comptime] width: usize,
    #[comptime] units: u32,
    #[define(F, G)] _types: [ElemType; 2],
) {
    let mut room = Shared::<[f32]>::new_slice(comptime!(units as usize));
    let (row, unit) = (CUBE_POS as usize * width, UNIT_POS as usize);
    let per_width = 1.0f32 / comptime!(width as f32);
    let mut sum = 0.0f32;
    let mut column = unit;
    while column < width {
        sum += f32::cast_from(input[row + column]);
        column += comptime!(units as usize);
    }
    let mean = sum_of_units(sum, &mut room, units) * per_width;
    let mut squares = 0.0f32;
    let mut column = unit;
    while column < width {
        let off = f32::cast_from(input[row + column]) - mean;
        squares += off * off;
        column += comptime!(units as usize);
    }
    let variance = sum_of_units(squares, &mut room, units) * per_width;
    let deviation = (variance + eps).sqrt();
    let mut column = unit;
    while column < width {
        let normal = (f32::cast_from(input[row + column]) - mean) / deviation;
        let scaled = normal * f32::cast_from(gain[column]) + f32::cast_from(bias[column]);
        output[row + column] = F::cast_from(scaled);
        column += comptime!(units as usize);
    }
}

#[cube(launch)]
fn rms_norm_kernel<F: Float, G: Float>(
    input: &[F],
    gain: &[G],
    output: &mut [F],
    eps: f32,
    #[comptime] width: usize,
    #[comptime] units: u32,
    #[define(F, G)] _types: [ElemType; 2],
) {
    let mut room = Shared::<[f32]>::new_slice(comptime!(units as usize));
    let (row, unit) = (CUBE_POS as usize * width, UNIT_POS as usize);
    let mut squares = 0.0f32;
    let mut column = unit;
    while column < width {
        let number = f32::cast_from(input[row + column]);
        squares += number * number;
        column += comptime!(units as usize);
    }
    let mean = sum_of_units(squares, &mut room, units) / comptime!(width as f32);
    let factor = 1.0f32 / (mean + eps).sqrt();
    let mut column = unit;
    while column < width {
        let number = f32::cast_from(input[row + column]) * factor * f32::cast_from(gain[column]);
        output[row + column] = F::cast_from(number);
        column += comptime!(units as usize);
    }
}

/// As [`plain::layer_norm`](super::super::plain::layer_norm), if all tensors are computed on here.
pub(in crate::kernels) fn layer_norm(
    input: &Tensor<3>,
    gain: &Tensor<1>,
    bias: &Tensor<1>,
    eps: f64,
) -> Option<Tensor<3>> {
    let [batch, seq, width] = input.dims();
    let ((input, numbers), (gain, gains), (bias, biases)) =
        (constant(input)?, constant(gain)?, constant(bias)?);
    if gains != biases {
        return None;
    }
    let output = room_like(&input);
    if batch * seq * width > 0 {
        layer_norm_kernel::launch(
            &input.client.clone(),
            cubes(batch * seq)?,
            CubeDim::new_1d(UNITS),
            input.into_buffer_arg(),
            gain.into_buffer_arg(),
            bias.into_buffer_arg(),
            output.clone().into_buffer_arg(),
            eps as f32,
            width,
            UNITS,
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
            cubes(batch * seq)?,
            CubeDim::new_1d(UNITS),
            input.into_buffer_arg(),
            gain.into_buffer_arg(),
            output.clone().into_buffer_arg(),
            eps as f32,
            width,
            UNITS,
            [numbers, gains],
        );
    }
    Some(tensor(output))
}

/// One cube a row, if a GPU takes so many in one direction.
fn cubes(rows: usize) -> Option<CubeCount> {
    let rows = u32::try_from(rows).ok().filter(|&rows| rows <= MOST_CUBES)?;
    Some(CubeCount::Static(rows, 1, 1))
}
