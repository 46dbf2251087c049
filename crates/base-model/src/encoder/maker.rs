//! The parts of an encoder, from tensors by the names that they have in a checkpoint.

use burn::tensor::{Device, Tensor};

use super::{Pooler, names::Names};
use crate::{
    EncoderConfig, Pooling, TensorSource, WeightsError,
    layers::{
        Around, Attention, AttentionInput, AttentionSizes, Block, FeedForward, FeedForwardInput, Norm,
        NormKind, Projection, Slots,
    },
};

/// What the parts of an encoder are made from.
pub(super) struct Maker<'a> {
    pub(super) config: &'a EncoderConfig,
    pub(super) names: &'static Names,
    pub(super) source: &'a mut dyn TensorSource,
    pub(super) slots: &'a mut Slots,
    pub(super) device: &'a Device,
}

/// Stands in for tensors that a checkpoint does not hold.
struct Missing<'a>(&'a Device);

impl TensorSource for Missing<'_> {
    fn matrix(&mut self, _name: &str, shape: [usize; 2]) -> Result<Tensor<2>, WeightsError> {
        Ok(Tensor::zeros(shape, self.0))
    }

    fn vector(&mut self, _name: &str, length: usize) -> Result<Tensor<1>, WeightsError> {
        Ok(Tensor::ones([length], self.0))
    }
}

impl Maker<'_> {
    pub(super) fn norm(&mut self, path: &str) -> Result<Norm, WeightsError> {
        let kind = NormKind::Layer {
            has_bias: self.config.norm_bias,
        };
        let width = self.config.hidden_size;
        Norm::read(self.source, self.slots, path, width, (kind, self.config.norm_eps))
    }

    fn linear(
        &mut self,
        path: &str,
        sizes: (usize, usize),
        has_bias: bool,
    ) -> Result<Projection, WeightsError> {
        Projection::read(self.source, self.slots, path, sizes, has_bias)
    }

    pub(super) fn block(&mut self, layer: usize) -> Result<Block, WeightsError> {
        let (config, names) = (self.config, self.names);
        let (d_model, d_ff) = (config.hidden_size, config.intermediate_size);
        let path = |name: &str| format!("{}.{layer}.{name}", names.layers);
        let (attention_bias, mlp_bias) = (config.attention_bias, config.mlp_bias);
        // ModernBERT's first block gets states that the embeddings' normalisation has just left.
        let around_attention = match config.norm_first && layer == 0 {
            true => Around::default(),
            false => self.around(&path(names.attention_norm))?,
        };
        let square = (d_model, d_model);
        let input = match names.query_key_value {
            [fused] => {
                AttentionInput::Fused(self.linear(&path(fused), (d_model, 3 * d_model), attention_bias)?)
            }
            [query, key, value] => AttentionInput::Split {
                query: self.linear(&path(query), square, attention_bias)?,
                key: self.linear(&path(key), square, attention_bias)?,
                value: self.linear(&path(value), square, attention_bias)?,
            },
            _ => unreachable!("queries, keys and values have one matrix or three"),
        };
        let attention = Attention {
            input,
            head_norms: None,
            output: self.linear(&path(names.attention_output), square, attention_bias)?,
            sizes: AttentionSizes {
                n_heads: config.num_attention_heads,
                n_kv_heads: config.num_attention_heads,
                d_head: d_model / config.num_attention_heads,
                scale: ((d_model / config.num_attention_heads) as f64).powf(-0.5),
            },
        };
        let around_feed_forward = self.around(&path(names.feed_forward_norm))?;
        let input = match config.is_gated {
            true => {
                FeedForwardInput::FusedGate(self.linear(&path(names.up), (d_model, 2 * d_ff), mlp_bias)?)
            }
            false => FeedForwardInput::Plain(self.linear(&path(names.up), (d_model, d_ff), mlp_bias)?),
        };
        let feed_forward = FeedForward {
            input,
            activation: config.activation,
            down: self.linear(&path(names.down), (d_ff, d_model), mlp_bias)?,
        };
        Ok(Block {
            attention,
            around_attention,
            feed_forward,
            around_feed_forward,
        })
    }

    fn around(&mut self, path: &str) -> Result<Around, WeightsError> {
        let norm = Some(self.norm(path)?);
        Ok(match self.config.norm_first {
            true => Around {
                before: norm,
                ..Around::default()
            },
            false => Around {
                sum: norm,
                ..Around::default()
            },
        })
    }

    /// What stands between states and label head. Where the checkpoint has none, it holds nothing until an adapter brings it.
    pub(super) fn pooler(&mut self, is_in_base: bool) -> Result<Pooler, WeightsError> {
        let d_model = self.config.hidden_size;
        let has_bias = match self.config.pooling {
            Pooling::Pooler => true,
            Pooling::Prediction { has_bias, .. } => has_bias,
        };
        let mut missing = Missing(self.device);
        let mut maker = Maker {
            source: if is_in_base {
                &mut *self.source
            } else {
                &mut missing
            },
            slots: &mut *self.slots,
            ..*self
        };
        maker.slots.is_missing = !is_in_base;
        let dense = maker.linear(maker.names.pooler, (d_model, d_model), has_bias)?;
        let norm = match maker.names.pooler_norm {
            Some(path) => Some(maker.norm(path)?),
            None => None,
        };
        Ok(Pooler {
            dense,
            norm,
            is_in_base,
        })
    }
}
