//! Decoders: a token sees what comes before it.

use burn::tensor::{Device, Int, Tensor, module};

use crate::{
    Adapter, LlamaConfig, Slot, TensorSource, TokenBatch, WeightFiles, WeightsError,
    layers::{Attention, AttentionSizes, GatedFeedForward, Projection, RmsNorm, Rotary, Slots},
    weights::WeightReader,
};

/// A Llama decoder with its output head.
#[derive(Debug, Clone)]
pub struct Decoder {
    config: LlamaConfig,
    tokens: Tensor<2>,
    blocks: Vec<Block>,
    norm: RmsNorm,
    /// `[vocab, d_model]`; the token table where the two are tied.
    head: Tensor<2>,
    slots: Vec<Slot>,
}

/// Attention and feed-forward, each on the normalised state and added to it.
#[derive(Debug, Clone)]
struct Block {
    attention_norm: RmsNorm,
    attention: Attention,
    feed_forward_norm: RmsNorm,
    feed_forward: GatedFeedForward,
}

/// What stands before every name of the decoder but its head's.
const PREFIX: &str = "model.";

impl Decoder {
    pub(crate) fn read(
        config: LlamaConfig,
        files: &WeightFiles,
        device: &Device,
    ) -> Result<Self, WeightsError> {
        // Some exports write the tied head out; it is the same matrix again.
        let ignored: &[&str] = if config.tie_word_embeddings {
            &["rotary_emb.inv_freq", "lm_head."]
        } else {
            &["rotary_emb.inv_freq"]
        };
        let mut reader = WeightReader::new(files, "", device);
        let decoder = Self::assemble(config, &mut reader)?;
        reader.finish(ignored)?;
        Ok(decoder)
    }

    /// Builds a decoder from tensors that are being trained, or from any other source.
    ///
    /// # Errors
    ///
    /// What the source returns.
    pub fn assemble(config: LlamaConfig, source: &mut dyn TensorSource) -> Result<Self, WeightsError> {
        let d_model = config.hidden_size;
        let mut slots = Slots::default();
        let tokens = source.matrix("model.embed_tokens.weight", [config.vocab_size, d_model])?;
        let blocks = (0..config.num_hidden_layers)
            .map(|layer| Block::read(&config, source, &mut slots, &format!("{PREFIX}layers.{layer}")))
            .collect::<Result<_, _>>()?;
        let norm = RmsNorm::read(source, "model.norm", d_model, config.rms_norm_eps)?;
        let head = match config.tie_word_embeddings {
            true => tokens.clone(),
            false => source.matrix("lm_head.weight", [config.vocab_size, d_model])?,
        };
        Ok(Self {
            config,
            tokens,
            blocks,
            norm,
            head,
            slots: slots.into_inner(),
        })
    }

    /// The config that the decoder was built from.
    #[must_use]
    pub fn config(&self) -> &LlamaConfig {
        &self.config
    }

    /// The projections that an adapter can sit on.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The last, normalised state of every token.
    ///
    /// # Shapes
    ///
    /// - `batch`: `[batch, seq]`
    /// - output: `[batch, seq, d_model]`; what stands at padding means nothing
    #[must_use]
    pub fn forward(&self, batch: &TokenBatch, adapter: Option<&Adapter>) -> Tensor<3> {
        let device = batch.device();
        let rotary = Rotary::new(
            &batch.positions,
            self.config.head_dim,
            self.config.rope_theta,
            &device,
        );
        let blocked = batch.blocked_causal();
        let embedded = module::embedding(self.tokens.clone(), batch.ids.clone()); // [batch, seq, d_model]
        let states = self.blocks.iter().fold(embedded, |states, block| {
            let normed = block.attention_norm.forward(states.clone());
            let mixed = block
                .attention
                .forward(normed, Some(&rotary), Some(&blocked), adapter);
            let states = states + mixed;
            let normed = block.feed_forward_norm.forward(states.clone());
            states + block.feed_forward.forward(normed, adapter)
        });
        self.norm.forward(states)
    }

    /// Scores of the next token at some positions.
    ///
    /// Only the positions that are asked for are multiplied with the head, which in training and in scoring
    /// are few.
    ///
    /// # Shapes
    ///
    /// - `states`: `[batch, seq, d_model]`, from [`Decoder::forward`]
    /// - `at`: `[n]`, indices into the flattened `[batch * seq]` positions
    /// - output: `[n, vocab]`
    #[must_use]
    pub fn logits_at(&self, states: Tensor<3>, at: Tensor<1, Int>) -> Tensor<2> {
        let [batch, seq, d_model] = states.dims();
        let rows = states.reshape([batch * seq, d_model]).select(0, at); // [n, d_model]
        module::linear(rows, self.head.clone().transpose(), None)
    }

    /// Scores of the next token at every position: `[batch, seq, d_model]` to `[batch, seq, vocab]`.
    #[must_use]
    pub fn logits(&self, states: Tensor<3>) -> Tensor<3> {
        module::linear(states, self.head.clone().transpose(), None)
    }
}

impl Block {
    fn read(
        config: &LlamaConfig,
        source: &mut dyn TensorSource,
        slots: &mut Slots,
        path: &str,
    ) -> Result<Self, WeightsError> {
        let (d_model, eps) = (config.hidden_size, config.rms_norm_eps);
        let sizes = AttentionSizes {
            n_heads: config.num_attention_heads,
            n_kv_heads: config.num_key_value_heads,
            d_head: config.head_dim,
        };
        let (d_query, d_kv) = (sizes.n_heads * sizes.d_head, sizes.n_kv_heads * sizes.d_head);
        let attention_norm = RmsNorm::read(source, &format!("{path}.input_layernorm"), d_model, eps)?;
        let mut project = |name: &str, sizes| {
            Projection::read(source, slots, &format!("{path}.self_attn.{name}"), sizes, false)
        };
        let attention = Attention {
            query: project("q_proj", (d_model, d_query))?,
            key: project("k_proj", (d_model, d_kv))?,
            value: project("v_proj", (d_model, d_kv))?,
            output: project("o_proj", (d_query, d_model))?,
            sizes,
        };
        Ok(Self {
            attention_norm,
            attention,
            feed_forward_norm: RmsNorm::read(
                source,
                &format!("{path}.post_attention_layernorm"),
                d_model,
                eps,
            )?,
            feed_forward: GatedFeedForward::read(
                source,
                slots,
                &format!("{path}.mlp"),
                (d_model, config.intermediate_size),
            )?,
        })
    }
}
