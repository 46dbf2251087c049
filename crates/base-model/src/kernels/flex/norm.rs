//! Normalisation of rows.

use burn::backend::flex::FlexTensor;

use super::{
    Packed, Taken,
    differentiate::Formula,
    lanes::{dot, sum},
    machine::vectorised,
    threads::in_shares,
};

/// How many multiplications take as long as the normalisation of a number.
const MULTIPLICATIONS: usize = 32;

/// Layer normalisation.
#[derive(Debug, Clone)]
pub(super) struct LayerNorm {
    input: Packed,
    gain: Packed,
    bias: Packed,
    eps: f32,
}

impl LayerNorm {
    pub(super) fn new(tensors: [&FlexTensor; 3], eps: f64) -> Self {
        let [input, gain, bias] = tensors.map(Packed::new);
        let eps = eps as f32;
        Self {
            input,
            gain,
            bias,
            eps,
        }
    }
}

impl Formula<3> for LayerNorm {
    fn output(&self) -> FlexTensor {
        layer_normed(Taken::copy_of(&self.input), (&self.gain, &self.bias), self.eps)
    }

    fn gradients(&self, gradient: &FlexTensor, _wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let gradient = Packed::new(gradient);
        let [mut input, mut gain, mut bias] = [&self.input, &self.gain, &self.bias].map(Packed::zeros);
        layer_norm_backward(
            self.input.values(),
            self.gain.values(),
            self.eps,
            gradient.values(),
            (&mut input, &mut gain, &mut bias),
        );
        [
            Some(self.input.like(input)),
            Some(self.gain.like(gain)),
            Some(self.bias.like(bias)),
        ]
    }
}

/// Layer normalisation of rows.
pub(super) fn layer_normed(mut rows: Taken, (gain, bias): (&Packed, &Packed), eps: f32) -> FlexTensor {
    let (gain, bias) = (gain.values(), bias.values());
    in_shares(rows.values(), gain.len(), MULTIPLICATIONS, |_, rows| {
        layer_norm(rows, gain, bias, eps);
    });
    rows.into_tensor()
}

/// Root-mean-square normalisation.
#[derive(Debug, Clone)]
pub(super) struct RmsNorm {
    input: Packed,
    gain: Packed,
    eps: f32,
}

impl RmsNorm {
    pub(super) fn new(tensors: [&FlexTensor; 2], eps: f64) -> Self {
        let [input, gain] = tensors.map(Packed::new);
        let eps = eps as f32;
        Self { input, gain, eps }
    }
}

impl Formula<2> for RmsNorm {
    fn output(&self) -> FlexTensor {
        rms_normed(Taken::copy_of(&self.input), &self.gain, self.eps)
    }

    fn gradients(&self, gradient: &FlexTensor, _wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let gradient = Packed::new(gradient);
        let [mut input, mut gain] = [&self.input, &self.gain].map(Packed::zeros);
        rms_norm_backward(
            self.input.values(),
            self.gain.values(),
            self.eps,
            gradient.values(),
            (&mut input, &mut gain),
        );
        [Some(self.input.like(input)), Some(self.gain.like(gain))]
    }
}

/// Root-mean-square normalisation of rows.
pub(super) fn rms_normed(mut rows: Taken, gain: &Packed, eps: f32) -> FlexTensor {
    let gain = gain.values();
    in_shares(rows.values(), gain.len(), MULTIPLICATIONS, |_, rows| {
        rms_norm(rows, gain, eps);
    });
    rows.into_tensor()
}

vectorised! {
    /// `x r gain` with `r = 1 / sqrt(mean(x^2) + eps)`, in place, for rows as long as the gain.
    fn rms_norm(rows: &mut [f32], gain: &[f32], eps: f32) {
        let width = gain.len();
        for x in rows.chunks_exact_mut(width) {
            let r = inverse_root(dot(x, x) / width as f32, eps);
            for (x, gain) in x.iter_mut().zip(gain) {
                *x = *x * r * gain;
            }
        }
    }
}

vectorised! {
    /// With `g = gain * dy`: `dx = r g - x r^3 mean(g x)`, and `d gain` is the sum of `dy x r` over the rows.
    fn rms_norm_backward(
        input: &[f32],
        gain: &[f32],
        eps: f32,
        gradient: &[f32],
        gradients: (&mut [f32], &mut [f32]),
    ) {
        let (d_input, d_gain) = gradients;
        let width = gain.len();
        let rows = input.chunks_exact(width).zip(gradient.chunks_exact(width));
        let mut scaled = vec![0.0; width];
        for ((x, dy), dx) in rows.zip(d_input.chunks_exact_mut(width)) {
            let r = inverse_root(dot(x, x) / width as f32, eps);
            for ((g, dy), gain) in scaled.iter_mut().zip(dy).zip(gain) {
                *g = dy * gain;
            }
            let pull = r * r * r * dot(&scaled, x) / width as f32;
            for (((dx, g), x), (d_gain, dy)) in dx.iter_mut().zip(&scaled).zip(x).zip(d_gain.iter_mut().zip(dy)) {
                *dx = r * g - pull * x;
                *d_gain += dy * x * r;
            }
        }
    }
}

vectorised! {
    /// `(x - mean) r gain + bias` with `r = 1 / sqrt(variance + eps)`, in place, for rows as long as the gain.
    fn layer_norm(rows: &mut [f32], gain: &[f32], bias: &[f32], eps: f32) {
        let width = gain.len();
        for x in rows.chunks_exact_mut(width) {
            centre(x);
            let r = inverse_root(dot(x, x) / width as f32, eps);
            for ((x, gain), bias) in x.iter_mut().zip(gain).zip(bias) {
                *x = *x * r * gain + bias;
            }
        }
    }
}

vectorised! {
    /// With `n = (x - mean) r` and `g = gain * dy`: `dx = r (g - mean(g) - n mean(g n))`, `d gain` is the sum of
    /// `dy n` and `d bias` that of `dy` over the rows.
    fn layer_norm_backward(
        input: &[f32],
        gain: &[f32],
        eps: f32,
        gradient: &[f32],
        gradients: (&mut [f32], &mut [f32], &mut [f32]),
    ) {
        let (d_input, d_gain, d_bias) = gradients;
        let width = gain.len();
        let rows = input.chunks_exact(width).zip(gradient.chunks_exact(width));
        let (mut normal, mut scaled) = (vec![0.0; width], vec![0.0; width]);
        for ((x, dy), dx) in rows.zip(d_input.chunks_exact_mut(width)) {
            normal.copy_from_slice(x);
            centre(&mut normal);
            let r = inverse_root(dot(&normal, &normal) / width as f32, eps);
            for ((n, g), (dy, gain)) in normal.iter_mut().zip(&mut scaled).zip(dy.iter().zip(gain)) {
                *n *= r;
                *g = dy * gain;
            }
            let mean = sum(&scaled) / width as f32;
            let pull = dot(&scaled, &normal) / width as f32;
            for ((dx, g), n) in dx.iter_mut().zip(&scaled).zip(&normal) {
                *dx = r * (g - mean - n * pull);
            }
            for (((d_gain, d_bias), dy), n) in d_gain.iter_mut().zip(d_bias.iter_mut()).zip(dy).zip(&normal) {
                *d_gain += dy * n;
                *d_bias += dy;
            }
        }
    }
}

/// `x - mean`, in place.
#[inline(always)]
fn centre(x: &mut [f32]) {
    let mean = sum(x) / x.len() as f32;
    for x in x {
        *x -= mean;
    }
}

#[inline(always)]
fn inverse_root(mean_square: f32, eps: f32) -> f32 {
    1.0 / (mean_square + eps).sqrt()
}
