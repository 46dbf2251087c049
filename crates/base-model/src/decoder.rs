//! Decoders: a token sees what comes before it.

mod blockwise;
mod generate;
mod maker;
mod past;

use burn::tensor::{DType, Device, Tensor};

use crate::{
    Adapter, DecoderConfig, Slot, TensorSource, TokenBatch, WeightFiles, WeightsError,
    adapter::Tuning,
    batch::{indices, pick},
    kernels,
    layers::{Block, Embedding, KeysValues, Module, Norm, Projection, Slots},
    pass::{Passes, PastTokens, View},
    weights::WeightReader,
};

pub use blockwise::DecoderPass;
pub use generate::Generation;
pub use past::Prefix;

use maker::Maker;
use past::Past;

/// A decoder with its output head.
#[derive(Debug, Clone)]
pub struct Decoder {
    config: DecoderConfig,
    tokens: Embedding,
    blocks: Vec<Block>,
    norm: Norm,
    /// `[vocab, d_model]`; the token table where the two are tied.
    head: Projection,
    slots: Vec<Slot>,
    modules: Vec<Module>,
}

/// Which tokens' last states are to be computed.
#[derive(Debug, Clone, Copy)]
enum Wanted<'a> {
    /// All of a batch.
    All,
    /// Of every row those at some places, as many a row.
    At(&'a [Vec<usize>]),
    /// None: only what is looked at later, keys and values.
    Nothing,
}

/// Rows of a decoder's output head: scores of some tokens, and of no others.
#[derive(Debug, Clone)]
pub struct TokenHead(Projection);

/// What stands before every name of the decoder but its head's.
const PREFIX: &str = "model.";

/// The output head's name.
pub(crate) const HEAD: &str = "lm_head";

impl Decoder {
    pub(crate) fn read(
        config: DecoderConfig,
        files: &WeightFiles,
        device: &Device,
    ) -> Result<Self, WeightsError> {
        // Some exports write the tied head out; where it is another matrix it counts, as in transformers.
        let config = DecoderConfig {
            tie_word_embeddings: config.tie_word_embeddings && !has_other_head(files)?,
            ..config
        };
        let ignored: &[&str] = if config.tie_word_embeddings {
            &["rotary_emb.inv_freq", "lm_head."]
        } else {
            &["rotary_emb.inv_freq"]
        };
        let mut reader = WeightReader::new(files, "", "", device);
        let decoder = Self::assemble(config, &mut reader)?;
        reader.finish(ignored)?;
        Ok(decoder)
    }

    /// Builds a decoder from tensors that are being trained, or from any other source.
    ///
    /// # Errors
    ///
    /// What the source returns.
    pub fn assemble(config: DecoderConfig, source: &mut dyn TensorSource) -> Result<Self, WeightsError> {
        let sizes = [config.vocab_size, config.hidden_size];
        let mut slots = Slots::default();
        let path = format!("{PREFIX}embed_tokens");
        let tokens = Embedding::read(source, &mut slots, &path, sizes, config.embedding_scale)?;
        let mut maker = Maker {
            config: &config,
            source,
            slots: &mut slots,
        };
        let blocks = (0..config.layers.len())
            .map(|layer| maker.block(&format!("{PREFIX}layers.{layer}")))
            .collect::<Result<Vec<_>, _>>()?;
        let norm = maker.norm(&format!("{PREFIX}norm"), config.hidden_size)?;
        let head = match config.tie_word_embeddings {
            true => tokens.table(),
            false => source.matrix(&format!("{HEAD}.weight"), sizes)?,
        };
        let head = Projection::new(&mut slots, HEAD, (head, source.weight_format()), None);
        // After the scores of a token comes the first block with the next one.
        let projections = blocks.iter().flat_map(Block::projections).chain([&head]);
        let again = blocks.iter().flat_map(Block::projections).take(1);
        Projection::follow_one_another(projections.chain(again));
        let (slots, modules) = slots.into_parts();
        Ok(Self {
            config,
            tokens,
            blocks,
            norm,
            head,
            slots,
            modules,
        })
    }

    /// A decoder of this one's config out of other tensors, with an output head of its own if it is untied.
    pub(crate) fn assembled(
        &self,
        source: &mut dyn TensorSource,
        is_untied: bool,
    ) -> Result<Self, WeightsError> {
        let config = DecoderConfig {
            tie_word_embeddings: self.config.tie_word_embeddings && !is_untied,
            ..self.config.clone()
        };
        Self::assemble(config, source)
    }

    /// The config that the decoder was built from.
    #[must_use]
    pub fn config(&self) -> &DecoderConfig {
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

    /// Computes a text that stands before every row of many batches, such as the instructions of a task, once.
    ///
    /// What follows it sees its keys and values, and gradients flow back through them: a forward pass after a
    /// prefix equals one over rows that begin with it, to rounding. A decoder in which tokens see what comes after them
    /// has no such text: it must be given whole rows.
    #[must_use]
    pub fn prefix(&self, ids: &[u32], adapter: Option<&Adapter>, device: &Device) -> Prefix {
        self.extended(Past::none(adapter), ids, adapter, device)
    }

    /// A text that begins with another and goes on with some tokens.
    #[must_use]
    pub fn longer_prefix(
        &self,
        before: &Prefix,
        ids: &[u32],
        adapter: Option<&Adapter>,
        device: &Device,
    ) -> Prefix {
        self.extended(before.0.clone(), ids, adapter, device)
    }

    fn extended(&self, mut past: Past, ids: &[u32], adapter: Option<&Adapter>, device: &Device) -> Prefix {
        let batch = TokenBatch::new(&[ids.to_vec()], 0, device).after(&past.tokens.lengths());
        let tuning = adapter.map(|adapter| Tuning::new(adapter, &batch, past.is_called));
        self.extend(&mut past, &batch, Wanted::Nothing, tuning.as_ref());
        past.call(&batch, adapter);
        Prefix(past)
    }

    /// The last, normalised state of every token.
    ///
    /// # Shapes
    ///
    /// - `batch`: `[batch, seq]`
    /// - output: `[batch, seq, d_model]`; what stands at padding means nothing
    #[must_use]
    pub fn forward(&self, batch: &TokenBatch, adapter: Option<&Adapter>) -> Tensor<3> {
        let tuning = adapter.map(|adapter| Tuning::new(adapter, batch, false));
        let states = self.states(batch, Wanted::All, tuning.as_ref());
        kernels::of_type(states, DType::F32)
    }

    /// The rows of the output head that score these tokens, in this order.
    #[must_use]
    pub fn token_head(&self, tokens: &[u32], device: &Device) -> TokenHead {
        let rows = indices(tokens.iter().map(|&token| token as usize), device);
        TokenHead(self.head.outputs(rows))
    }

    /// The logarithm of the probability of every next token, at some places; see [`Decoder::logits_at`].
    #[must_use]
    pub fn log_probabilities_at(
        &self,
        batch: TokenBatch,
        prefix: Option<&Prefix>,
        places: &[Vec<usize>],
        adapter: Option<&Adapter>,
    ) -> Tensor<2> {
        kernels::log_softmax(self.logits_at(batch, prefix, places, None, adapter))
    }

    /// Scores of every next token, or of those of a head, at some places.
    ///
    /// Only these places are computed in what only they need, the last block's queries and feed-forward and the
    /// head: in training and in scoring they are few.
    ///
    /// # Shapes
    ///
    /// - `batch`: `[batch, seq]`; its rows come after the prefix, if there is one
    /// - `places`: a list of indices into `seq` for every row, `n` in all
    /// - output: `[n, vocab]`, or as many scores as the head has tokens, row after row
    #[must_use]
    pub fn logits_at(
        &self,
        batch: TokenBatch,
        prefix: Option<&Prefix>,
        places: &[Vec<usize>],
        head: Option<&TokenHead>,
        adapter: Option<&Adapter>,
    ) -> Tensor<2> {
        let pass = self.pass_to(batch, prefix, places, head);
        kernels::on_all_threads(&pass.device(), || {
            let tuning = pass.tuning(adapter);
            let past = prefix.map(|prefix| &prefix.0);
            let first = pass.first_states(tuning.as_ref());
            let states = (0..pass.blocks()).fold(first, |states, index| {
                pass.after_block(index, states, past, tuning.as_ref())
            });
            pass.scores(states, past, tuning.as_ref())
        })
    }

    /// The normalised states after the last block of the tokens that are wanted, `None` if none are; what every block finds,
    /// of the past and then the batch's own, takes the place of what is `found` of the past, if there is a place.
    fn run(
        &self,
        batch: &TokenBatch,
        past: Option<&PastTokens>,
        found: &mut [Option<KeysValues>],
        wanted: Wanted<'_>,
        tuning: Option<&Tuning<'_>>,
    ) -> Option<Tensor<3>> {
        kernels::on_all_threads(&batch.device(), || {
            self.run_blocks(batch, past, found, wanted, tuning)
        })
    }

    fn run_blocks(
        &self,
        batch: &TokenBatch,
        past: Option<&PastTokens>,
        found: &mut [Option<KeysValues>],
        wanted: Wanted<'_>,
        tuning: Option<&Tuning<'_>>,
    ) -> Option<Tensor<3>> {
        let passes = self.passes(batch, past, None, 0);
        let mut states = self.tokens.forward(&batch.ids, tuning);
        for layer in 0..self.blocks.len() {
            let mut found = found.get_mut(layer);
            let before = found.as_mut().and_then(|found| found.take());
            let (entering, all) = self.looked_up(layer, states.clone(), before, &passes, tuning);
            if let Some(found) = found {
                *found = Some(all.clone());
            }
            let is_last = layer + 1 == self.blocks.len();
            states = match wanted {
                Wanted::Nothing if is_last => return None,
                Wanted::At(places) if is_last => {
                    self.last_at(places, (states, entering), all, (batch, past), tuning)
                }
                _ => {
                    let (rotary, blocked) = passes.of(layer);
                    self.blocks[layer].forward((states, entering), all, rotary, blocked, tuning)
                }
            };
        }
        Some(self.norm.forward(states, tuning))
    }

    /// What attention of a block gets of some states, and what it looks at: what stands before the batch, which is added to
    /// if nobody else holds it, and the batch.
    fn looked_up(
        &self,
        layer: usize,
        states: Tensor<3>,
        before: Option<KeysValues>,
        passes: &Passes,
        tuning: Option<&Tuning<'_>>,
    ) -> (Tensor<3>, KeysValues) {
        let (block, (rotary, _)) = (&self.blocks[layer], passes.of(layer));
        let entering = block.around_attention.enter(states, tuning);
        let own = block.attention.keys_values(entering.clone(), rotary, tuning);
        let all = match before {
            Some(before) => own.after(before),
            None => own,
        };
        (entering, all)
    }

    /// The states after the last block at some places, as many a row: `[batch, places, d_model]`.
    fn last_at(
        &self,
        places: &[Vec<usize>],
        (states, entering): (Tensor<3>, Tensor<3>),
        all: KeysValues,
        (batch, past): (&TokenBatch, Option<&PastTokens>),
        tuning: Option<&Tuning<'_>>,
    ) -> Tensor<3> {
        let last = self.blocks.len() - 1;
        let picked = (pick(states, places), pick(entering, places));
        let passes = self.passes(batch, past, Some(places), last);
        let (rotary, blocked) = passes.of(0);
        let tuning = tuning.map(|tuning| tuning.at(|active| pick(active, places)));
        self.blocks[last].forward(picked, all, rotary, blocked, tuning.as_ref())
    }

    /// The same for states that are wanted, with nothing kept.
    fn states(&self, batch: &TokenBatch, wanted: Wanted<'_>, tuning: Option<&Tuning<'_>>) -> Tensor<3> {
        self.run(batch, None, &mut [], wanted, tuning)
            .expect("a pass that wants states has some")
    }

    /// Adds a batch to what stands before the next, and returns the states that are wanted.
    fn extend(
        &self,
        past: &mut Past,
        batch: &TokenBatch,
        wanted: Wanted<'_>,
        tuning: Option<&Tuning<'_>>,
    ) -> Option<Tensor<3>> {
        let mut found: Vec<_> = std::mem::take(&mut past.found).into_iter().map(Some).collect();
        found.resize(self.blocks.len(), None);
        let states = self.run(batch, Some(&past.tokens), &mut found, wanted, tuning);
        past.found = found.into_iter().flatten().collect();
        past.tokens = past.tokens.and(batch);
        states
    }

    /// What the layers from the first that is given need.
    fn passes(
        &self,
        batch: &TokenBatch,
        past: Option<&PastTokens>,
        places: Option<&[Vec<usize>]>,
        first: usize,
    ) -> Passes {
        let view = View {
            is_causal: self.config.is_causal,
            past,
            places,
        };
        Passes::new(batch, &self.config.layers[first..], self.config.head_dim, &view)
    }

    /// Scores of the next token at every position: `[batch, seq, d_model]` to `[batch, seq, vocab]`, for the states of
    /// the tokens of `batch`.
    #[must_use]
    pub fn logits(&self, states: Tensor<3>, batch: &TokenBatch, adapter: Option<&Adapter>) -> Tensor<3> {
        let tuning = adapter.map(|adapter| Tuning::new(adapter, batch, false));
        self.head(states, tuning.as_ref())
    }

    fn head(&self, states: Tensor<3>, tuning: Option<&Tuning<'_>>) -> Tensor<3> {
        self.scores(&self.head, states, tuning)
    }

    fn scores(&self, head: &Projection, states: Tensor<3>, tuning: Option<&Tuning<'_>>) -> Tensor<3> {
        let logits = kernels::of_type(head.forward(states, tuning), DType::F32);
        match self.config.logit_softcap {
            Some(cap) => logits.div_scalar(cap).tanh().mul_scalar(cap),
            None => logits,
        }
    }
}

/// Whether the files hold an output head that is not the table of tokens.
fn has_other_head(files: &WeightFiles) -> Result<bool, WeightsError> {
    let (head, table) = (format!("{HEAD}.weight"), format!("{PREFIX}embed_tokens.weight"));
    Ok(files.contains(&head) && files.contains(&table) && files.read(&head)? != files.read(&table)?)
}
