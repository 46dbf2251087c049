//! A matrix that never changes.

#[cfg(feature = "flex")]
use std::sync::{Arc, OnceLock};

use burn::tensor::Tensor;

#[cfg(feature = "flex")]
use super::flex::{self, Panels};

/// The weight of a linear layer, `[d_output, d_input]`, as it is stored and, on the CPU from the first pass that has
/// few tokens, a second time in the order in which the kernel for few tokens reads it.
///
/// Such a pass is bound by reading weights, and the base model is frozen, so that it pays to lay them out once.
/// Clones share the layout. Weights that are being trained have none.
#[derive(Debug, Clone)]
pub(crate) struct Frozen {
    pub(super) weight: Tensor<2>,
    #[cfg(feature = "flex")]
    panels: Arc<OnceLock<Arc<Panels>>>,
}

impl Frozen {
    pub(crate) fn new(weight: Tensor<2>) -> Self {
        Self {
            weight,
            #[cfg(feature = "flex")]
            panels: Arc::default(),
        }
    }

    /// The weight, `[d_output, d_input]`.
    pub(crate) fn plain(&self) -> Tensor<2> {
        self.weight.clone()
    }

    /// The layout for a pass over some tokens, where one serves.
    #[cfg(feature = "flex")]
    pub(super) fn panels(&self, input: &Tensor<3>) -> Option<Arc<Panels>> {
        let [batch, seq, _] = input.dims();
        let serves =
            batch * seq <= flex::FEW_ROWS && flex::is_constant(input) && flex::is_constant(&self.weight);
        serves.then(|| {
            let panels = self.panels.get_or_init(|| Arc::new(Panels::of(&self.weight)));
            panels.clone()
        })
    }
}
