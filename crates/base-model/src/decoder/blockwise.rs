//! A pass to the scores at some places, a block at a time.

use burn::tensor::{Device, Int, Tensor};

use super::{Decoder, Past, Prefix, TokenHead};
use crate::{
    Adapter, TokenBatch,
    adapter::Tuning,
    batch::{indices, pick},
    layers::{KeysValues, Projection},
    pass::Passes,
};

/// A forward pass to the scores at some places, a block at a time.
///
/// Who trains on little memory keeps the states between blocks and nothing else, and computes a block anew when gradients
/// arrive at it (Chen et al. 2016, arXiv:1604.06174). [`Decoder::logits_at`] is this pass in one go.
#[derive(Debug)]
pub struct DecoderPass<'a> {
    decoder: &'a Decoder,
    head: &'a Projection,
    batch: TokenBatch,
    passes: Passes,
    /// The places, as many a row: short rows are filled up.
    even: Vec<Vec<usize>>,
    /// Which of these are wanted, `[n]`.
    wanted: Tensor<1, Int>,
    /// Whether an adapter that must be called has been, by what stands before the batch.
    is_called: bool,
}

impl Decoder {
    /// A pass to the scores at some places; see [`Decoder::logits_at`] for what it is given.
    #[must_use]
    pub fn pass_to<'a>(
        &'a self,
        batch: TokenBatch,
        prefix: Option<&Prefix>,
        places: &[Vec<usize>],
        head: Option<&'a TokenHead>,
    ) -> DecoderPass<'a> {
        let past = prefix.map(|prefix| &prefix.0);
        let batch = match past {
            Some(past) => batch.after(&past.tokens.lengths()),
            None => batch,
        };
        let most = places.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let mut even = places.to_vec();
        for places in &mut even {
            places.resize(most, 0);
        }
        let of_row =
            |(row, places): (usize, &Vec<usize>)| (0..places.len()).map(move |place| row * most + place);
        DecoderPass {
            decoder: self,
            head: head.map_or(&self.head, |head| &head.0),
            passes: self.passes(&batch, past.map(|past| &past.tokens), None, 0),
            wanted: indices(places.iter().enumerate().flat_map(of_row), &batch.device()),
            batch,
            even,
            is_called: past.is_some_and(|past| past.is_called),
        }
    }
}

/// What stands before a batch, of a block.
fn found_at(past: Option<&Past>, block: usize) -> Option<KeysValues> {
    past.and_then(|past| past.found.get(block)).cloned()
}

impl DecoderPass<'_> {
    /// How many blocks come between the first states and the end of the pass.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.decoder.blocks.len() - 1
    }

    /// The states that the first block gets, `[batch, seq, d_model]`.
    #[must_use]
    pub fn begin(&self, adapter: Option<&Adapter>) -> Tensor<3> {
        self.first_states(self.tuning(adapter).as_ref())
    }

    /// The states after a block, by its number from 0: `[batch, seq, d_model]` to the same. `prefix` is what the pass was
    /// made with, or the same text with other states.
    #[must_use]
    pub fn block(
        &self,
        index: usize,
        states: Tensor<3>,
        prefix: Option<&Prefix>,
        adapter: Option<&Adapter>,
    ) -> Tensor<3> {
        self.after_block(
            index,
            states,
            prefix.map(|prefix| &prefix.0),
            self.tuning(adapter).as_ref(),
        )
    }

    /// The scores from the states before the last block: `[batch, seq, d_model]` to `[n, vocab]`, or as many scores as the
    /// head has tokens.
    #[must_use]
    pub fn end(&self, states: Tensor<3>, prefix: Option<&Prefix>, adapter: Option<&Adapter>) -> Tensor<2> {
        self.scores(
            states,
            prefix.map(|prefix| &prefix.0),
            self.tuning(adapter).as_ref(),
        )
    }

    pub(super) fn device(&self) -> Device {
        self.batch.device()
    }

    pub(super) fn tuning<'t>(&self, adapter: Option<&'t Adapter>) -> Option<Tuning<'t>> {
        adapter.map(|adapter| Tuning::new(adapter, &self.batch, self.is_called))
    }

    pub(super) fn first_states(&self, tuning: Option<&Tuning<'_>>) -> Tensor<3> {
        self.decoder.tokens.forward(&self.batch.ids, tuning)
    }

    pub(super) fn after_block(
        &self,
        index: usize,
        states: Tensor<3>,
        past: Option<&Past>,
        tuning: Option<&Tuning<'_>>,
    ) -> Tensor<3> {
        let (entering, all) =
            self.decoder
                .looked_up(index, states.clone(), found_at(past, index), &self.passes, tuning);
        let (rotary, blocked) = self.passes.of(index);
        self.decoder.blocks[index].forward((states, entering), all, rotary, blocked, tuning)
    }

    pub(super) fn scores(
        &self,
        states: Tensor<3>,
        past: Option<&Past>,
        tuning: Option<&Tuning<'_>>,
    ) -> Tensor<2> {
        let (decoder, even, last) = (self.decoder, &self.even, self.blocks());
        let (entering, all) =
            decoder.looked_up(last, states.clone(), found_at(past, last), &self.passes, tuning);
        let tokens = past.map(|past| &past.tokens);
        let states = decoder.last_at(even, (states, entering), all, (&self.batch, tokens), tuning); // [batch, most, d_model]
        let chosen = |values: Tensor<3>| {
            let [rows, most, width] = values.dims();
            let values = values
                .reshape([rows * most, width])
                .select(0, self.wanted.clone()); // [n, width]
            values.unsqueeze_dim::<3>(0)
        };
        let at_places = tuning.map(|tuning| tuning.at(|active| pick(active, even)));
        let states = decoder.norm.forward(states, at_places.as_ref());
        let at_wanted = tuning.map(|tuning| tuning.at(|active| chosen(pick(active, even))));
        let logits = decoder.scores(self.head, chosen(states), at_wanted.as_ref()); // [1, n, vocab]
        logits.squeeze_dim::<2>(0)
    }
}
