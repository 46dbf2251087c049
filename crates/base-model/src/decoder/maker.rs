//! The parts of a decoder, from tensors by the names that they have in a checkpoint.

use crate::{
    DecoderConfig, TensorSource, WeightsError,
    layers::{
        Around, Attention, AttentionInput, AttentionSizes, Block, FeedForward, FeedForwardInput, HeadNorms,
        Norm, NormKind, Projection, Slots,
    },
};

/// What the parts of a decoder are made from.
pub(super) struct Maker<'a> {
    pub(super) config: &'a DecoderConfig,
    pub(super) source: &'a mut dyn TensorSource,
    pub(super) slots: &'a mut Slots,
}

impl Maker<'_> {
    pub(super) fn norm(&mut self, path: &str, width: usize) -> Result<Norm, WeightsError> {
        let kind = NormKind::RootMeanSquare {
            gain_offset: self.config.gain_offset,
        };
        Norm::read(
            self.source,
            self.slots,
            path,
            width,
            (kind, self.config.rms_norm_eps),
        )
    }

    pub(super) fn block(&mut self, path: &str) -> Result<Block, WeightsError> {
        let norm_after = self.config.norm_after;
        let d_model = self.config.hidden_size;
        // Where there are four normalisations, the second of the names is another one's.
        let names: &[&str] = match norm_after {
            false => &["input_layernorm", "post_attention_layernorm"],
            true => &[
                "input_layernorm",
                "pre_feedforward_layernorm",
                "post_attention_layernorm",
                "post_feedforward_layernorm",
            ],
        };
        let mut norms = names
            .iter()
            .map(|name| self.norm(&format!("{path}.{name}"), d_model).map(Some))
            .collect::<Result<Vec<_>, _>>()?
            .into_iter();
        let mut next = || norms.next().flatten();
        let (before_attention, before_feed_forward) = (next(), next());
        Ok(Block {
            attention: self.attention(&format!("{path}.self_attn"))?,
            around_attention: Around {
                before: before_attention,
                after: next(),
                sum: None,
            },
            feed_forward: self.feed_forward(&format!("{path}.mlp"))?,
            around_feed_forward: Around {
                before: before_feed_forward,
                after: next(),
                sum: None,
            },
        })
    }

    fn attention(&mut self, path: &str) -> Result<Attention, WeightsError> {
        let config = self.config;
        let d_model = config.hidden_size;
        let sizes = AttentionSizes {
            n_heads: config.num_attention_heads,
            n_kv_heads: config.num_key_value_heads,
            d_head: config.head_dim,
            scale: config.attention_scale,
        };
        let (d_query, d_kv) = (sizes.n_heads * sizes.d_head, sizes.n_kv_heads * sizes.d_head);
        let mut project = |name: &str, sizes, has_bias| {
            Projection::read(
                self.source,
                self.slots,
                &format!("{path}.{name}"),
                sizes,
                has_bias,
            )
        };
        let has_bias = config.query_key_value_bias;
        let input = AttentionInput::Split {
            query: project("q_proj", (d_model, d_query), has_bias)?,
            key: project("k_proj", (d_model, d_kv), has_bias)?,
            value: project("v_proj", (d_model, d_kv), has_bias)?,
        };
        let output = project("o_proj", (d_query, d_model), config.attention_output_bias)?;
        let head_norms = match config.query_key_norm {
            true => Some(HeadNorms {
                query: self.norm(&format!("{path}.q_norm"), sizes.d_head)?,
                key: self.norm(&format!("{path}.k_norm"), sizes.d_head)?,
            }),
            false => None,
        };
        Ok(Attention {
            input,
            head_norms,
            output,
            sizes,
        })
    }

    fn feed_forward(&mut self, path: &str) -> Result<FeedForward, WeightsError> {
        let config = self.config;
        let (d_model, d_ff) = (config.hidden_size, config.intermediate_size);
        let mut project = |name: &str, sizes| {
            let path = format!("{path}.{name}");
            Projection::read(self.source, self.slots, &path, sizes, config.mlp_bias)
        };
        Ok(FeedForward {
            input: FeedForwardInput::Gated {
                gate: project("gate_proj", (d_model, d_ff))?,
                up: project("up_proj", (d_model, d_ff))?,
            },
            activation: config.activation,
            down: project("down_proj", (d_ff, d_model))?,
        })
    }
}
