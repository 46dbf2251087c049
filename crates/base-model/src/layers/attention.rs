//! Multi-head attention with grouped queries.

use burn::tensor::{Bool, Tensor};

use super::{Norm, Projection, Rotary};
use crate::{adapter::Tuning, batch::EndToEnd, kernels};

/// Numbers of heads, and how their scores are scaled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttentionSizes {
    /// Query heads.
    pub(crate) n_heads: usize,
    /// Key and value heads; divides `n_heads` (Ainslie et al. 2023, arXiv:2305.13245).
    pub(crate) n_kv_heads: usize,
    /// Length of a head.
    pub(crate) d_head: usize,
    /// What a query times a key is multiplied with.
    pub(crate) scale: f64,
}

/// Queries, keys and values from one state, and the mixed values back to a state.
#[derive(Debug, Clone)]
pub(crate) struct Attention {
    pub(crate) input: AttentionInput,
    pub(crate) head_norms: Option<HeadNorms>,
    pub(crate) output: Projection,
    pub(crate) sizes: AttentionSizes,
}

/// The projections to queries, keys and values.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one in a block, and it is never moved about"
)]
pub(crate) enum AttentionInput {
    /// One each.
    Split {
        /// `[d_model]` to `[n_heads * d_head]`
        query: Projection,
        /// `[d_model]` to `[n_kv_heads * d_head]`
        key: Projection,
        /// `[d_model]` to `[n_kv_heads * d_head]`
        value: Projection,
    },
    /// One for all, in this order.
    Fused(Projection),
}

/// Normalisations of every head's queries and keys.
#[derive(Debug, Clone)]
pub(crate) struct HeadNorms {
    pub(crate) query: Norm,
    pub(crate) key: Norm,
}

/// What tokens are looked up by, and what is found there.
#[derive(Debug, Clone)]
pub(crate) struct KeysValues {
    /// `[batch, seq, n_kv_heads * d_head]`, turned by the positions where there are any.
    pub(crate) keys: Tensor<3>,
    /// `[batch, seq, n_kv_heads * d_head]`
    pub(crate) values: Tensor<3>,
}

impl Attention {
    /// Its linear layers, in the order in which a pass goes through them.
    pub(crate) fn projections(&self) -> impl Iterator<Item = &Projection> {
        let inputs = match &self.input {
            AttentionInput::Split { query, key, value } => vec![key, value, query],
            AttentionInput::Fused(fused) => vec![fused],
        };
        inputs.into_iter().chain([&self.output])
    }

    /// What the tokens of rows laid end to end find in their own row: `[1, tokens, d_model]` to the same; `rotary` is for the
    /// tokens as they lie, `blocked` for the padded rows, as in [`Attention::forward`].
    pub(crate) fn among(
        &self,
        states: Tensor<3>,
        rotary: Option<&Rotary>,
        blocked: &Tensor<4, Bool>,
        tuning: Option<&Tuning<'_>>,
        rows: &EndToEnd,
    ) -> Tensor<3> {
        let [keys, values, query] = match &self.input {
            AttentionInput::Split { query, key, value } => {
                [key, value, query].map(|projection| projection.forward(states.clone(), tuning))
            }
            AttentionInput::Fused(fused) => {
                let [query, keys, values] = self.parts(fused.forward(states, tuning));
                [keys, values, query]
            }
        };
        let norm = self.head_norms.as_ref().map(|norms| &norms.key);
        let keys = self.placed(keys, norm, rotary, tuning);
        let query = self.query(query, rotary, tuning);
        let AttentionSizes {
            n_heads, n_kv_heads, ..
        } = self.sizes;
        let mixed = kernels::attention_in_rows(query, keys, values, (blocked, rows), n_heads, n_kv_heads);
        self.output.forward(mixed, tuning)
    }

    /// The keys and values of some states: `[batch, seq, d_model]`.
    pub(crate) fn keys_values(
        &self,
        states: Tensor<3>,
        rotary: Option<&Rotary>,
        tuning: Option<&Tuning<'_>>,
    ) -> KeysValues {
        let (keys, values) = match &self.input {
            AttentionInput::Split { key, value, .. } => {
                (key.forward(states.clone(), tuning), value.forward(states, tuning))
            }
            AttentionInput::Fused(fused) => {
                let [_, keys, values] = self.parts(fused.forward(states, tuning));
                (keys, values)
            }
        };
        let norm = self.head_norms.as_ref().map(|norms| &norms.key);
        KeysValues {
            keys: self.placed(keys, norm, rotary, tuning),
            values,
        }
    }

    /// What the states find among the keys.
    ///
    /// # Shapes
    ///
    /// - `states`: `[batch, queries, d_model]`
    /// - `blocked`: `[batch or 1, 1, queries or 1, keys]`, true where a query must not look
    /// - output: `[batch, queries, d_model]`
    pub(crate) fn forward(
        &self,
        states: Tensor<3>,
        found: KeysValues,
        rotary: Option<&Rotary>,
        blocked: &Tensor<4, Bool>,
        tuning: Option<&Tuning<'_>>,
    ) -> Tensor<3> {
        let query = match &self.input {
            AttentionInput::Split { query, .. } => query.forward(states, tuning),
            AttentionInput::Fused(fused) => {
                let [query, ..] = self.parts(fused.forward(states, tuning));
                query
            }
        }; // [batch, queries, n_heads * d_head]
        let query = self.query(query, rotary, tuning);
        let AttentionSizes {
            n_heads, n_kv_heads, ..
        } = self.sizes;
        let mixed = kernels::attention(query, found.keys, found.values, blocked, n_heads, n_kv_heads);
        self.output.forward(mixed, tuning)
    }

    /// Queries as the kernel takes them: normalised, turned and scaled.
    fn query(&self, query: Tensor<3>, rotary: Option<&Rotary>, tuning: Option<&Tuning<'_>>) -> Tensor<3> {
        let norm = self.head_norms.as_ref().map(|norms| &norms.query);
        let query = self.placed(query, norm, rotary, tuning);
        // The kernel scales by the root of the head's length.
        let extra = self.sizes.scale * (self.sizes.d_head as f64).sqrt();
        match (extra - 1.0).abs() < 1e-9 {
            true => query,
            false => query.mul_scalar(extra),
        }
    }

    /// Normalised and turned: `[batch, seq, heads * d_head]` to the same.
    fn placed(
        &self,
        states: Tensor<3>,
        norm: Option<&Norm>,
        rotary: Option<&Rotary>,
        tuning: Option<&Tuning<'_>>,
    ) -> Tensor<3> {
        let [batch, seq, width] = states.dims();
        let d_head = self.sizes.d_head;
        let states = match norm {
            None => states,
            Some(norm) => {
                let heads = states.reshape([batch, seq * (width / d_head), d_head]);
                norm.forward(heads, tuning).reshape([batch, seq, width])
            }
        };
        match rotary {
            Some(rotary) => kernels::rotate(states, &rotary.cos, &rotary.sin),
            None => states,
        }
    }

    /// Queries, keys and values out of one tensor, `[batch, seq, (n_heads + 2 * n_kv_heads) * d_head]`.
    fn parts(&self, all: Tensor<3>) -> [Tensor<3>; 3] {
        let AttentionSizes {
            n_heads,
            n_kv_heads,
            d_head,
            ..
        } = self.sizes;
        let (queries, keys) = (n_heads * d_head, n_kv_heads * d_head);
        [
            all.clone().narrow(2, 0, queries),
            all.clone().narrow(2, queries, keys),
            all.narrow(2, queries + keys, keys),
        ]
    }
}

impl KeysValues {
    /// These after some that stand before every row, `[batch or 1, before, n_kv_heads * d_head]`.
    pub(crate) fn after(self, before: Self) -> Self {
        Self {
            keys: kernels::append(before.keys, self.keys),
            values: kernels::append(before.values, self.values),
        }
    }
}
