//! Multi-head attention with grouped queries.

use burn::tensor::{Bool, Tensor};

use super::{Projection, Rotary};
use crate::{Adapter, kernels};

/// Numbers of heads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttentionSizes {
    /// Query heads.
    pub(crate) n_heads: usize,
    /// Key and value heads; divides `n_heads` (Ainslie et al. 2023, arXiv:2305.13245).
    pub(crate) n_kv_heads: usize,
}

/// Queries, keys and values from one state, and the mixed values back to a state.
#[derive(Debug, Clone)]
pub(crate) struct Attention {
    pub(crate) query: Projection,
    pub(crate) key: Projection,
    pub(crate) value: Projection,
    pub(crate) output: Projection,
    pub(crate) sizes: AttentionSizes,
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
    /// The keys and values of some states: `[batch, seq, d_model]`.
    pub(crate) fn keys_values(
        &self,
        states: Tensor<3>,
        rotary: Option<&Rotary>,
        adapter: Option<&Adapter>,
    ) -> KeysValues {
        let keys = self.key.forward(states.clone(), adapter);
        KeysValues {
            keys: match rotary {
                Some(rotary) => kernels::rotate(keys, &rotary.cos, &rotary.sin),
                None => keys,
            },
            values: self.value.forward(states, adapter),
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
        adapter: Option<&Adapter>,
    ) -> Tensor<3> {
        let AttentionSizes { n_heads, n_kv_heads } = self.sizes;
        let query = self.query.forward(states, adapter); // [batch, queries, n_heads * d_head]
        let query = match rotary {
            Some(rotary) => kernels::rotate(query, &rotary.cos, &rotary.sin),
            None => query,
        };
        let mixed = kernels::attention(query, found.keys, found.values, blocked, n_heads, n_kv_heads);
        self.output.forward(mixed, adapter)
    }
}

impl KeysValues {
    /// These after some that stand before every row, `[1, before, n_kv_heads * d_head]`.
    pub(crate) fn after(self, before: &Self) -> Self {
        let [batch, _, width] = self.keys.dims();
        let join = |before: &Tensor<3>, own: Tensor<3>| {
            let [_, length, _] = before.dims();
            Tensor::cat(vec![before.clone().expand([batch, length, width]), own], 1)
        };
        Self {
            keys: join(&before.keys, self.keys),
            values: join(&before.values, self.values),
        }
    }
}
