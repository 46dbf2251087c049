//! Normalisation of a token's state.

use burn::tensor::Tensor;

use crate::{TensorSource, WeightsError, kernels};

/// Layer normalisation with gain and bias.
#[derive(Debug, Clone)]
pub(crate) struct LayerNorm {
    gain: Tensor<1>,
    bias: Tensor<1>,
    eps: f64,
}

impl LayerNorm {
    pub(crate) fn read(
        source: &mut dyn TensorSource,
        path: &str,
        d_model: usize,
        eps: f64,
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            gain: source.vector(&format!("{path}.weight"), d_model)?,
            bias: source.vector(&format!("{path}.bias"), d_model)?,
            eps,
        })
    }

    /// `[batch, seq, d_model]` to the same.
    pub(crate) fn forward(&self, input: Tensor<3>) -> Tensor<3> {
        kernels::layer_norm(input, self.gain.clone(), self.bias.clone(), self.eps)
    }
}

/// Root-mean-square normalisation with gain.
#[derive(Debug, Clone)]
pub(crate) struct RmsNorm {
    gain: Tensor<1>,
    eps: f64,
}

impl RmsNorm {
    pub(crate) fn read(
        source: &mut dyn TensorSource,
        path: &str,
        d_model: usize,
        eps: f64,
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            gain: source.vector(&format!("{path}.weight"), d_model)?,
            eps,
        })
    }

    /// `[batch, seq, d_model]` to the same.
    pub(crate) fn forward(&self, input: Tensor<3>) -> Tensor<3> {
        kernels::rms_norm(input, self.gain.clone(), self.eps)
    }
}
