//! Normalisation of a token's state.

use burn::tensor::Tensor;

use super::{Module, Slots};
use crate::{ModuleKind, TensorSource, WeightsError, adapter::Tuning, kernels};

/// The two normalisations.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NormKind {
    /// Layer normalisation, with a bias or without.
    Layer {
        /// Whether it has a bias.
        has_bias: bool,
    },
    /// Root-mean-square normalisation.
    RootMeanSquare {
        /// What is added to the stored gain.
        gain_offset: f64,
    },
}

/// A normalisation over the last axis.
#[derive(Debug, Clone)]
pub(crate) struct Norm {
    kind: NormKind,
    /// As it is applied, the offset added.
    gain: Tensor<1>,
    bias: Option<Tensor<1>>,
    eps: f64,
    slot: usize,
}

impl Norm {
    /// Reads `{path}.weight`, and `{path}.bias` if there is one.
    pub(crate) fn read(
        source: &mut dyn TensorSource,
        slots: &mut Slots,
        path: &str,
        width: usize,
        (kind, eps): (NormKind, f64),
    ) -> Result<Self, WeightsError> {
        let has_bias = matches!(kind, NormKind::Layer { has_bias: true });
        let norm = Self {
            kind,
            gain: kind.gain(source.vector(&format!("{path}.weight"), width)?),
            bias: match has_bias {
                true => Some(source.vector(&format!("{path}.bias"), width)?),
                false => None,
            },
            eps,
            slot: slots.next(),
        };
        slots.push(path, ModuleKind::Norm, (width, width), Module::Norm(norm.clone()));
        Ok(norm)
    }

    /// Whether it has a bias.
    pub(crate) fn has_bias(&self) -> bool {
        self.bias.is_some()
    }

    /// The gain as a checkpoint stores it, and the bias.
    pub(crate) fn stored(&self) -> (Tensor<1>, Option<Tensor<1>>) {
        let gain = match self.kind {
            NormKind::Layer { .. } => self.gain.clone(),
            NormKind::RootMeanSquare { gain_offset } => self.gain.clone().sub_scalar(gain_offset),
        };
        (gain, self.bias.clone())
    }

    /// `[batch, seq, width]` to the same.
    pub(crate) fn forward(&self, input: Tensor<3>, tuning: Option<&Tuning<'_>>) -> Tensor<3> {
        let (gain, bias) = self.applied(tuning);
        match self.kind {
            NormKind::RootMeanSquare { .. } => kernels::rms_norm(input, gain, self.eps),
            NormKind::Layer { .. } => {
                let bias = bias.unwrap_or_else(|| gain.zeros_like());
                kernels::layer_norm(input, gain, bias, self.eps)
            }
        }
    }

    /// The same of the sum of two.
    pub(crate) fn of_sum(
        &self,
        input: Tensor<3>,
        added: Tensor<3>,
        tuning: Option<&Tuning<'_>>,
    ) -> Tensor<3> {
        if let NormKind::RootMeanSquare { .. } = self.kind {
            return self.forward(input + added, tuning);
        }
        let (gain, bias) = self.applied(tuning);
        let bias = bias.unwrap_or_else(|| gain.zeros_like());
        kernels::layer_norm_of_sum(input, added, (gain, bias), self.eps)
    }

    /// The gain as it is applied and the bias, of an adapter that brings them or its own.
    fn applied(&self, tuning: Option<&Tuning<'_>>) -> (Tensor<1>, Option<Tensor<1>>) {
        match tuning.and_then(|tuning| tuning.saved(self.slot)) {
            Some((gain, bias)) => (self.kind.gain(gain.squeeze_dim::<1>(0)), bias),
            None => (self.gain.clone(), self.bias.clone()),
        }
    }
}

impl NormKind {
    /// The gain as it is applied, of the one that is stored.
    fn gain(self, stored: Tensor<1>) -> Tensor<1> {
        match self {
            Self::RootMeanSquare { gain_offset } if gain_offset != 0.0 => stored.add_scalar(gain_offset),
            _ => stored,
        }
    }
}
