//! What an encoder is, whatever its architecture is called.

use super::{Activation, LayerConfig};

/// Sizes and wiring of an encoder; sizes are named as in `config.json`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EncoderConfig {
    /// The `model_type`.
    pub architecture: &'static str,
    /// Rows of the token embedding table.
    pub vocab_size: usize,
    /// Length of a token's state (d_model).
    pub hidden_size: usize,
    /// Attention heads a block; divides `hidden_size`.
    pub num_attention_heads: usize,
    /// Width of the feed-forward layer (d_ff).
    pub intermediate_size: usize,
    /// The longest sequence, in tokens.
    pub max_position_embeddings: usize,
    /// Added to the variance in layer normalisation.
    pub norm_eps: f64,
    /// What the feed-forward layer's inside goes through.
    pub activation: Activation,
    /// What each layer sees.
    pub layers: Vec<LayerConfig>,
    /// Rows of the segment table, where positions and segments are added to the tokens' embeddings.
    pub segments: Option<usize>,
    /// Whether blocks normalise what goes in (and the last block's output) and not their sums.
    pub norm_first: bool,
    /// Whether normalisations have biases.
    pub norm_bias: bool,
    /// Whether the projections of attention have biases.
    pub attention_bias: bool,
    /// Whether the feed-forward layer's have.
    pub mlp_bias: bool,
    /// Whether the feed-forward layer has a gate.
    pub is_gated: bool,
    /// What stands between the states and the label head.
    pub pooling: Pooling,
}

/// How a text's state is made of its tokens' states, for the label head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pooling {
    /// `tanh(W h + b)` of the first token's state, or the state itself where the checkpoint has no pooler (Devlin et
    /// al. 2018, arXiv:1810.04805, section 3.1).
    Pooler,
    /// A linear layer, an activation and a normalisation of the first token's state, or of the mean of all.
    Prediction {
        /// Whether of the mean.
        of_mean: bool,
        /// Whether the linear layer has a bias.
        has_bias: bool,
        /// The activation.
        activation: Activation,
    },
}
