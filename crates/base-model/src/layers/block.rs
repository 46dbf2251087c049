//! Attention and feed-forward, each added to the state.

use burn::tensor::{Bool, Tensor};

use super::{Attention, FeedForward, KeysValues, Norm, Projection, Rotary};
use crate::{adapter::Tuning, batch::EndToEnd};

/// A block of an encoder or a decoder.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) attention: Attention,
    pub(crate) around_attention: Around,
    pub(crate) feed_forward: FeedForward,
    pub(crate) around_feed_forward: Around,
}

/// Where normalisations stand around a layer `f` that is added to the state `x`: `sum(x + after(f(before(x))))`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Around {
    /// Of what goes in, as in Llama.
    pub(crate) before: Option<Norm>,
    /// Of what comes out, as in Gemma.
    pub(crate) after: Option<Norm>,
    /// Of the sum, as in BERT.
    pub(crate) sum: Option<Norm>,
}

impl Around {
    /// What the layer gets of a state.
    pub(crate) fn enter(&self, states: Tensor<3>, tuning: Option<&Tuning<'_>>) -> Tensor<3> {
        normed(&self.before, states, tuning)
    }

    /// The state after the layer.
    fn leave(&self, states: Tensor<3>, added: Tensor<3>, tuning: Option<&Tuning<'_>>) -> Tensor<3> {
        let added = normed(&self.after, added, tuning);
        match &self.sum {
            Some(norm) => norm.of_sum(states, added, tuning),
            None => states + added,
        }
    }
}

fn normed(norm: &Option<Norm>, states: Tensor<3>, tuning: Option<&Tuning<'_>>) -> Tensor<3> {
    match norm {
        Some(norm) => norm.forward(states, tuning),
        None => states,
    }
}

impl Block {
    /// What the tokens of these states are looked up by and what is found there: `[batch, seq, d_model]`.
    pub(crate) fn keys_values(
        &self,
        states: Tensor<3>,
        rotary: Option<&Rotary>,
        tuning: Option<&Tuning<'_>>,
    ) -> KeysValues {
        let entering = self.around_attention.enter(states, tuning);
        self.attention.keys_values(entering, rotary, tuning)
    }

    /// The block on rows laid end to end whose tokens see one another: `[1, tokens, d_model]` to the same.
    pub(crate) fn among(
        &self,
        states: Tensor<3>,
        rotary: Option<&Rotary>,
        blocked: &Tensor<4, Bool>,
        tuning: Option<&Tuning<'_>>,
        rows: &EndToEnd,
    ) -> Tensor<3> {
        let entering = self.around_attention.enter(states.clone(), tuning);
        let mixed = self.attention.among(entering, rotary, blocked, tuning, rows);
        self.after_attention(states, mixed, tuning)
    }

    /// The block on tokens that see keys which are already there.
    ///
    /// # Shapes
    ///
    /// - `states`, and `entering` what attention gets of them: `[batch, queries, d_model]`
    /// - output: `[batch, queries, d_model]`
    pub(crate) fn forward(
        &self,
        (states, entering): (Tensor<3>, Tensor<3>),
        found: KeysValues,
        rotary: Option<&Rotary>,
        blocked: &Tensor<4, Bool>,
        tuning: Option<&Tuning<'_>>,
    ) -> Tensor<3> {
        let mixed = self.attention.forward(entering, found, rotary, blocked, tuning);
        self.after_attention(states, mixed, tuning)
    }

    /// Its linear layers, in the order in which a pass goes through them.
    pub(crate) fn projections(&self) -> impl Iterator<Item = &Projection> {
        self.attention
            .projections()
            .chain(self.feed_forward.projections())
    }

    fn after_attention(&self, states: Tensor<3>, mixed: Tensor<3>, tuning: Option<&Tuning<'_>>) -> Tensor<3> {
        let states = self.around_attention.leave(states, mixed, tuning);
        let entering = self.around_feed_forward.enter(states.clone(), tuning);
        let changed = self.feed_forward.forward(entering, tuning);
        self.around_feed_forward.leave(states, changed, tuning)
    }
}
