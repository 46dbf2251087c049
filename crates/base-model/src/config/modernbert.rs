//! ModernBERT (Warner et al. 2024, arXiv:2412.13663): rotary positions, windows in two layers of three, gates.

use super::{Activation, EncoderConfig, Fields, Pooling, divides, layer::LayerKind, rope::ByKind};
use crate::ConfigError;

/// What these set is the language-model head, which an encoder of ours does not have, or how training begins and how it is
/// computed; the last two are a BERT's and still in some published files.
const WITHOUT_EFFECT: &[&str] = &[
    "decoder_bias",
    "deterministic_flash_attn",
    "embedding_dropout",
    "initializer_cutoff_factor",
    "mlp_dropout",
    "reference_compile",
    "repad_logits_with_grad",
    "sparse_pred_ignore_index",
    "sparse_prediction",
    "tie_word_embeddings",
    "layer_norm_eps",
    "position_embedding_type",
];

pub(super) fn read(mut fields: Fields<'_>) -> Result<EncoderConfig, ConfigError> {
    let layers = fields.layers()?;
    let period = fields.size_or("global_attn_every_n_layers", 3)?;
    let kinds = LayerKind::read_all(&mut fields, layers, |layer| {
        if layer.is_multiple_of(period) {
            LayerKind::Full
        } else {
            LayerKind::Sliding
        }
    })?;
    let max_position_embeddings = fields.size_or("max_position_embeddings", 8192)?;
    let ropes = ByKind {
        full: ("global_rope_theta", 160_000.0),
        sliding: ("local_rope_theta", 1e4),
        scales_sliding: true,
    }
    .read(&mut fields, max_position_embeddings)?;
    let reach = Some(fields.size_or("local_attention", 128)? / 2);
    let layers = ropes.layers(&kinds, reach)?;
    let pooling = Pooling::Prediction {
        of_mean: fields.word_or(
            "classifier_pooling",
            &[("cls", false), ("mean", true)],
            "\"cls\" and \"mean\"",
            false,
        )?,
        has_bias: fields.flag_or("classifier_bias", false)?,
        activation: Activation::read(&mut fields, "classifier_activation", Activation::Gelu)?,
    };
    let config = EncoderConfig {
        architecture: fields.architecture(),
        vocab_size: fields.size("vocab_size")?,
        hidden_size: fields.size("hidden_size")?,
        num_attention_heads: fields.size("num_attention_heads")?,
        intermediate_size: fields.size("intermediate_size")?,
        max_position_embeddings,
        norm_eps: fields.positive_or("norm_eps", 1e-5)?,
        activation: Activation::read(&mut fields, "hidden_activation", Activation::Gelu)?,
        layers,
        segments: None,
        norm_first: true,
        norm_bias: fields.flag_or("norm_bias", false)?,
        attention_bias: fields.flag_or("attention_bias", false)?,
        mlp_bias: fields.flag_or("mlp_bias", false)?,
        is_gated: true,
        pooling,
    };
    divides(
        ("hidden_size", config.hidden_size),
        ("num_attention_heads", config.num_attention_heads),
    )?;
    divides(
        (
            "hidden_size / num_attention_heads",
            config.hidden_size / config.num_attention_heads,
        ),
        ("a rotary pair of", 2),
    )?;
    fields.ignore(WITHOUT_EFFECT);
    fields.finish()?;
    Ok(config)
}
