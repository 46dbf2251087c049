//! Gradients of a pass of which only the states between blocks are kept (Chen et al. 2016, arXiv:1604.06174).

use base_model::{Adapter, DecoderPass, EncoderPass, Network, Prefix};
use burn::tensor::Tensor;

use super::{
    Objective,
    laid::{Laid, classified},
};
use crate::step::{Leaves, Summed};

/// A pass, a block at a time.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for a part of a step, and it is never moved about"
)]
enum Pass<'a> {
    Encoder(EncoderPass<'a>),
    Decoder(DecoderPass<'a>),
}

impl Pass<'_> {
    fn blocks(&self) -> usize {
        match self {
            Self::Encoder(pass) => pass.blocks(),
            Self::Decoder(pass) => pass.blocks(),
        }
    }

    fn begin(&self, adapter: &Adapter) -> Tensor<3> {
        match self {
            Self::Encoder(pass) => pass.begin(Some(adapter)),
            Self::Decoder(pass) => pass.begin(Some(adapter)),
        }
    }

    fn block(
        &self,
        index: usize,
        states: Tensor<3>,
        prefix: Option<&Prefix>,
        adapter: &Adapter,
    ) -> Tensor<3> {
        match self {
            Self::Encoder(pass) => pass.block(index, states, Some(adapter)),
            Self::Decoder(pass) => pass.block(index, states, prefix, Some(adapter)),
        }
    }

    fn end(&self, states: Tensor<3>, prefix: Option<&Prefix>, adapter: &Adapter) -> Tensor<2> {
        match self {
            Self::Encoder(pass) => classified(adapter, pass.end(states, Some(adapter))),
            Self::Decoder(pass) => pass.end(states, prefix, Some(adapter)),
        }
    }
}

/// Sums of what has flowed back to the adapter and to the states of the text before the rows.
pub(super) struct Sums<'s> {
    pub(super) adapter: &'s mut Summed<2>,
    pub(super) text: Option<&'s mut Summed<3>>,
}

/// What a stage of the pass is computed from, as leaves of a graph of its own.
struct Stage {
    adapter: Leaves<2>,
    text: Option<Leaves<3>>,
    with_leaves: Adapter,
    prefix: Option<Prefix>,
}

impl Stage {
    fn of(adapter: &Adapter, prefix: Option<&Prefix>) -> Self {
        let leaves = Leaves::of(&adapter.values());
        let text = prefix.map(|prefix| Leaves::of(&prefix.states()));
        Self {
            with_leaves: adapter.with_values(leaves.0.iter().cloned()),
            prefix: prefix
                .zip(text.as_ref())
                .map(|(prefix, text)| prefix.with_states(&text.0)),
            adapter: leaves,
            text,
        }
    }

    /// Lets a number's derivative flow back, and returns what arrives at the states that the stage was given.
    fn backward(&self, of: &Tensor<1>, states: Option<&Leaves<3>>, sums: &mut Sums<'_>) -> Option<Tensor<3>> {
        let mut gradients = of.backward();
        sums.adapter.add(self.adapter.gradients(&mut gradients));
        if let (Some(text), Some(sum)) = (&self.text, &mut sums.text) {
            sum.add(text.gradients(&mut gradients));
        }
        states.and_then(|states| states.gradients(&mut gradients).pop().flatten())
    }
}

impl Objective<'_> {
    /// The loss of some rows after a text, its derivatives added to `sums`.
    pub(super) fn blockwise_gradient(
        &self,
        adapter: &Adapter,
        laid: &Laid,
        prefix: Option<&Prefix>,
        mut sums: Sums<'_>,
    ) -> f64 {
        let pass = match self.network {
            Network::Encoder(encoder) => Pass::Encoder(encoder.pass(laid.batch.clone())),
            Network::Decoder(decoder) => {
                let head = self.settings.labels.as_ref().and_then(|choices| choices.head());
                Pass::Decoder(decoder.pass_to(laid.batch.clone(), prefix, &laid.places, head))
            }
            _ => unreachable!("rows are for encoders and decoders"),
        };
        let mut between = vec![pass.begin(adapter)];
        for index in 0..pass.blocks() {
            let states = between[index].clone();
            between.push(pass.block(index, states, prefix, adapter));
        }
        let stage = Stage::of(adapter, prefix);
        let states = Leaves::of(&between[pass.blocks()..]);
        let scores = pass.end(states.0[0].clone(), stage.prefix.as_ref(), &stage.with_leaves);
        let loss = self.loss_of(laid, scores);
        let mut arrived = stage.backward(&loss, Some(&states), &mut sums);
        for index in (0..pass.blocks()).rev() {
            // Of a block that is behind it no more is needed.
            between.truncate(index + 1);
            let Some(gradient) = arrived.take() else {
                break;
            };
            let stage = Stage::of(adapter, prefix);
            let states = Leaves::of(&between[index..]);
            let after = pass.block(
                index,
                states.0[0].clone(),
                stage.prefix.as_ref(),
                &stage.with_leaves,
            );
            arrived = stage.backward(&(after * gradient).sum(), Some(&states), &mut sums);
        }
        if let Some(gradient) = arrived {
            // Adapters on embeddings.
            let stage = Stage::of(adapter, None);
            let first = pass.begin(&stage.with_leaves);
            if first.is_autodiff() {
                stage.backward(&(first * gradient).sum(), None, &mut sums);
            }
        }
        f64::from(loss.inner().into_scalar::<f32>())
    }
}
