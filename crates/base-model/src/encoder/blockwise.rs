//! A pass to what a label head is given, a block at a time.

use burn::tensor::Tensor;

use super::{Encoder, Wanted};
use crate::{Adapter, TokenBatch, adapter::Tuning, batch::EndToEnd, pass::Passes};

/// A forward pass to what a label head is given, a block at a time, for gradients; see [`DecoderPass`](crate::DecoderPass).
/// [`Encoder::pooled`] is this pass in one go.
#[derive(Debug)]
pub struct EncoderPass<'a> {
    encoder: &'a Encoder,
    batch: TokenBatch,
    rows: EndToEnd,
    passes: Passes,
}

impl Encoder {
    /// A pass over a batch, `[batch, seq]`.
    #[must_use]
    pub fn pass(&self, batch: TokenBatch) -> EncoderPass<'_> {
        let rows = EndToEnd::new(&batch, false);
        EncoderPass {
            encoder: self,
            passes: self.passes(&batch, &rows),
            batch,
            rows,
        }
    }
}

impl EncoderPass<'_> {
    /// How many blocks come between the first states and the end of the pass.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.encoder.blocks.len() - 1
    }

    /// The states that the first block gets, rows laid end to end: `[1, tokens, d_model]`.
    #[must_use]
    pub fn begin(&self, adapter: Option<&Adapter>) -> Tensor<3> {
        self.encoder
            .first_states(&self.batch, &self.rows, self.tuning(adapter).as_ref())
    }

    /// The states after a block, by its number from 0: `[1, tokens, d_model]` to the same.
    #[must_use]
    pub fn block(&self, index: usize, states: Tensor<3>, adapter: Option<&Adapter>) -> Tensor<3> {
        let (rotary, blocked) = self.passes.of(index);
        let tuning = self.tuning(adapter);
        self.encoder.blocks[index].among(states, rotary, blocked, tuning.as_ref(), &self.rows)
    }

    /// What a label head is given, from the states before the last block: `[1, tokens, d_model]` to `[batch, d_model]`.
    #[must_use]
    pub fn end(&self, states: Tensor<3>, adapter: Option<&Adapter>) -> Tensor<2> {
        let tuning = self.tuning(adapter);
        let (encoder, parts) = (self.encoder, (&self.batch, &self.rows, &self.passes));
        if encoder.pools_mean() {
            let states = encoder.after_last_block(states, parts, Wanted::All, tuning.as_ref());
            return encoder.pool(self.rows.to_rows(states), &self.batch, adapter);
        }
        let firsts = encoder.after_last_block(states, parts, Wanted::First, tuning.as_ref());
        encoder.pool_texts(firsts, tuning.as_ref())
    }

    fn tuning<'t>(&self, adapter: Option<&'t Adapter>) -> Option<Tuning<'t>> {
        adapter.map(|adapter| Tuning::new(adapter, &self.batch, false))
    }
}
