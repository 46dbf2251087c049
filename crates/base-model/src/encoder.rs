//! Encoders: every token sees every other.

mod blockwise;
mod maker;
mod names;

use std::ops::Range;

use burn::tensor::{DType, Device, Int, Tensor, TensorData, activation};

use crate::{
    Adapter, EncoderConfig, Pooling, Slot, TensorSource, TokenBatch, WeightFiles, WeightsError,
    adapter::Tuning,
    batch::EndToEnd,
    kernels,
    layers::{Block, Embedding, KeysValues, Module, Norm, Projection, Slots},
    pass::{Passes, View},
    weights::WeightReader,
};

pub use blockwise::EncoderPass;

use maker::Maker;
use names::Names;

/// An encoder, with what stands between its states and a label head.
#[derive(Debug, Clone)]
pub struct Encoder {
    config: EncoderConfig,
    names: &'static Names,
    tokens: Embedding,
    /// Positions and segments, where they are added to the tokens' embeddings.
    added: Option<Added>,
    norm: Norm,
    blocks: Vec<Block>,
    last_norm: Option<Norm>,
    pooler: Pooler,
    slots: Vec<Slot>,
    modules: Vec<Module>,
}

/// Tables that are added to the tokens' embeddings.
#[derive(Debug, Clone)]
struct Added {
    positions: Embedding,
    segments: Embedding,
}

/// What makes a text's state of its tokens' states.
#[derive(Debug, Clone)]
struct Pooler {
    dense: Projection,
    norm: Option<Norm>,
    /// Whether its weights are in the checkpoint.
    is_in_base: bool,
}

impl Pooler {
    /// Whether there are weights to compute with.
    fn is_there(&self, tuning: Option<&Tuning<'_>>) -> bool {
        self.is_in_base || tuning.is_some_and(|tuning| self.dense.is_saved(tuning))
    }
}

/// Every token sees every other of its row.
const ALL: View<'static> = View {
    is_causal: false,
    past: None,
    places: None,
};

/// Which tokens' last states are to be computed.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    /// All of a batch.
    All,
    /// Of every row the first.
    First,
}

/// Whether a batch is computed in pieces: what is trained is one graph, for what flows back.
fn in_pieces(batch: &TokenBatch, adapter: Option<&Adapter>) -> bool {
    kernels::are_fused_on(&batch.device()) && !adapter.is_some_and(Adapter::is_trained)
}

/// Heads of other tasks and buffers, which a checkpoint may hold besides.
const IGNORED: &[&str] = &[
    "position_ids",
    "cls.",
    "classifier.",
    "lm_head.",
    "decoder.weight",
    "decoder.bias",
];

impl Encoder {
    /// Reads the weights of a checkpoint, with or without what task models put before every name.
    pub(crate) fn read(
        config: EncoderConfig,
        files: &WeightFiles,
        device: &Device,
    ) -> Result<Self, WeightsError> {
        let names = Names::of(&config);
        let prefixed = files.contains(&format!("{}{}.weight", names.task_prefix, names.tokens));
        let prefix = if prefixed { names.task_prefix } else { "" };
        let mut reader = WeightReader::new(files, prefix, names.head, device);
        let has_pooler = reader.contains(&format!("{}.weight", names.pooler));
        let encoder = Self::assemble(config, names, has_pooler, (&mut reader, device))?;
        reader.finish(IGNORED)?;
        Ok(encoder)
    }

    fn assemble(
        config: EncoderConfig,
        names: &'static Names,
        has_pooler: bool,
        (source, device): (&mut dyn TensorSource, &Device),
    ) -> Result<Self, WeightsError> {
        let d_model = config.hidden_size;
        let mut slots = Slots::default();
        let sizes = [config.vocab_size, d_model];
        let tokens = Embedding::read(source, &mut slots, names.tokens, sizes, 1.0)?;
        let added = match config.segments {
            None => None,
            Some(segments) => {
                let mut table = |name: &str, rows: usize| {
                    let path = format!("embeddings.{name}");
                    Embedding::read(source, &mut slots, &path, [rows, d_model], 1.0)
                };
                Some(Added {
                    positions: table("position_embeddings", config.max_position_embeddings)?,
                    segments: table("token_type_embeddings", segments)?,
                })
            }
        };
        let mut maker = Maker {
            config: &config,
            names,
            source,
            slots: &mut slots,
            device,
        };
        let norm = maker.norm(names.embedding_norm)?;
        let blocks = (0..config.layers.len())
            .map(|layer| maker.block(layer))
            .collect::<Result<Vec<_>, _>>()?;
        let last_norm = match names.last_norm {
            Some(name) => Some(maker.norm(name)?),
            None => None,
        };
        let pooler = maker.pooler(has_pooler)?;
        let projections = blocks.iter().flat_map(Block::projections);
        Projection::follow_one_another(projections.chain([&pooler.dense]));
        let (slots, modules) = slots.into_parts();
        Ok(Self {
            config,
            names,
            tokens,
            added,
            norm,
            blocks,
            last_norm,
            pooler,
            slots,
            modules,
        })
    }

    /// An encoder of this one's config out of other tensors; `is_brought` says whether they hold a pooler that the
    /// checkpoint does not.
    pub(crate) fn assembled(
        &self,
        source: &mut dyn TensorSource,
        is_brought: impl Fn(&str) -> bool,
    ) -> Result<Self, WeightsError> {
        let has_pooler = self.pooler.is_in_base || is_brought(self.names.pooler);
        let device = self.tokens.table().device();
        Self::assemble(self.config.clone(), self.names, has_pooler, (source, &device))
    }

    /// The config that the encoder was built from.
    #[must_use]
    pub fn config(&self) -> &EncoderConfig {
        &self.config
    }

    /// The modules that an adapter can change.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    pub(crate) fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// A slot's path in the model with a label head.
    pub(crate) fn task_path(&self, path: &str) -> String {
        match self.names.is_outside(path) {
            true => path.to_owned(),
            false => format!("{}{path}", self.names.task_prefix),
        }
    }

    /// The last state of every token.
    ///
    /// On the CPU a large batch is computed in pieces, on several threads if there are; that changes no bit.
    ///
    /// # Shapes
    ///
    /// - `batch`: `[batch, seq]`, with `seq` at most `max_position_embeddings`
    /// - output: `[batch, seq, d_model]`; what stands at padding means nothing
    #[must_use]
    pub fn forward(&self, batch: &TokenBatch, adapter: Option<&Adapter>) -> Tensor<3> {
        let in_pieces = in_pieces(batch, adapter);
        let rows = EndToEnd::new(batch, in_pieces);
        if !in_pieces {
            return rows.to_rows(self.among(batch, &rows, Wanted::All, adapter));
        }
        let lengths = batch.lengths();
        let states = kernels::in_pieces(&lengths, |piece| {
            if piece.len() == lengths.len() {
                return self.among(batch, &rows, Wanted::All, adapter);
            }
            let batch = batch.part(piece);
            self.among(&batch, &EndToEnd::new(&batch, true), Wanted::All, adapter)
        });
        rows.to_rows(Tensor::cat(states, 1))
    }

    /// What a label head is given of each text: [`Encoder::pool`] of [`Encoder::forward`], to rounding.
    ///
    /// Where the head is given the first token's state, the last block computes its queries and all that comes after them
    /// for that token alone.
    ///
    /// # Shapes
    ///
    /// - `batch`: `[batch, seq]`, with `seq` at most `max_position_embeddings`
    /// - output: `[batch, d_model]`
    #[must_use]
    pub fn pooled(&self, batch: &TokenBatch, adapter: Option<&Adapter>) -> Tensor<2> {
        if self.pools_mean() {
            return self.pool(self.forward(batch, adapter), batch, adapter);
        }
        let lengths = batch.lengths();
        let in_pieces = in_pieces(batch, adapter);
        let of_piece = |piece: Range<usize>| {
            let part = (piece.len() < lengths.len()).then(|| batch.part(piece));
            let batch = part.as_ref().unwrap_or(batch);
            self.among(batch, &EndToEnd::new(batch, in_pieces), Wanted::First, adapter)
        };
        let firsts = match in_pieces {
            true => Tensor::cat(kernels::in_pieces(&lengths, of_piece), 0),
            false => of_piece(0..lengths.len()),
        }; // [batch, 1, d_model]
        let tuning = adapter.map(|adapter| Tuning::new(adapter, batch, false));
        self.pool_texts(firsts, tuning.as_ref())
    }

    /// The last states that are wanted, rows laid end to end: of all tokens, `[1, tokens, d_model]`, or of every row's first,
    /// `[batch, 1, d_model]`.
    fn among(
        &self,
        batch: &TokenBatch,
        rows: &EndToEnd,
        wanted: Wanted,
        adapter: Option<&Adapter>,
    ) -> Tensor<3> {
        let tuning = adapter.map(|adapter| Tuning::new(adapter, batch, false));
        let tuning = tuning.as_ref();
        let passes = self.passes(batch, rows);
        let last = self.blocks.len() - 1;
        let first = self.first_states(batch, rows, tuning);
        let states = self.blocks[..last]
            .iter()
            .enumerate()
            .fold(first, |states, (layer, block)| {
                let (rotary, blocked) = passes.of(layer);
                block.among(states, rotary, blocked, tuning, rows)
            });
        self.after_last_block(states, (batch, rows, &passes), wanted, tuning)
    }

    /// What the layers need, for rows laid end to end.
    fn passes(&self, batch: &TokenBatch, rows: &EndToEnd) -> Passes {
        Passes::new(batch, &self.config.layers, self.d_head(), &ALL).end_to_end(rows)
    }

    /// The states that the first block gets: `[1, tokens, d_model]`.
    fn first_states(&self, batch: &TokenBatch, rows: &EndToEnd, tuning: Option<&Tuning<'_>>) -> Tensor<3> {
        self.norm.forward(rows.of_rows(self.embed(batch, tuning)), tuning)
    }

    /// The normalised states after the last block that are wanted, from those before it: `[1, tokens, d_model]`, or
    /// `[batch, 1, d_model]` of every row's first token.
    fn after_last_block(
        &self,
        states: Tensor<3>,
        (batch, rows, passes): (&TokenBatch, &EndToEnd, &Passes),
        wanted: Wanted,
        tuning: Option<&Tuning<'_>>,
    ) -> Tensor<3> {
        let last = self.blocks.len() - 1;
        let (block, (rotary, blocked)) = (&self.blocks[last], passes.of(last));
        let states = match wanted {
            Wanted::All => block.among(states, rotary, blocked, tuning, rows),
            Wanted::First => {
                let found = block.keys_values(states.clone(), rotary, tuning);
                let found = KeysValues {
                    keys: rows.to_rows(found.keys),
                    values: rows.to_rows(found.values),
                };
                let firsts = batch.first_places();
                let picked = rows.pick(states, &firsts, batch); // [batch, 1, d_model]
                let view = View {
                    places: Some(&firsts),
                    ..ALL
                };
                let passes = Passes::new(batch, &self.config.layers[last..], self.d_head(), &view);
                let (rotary, blocked) = passes.of(0);
                let entering = block.around_attention.enter(picked.clone(), tuning);
                block.forward((picked, entering), found, rotary, blocked, tuning)
            }
        };
        let states = match &self.last_norm {
            Some(norm) => norm.forward(states, tuning),
            None => states,
        };
        kernels::of_type(states, DType::F32)
    }

    fn d_head(&self) -> usize {
        self.config.hidden_size / self.config.num_attention_heads
    }

    /// The sum of embeddings before the first normalisation: `[batch, seq, d_model]`.
    fn embed(&self, batch: &TokenBatch, tuning: Option<&Tuning<'_>>) -> Tensor<3> {
        let tokens = self.tokens.forward(&batch.ids, tuning); // [batch, seq, d_model]
        let Some(added) = &self.added else {
            return tokens;
        };
        let (rows, seq) = batch.sizes();
        let positions: Vec<i32> = batch.positions.iter().flatten().map(|&p| p as i32).collect();
        let positions = TensorData::new(positions, [batch.positions.len(), seq]);
        let positions = Tensor::<2, Int>::from_data(positions, &batch.device()); // [batch or 1, seq]
        let positions = added.positions.forward(&positions, tuning); // [batch or 1, seq, d_model]
        // Every token belongs to segment 0: a task's input is one text.
        let first = Tensor::<2, Int>::zeros([1, 1], &batch.device());
        let segment = added.segments.forward(&first, tuning); // [1, 1, d_model]
        tokens + (positions + segment).expand([rows, seq, self.config.hidden_size])
    }

    /// What a label head is given of a text.
    ///
    /// BERT's pooler, `tanh(W h_0 + b)` of the first token's state (Devlin et al. 2018, section 3.1), or ModernBERT's
    /// head of the first token's state or the mean of all, as the config says.
    ///
    /// # Shapes
    ///
    /// - `states`: `[batch, seq, d_model]`, of the tokens of `batch`
    /// - output: `[batch, d_model]`; the first token's state itself if BERT's checkpoint has no pooler
    #[must_use]
    pub fn pool(&self, states: Tensor<3>, batch: &TokenBatch, adapter: Option<&Adapter>) -> Tensor<2> {
        let tuning = adapter.map(|adapter| Tuning::new(adapter, batch, false));
        let texts = match self.pools_mean() {
            true => mean_pool(states, batch.mask()).unsqueeze_dim::<3>(1),
            false => batch.first_states(states),
        }; // [batch, 1, d_model]
        self.pool_texts(texts, tuning.as_ref())
    }

    /// The logarithm of every label's probability, a list a text; `None` without a label head.
    #[must_use]
    pub fn log_scores(&self, batch: &TokenBatch, adapter: &Adapter) -> Option<Vec<Vec<f64>>> {
        let scores = adapter.classify(self.pooled(batch, Some(adapter)))?;
        let [_, classes] = scores.dims();
        let log_p = activation::log_softmax(scores, 1).into_data(); // [batch, classes]
        let log_p: Vec<f64> = log_p.iter::<f32>().map(f64::from).collect();
        Some(log_p.chunks(classes.max(1)).map(<[f64]>::to_vec).collect())
    }

    /// Whether a label head is given the mean of all states, and not that of the first token.
    fn pools_mean(&self) -> bool {
        matches!(self.config.pooling, Pooling::Prediction { of_mean: true, .. })
    }

    /// What is made of a state that stands for its text: `[batch, 1, d_model]` to `[batch, d_model]`.
    fn pool_texts(&self, texts: Tensor<3>, tuning: Option<&Tuning<'_>>) -> Tensor<2> {
        if !self.pooler.is_there(tuning) {
            return texts.squeeze_dim::<2>(1);
        }
        let dense = self.pooler.dense.forward(texts, tuning);
        let activated = match self.config.pooling {
            Pooling::Pooler => dense.tanh(),
            Pooling::Prediction { activation, .. } => kernels::activate(dense, activation),
        };
        let pooled = match &self.pooler.norm {
            Some(norm) => norm.forward(activated, tuning),
            None => activated,
        };
        pooled.squeeze_dim::<2>(1)
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
