//! Encoders: every token sees every other.

use burn::tensor::{Device, Int, Tensor, TensorData, module};

use crate::{
    Adapter, BertConfig, Slot, TensorSource, TokenBatch, WeightFiles, WeightsError,
    layers::{Attention, AttentionSizes, LayerNorm, PlainFeedForward, Projection, Slots},
    weights::WeightReader,
};

/// A BERT encoder with its pooler, if the checkpoint has one.
#[derive(Debug, Clone)]
pub struct Encoder {
    config: BertConfig,
    tokens: Tensor<2>,
    positions: Tensor<2>,
    segments: Tensor<2>,
    norm: LayerNorm,
    blocks: Vec<Block>,
    pooler: Option<Projection>,
    slots: Vec<Slot>,
}

/// Attention and feed-forward, each followed by addition and normalisation.
#[derive(Debug, Clone)]
struct Block {
    attention: Attention,
    attention_norm: LayerNorm,
    feed_forward: PlainFeedForward,
    norm: LayerNorm,
}

impl Encoder {
    /// Reads the weights of a BERT checkpoint, with or without the `bert.` that task models put before every
    /// name.
    pub(crate) fn read(
        config: BertConfig,
        files: &WeightFiles,
        device: &Device,
    ) -> Result<Self, WeightsError> {
        let prefixed = files.contains("bert.embeddings.word_embeddings.weight");
        let prefix = if prefixed { "bert." } else { "" };
        let has_pooler = files.contains(&format!("{prefix}pooler.dense.weight"));
        let mut reader = WeightReader::new(files, prefix, device);
        let encoder = Self::assemble(config, has_pooler, &mut reader)?;
        reader.finish(&["position_ids", "cls.", "classifier.", "lm_head."])?;
        Ok(encoder)
    }

    fn assemble(
        config: BertConfig,
        has_pooler: bool,
        source: &mut dyn TensorSource,
    ) -> Result<Self, WeightsError> {
        let (d_model, eps) = (config.hidden_size, config.layer_norm_eps);
        let mut slots = Slots::default();
        let table = |source: &mut dyn TensorSource, name: &str, rows: usize| {
            source.matrix(&format!("embeddings.{name}.weight"), [rows, d_model])
        };
        let tokens = table(source, "word_embeddings", config.vocab_size)?;
        let positions = table(source, "position_embeddings", config.max_position_embeddings)?;
        let segments = table(source, "token_type_embeddings", config.type_vocab_size)?;
        let norm = LayerNorm::read(source, "embeddings.LayerNorm", d_model, eps)?;
        let blocks = (0..config.num_hidden_layers)
            .map(|layer| Block::read(&config, source, &mut slots, &format!("encoder.layer.{layer}")))
            .collect::<Result<_, _>>()?;
        let pooler = match has_pooler {
            true => Some(Projection::read(
                source,
                &mut slots,
                "pooler.dense",
                (d_model, d_model),
                true,
            )?),
            false => None,
        };
        Ok(Self {
            config,
            tokens,
            positions,
            segments,
            norm,
            blocks,
            pooler,
            slots: slots.into_inner(),
        })
    }

    /// The config that the encoder was built from.
    #[must_use]
    pub fn config(&self) -> &BertConfig {
        &self.config
    }

    /// The projections that an adapter can sit on.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Whether the checkpoint has a pooler.
    #[must_use]
    pub fn has_pooler(&self) -> bool {
        self.pooler.is_some()
    }

    /// The last state of every token.
    ///
    /// # Shapes
    ///
    /// - `batch`: `[batch, seq]`, with `seq` at most `max_position_embeddings`
    /// - output: `[batch, seq, d_model]`; what stands at padding means nothing
    #[must_use]
    pub fn forward(&self, batch: &TokenBatch, adapter: Option<&Adapter>) -> Tensor<3> {
        let (rows, seq) = batch.sizes();
        let device = batch.device();
        let positions: Vec<i32> = batch.positions.iter().flatten().map(|&p| p as i32).collect();
        let positions = TensorData::new(positions, [batch.positions.len(), seq]);
        let positions = Tensor::<2, Int>::from_data(positions, &device); // [batch or 1, seq]
        let tokens = module::embedding(self.tokens.clone(), batch.ids.clone()); // [batch, seq, d_model]
        let positions = module::embedding(self.positions.clone(), positions); // [batch or 1, seq, d_model]
        // Every token belongs to segment 0: a task's input is one text.
        let segment = self.segments.clone().narrow(0, 0, 1).unsqueeze_dim::<3>(0); // [1, 1, d_model]
        let d_model = self.config.hidden_size;
        let sum = tokens + (positions + segment).expand([rows, seq, d_model]);
        let blocked = batch.blocked_padding();
        self.blocks.iter().fold(self.norm.forward(sum), |states, block| {
            let found = block.attention.keys_values(states.clone(), None, adapter);
            let mixed = block
                .attention
                .forward(states.clone(), found, None, &blocked, adapter);
            let states = block.attention_norm.forward(states + mixed);
            let changed = block.feed_forward.forward(states.clone(), adapter);
            block.norm.forward(states + changed)
        })
    }

    /// BERT's pooler: `tanh(W h_0 + b)` of the first token's state (Devlin et al. 2018, section 3.1).
    ///
    /// # Shapes
    ///
    /// - `states`: `[batch, seq, d_model]`
    /// - output: `[batch, d_model]`; the first token's state itself if the checkpoint has no pooler
    #[must_use]
    pub fn pool(&self, states: Tensor<3>, adapter: Option<&Adapter>) -> Tensor<2> {
        let first = states.narrow(1, 0, 1); // [batch, 1, d_model]
        match &self.pooler {
            Some(pooler) => pooler.forward(first, adapter).tanh(),
            None => first,
        }
        .squeeze_dim::<2>(1)
    }
}

impl Block {
    fn read(
        config: &BertConfig,
        source: &mut dyn TensorSource,
        slots: &mut Slots,
        path: &str,
    ) -> Result<Self, WeightsError> {
        let (d_model, d_ff) = (config.hidden_size, config.intermediate_size);
        let mut project = |source: &mut dyn TensorSource, name: &str, sizes| {
            Projection::read(source, slots, &format!("{path}.{name}"), sizes, true)
        };
        let square = (d_model, d_model);
        let attention = Attention {
            query: project(source, "attention.self.query", square)?,
            key: project(source, "attention.self.key", square)?,
            value: project(source, "attention.self.value", square)?,
            output: project(source, "attention.output.dense", square)?,
            sizes: AttentionSizes {
                n_heads: config.num_attention_heads,
                n_kv_heads: config.num_attention_heads,
            },
        };
        let feed_forward = PlainFeedForward {
            up: project(source, "intermediate.dense", (d_model, d_ff))?,
            down: project(source, "output.dense", (d_ff, d_model))?,
        };
        let mut norm =
            |name: &str| LayerNorm::read(source, &format!("{path}.{name}"), d_model, config.layer_norm_eps);
        Ok(Self {
            attention,
            attention_norm: norm("attention.output.LayerNorm")?,
            feed_forward,
            norm: norm("output.LayerNorm")?,
        })
    }
}

/// Mean of the token states that the mask keeps.
///
/// Pooling of Sentence-BERT (Reimers and Gurevych 2019, arXiv:1908.10084, section 3). A row whose mask is all
/// zero pools to the zero vector.
///
/// # Shapes
///
/// - `states`: `[batch, seq, d_model]`
/// - `mask`: `[batch, seq]`, 1 for a token and 0 for padding
/// - output: `[batch, d_model]`
#[must_use]
pub fn mean_pool(states: Tensor<3>, mask: Tensor<2>) -> Tensor<2> {
    let weights = mask.unsqueeze_dim::<3>(2); // [batch, seq, 1]
    let sum = (states * weights.clone()).sum_dim(1); // [batch, 1, d_model]
    let count = weights.sum_dim(1).clamp_min(1.0); // [batch, 1, 1]
    (sum / count).squeeze_dim::<2>(1)
}
