//! The functions between the two matrices of a feed-forward layer.

use super::Fields;
use crate::ConfigError;

/// A function of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Activation {
    /// The exact Gaussian error linear unit (Hendrycks and Gimpel 2016, arXiv:1606.08415).
    Gelu,
    /// The same by its hyperbolic tangent, `0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`.
    GeluTanh,
    /// `x sigmoid(x)`.
    Silu,
    /// `max(x, 0)`.
    Relu,
}

impl Activation {
    /// Reads a field by the names of transformers.
    pub(super) fn read(
        fields: &mut Fields<'_>,
        field: &'static str,
        default: Self,
    ) -> Result<Self, ConfigError> {
        let names = [
            ("gelu", Self::Gelu),
            ("gelu_python", Self::Gelu),
            ("gelu_pytorch_tanh", Self::GeluTanh),
            ("gelu_new", Self::GeluTanh),
            ("gelu_fast", Self::GeluTanh),
            ("silu", Self::Silu),
            ("swish", Self::Silu),
            ("relu", Self::Relu),
        ];
        let supported = "\"gelu\", \"gelu_pytorch_tanh\", \"gelu_new\", \"silu\" and \"relu\"";
        fields.word_or(field, &names, supported, default)
    }
}
