//! The blocks that architectures are wired from, each once.

mod attention;
mod block;
mod embedding;
mod feed_forward;
mod norm;
mod projection;
mod rotary;
mod slots;

pub(crate) use attention::{Attention, AttentionInput, AttentionSizes, HeadNorms, KeysValues};
pub(crate) use block::{Around, Block};
pub(crate) use embedding::Embedding;
pub(crate) use feed_forward::{FeedForward, FeedForwardInput};
pub(crate) use norm::{Norm, NormKind};
pub(crate) use projection::Projection;
pub(crate) use rotary::Rotary;
pub(crate) use slots::{Module, Slots};
