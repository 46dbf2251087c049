//! An adapter in one forward pass: what it changes, and where.

use std::sync::{Arc, OnceLock};

use burn::tensor::{DType, Int, Tensor, TensorData};

use super::Adapter;
use crate::{
    TokenBatch, WeightFormat,
    kernels::{self, Frozen},
};

/// An adapter and the tokens on which it is active.
#[derive(Debug)]
pub(crate) struct Tuning<'a> {
    adapter: &'a Adapter,
    /// `[batch, seq, 1]`, 1 where the adapter is active; `None` where it is everywhere.
    active: Option<Tensor<3>>,
}

/// The low-rank change of one module: `A` `[rank, d_input]`, `B` `[d_output, rank]`.
#[derive(Debug, Clone)]
pub(crate) struct LowRank {
    pub(crate) a: Tensor<2>,
    pub(crate) b: Tensor<2>,
    pub(crate) scale: f64,
    /// Lengths of the changed weight's rows, `[d_output]`, of a weight-decomposed adapter.
    pub(crate) magnitude: Option<Tensor<1>>,
    /// The lengths that the rows have without it.
    norms: Arc<OnceLock<Tensor<1>>>,
    /// `A` and `scale * B`, where nobody trains them.
    frozen: Arc<OnceLock<(Frozen, Frozen)>>,
}

impl<'a> Tuning<'a> {
    /// An adapter on a batch; `is_called` says whether what stands before the batch has called an activated adapter.
    pub(crate) fn new(adapter: &'a Adapter, batch: &TokenBatch, is_called: bool) -> Self {
        Self::after(adapter, batch, &[is_called])
    }

    /// The same with what is known of every row, or of all.
    pub(crate) fn after(adapter: &'a Adapter, batch: &TokenBatch, called: &[bool]) -> Self {
        let invocation = adapter.config.alora_invocation_tokens.as_deref();
        let active = invocation.map(|invocation| {
            let (rows, seq) = batch.sizes();
            let mut values = vec![0.0_f32; rows * seq];
            for row in 0..rows {
                let is_called = called[row.min(called.len() - 1)];
                let from = batch.last_start_of(row, invocation).filter(|_| !is_called);
                if let Some(from) = from.or(is_called.then_some(0)) {
                    values[row * seq + from..(row + 1) * seq].fill(1.0);
                }
            }
            Tensor::from_data(TensorData::new(values, [rows, seq, 1]), &batch.device())
        });
        Self { adapter, active }
    }

    /// Which rows have called the adapter after this batch.
    pub(crate) fn called(&self, batch: &TokenBatch, before: &[bool]) -> Vec<bool> {
        let Some(invocation) = &self.adapter.config.alora_invocation_tokens else {
            return before.to_vec();
        };
        let calls = |row: usize| batch.last_start_of(row, invocation).is_some();
        before
            .iter()
            .enumerate()
            .map(|(row, &called)| called || calls(row))
            .collect()
    }

    /// The same at other tokens, given the rows of the mask that belong to them.
    pub(crate) fn at(&self, pick: impl FnOnce(Tensor<3>) -> Tensor<3>) -> Self {
        Self {
            adapter: self.adapter,
            active: self.active.clone().map(pick),
        }
    }

    /// Where the adapter is active, `[batch, seq, 1]`; `None` is everywhere.
    pub(crate) fn active(&self) -> Option<Tensor<3>> {
        self.active.clone()
    }

    /// What stands for a module's weight and bias, if the adapter holds the module whole.
    pub(crate) fn saved(&self, slot: usize) -> Option<(Tensor<2>, Option<Tensor<1>>)> {
        self.adapter.saved(slot)
    }

    /// The same for a linear layer, the weight laid out unless it is being trained.
    pub(crate) fn saved_layer(&self, slot: usize) -> Option<(Frozen, Option<Tensor<1>>)> {
        let (weight, bias) = self.adapter.saved(slot)?;
        let saved = self.adapter.by_slot.get(slot)?.saved.as_ref()?;
        let frozen = match weight.is_autodiff() {
            true => Frozen::passing(weight),
            false => {
                let lay_out = || Frozen::new(weight, WeightFormat::F32);
                saved.frozen.get_or_init(lay_out).clone()
            }
        };
        Some((frozen, bias))
    }

    /// The low-rank change of a module, if it has one.
    pub(crate) fn low_rank(&self, slot: usize) -> Option<LowRank> {
        self.adapter.low_rank(slot)
    }
}

impl Adapter {
    /// What stands for a module's weight and bias, if it holds the module whole.
    pub(crate) fn saved(&self, slot: usize) -> Option<(Tensor<2>, Option<Tensor<1>>)> {
        let saved = self.by_slot.get(slot)?.saved.as_ref()?;
        let bias = saved.bias.map(|index| self.value(index).squeeze_dim::<1>(0));
        Some((self.value(saved.weight), bias))
    }

    /// Whether gradients flow to any of it.
    pub(crate) fn is_trained(&self) -> bool {
        self.parameters
            .iter()
            .any(|parameter| parameter.value.is_autodiff())
    }

    /// Whether it replaces a module.
    pub(crate) fn saves(&self, slot: usize) -> bool {
        self.by_slot
            .get(slot)
            .is_some_and(|change| change.saved.is_some())
    }

    /// Whether it changes a module at all.
    pub(crate) fn changes(&self, slot: usize) -> bool {
        let has = |change: &super::SlotChange| change.saved.is_some() || change.factors.is_some();
        self.by_slot.get(slot).is_some_and(has)
    }

    /// The label head's tensors by their names in the task model, with whether each is a vector.
    pub(crate) fn head_tensors(&self) -> Vec<(String, Tensor<2>, bool)> {
        let parameters = self.parameters.iter();
        parameters
            .filter(|parameter| parameter.name.starts_with(super::HEAD))
            .map(|parameter| {
                let name = parameter.name.trim_start_matches(super::ROOT).to_owned();
                (name, parameter.value.clone(), parameter.is_vector)
            })
            .collect()
    }

    /// The low-rank change of a module, if it has one.
    pub(crate) fn low_rank(&self, slot: usize) -> Option<LowRank> {
        let factors = self.by_slot.get(slot)?.factors.as_ref()?;
        Some(LowRank {
            a: self.value(factors.a),
            b: self.value(factors.b),
            scale: factors.scale,
            magnitude: factors
                .magnitude
                .map(|index| self.value(index).squeeze_dim::<1>(0)),
            norms: factors.norms.clone(),
            frozen: factors.frozen.clone(),
        })
    }
}

impl LowRank {
    /// The change of some of the module's outputs, `[outputs]`.
    pub(crate) fn outputs(&self, rows: &Tensor<1, Int>) -> Self {
        Self {
            a: self.a.clone(),
            b: self.b.clone().select(0, rows.clone()),
            scale: self.scale,
            magnitude: self
                .magnitude
                .clone()
                .map(|magnitude| magnitude.select(0, rows.clone())),
            norms: Arc::default(),
            frozen: Arc::default(),
        }
    }

    /// The change as a matrix, `scale * B A`, `[d_output, d_input]`.
    pub(crate) fn dense(&self) -> Tensor<2> {
        let (a, b) = (self.a.clone().inner(), self.b.clone().inner());
        kernels::times(b, a).mul_scalar(self.scale)
    }

    /// The lengths of the changed rows, if they have been computed.
    pub(crate) fn known_norms(&self) -> Option<Tensor<1>> {
        self.norms.get().cloned()
    }

    /// The change alone, `scale * (x A^T) B^T`: `[batch, seq, d_input]` to `[batch, seq, d_output]`.
    pub(crate) fn of(&self, input: Tensor<3>) -> Tensor<3> {
        if let Some((a, b)) = self.frozen(&input) {
            return kernels::linear(kernels::linear(input, a, None), b, None);
        }
        kernels::low_rank(input, self.a.clone(), self.b.clone(), self.scale)
    }

    /// `A` and `scale * B`, unless gradients flow to them or through them.
    pub(crate) fn frozen(&self, input: &Tensor<3>) -> Option<(&Frozen, &Frozen)> {
        if input.is_autodiff() || self.a.is_autodiff() || self.b.is_autodiff() {
            return None;
        }
        let (a, b) = self.frozen.get_or_init(|| {
            let b = self.b.clone().mul_scalar(self.scale);
            let lay_out = |matrix| Frozen::new(kernels::of_type(matrix, input.dtype()), WeightFormat::F32);
            (lay_out(self.a.clone()), lay_out(b))
        });
        Some((a, b))
    }

    /// What the changed layer's outputs are multiplied with, `m / |W + scale B A|` row by row, `[d_output]`: 1 without a
    /// magnitude (Liu et al. 2024, arXiv:2402.09353, equation 5).
    ///
    /// The lengths are constants to the gradient, as the paper's section 4.3 proposes and PEFT does. They are computed
    /// once for the factors' values, by `|W|^2 + 2 s sum((W A^T) B) + s^2 sum((B A A^T) B)` along the rows, so that no
    /// dense change is made.
    ///
    /// `crossed` computes `W A^T`, `[d_output, rank]`, of `A`.
    pub(crate) fn magnitude_ratio(
        &self,
        square_norms: impl FnOnce() -> Tensor<1>,
        crossed: impl FnOnce(Tensor<2>) -> Tensor<2>,
    ) -> Tensor<1> {
        let norms = self
            .norms
            .get_or_init(|| {
                let (a, b) = (self.a.clone().inner(), self.b.clone().inner());
                let crossed = crossed(a.clone()); // [d_output, rank]
                let gram = kernels::times(a.clone(), a.transpose()); // [rank, rank]
                let change = crossed.mul_scalar(2.0 * self.scale)
                    + kernels::times(b.clone(), gram).mul_scalar(self.scale * self.scale);
                let squares = square_norms() + (change * b).sum_dim(1).squeeze_dim::<1>(1);
                // Rounding could make the square of a length near 0 negative.
                squares.clamp_min(f32::MIN_POSITIVE).sqrt()
            })
            .clone();
        match &self.magnitude {
            Some(magnitude) => magnitude.clone() / norms,
            None => norms.ones_like(),
        }
    }

    /// Squared lengths of a matrix' rows.
    pub(crate) fn square_norms(weight: Tensor<2>) -> Tensor<1> {
        let weight = kernels::of_type(weight, DType::F32);
        weight.square().sum_dim(1).squeeze_dim::<1>(1)
    }
}
