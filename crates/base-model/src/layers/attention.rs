//! Multi-head attention with grouped queries.

use burn::tensor::{Bool, Tensor};

use super::{Projection, Rotary};
use crate::{Adapter, kernels};

/// Numbers of heads and their length.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttentionSizes {
    /// Query heads.
    pub(crate) n_heads: usize,
    /// Key and value heads; divides `n_heads` (Ainslie et al. 2023, arXiv:2305.13245).
    pub(crate) n_kv_heads: usize,
    /// Length of a head.
    pub(crate) d_head: usize,
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

impl Attention {
    /// # Shapes
    ///
    /// - `states`: `[batch, seq, d_model]`
    /// - `blocked`: `[batch or 1, 1, seq or 1, seq]`, true where a query must not look
    /// - output: `[batch, seq, d_model]`
    pub(crate) fn forward(
        &self,
        states: Tensor<3>,
        rotary: Option<&Rotary>,
        blocked: Option<&Tensor<4, Bool>>,
        adapter: Option<&Adapter>,
    ) -> Tensor<3> {
        let [batch, seq, _] = states.dims();
        let AttentionSizes {
            n_heads,
            n_kv_heads,
            d_head,
        } = self.sizes;
        let heads = |states: Tensor<3>, heads: usize| {
            states.reshape([batch, seq, heads, d_head]).swap_dims(1, 2) // [batch, heads, seq, d_head]
        };
        let mut query = heads(self.query.forward(states.clone(), adapter), n_heads);
        let mut key = heads(self.key.forward(states.clone(), adapter), n_kv_heads);
        let value = heads(self.value.forward(states, adapter), n_kv_heads);
        if let Some(rotary) = rotary {
            query = kernels::rotate(query, &rotary.cos, &rotary.sin);
            key = kernels::rotate(key, &rotary.cos, &rotary.sin);
        }
        let groups = n_heads / n_kv_heads;
        let mixed = kernels::attention(query, repeat(key, groups), repeat(value, groups), blocked); // [batch, n_heads, seq, d_head]
        let merged = mixed.swap_dims(1, 2).reshape([batch, seq, n_heads * d_head]); // [batch, seq, n_heads * d_head]
        self.output.forward(merged, adapter)
    }
}

/// Each head `groups` times in a row: `[batch, kv, seq, d_head]` to `[batch, kv * groups, seq, d_head]`.
fn repeat(states: Tensor<4>, groups: usize) -> Tensor<4> {
    if groups == 1 {
        return states;
    }
    let [batch, kv, seq, d_head] = states.dims();
    states
        .unsqueeze_dim::<5>(2) // [batch, kv, 1, seq, d_head]
        .expand([batch, kv, groups, seq, d_head])
        .reshape([batch, kv * groups, seq, d_head])
}
