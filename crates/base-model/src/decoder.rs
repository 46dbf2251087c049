//! Decoders: a token sees what comes before it.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData, module};

use crate::{
    Adapter, LlamaConfig, Slot, TensorSource, TokenBatch, WeightFiles, WeightsError,
    kernels::{self, Frozen},
    layers::{Attention, AttentionSizes, GatedFeedForward, KeysValues, Projection, RmsNorm, Rotary, Slots},
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
    head: Frozen,
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

/// A text that has been computed and that stands before every row of the batches that are run after it.
///
/// It belongs to the decoder and the adapter that made it.
#[derive(Debug, Clone)]
pub struct Prefix {
    tokens: usize,
    /// For every block, `[1, tokens, n_kv_heads * d_head]`.
    found: Vec<KeysValues>,
}

impl Prefix {
    /// How many tokens it has.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.tokens
    }
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
            head: Frozen::new(head, source.weight_format()),
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

    /// Computes a text that stands before every row of many batches, such as the instructions of a task, once.
    ///
    /// What follows it sees its keys and values, and gradients flow back through them: a forward pass after a
    /// prefix equals one over rows that begin with it, to rounding.
    #[must_use]
    pub fn prefix(&self, ids: &[u32], adapter: Option<&Adapter>, device: &Device) -> Prefix {
        let batch = TokenBatch::new(&[ids.to_vec()], 0, device);
        let rotary = self.rotary(&batch.positions, device);
        let blocked = batch.blocked_causal(None);
        let mut states = self.embed(&batch);
        let mut found = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            let normed = block.attention_norm.forward(states.clone());
            let own = block
                .attention
                .keys_values(normed.clone(), Some(&rotary), adapter);
            found.push(own.clone());
            // Of the last block only the keys and values are ever looked at.
            if found.len() < self.blocks.len() {
                states = block.forward(states, normed, own, &rotary, &blocked, adapter);
            }
        }
        Prefix {
            tokens: ids.len(),
            found,
        }
    }

    /// The last, normalised state of every token.
    ///
    /// # Shapes
    ///
    /// - `batch`: `[batch, seq]`
    /// - output: `[batch, seq, d_model]`; what stands at padding means nothing
    #[must_use]
    pub fn forward(&self, batch: &TokenBatch, adapter: Option<&Adapter>) -> Tensor<3> {
        self.run(batch, None, None, adapter)
    }

    /// The logarithm of the probability of every next token, at some places.
    ///
    /// Only these places are computed in what only they need, the last block's queries and feed-forward and the
    /// head: in training and in scoring they are few.
    ///
    /// # Shapes
    ///
    /// - `batch`: `[batch, seq]`; its rows come after the prefix, if there is one
    /// - `places`: a list of indices into `seq` for every row, `n` in all
    /// - output: `[n, vocab]`, row after row
    #[must_use]
    pub fn log_probabilities_at(
        &self,
        batch: TokenBatch,
        prefix: Option<&Prefix>,
        places: &[Vec<usize>],
        adapter: Option<&Adapter>,
    ) -> Tensor<2> {
        let batch = batch.after(prefix.map_or(0, |prefix| prefix.tokens));
        let device = batch.device();
        let most = places.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let mut even = places.to_vec();
        for places in &mut even {
            places.resize(most, 0);
        }
        let states = self.run(&batch, prefix, Some(&even), adapter); // [batch, most, d_model]
        let [rows, _, d_model] = states.dims();
        let wanted = places
            .iter()
            .enumerate()
            .flat_map(|(row, places)| (0..places.len()).map(move |place| row * most + place));
        let states = states
            .reshape([rows * most, d_model])
            .select(0, indices(wanted, &device)); // [n, d_model]
        let logits = self.logits(states.unsqueeze_dim::<3>(0)); // [1, n, vocab]
        kernels::log_softmax(logits.squeeze_dim::<2>(0))
    }

    /// The states after the last block, of all tokens or, with as many `places` in every row, of those.
    fn run(
        &self,
        batch: &TokenBatch,
        prefix: Option<&Prefix>,
        places: Option<&[Vec<usize>]>,
        adapter: Option<&Adapter>,
    ) -> Tensor<3> {
        let device = batch.device();
        let rotary = self.rotary(&batch.positions, &device);
        let blocked = batch.blocked_causal(None);
        let mut states = self.embed(batch);
        for (index, block) in self.blocks.iter().enumerate() {
            let is_last = index + 1 == self.blocks.len();
            let normed = block.attention_norm.forward(states.clone());
            let own = block
                .attention
                .keys_values(normed.clone(), Some(&rotary), adapter);
            let all = match prefix {
                Some(prefix) => own.after(&prefix.found[index]),
                None => own,
            };
            states = match places.filter(|_| is_last) {
                Some(places) => {
                    let (states, normed) = (pick(states, places), pick(normed, places)); // [batch, places, d_model]
                    let rotary = self.rotary(&batch.positions_at(places), &device);
                    let blocked = batch.blocked_causal(Some(places));
                    block.forward(states, normed, all, &rotary, &blocked, adapter)
                }
                None => block.forward(states, normed, all, &rotary, &blocked, adapter),
            };
        }
        self.norm.forward(states)
    }

    fn rotary(&self, positions: &[Vec<usize>], device: &Device) -> Rotary {
        Rotary::new(
            positions,
            &self.config.rope.frequencies(self.config.head_dim),
            device,
        )
    }

    /// The states before the first block: `[batch, seq, d_model]`.
    fn embed(&self, batch: &TokenBatch) -> Tensor<3> {
        module::embedding(self.tokens.clone(), batch.ids.clone())
    }

    /// Scores of the next token at every position: `[batch, seq, d_model]` to `[batch, seq, vocab]`.
    #[must_use]
    pub fn logits(&self, states: Tensor<3>) -> Tensor<3> {
        kernels::linear(states, &self.head, None)
    }
}

/// Indices as a tensor, `[n]`.
fn indices(values: impl Iterator<Item = usize>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = values.map(|value| value as i32).collect();
    Tensor::from_data(TensorData::from(values.as_slice()), device)
}

/// The states at as many places of every row: `[batch, seq, d_model]` to `[batch, places, d_model]`.
fn pick(states: Tensor<3>, places: &[Vec<usize>]) -> Tensor<3> {
    let [batch, seq, d_model] = states.dims();
    let device = states.device();
    let count = places.first().map_or(0, Vec::len);
    let flat = places
        .iter()
        .enumerate()
        .flat_map(|(row, places)| places.iter().map(move |place| row * seq + place));
    states
        .reshape([batch * seq, d_model])
        .select(0, indices(flat, &device))
        .reshape([batch, count, d_model])
}

impl Block {
    /// # Shapes
    ///
    /// - `states`, `normed`: `[batch, queries, d_model]`
    /// - output: `[batch, queries, d_model]`
    fn forward(
        &self,
        states: Tensor<3>,
        normed: Tensor<3>,
        found: KeysValues,
        rotary: &Rotary,
        blocked: &Tensor<4, Bool>,
        adapter: Option<&Adapter>,
    ) -> Tensor<3> {
        let mixed = self
            .attention
            .forward(normed, found, Some(rotary), blocked, adapter);
        let states = states + mixed;
        let normed = self.feed_forward_norm.forward(states.clone());
        states + self.feed_forward.forward(normed, adapter)
    }

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
        };
        let (d_query, d_kv) = (
            sizes.n_heads * config.head_dim,
            sizes.n_kv_heads * config.head_dim,
        );
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
