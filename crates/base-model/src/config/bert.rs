//! BERT: MiniLM, BGE, E5 and their kin.

use serde_json::{Map, Value, json};

use super::{Fields, divides};
use crate::ConfigError;

/// Sizes of a BERT encoder (Devlin et al. 2018, arXiv:1810.04805), named as in its `config.json`.
#[derive(Debug, Clone, PartialEq)]
pub struct BertConfig {
    /// Rows of the token embedding table.
    pub vocab_size: usize,
    /// Length of a token's state (d_model).
    pub hidden_size: usize,
    /// Number of blocks.
    pub num_hidden_layers: usize,
    /// Attention heads a block; divides `hidden_size`.
    pub num_attention_heads: usize,
    /// Width of the feed-forward layer (d_ff).
    pub intermediate_size: usize,
    /// Rows of the position table: the longest sequence in tokens.
    pub max_position_embeddings: usize,
    /// Rows of the segment table.
    pub type_vocab_size: usize,
    /// Added to the variance in layer normalisation.
    pub layer_norm_eps: f64,
}

impl BertConfig {
    pub(super) fn from_json(json: &Map<String, Value>) -> Result<Self, ConfigError> {
        let mut fields = Fields::new(json, "bert");
        let config = Self {
            vocab_size: fields.size("vocab_size")?,
            hidden_size: fields.size("hidden_size")?,
            num_hidden_layers: fields.size("num_hidden_layers")?,
            num_attention_heads: fields.size("num_attention_heads")?,
            intermediate_size: fields.size("intermediate_size")?,
            max_position_embeddings: fields.size("max_position_embeddings")?,
            type_vocab_size: fields.size("type_vocab_size")?,
            layer_norm_eps: fields.positive("layer_norm_eps")?,
        };
        divides(
            ("hidden_size", config.hidden_size),
            ("num_attention_heads", config.num_attention_heads),
        )?;
        fields.only("hidden_act", &json!("gelu"), "\"gelu\"")?;
        fields.only("position_embedding_type", &json!("absolute"), "\"absolute\"")?;
        fields.only("is_decoder", &json!(false), "false")?;
        fields.only("add_cross_attention", &json!(false), "false")?;
        // Ties the language-model head, which an encoder of ours does not have.
        fields.get("tie_word_embeddings");
        fields.finish()?;
        Ok(config)
    }
}
