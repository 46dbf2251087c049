//! The blocks that architectures are wired from, each once.

mod attention;
mod feed_forward;
mod norm;
mod projection;
mod rotary;

pub(crate) use attention::{Attention, AttentionSizes, KeysValues};
pub(crate) use feed_forward::{GatedFeedForward, PlainFeedForward};
pub(crate) use norm::{LayerNorm, RmsNorm};
pub(crate) use projection::{Projection, Slots};
pub(crate) use rotary::Rotary;
