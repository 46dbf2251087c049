//! A matrix that never changes.

#[cfg(feature = "flex")]
use std::sync::Arc;

use burn::tensor::Tensor;
#[cfg(feature = "flex")]
use burn::tensor::{Device, TensorData};

#[cfg(feature = "flex")]
use super::flex::{self, FrozenMatrix};
use crate::WeightFormat;

/// The weight of a linear layer, `[d_output, d_input]`.
///
/// The base model is frozen, so that on the CPU it pays to lay a weight out once in the order in which products read
/// it, and to keep nothing else of it: the transposed layout, which gradients need, is made by the first that flows
/// through. Clones share both. On other backends, and where it is being trained, the weight stays a tensor.
#[derive(Debug, Clone)]
pub(crate) struct Frozen(pub(super) Kept);

#[derive(Debug, Clone)]
#[cfg_attr(
    all(feature = "flex", feature = "cube"),
    expect(clippy::large_enum_variant, reason = "on a GPU all are of the large kind")
)]
pub(super) enum Kept {
    Tensor(Tensor<2>),
    #[cfg(feature = "flex")]
    LaidOut(Arc<FrozenMatrix>, Device),
}

impl Frozen {
    /// A weight that is to be held in this format where it is laid out; elsewhere it stays f32.
    #[cfg_attr(
        not(feature = "flex"),
        expect(unused_variables, reason = "nothing is laid out")
    )]
    pub(crate) fn new(weight: Tensor<2>, format: WeightFormat) -> Self {
        #[cfg(feature = "flex")]
        if let Some(matrix) = flex::laid_out(&weight, format) {
            return Self(Kept::LaidOut(Arc::new(matrix), weight.device()));
        }
        Self(Kept::Tensor(weight))
    }

    /// A weight that is another in every pass, or is in none: it is not worth laying out.
    pub(crate) fn passing(weight: Tensor<2>) -> Self {
        Self(Kept::Tensor(weight))
    }

    /// Says which weight a forward pass multiplies with next, which is a hint and nothing else: where both are laid out, the
    /// beginning of it is fetched while this one is multiplied with.
    #[cfg_attr(
        not(feature = "flex"),
        expect(unused_variables, clippy::unused_self, reason = "nothing is laid out")
    )]
    pub(crate) fn is_followed_by(&self, next: &Self) {
        #[cfg(feature = "flex")]
        if let (Kept::LaidOut(matrix, _), Kept::LaidOut(next, _)) = (&self.0, &next.0) {
            matrix.is_followed_by(next);
        }
    }

    /// The weight itself, where it is not laid out.
    #[cfg(feature = "cube")]
    pub(super) fn tensor(&self) -> Option<&Tensor<2>> {
        match &self.0 {
            Kept::Tensor(weight) => Some(weight),
            #[cfg(feature = "flex")]
            Kept::LaidOut(..) => None,
        }
    }

    /// The weight as products see it, made anew where it is laid out: in f32, rounded as its format rounds it.
    pub(crate) fn plain(&self) -> Tensor<2> {
        match &self.0 {
            Kept::Tensor(weight) => weight.clone(),
            #[cfg(feature = "flex")]
            Kept::LaidOut(matrix, device) => {
                Tensor::from_data(TensorData::new(matrix.to_rows(), matrix.sizes()), device)
            }
        }
    }
}
