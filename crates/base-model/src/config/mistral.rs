//! Mistral (Jiang et al. 2023, arXiv:2310.06825): Llama with a sliding window.

use super::{DecoderConfig, Fields, Rope, decoder::Family, layer::causal_reach};
use crate::ConfigError;

pub(super) fn read(mut fields: Fields<'_>) -> Result<DecoderConfig, ConfigError> {
    let config = DecoderConfig::read(&mut fields, &Family::LLAMA)?;
    let layers = fields.size("num_hidden_layers")?;
    let rope = Rope::read(&mut fields, config.max_position_embeddings)?;
    let window = fields.size_or_none("sliding_window", Some(4096))?;
    // transformers warns of it and goes by the window alone.
    fields.ignore(&["layer_types"]);
    fields.finish()?;
    Ok(config.with_layers(rope, vec![window.map(causal_reach); layers]))
}
