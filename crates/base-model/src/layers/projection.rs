//! A linear layer that adapters can sit on.

use std::sync::{Arc, OnceLock};

use burn::tensor::{DType, Int, Tensor};

use super::{Module, Slots};
use crate::{
    Activation, ModuleKind, TensorSource, WeightFormat, WeightsError,
    adapter::{LowRank, Tuning},
    kernels::{self, Frozen},
};

/// A frozen linear layer, and the number under which an adapter knows it.
#[derive(Debug, Clone)]
pub(crate) struct Projection {
    weight: Frozen,
    bias: Option<Tensor<1>>,
    slot: usize,
    /// Which rows of the layer's weight these are, if not all: `[d_output]`.
    rows: Option<Tensor<1, Int>>,
    /// Computed when a weight-decomposed adapter first needs them: `[d_output]`.
    square_norms: Arc<OnceLock<Tensor<1>>>,
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
        let bias = match has_bias {
            true => Some(source.vector(&format!("{path}.bias"), d_output)?),
            false => None,
        };
        Ok(Self::new(slots, path, (weight, source.weight_format()), bias))
    }

    /// A layer of these weights, `[d_output, d_input]` held in a format or as they are, and `[d_output]`.
    pub(crate) fn new(
        slots: &mut Slots,
        path: &str,
        (weight, format): (Tensor<2>, Option<WeightFormat>),
        bias: Option<Tensor<1>>,
    ) -> Self {
        let ([d_output, d_input], element) = (weight.dims(), weight.dtype());
        let projection = Self {
            weight: match format {
                Some(format) => Frozen::new(weight, format),
                None => Frozen::passing(weight),
            },
            bias: bias.map(|bias| kernels::of_type(bias, element)),
            slot: slots.next(),
            rows: None,
            square_norms: Arc::default(),
        };
        let module = Module::Linear(projection.clone());
        slots.push(path, ModuleKind::Linear, (d_input, d_output), module);
        projection
    }

    /// Some of the layer's outputs, in this order; an adapter changes them as it changes the layer's.
    pub(crate) fn outputs(&self, rows: Tensor<1, Int>) -> Self {
        let weight = self.weight.plain().select(0, rows.clone());
        let bias = self.bias.clone();
        Self {
            // What a format has rounded stays as it was rounded.
            weight: Frozen::new(weight, WeightFormat::F32),
            bias: bias.map(|bias| bias.select(0, rows.clone())),
            slot: self.slot,
            rows: Some(rows),
            square_norms: Arc::default(),
        }
    }

    /// Says in which order a forward pass goes through layers, so that the weights of each are on their way when it begins.
    pub(crate) fn follow_one_another<'a>(layers: impl Iterator<Item = &'a Self>) {
        let mut before: Option<&Self> = None;
        for layer in layers {
            if let Some(before) = before {
                before.weight.is_followed_by(&layer.weight);
            }
            before = Some(layer);
        }
    }

    /// Whether an adapter brings the layer whole.
    pub(crate) fn is_saved(&self, tuning: &Tuning<'_>) -> bool {
        tuning.saved(self.slot).is_some()
    }

    /// The weight, `[d_output, d_input]`, and the bias, `[d_output]`, in f32.
    pub(crate) fn stored(&self) -> (Tensor<2>, Option<Tensor<1>>) {
        let bias = self.bias.clone();
        (
            kernels::of_type(self.weight.plain(), DType::F32),
            bias.map(|bias| kernels::of_type(bias, DType::F32)),
        )
    }

    /// The layer with the adapter's update, if it has one for this layer.
    ///
    /// # Shapes
    ///
    /// - `input`: `[batch, seq, d_input]`
    /// - output: `[batch, seq, d_output]`
    pub(crate) fn forward(&self, input: Tensor<3>, tuning: Option<&Tuning<'_>>) -> Tensor<3> {
        if let Some((weight, bias)) = tuning.and_then(|tuning| self.saved(tuning)) {
            return kernels::linear(input, &weight, bias);
        }
        let bias = self.bias.clone();
        let Some(tuning) = tuning else {
            return kernels::linear(input, &self.weight, bias);
        };
        match (self.low_rank(tuning), tuning.active()) {
            (None, _) => kernels::linear(input, &self.weight, bias),
            (Some(update), Some(active)) => {
                let active = kernels::of_type(active, input.dtype());
                let chosen = input.clone() * active; // [batch, seq, d_input], 0 where the adapter is not active
                kernels::linear(input, &self.weight, bias) + update.of(chosen)
            }
            (Some(update), None) if update.magnitude.is_none() => self.adapted(input, &update, bias),
            (Some(update), None) => {
                // By the layout that products read: in training this is computed anew in every step.
                let crossed = |a: Tensor<2>| {
                    let product = kernels::linear(a.unsqueeze_dim::<3>(0), &self.weight, None); // [1, rank, d_output]
                    product.squeeze_dim::<2>(0).transpose()
                };
                let ratio = update.magnitude_ratio(|| self.square_norms(), crossed);
                let output = self.adapted(input, &update, None);
                let ratio = kernels::of_type(ratio, output.dtype());
                kernels::plus(output * ratio.unsqueeze(), bias)
            }
        }
    }

    /// An activation of [`Projection::forward`].
    pub(crate) fn activated(
        &self,
        input: Tensor<3>,
        activation: Activation,
        tuning: Option<&Tuning<'_>>,
    ) -> Tensor<3> {
        let is_changed =
            tuning.is_some_and(|tuning| self.is_saved(tuning) || tuning.low_rank(self.slot).is_some());
        match is_changed {
            true => kernels::activate(self.forward(input, tuning), activation),
            false => kernels::activated_linear(input, &self.weight, self.bias.clone(), activation),
        }
    }

    /// What stands for the layer's weight and bias, if the adapter brings it whole.
    fn saved(&self, tuning: &Tuning<'_>) -> Option<(Frozen, Option<Tensor<1>>)> {
        let Some(rows) = &self.rows else {
            return tuning.saved_layer(self.slot);
        };
        let (weight, bias) = tuning.saved(self.slot)?;
        let weight = Frozen::passing(weight.select(0, rows.clone()));
        Some((weight, bias.map(|bias| bias.select(0, rows.clone()))))
    }

    fn low_rank(&self, tuning: &Tuning<'_>) -> Option<LowRank> {
        let update = tuning.low_rank(self.slot)?;
        Some(match &self.rows {
            Some(rows) => update.outputs(rows),
            None => update,
        })
    }

    fn adapted(&self, input: Tensor<3>, update: &LowRank, bias: Option<Tensor<1>>) -> Tensor<3> {
        match update.frozen(&input) {
            Some(factors) => kernels::adapted_by_frozen(input, &self.weight, bias, factors),
            None => {
                let factors = (update.a.clone(), update.b.clone(), update.scale);
                kernels::adapted_linear(input, &self.weight, bias, factors)
            }
        }
    }

    /// Squared lengths of the weight's rows, `[d_output]`.
    fn square_norms(&self) -> Tensor<1> {
        self.square_norms
            .get_or_init(|| LowRank::square_norms(self.weight.plain()))
            .clone()
    }
}
