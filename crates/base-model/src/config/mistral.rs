//! Mistral (Jiang et al. 2023, arXiv:2310.06825): Llama with a sliding window, in all layers or in those that are listed.

use super::{
    DecoderConfig, Fields, Rope,
    decoder::Family,
    layer::{LayerKind, causal_reach},
};
use crate::ConfigError;

pub(super) fn read(mut fields: Fields<'_>) -> Result<DecoderConfig, ConfigError> {
    let config = DecoderConfig::read(&mut fields, &Family::LLAMA)?;
    let layers = fields.layers()?;
    let rope = Rope::read(&mut fields, config.max_position_embeddings)?;
    let window = fields.size_or_none("sliding_window", Some(4096))?;
    let reach = window.map(causal_reach);
    let kinds = LayerKind::read_all(&mut fields, layers, |_| match reach {
        Some(_) => LayerKind::Sliding,
        None => LayerKind::Full,
    })?;
    let reaches = LayerKind::reaches(&kinds, reach)?;
    fields.finish()?;
    Ok(config.with_layers(rope, reaches))
}
