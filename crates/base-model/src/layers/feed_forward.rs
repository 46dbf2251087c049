//! The feed-forward layer in its forms.

use burn::tensor::Tensor;

use super::Projection;
use crate::{Activation, adapter::Tuning, kernels};

/// `W_down inside(x)`.
#[derive(Debug, Clone)]
pub(crate) struct FeedForward {
    pub(crate) input: FeedForwardInput,
    pub(crate) activation: Activation,
    pub(crate) down: Projection,
}

/// What is inside.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one in a block, and it is never moved about"
)]
pub(crate) enum FeedForwardInput {
    /// `f(W x)`, as in BERT.
    Plain(Projection),
    /// `f(W_gate x) * W_up x`, as in Llama (Shazeer 2020, arXiv:2002.05202).
    Gated {
        /// To what goes through the activation.
        gate: Projection,
        /// To what it is multiplied with.
        up: Projection,
    },
    /// The same with both in one matrix, the gate first, as in ModernBERT.
    FusedGate(Projection),
}

impl FeedForward {
    /// Its linear layers, in the order in which a pass goes through them.
    pub(crate) fn projections(&self) -> impl Iterator<Item = &Projection> {
        let inputs = match &self.input {
            FeedForwardInput::Plain(input) | FeedForwardInput::FusedGate(input) => vec![input],
            FeedForwardInput::Gated { gate, up } => vec![gate, up],
        };
        inputs.into_iter().chain([&self.down])
    }

    /// `[batch, seq, d_model]` to the same.
    pub(crate) fn forward(&self, input: Tensor<3>, tuning: Option<&Tuning<'_>>) -> Tensor<3> {
        let inside = match &self.input {
            FeedForwardInput::Plain(up) => up.activated(input, self.activation, tuning),
            FeedForwardInput::Gated { gate, up } => {
                let gate = gate.forward(input.clone(), tuning); // [batch, seq, d_ff]
                kernels::gate(gate, up.forward(input, tuning), self.activation)
            }
            FeedForwardInput::FusedGate(both) => {
                let both = both.forward(input, tuning); // [batch, seq, 2 * d_ff]
                let d_ff = both.dims()[2] / 2;
                let (gate, up) = (both.clone().narrow(2, 0, d_ff), both.narrow(2, d_ff, d_ff));
                kernels::gate(gate, up, self.activation)
            }
        }; // [batch, seq, d_ff]
        self.down.forward(inside, tuning)
    }
}
