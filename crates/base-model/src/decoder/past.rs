//! What stands before a batch.

use burn::tensor::{Device, Tensor};

use crate::{Adapter, TokenBatch, batch::indices, layers::KeysValues, pass::PastTokens};

/// A text that has been computed and that stands before every row of the batches that are run after it.
///
/// It belongs to the decoder and the adapter that made it. An adapter that is called by its invocation tokens counts as
/// called in what comes after, if they are in the text.
#[derive(Debug, Clone)]
pub struct Prefix(pub(super) Past);

/// Keys and values of what stands before a batch.
#[derive(Debug, Clone)]
pub(super) struct Past {
    pub(super) tokens: PastTokens,
    /// For every block, `[batch or 1, keys, n_kv_heads * d_head]`.
    pub(super) found: Vec<KeysValues>,
    /// Whether an adapter that must be called has been.
    pub(super) is_called: bool,
}

impl Prefix {
    /// How many tokens it has.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.0.tokens.keys()
    }

    /// What is looked at: every block's keys and then its values, `[1, tokens, n_kv_heads * d_head]` each.
    #[must_use]
    pub fn states(&self) -> Vec<Tensor<3>> {
        let found = self.0.found.iter();
        found
            .flat_map(|found| [found.keys.clone(), found.values.clone()])
            .collect()
    }

    /// The same text with these for its states.
    ///
    /// With the leaves of another graph, what flows back to the text stops there, and can be given to
    /// the text's own graph when it is known whole: rows may be computed in many parts, and the text once for all of them.
    ///
    /// # Panics
    ///
    /// If there are not as many as [`Prefix::states`] gives.
    #[must_use]
    pub fn with_states(&self, states: &[Tensor<3>]) -> Self {
        assert_eq!(
            states.len(),
            2 * self.0.found.len(),
            "keys and values of every block"
        );
        let found = states.chunks_exact(2).map(|pair| KeysValues {
            keys: pair[0].clone(),
            values: pair[1].clone(),
        });
        Self(Past {
            found: found.collect(),
            ..self.0.clone()
        })
    }
}

impl Past {
    /// Nothing yet.
    pub(super) fn none(adapter: Option<&Adapter>) -> Self {
        let must_be_called =
            adapter.is_some_and(|adapter| adapter.config().alora_invocation_tokens.is_some());
        Self {
            tokens: PastTokens::default(),
            found: Vec::new(),
            is_called: !must_be_called,
        }
    }

    /// Keeps some of its rows.
    pub(super) fn keep(&mut self, rows: &[usize], device: &Device) {
        let of_rows = indices(rows.iter().copied(), device);
        for found in &mut self.found {
            found.keys = found.keys.clone().select(0, of_rows.clone());
            found.values = found.values.clone().select(0, of_rows.clone());
        }
        let tokens = &mut self.tokens;
        if tokens.positions.len() > 1 {
            tokens.positions = rows.iter().map(|&row| tokens.positions[row].clone()).collect();
        }
        tokens.kept = rows.iter().map(|&row| tokens.kept[row].clone()).collect();
    }

    /// Notes whether a batch of one row has called the adapter.
    pub(super) fn call(&mut self, batch: &TokenBatch, adapter: Option<&Adapter>) {
        let invocation = adapter.and_then(|adapter| adapter.config().alora_invocation_tokens.as_deref());
        self.is_called |= invocation.is_some_and(|tokens| batch.last_start_of(0, tokens).is_some());
    }
}
