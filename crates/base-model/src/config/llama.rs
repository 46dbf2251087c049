//! Llama and the models that share its wiring, SmolLM2 among them.

use serde_json::{Map, Value, json};

use super::{Fields, Rope, divides};
use crate::ConfigError;

/// Sizes of a Llama decoder (Touvron et al. 2023, arXiv:2302.13971), named as in its `config.json`.
#[derive(Debug, Clone, PartialEq)]
pub struct LlamaConfig {
    /// Rows of the token embedding table.
    pub vocab_size: usize,
    /// Length of a token's state (d_model).
    pub hidden_size: usize,
    /// Number of blocks.
    pub num_hidden_layers: usize,
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
    /// How positions become angles.
    pub rope: Rope,
    /// Whether the output head is the token embedding table.
    pub tie_word_embeddings: bool,
}

impl LlamaConfig {
    pub(super) fn from_json(json: &Map<String, Value>) -> Result<Self, ConfigError> {
        let mut fields = Fields::new(json, "llama");
        let hidden_size = fields.size("hidden_size")?;
        let num_attention_heads = fields.size("num_attention_heads")?;
        let config = Self {
            vocab_size: fields.size("vocab_size")?,
            hidden_size,
            num_hidden_layers: fields.size("num_hidden_layers")?,
            num_attention_heads,
            num_key_value_heads: fields.size_or("num_key_value_heads", num_attention_heads)?,
            head_dim: fields.size_or("head_dim", hidden_size / num_attention_heads)?,
            intermediate_size: fields.size("intermediate_size")?,
            max_position_embeddings: fields.size("max_position_embeddings")?,
            rms_norm_eps: fields.positive("rms_norm_eps")?,
            rope: Rope::read(&mut fields)?,
            tie_word_embeddings: fields.flag_or("tie_word_embeddings", false)?,
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
        fields.only("hidden_act", &json!("silu"), "\"silu\"")?;
        fields.only("attention_bias", &json!(false), "false")?;
        fields.only("mlp_bias", &json!(false), "false")?;
        fields.finish()?;
        Ok(config)
    }

    /// The same as `config.json`, as transformers writes it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut json = json!({
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden_size,
            "num_hidden_layers": self.num_hidden_layers,
            "num_attention_heads": self.num_attention_heads,
            "num_key_value_heads": self.num_key_value_heads,
            "head_dim": self.head_dim,
            "intermediate_size": self.intermediate_size,
            "max_position_embeddings": self.max_position_embeddings,
            "rms_norm_eps": self.rms_norm_eps,
            "tie_word_embeddings": self.tie_word_embeddings,
            "hidden_act": "silu",
            "attention_bias": false,
            "mlp_bias": false,
        });
        if let Value::Object(fields) = &mut json {
            self.rope.write(fields);
        }
        json
    }
}
