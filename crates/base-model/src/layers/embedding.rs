//! The table of tokens' states.

use burn::tensor::{DType, Int, Tensor, module};

use super::{Module, Slots};
use crate::{
    ModuleKind, TensorSource, WeightsError,
    adapter::{LowRank, Tuning},
    kernels,
};

/// Rows by token, and the number under which an adapter knows them.
#[derive(Debug, Clone)]
pub(crate) struct Embedding {
    /// `[vocab, d_model]`
    table: Tensor<2>,
    /// What the rows are multiplied with.
    scale: f64,
    slot: usize,
}

impl Embedding {
    /// Reads `{path}.weight`.
    pub(crate) fn read(
        source: &mut dyn TensorSource,
        slots: &mut Slots,
        path: &str,
        [vocab, d_model]: [usize; 2],
        scale: f64,
    ) -> Result<Self, WeightsError> {
        let embedding = Self {
            table: source.matrix(&format!("{path}.weight"), [vocab, d_model])?,
            scale,
            slot: slots.next(),
        };
        let module = Module::Embedding(embedding.clone());
        slots.push(path, ModuleKind::Embedding, (vocab, d_model), module);
        Ok(embedding)
    }

    /// The table, `[vocab, d_model]`, as it is held.
    pub(crate) fn table(&self) -> Tensor<2> {
        self.table.clone()
    }

    /// The same in f32.
    pub(crate) fn stored(&self) -> Tensor<2> {
        kernels::of_type(self.table(), DType::F32)
    }

    /// The tokens' rows, `[batch, seq]` to `[batch, seq, d_model]`.
    pub(crate) fn forward(&self, ids: &Tensor<2, Int>, tuning: Option<&Tuning<'_>>) -> Tensor<3> {
        let table = match tuning.and_then(|tuning| tuning.saved(self.slot)) {
            Some((table, _)) => table,
            None => self.table.clone(),
        };
        let rows = kernels::of_type(module::embedding(table, ids.clone()), self.table.dtype());
        let rows = match tuning.and_then(|tuning| tuning.low_rank(self.slot)) {
            None => rows,
            Some(update) => self.tuned(rows, ids, &update),
        };
        match self.scale {
            1.0 => rows,
            scale => rows.mul_scalar(scale),
        }
    }

    /// The rows with a low-rank change, which PEFT keeps for the transposed table: `A` is `[rank, vocab]`, `B`
    /// `[d_model, rank]`, and a magnitude has a number for each of `d_model`.
    fn tuned(&self, rows: Tensor<3>, ids: &Tensor<2, Int>, update: &LowRank) -> Tensor<3> {
        let narrow = module::embedding(update.a.clone().transpose(), ids.clone()); // [batch, seq, rank]
        let change = kernels::product(narrow.mul_scalar(update.scale), update.b.clone());
        let change = kernels::of_type(change, rows.dtype());
        let changed = rows + change;
        if update.magnitude.is_none() {
            return changed;
        }
        let columns = || self.stored().transpose();
        let square_norms = || LowRank::square_norms(columns());
        let ratio = update.magnitude_ratio(square_norms, |a| kernels::times(columns(), a.transpose()));
        let ratio = kernels::of_type(ratio, changed.dtype());
        changed * ratio.unsqueeze()
    }
}
