//! Activations, number by number.

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use burn::backend::flex::FlexTensor;

use super::{
    Packed, Taken,
    differentiate::Formula,
    lanes::{erf, exp, log_sum_exp, sigmoid, sum},
    machine::vectorised,
    threads::in_shares,
};

/// How many multiplications take as long as the activation of a number.
const MULTIPLICATIONS: usize = 64;

/// The gate of a gated feed-forward layer.
#[derive(Debug, Clone)]
pub(super) struct SiluGate {
    gate: Packed,
    up: Packed,
}

impl SiluGate {
    pub(super) fn new(tensors: [&FlexTensor; 2]) -> Self {
        let [gate, up] = tensors.map(Packed::new);
        Self { gate, up }
    }
}

impl Formula<2> for SiluGate {
    fn output(&self) -> FlexTensor {
        silu_gated(Taken::copy_of(&self.gate), &self.up)
    }

    fn gradients(&self, gradient: &FlexTensor, _wanted: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let gradient = Packed::new(gradient);
        let [mut gate, mut up] = [&self.gate, &self.up].map(Packed::zeros);
        let inputs = (self.gate.values(), self.up.values());
        silu_gate_backward(inputs, gradient.values(), (&mut gate, &mut up));
        [Some(self.gate.like(gate)), Some(self.up.like(up))]
    }
}

/// `silu(gate) * up`.
pub(super) fn silu_gated(mut gate: Taken, up: &Packed) -> FlexTensor {
    let up = up.values();
    in_shares(gate.values(), 1, MULTIPLICATIONS, |from, gate| {
        silu_gate(gate, &up[from..][..gate.len()]);
    });
    gate.into_tensor()
}

/// The Gaussian error linear unit.
#[derive(Debug, Clone)]
pub(super) struct Gelu {
    input: Packed,
}

impl Gelu {
    pub(super) fn new(input: &FlexTensor) -> Self {
        Self {
            input: Packed::new(input),
        }
    }
}

impl Formula<1> for Gelu {
    fn output(&self) -> FlexTensor {
        gelu_of(Taken::copy_of(&self.input))
    }

    fn gradients(&self, gradient: &FlexTensor, _wanted: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let gradient = Packed::new(gradient);
        let mut input = self.input.zeros();
        gelu_backward(self.input.values(), gradient.values(), &mut input);
        [Some(self.input.like(input))]
    }
}

/// The Gaussian error linear unit of every number.
pub(super) fn gelu_of(mut input: Taken) -> FlexTensor {
    in_shares(input.values(), 1, MULTIPLICATIONS, |_, numbers| gelu(numbers));
    input.into_tensor()
}

/// Logarithms of probabilities; the gradient needs nothing but the output.
#[derive(Debug, Clone)]
pub(super) struct LogSoftmax {
    log_p: Packed,
}

impl LogSoftmax {
    pub(super) fn new(scores: &FlexTensor) -> Self {
        let scores = Packed::new(scores);
        let mut log_p = scores.zeros();
        log_softmax(scores.values(), scores.width(), &mut log_p);
        Self {
            log_p: Packed(scores.like(log_p)),
        }
    }
}

impl Formula<1> for LogSoftmax {
    fn output(&self) -> FlexTensor {
        self.log_p.0.clone()
    }

    fn gradients(&self, gradient: &FlexTensor, _wanted: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let gradient = Packed::new(gradient);
        let mut scores = self.log_p.zeros();
        log_softmax_backward(
            self.log_p.values(),
            gradient.values(),
            self.log_p.width(),
            &mut scores,
        );
        [Some(self.log_p.like(scores))]
    }
}

vectorised! {
    /// `silu(gate) * up`, in place of the gate.
    fn silu_gate(gate: &mut [f32], up: &[f32]) {
        for (gate, up) in gate.iter_mut().zip(up) {
            *gate = *gate * sigmoid(*gate) * up;
        }
    }
}

vectorised! {
    /// With `s` the logistic function, `silu'(g) = s(g) (1 + g (1 - s(g)))`.
    fn silu_gate_backward(
        inputs: (&[f32], &[f32]),
        gradient: &[f32],
        gradients: (&mut [f32], &mut [f32]),
    ) {
        let ((gate, up), (d_gate, d_up)) = (inputs, gradients);
        let inputs = gate.iter().zip(up).zip(gradient);
        for (((gate, up), gradient), (d_gate, d_up)) in inputs.zip(d_gate.iter_mut().zip(d_up)) {
            let s = sigmoid(*gate);
            *d_gate = gradient * up * s * (1.0 + gate * (1.0 - s));
            *d_up = gradient * gate * s;
        }
    }
}

vectorised! {
    /// `x Phi(x)`, with the normal distribution function, in place.
    fn gelu(numbers: &mut [f32]) {
        for x in numbers {
            *x = *x * 0.5 * (1.0 + erf(*x * FRAC_1_SQRT_2));
        }
    }
}

vectorised! {
    /// `Phi(x) + x phi(x)`.
    fn gelu_backward(input: &[f32], gradient: &[f32], d_input: &mut [f32]) {
        /// `1 / sqrt(2 pi)`.
        const DENSITY_AT_0: f32 = 0.5 * FRAC_1_SQRT_2 * FRAC_2_SQRT_PI;
        for ((d_input, x), gradient) in d_input.iter_mut().zip(input).zip(gradient) {
            let below = 0.5 * (1.0 + erf(x * FRAC_1_SQRT_2));
            let density = DENSITY_AT_0 * exp(-0.5 * x * x);
            *d_input = gradient * (below + x * density);
        }
    }
}

vectorised! {
    /// `x - ln sum exp(x)` of every row of `width` numbers.
    fn log_softmax(scores: &[f32], width: usize, log_p: &mut [f32]) {
        for (scores, log_p) in scores.chunks_exact(width).zip(log_p.chunks_exact_mut(width)) {
            let total = log_sum_exp(scores);
            for (log_p, score) in log_p.iter_mut().zip(scores) {
                *log_p = score - total;
            }
        }
    }
}

vectorised! {
    /// `dy - p sum(dy)` of every row.
    fn log_softmax_backward(log_p: &[f32], gradient: &[f32], width: usize, d_scores: &mut [f32]) {
        let rows = log_p.chunks_exact(width).zip(gradient.chunks_exact(width));
        for ((log_p, gradient), d_scores) in rows.zip(d_scores.chunks_exact_mut(width)) {
            let total = sum(gradient);
            for ((d_score, log_p), gradient) in d_scores.iter_mut().zip(log_p).zip(gradient) {
                *d_score = gradient - exp(*log_p) * total;
            }
        }
    }
}
