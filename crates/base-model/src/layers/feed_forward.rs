//! The two forms of the feed-forward layer.

use burn::tensor::Tensor;

use super::{Projection, Slots};
use crate::{Adapter, TensorSource, WeightsError, kernels};

/// `W2 gelu(W1 x)`, as in BERT.
#[derive(Debug, Clone)]
pub(crate) struct PlainFeedForward {
    pub(crate) up: Projection,
    pub(crate) down: Projection,
}

impl PlainFeedForward {
    /// `[batch, seq, d_model]` to the same.
    pub(crate) fn forward(&self, input: Tensor<3>, adapter: Option<&Adapter>) -> Tensor<3> {
        let wide = kernels::gelu(self.up.forward(input, adapter)); // [batch, seq, d_ff]
        self.down.forward(wide, adapter)
    }
}

/// `W_down (silu(W_gate x) * W_up x)`, as in Llama.
#[derive(Debug, Clone)]
pub(crate) struct GatedFeedForward {
    gate: Projection,
    up: Projection,
    down: Projection,
}

impl GatedFeedForward {
    pub(crate) fn read(
        source: &mut dyn TensorSource,
        slots: &mut Slots,
        path: &str,
        (d_model, d_ff): (usize, usize),
    ) -> Result<Self, WeightsError> {
        let mut read =
            |name: &str, sizes| Projection::read(source, slots, &format!("{path}.{name}"), sizes, false);
        Ok(Self {
            gate: read("gate_proj", (d_model, d_ff))?,
            up: read("up_proj", (d_model, d_ff))?,
            down: read("down_proj", (d_ff, d_model))?,
        })
    }

    /// `[batch, seq, d_model]` to the same.
    pub(crate) fn forward(&self, input: Tensor<3>, adapter: Option<&Adapter>) -> Tensor<3> {
        let gate = self.gate.forward(input.clone(), adapter); // [batch, seq, d_ff]
        let up = self.up.forward(input, adapter); // [batch, seq, d_ff]
        self.down.forward(kernels::silu_gate(gate, up), adapter)
    }
}
