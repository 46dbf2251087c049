//! Activations, number by number.

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use super::lanes::{erf, exp, sigmoid, vectorised};

/// `silu(gate) * up`.
pub(super) fn silu_gate(gate: &[f32], up: &[f32], output: &mut [f32]) {
    vectorised(|| {
        for ((output, gate), up) in output.iter_mut().zip(gate).zip(up) {
            *output = gate * sigmoid(*gate) * up;
        }
    });
}

/// With `s` the logistic function, `silu'(g) = s(g) (1 + g (1 - s(g)))`.
pub(super) fn silu_gate_backward(
    (gate, up): (&[f32], &[f32]),
    gradient: &[f32],
    (d_gate, d_up): (&mut [f32], &mut [f32]),
) {
    vectorised(|| {
        let inputs = gate.iter().zip(up).zip(gradient);
        for (((gate, up), gradient), (d_gate, d_up)) in inputs.zip(d_gate.iter_mut().zip(d_up)) {
            let s = sigmoid(*gate);
            *d_gate = gradient * up * s * (1.0 + gate * (1.0 - s));
            *d_up = gradient * gate * s;
        }
    });
}

/// `x Phi(x)`, with the normal distribution function.
pub(super) fn gelu(input: &[f32], output: &mut [f32]) {
    vectorised(|| {
        for (output, x) in output.iter_mut().zip(input) {
            *output = x * 0.5 * (1.0 + erf(x * FRAC_1_SQRT_2));
        }
    });
}

/// `Phi(x) + x phi(x)`.
pub(super) fn gelu_backward(input: &[f32], gradient: &[f32], d_input: &mut [f32]) {
    /// `1 / sqrt(2 pi)`.
    const DENSITY_AT_0: f32 = 0.5 * FRAC_1_SQRT_2 * FRAC_2_SQRT_PI;
    vectorised(|| {
        for ((d_input, x), gradient) in d_input.iter_mut().zip(input).zip(gradient) {
            let below = 0.5 * (1.0 + erf(x * FRAC_1_SQRT_2));
            let density = DENSITY_AT_0 * exp(-0.5 * x * x);
            *d_input = gradient * (below + x * density);
        }
    });
}
