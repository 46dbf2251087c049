//! The modules of a model that an adapter can change, in the order in which they are made.

use super::{Embedding, Norm, Projection};
use crate::{ModuleKind, Slot};

/// A module, for what is to be known of its weights.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are some hundred of them in a program, and most are of the large kind"
)]
pub(crate) enum Module {
    Linear(Projection),
    Embedding(Embedding),
    Norm(Norm),
}

/// The modules made so far; a module's index is the slot under which an adapter knows it.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    slots: Vec<Slot>,
    modules: Vec<Module>,
    /// Whether the checkpoint has no weights of the modules that are made now.
    pub(crate) is_missing: bool,
}

impl Slots {
    /// Takes a module that was made for the next slot.
    pub(crate) fn push(
        &mut self,
        path: &str,
        kind: ModuleKind,
        (d_input, d_output): (usize, usize),
        module: Module,
    ) {
        self.slots.push(Slot {
            path: path.to_owned(),
            kind,
            d_input,
            d_output,
            is_in_base: !self.is_missing,
        });
        self.modules.push(module);
    }

    /// The slot of the next module.
    pub(crate) fn next(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn into_parts(self) -> (Vec<Slot>, Vec<Module>) {
        (self.slots, self.modules)
    }
}
