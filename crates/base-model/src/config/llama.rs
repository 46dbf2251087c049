//! Llama (Touvron et al. 2023, arXiv:2302.13971) and what shares its wiring, SmolLM2 among them.

use super::{DecoderConfig, Fields, Rope, decoder::Family};
use crate::ConfigError;

pub(super) fn read(mut fields: Fields<'_>) -> Result<DecoderConfig, ConfigError> {
    let config = DecoderConfig::read(&mut fields, &Family::LLAMA)?;
    let layers = fields.layers()?;
    let rope = Rope::read(&mut fields, config.max_position_embeddings)?;
    let config = DecoderConfig {
        mlp_bias: fields.flag_or("mlp_bias", false)?,
        ..config
    };
    let config = config
        .with_attention_bias(fields.flag_or("attention_bias", false)?)
        .with_layers(rope, vec![None; layers]);
    fields.finish()?;
    Ok(config)
}
