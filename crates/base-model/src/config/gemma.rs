//! Gemma 3, its text model (Gemma Team 2025, arXiv:2503.19786).
//!
//! Normalisations before and after attention and feed-forward, with gains stored less one; normalised queries and keys;
//! embeddings scaled by the root of their length; five layers with a window for each without, and rotations of their own.

use super::{
    Activation, DecoderConfig, Fields,
    decoder::Family,
    layer::{LayerKind, causal_reach},
    rope::ByKind,
};
use crate::ConfigError;

const FAMILY: Family = Family {
    activation_field: "hidden_activation",
    activation: Activation::GeluTanh,
    head_dim: Some(256),
    tie_word_embeddings: true,
};

pub(super) fn read(mut fields: Fields<'_>) -> Result<DecoderConfig, ConfigError> {
    let config = DecoderConfig::read(&mut fields, &FAMILY)?;
    let layers = fields.layers()?;
    let is_causal = !fields.flag_or("use_bidirectional_attention", false)?;
    let window = fields.size_or_none("sliding_window", Some(4096))?;
    let reach = window.map(|window| match is_causal {
        true => causal_reach(window),
        // transformers makes the window `window / 2 + 1` on either side, the token itself among them.
        false => window / 2,
    });
    let period = fields.size_or("sliding_window_pattern", 6)?;
    let kinds = LayerKind::read_all(&mut fields, layers, |layer| {
        if (layer + 1).is_multiple_of(period) {
            LayerKind::Full
        } else {
            LayerKind::Sliding
        }
    })?;
    let ropes = ByKind {
        full: ("rope_theta", 1e6),
        sliding: ("rope_local_base_freq", 1e4),
        scales_sliding: false,
    }
    .read(&mut fields, config.max_position_embeddings)?;
    let layers = ropes.layers(&kinds, reach)?;
    let config = DecoderConfig {
        layers,
        is_causal,
        query_key_norm: true,
        attention_scale: fields.positive_or("query_pre_attn_scalar", 256.0)?.powf(-0.5),
        logit_softcap: fields.positive_or_none("final_logit_softcapping")?,
        norm_after: true,
        gain_offset: 1.0,
        embedding_scale: (config.hidden_size as f64).sqrt(),
        ..config
    };
    // Of Gemma 2; transformers' Gemma 3 reads it and does not apply it.
    fields.ignore(&["attn_logit_softcapping"]);
    let config = config.with_attention_bias(fields.flag_or("attention_bias", false)?);
    fields.finish()?;
    Ok(config)
}
