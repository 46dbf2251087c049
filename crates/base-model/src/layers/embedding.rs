//! The table of tokens' states.

use burn::tensor::{Int, Tensor, module};

use super::{Module, Slots};
use crate::{
    ModuleKind, TensorSource, WeightsError,
    adapter::{LowRank, Tuning},
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

    /// The table, `[vocab, d_model]`.
    pub(crate) fn table(&self) -> Tensor<2> {
        self.table.clone()
    }

    /// The tokens' rows, `[batch, seq]` to `[batch, seq, d_model]`.
    pub(crate) fn forward(&self, ids: &Tensor<2, Int>, tuning: Option<&Tuning<'_>>) -> Tensor<3> {
        let table = match tuning.and_then(|tuning| tuning.saved(self.slot)) {
            Some((table, _)) => table,
            None => self.table.clone(),
        };
        let rows = module::embedding(table, ids.clone());
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
        let change = module::linear(
            narrow.mul_scalar(update.scale),
            update.b.clone().transpose(),
            None,
        );
        let changed = rows + change;
        if update.magnitude.is_none() {
            return changed;
        }
        let columns = || self.table.clone().transpose();
        let square_norms = || LowRank::square_norms(columns());
        let ratio = update.magnitude_ratio(square_norms, |a| columns().matmul(a.transpose()));
        changed * ratio.unsqueeze()
    }
}
