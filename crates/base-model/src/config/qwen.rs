//! Qwen 2 and 2.5 (Yang et al. 2024, arXiv:2407.10671) and Qwen 3 (Yang et al. 2025, arXiv:2505.09388): Llama with
//! biases, or with normalised queries and keys, and with a window in the upper layers if it is switched on.

use super::{
    DecoderConfig, Fields, Rope,
    decoder::Family,
    layer::{LayerKind, causal_reach},
};
use crate::ConfigError;

pub(super) fn read_2(mut fields: Fields<'_>) -> Result<DecoderConfig, ConfigError> {
    let config = DecoderConfig::read(&mut fields, &Family::LLAMA)?;
    let config = DecoderConfig {
        query_key_value_bias: true,
        ..config
    };
    finish(config, fields)
}

pub(super) fn read_3(mut fields: Fields<'_>) -> Result<DecoderConfig, ConfigError> {
    let family = Family {
        head_dim: Some(128),
        ..Family::LLAMA
    };
    let config = DecoderConfig::read(&mut fields, &family)?;
    let config = DecoderConfig {
        query_key_norm: true,
        ..config
    };
    let has_bias = fields.flag_or("attention_bias", false)?;
    finish(config.with_attention_bias(has_bias), fields)
}

fn finish(config: DecoderConfig, mut fields: Fields<'_>) -> Result<DecoderConfig, ConfigError> {
    let layers = fields.layers()?;
    let rope = Rope::read(&mut fields, config.max_position_embeddings)?;
    let window = fields.size_or_none("sliding_window", Some(4096))?;
    let has_windows = fields.flag_or("use_sliding_window", false)?;
    let reach = window.filter(|_| has_windows).map(causal_reach);
    // It may be 0, and larger than the number of layers.
    let full = fields.count_or("max_window_layers", 28)?;
    let kinds = LayerKind::read_all(&mut fields, layers, |layer| {
        if reach.is_some() && layer >= full {
            LayerKind::Sliding
        } else {
            LayerKind::Full
        }
    })?;
    let reaches = LayerKind::reaches(&kinds, reach)?;
    fields.finish()?;
    Ok(config.with_layers(rope, reaches))
}
