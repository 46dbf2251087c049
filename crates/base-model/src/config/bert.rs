//! BERT (Devlin et al. 2018, arXiv:1810.04805): MiniLM, BGE, E5 and their kin.

use serde_json::json;

use super::{Activation, EncoderConfig, Fields, LayerConfig, Pooling, divides};
use crate::ConfigError;

pub(super) fn read(mut fields: Fields<'_>) -> Result<EncoderConfig, ConfigError> {
    let layer = LayerConfig {
        reach: None,
        rope: None,
    };
    let layers = fields.layers()?;
    let config = EncoderConfig {
        architecture: fields.architecture(),
        vocab_size: fields.size("vocab_size")?,
        hidden_size: fields.size("hidden_size")?,
        num_attention_heads: fields.size("num_attention_heads")?,
        intermediate_size: fields.size("intermediate_size")?,
        max_position_embeddings: fields.size("max_position_embeddings")?,
        norm_eps: fields.positive_or("layer_norm_eps", 1e-12)?,
        activation: Activation::read(&mut fields, "hidden_act", Activation::Gelu)?,
        layers: vec![layer; layers],
        segments: Some(fields.size_or("type_vocab_size", 2)?),
        norm_first: false,
        norm_bias: true,
        attention_bias: true,
        mlp_bias: true,
        is_gated: false,
        pooling: Pooling::Pooler,
    };
    divides(
        ("hidden_size", config.hidden_size),
        ("num_attention_heads", config.num_attention_heads),
    )?;
    fields.only("position_embedding_type", &json!("absolute"), "\"absolute\"")?;
    fields.only("is_decoder", &json!(false), "false")?;
    fields.only("add_cross_attention", &json!(false), "false")?;
    // Ties the language-model head, which an encoder of ours does not have.
    fields.ignore(&["tie_word_embeddings"]);
    fields.finish()?;
    Ok(config)
}
