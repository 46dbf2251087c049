//! A linear layer that adapters can sit on.

use burn::tensor::Tensor;

use crate::{
    Adapter, Slot, TensorSource, WeightsError,
    kernels::{self, Frozen},
};

/// The projections of a model in the order in which they were made; a projection's index is its slot.
#[derive(Debug, Default)]
pub(crate) struct Slots(Vec<Slot>);

impl Slots {
    pub(crate) fn into_inner(self) -> Vec<Slot> {
        self.0
    }
}

/// A frozen linear layer, and the number under which an adapter knows it.
#[derive(Debug, Clone)]
pub(crate) struct Projection {
    weight: Frozen,
    bias: Option<Tensor<1>>,
    slot: usize,
}

impl Projection {
    /// Reads `{path}.weight`, and `{path}.bias` if there is one.
    pub(crate) fn read(
        source: &mut dyn TensorSource,
        slots: &mut Slots,
        path: &str,
        (d_input, d_output): (usize, usize),
        has_bias: bool,
    ) -> Result<Self, WeightsError> {
        let weight = source.matrix(&format!("{path}.weight"), [d_output, d_input])?;
        let weight = Frozen::new(weight, source.weight_format());
        let bias = match has_bias {
            true => Some(source.vector(&format!("{path}.bias"), d_output)?),
            false => None,
        };
        let slot = slots.0.len();
        slots.0.push(Slot {
            path: path.to_owned(),
            d_input,
            d_output,
        });
        Ok(Self { weight, bias, slot })
    }

    /// The layer with the adapter's update, if it has one for this layer.
    ///
    /// # Shapes
    ///
    /// - `input`: `[batch, seq, d_input]`
    /// - output: `[batch, seq, d_output]`
    pub(crate) fn forward(&self, input: Tensor<3>, adapter: Option<&Adapter>) -> Tensor<3> {
        let bias = self.bias.clone();
        match adapter.and_then(|adapter| adapter.factors(self.slot)) {
            Some(factors) => kernels::adapted_linear(input, &self.weight, bias, factors),
            None => kernels::linear(input, &self.weight, bias),
        }
    }
}
