//! What a decoder is, whatever its architecture is called.

use super::{Activation, Fields, LayerConfig, Rope, divides};
use crate::ConfigError;

/// Sizes and wiring of a decoder; sizes are named as in `config.json`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DecoderConfig {
    /// The `model_type`.
    pub architecture: &'static str,
    /// Rows of the token embedding table.
    pub vocab_size: usize,
    /// Length of a token's state (d_model).
    pub hidden_size: usize,
    /// Query heads a block.
    pub num_attention_heads: usize,
    /// Key and value heads a block; divides `num_attention_heads`.
    pub num_key_value_heads: usize,
    /// Length of a head (d_head); even.
    pub head_dim: usize,
    /// Width of the gated feed-forward layer (d_ff).
    pub intermediate_size: usize,
    /// The longest sequence, in tokens.
    pub max_position_embeddings: usize,
    /// Added to the mean square in RMS normalisation.
    pub rms_norm_eps: f64,
    /// What the gate of the feed-forward layer goes through.
    pub activation: Activation,
    /// What each layer sees.
    pub layers: Vec<LayerConfig>,
    /// Whether a token sees only what comes before it.
    pub is_causal: bool,
    /// Whether the output head is the token embedding table.
    pub tie_word_embeddings: bool,
    /// Whether the projections to queries, keys and values have biases.
    pub query_key_value_bias: bool,
    /// Whether the projection that ends an attention has a bias.
    pub attention_output_bias: bool,
    /// Whether the projections of the feed-forward layer have biases.
    pub mlp_bias: bool,
    /// Whether every head's queries and keys are normalised before they are turned.
    pub query_key_norm: bool,
    /// What a query times a key is multiplied with.
    pub attention_scale: f64,
    /// The output's logits go through `cap * tanh(logit / cap)`.
    pub logit_softcap: Option<f64>,
    /// Whether what attention and feed-forward add is normalised too.
    pub norm_after: bool,
    /// What is added to a stored gain of a normalisation.
    pub gain_offset: f64,
    /// What the embeddings of tokens are multiplied with.
    pub embedding_scale: f64,
}

/// Where an architecture's `config.json` differs from Llama's in a field's name or default.
pub(super) struct Family {
    pub(super) activation_field: &'static str,
    pub(super) activation: Activation,
    /// Default of `head_dim`; `None` is the hidden size shared by the heads.
    pub(super) head_dim: Option<usize>,
    pub(super) tie_word_embeddings: bool,
}

impl Family {
    pub(super) const LLAMA: Self = Self {
        activation_field: "hidden_act",
        activation: Activation::Silu,
        head_dim: None,
        tie_word_embeddings: false,
    };
}

impl DecoderConfig {
    /// Reads the fields that all decoders have, wired as Llama is; the layers are still to be filled in.
    pub(super) fn read(fields: &mut Fields<'_>, family: &Family) -> Result<Self, ConfigError> {
        let hidden_size = fields.size("hidden_size")?;
        let num_attention_heads = fields.size("num_attention_heads")?;
        let shared = family.head_dim.unwrap_or(hidden_size / num_attention_heads);
        let config = Self {
            architecture: fields.architecture(),
            vocab_size: fields.size("vocab_size")?,
            hidden_size,
            num_attention_heads,
            num_key_value_heads: fields.size_or("num_key_value_heads", num_attention_heads)?,
            head_dim: fields.size_or("head_dim", shared)?,
            intermediate_size: fields.size("intermediate_size")?,
            max_position_embeddings: fields.size("max_position_embeddings")?,
            rms_norm_eps: fields.positive_or("rms_norm_eps", 1e-6)?,
            activation: Activation::read(fields, family.activation_field, family.activation)?,
            layers: Vec::new(),
            is_causal: true,
            tie_word_embeddings: fields.flag_or("tie_word_embeddings", family.tie_word_embeddings)?,
            query_key_value_bias: false,
            attention_output_bias: false,
            mlp_bias: false,
            query_key_norm: false,
            attention_scale: 1.0,
            logit_softcap: None,
            norm_after: false,
            gain_offset: 0.0,
            embedding_scale: 1.0,
        };
        if config.head_dim == 0 {
            return Err(ConfigError::Field {
                field: "num_attention_heads".to_owned(),
                expected: "at most hidden_size",
            });
        }
        divides(
            ("num_attention_heads", config.num_attention_heads),
            ("num_key_value_heads", config.num_key_value_heads),
        )?;
        divides(("head_dim", config.head_dim), ("a rotary pair of", 2))?;
        Ok(Self {
            attention_scale: (config.head_dim as f64).powf(-0.5),
            ..config
        })
    }

    /// The same with as many layers as the config says, each with this rotation.
    pub(super) fn with_layers(self, rope: Rope, reaches: impl IntoIterator<Item = Option<usize>>) -> Self {
        let layer = |reach| LayerConfig {
            reach,
            rope: Some(rope),
        };
        Self {
            layers: reaches.into_iter().map(layer).collect(),
            ..self
        }
    }

    /// The same with or without biases in all four projections of attention.
    pub(super) fn with_attention_bias(self, has_bias: bool) -> Self {
        Self {
            query_key_value_bias: has_bias,
            attention_output_bias: has_bias,
            ..self
        }
    }
}
