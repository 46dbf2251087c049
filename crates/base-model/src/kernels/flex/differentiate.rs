//! Derivatives by formula in burn's graph of operations.

use std::{fmt::Debug, marker::PhantomData};

use burn::backend::{
    Autodiff, Flex,
    autodiff::{
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, Ops, OpsKind},
    },
    flex::FlexTensor,
    tensor::FloatTensor,
};

/// What an operation of `N` inputs keeps of its forward pass, to give their gradients.
pub(super) trait Formula<const N: usize>: Clone + Debug + Send + 'static {
    /// The operation's output.
    fn output(&self) -> FlexTensor;

    /// The gradients of the inputs from that of the output; those that are not wanted may be left out.
    fn gradients(&self, gradient: &FlexTensor, wanted: [bool; N]) -> [Option<FlexTensor>; N];
}

/// Computes an operation and notes it in the graph of its inputs.
pub(super) fn record<C: CheckpointStrategy, F: Formula<N>, const N: usize>(
    formula: F,
    inputs: [&FloatTensor<Autodiff<Flex, C>>; N],
) -> FloatTensor<Autodiff<Flex, C>> {
    let operation = ByFormula::<F>(PhantomData);
    let output = formula.output();
    match operation
        .prepare::<C>(inputs.map(|input| input.node()))
        .compute_bound()
        .stateful()
    {
        OpsKind::Tracked(prepared) => prepared.finish(formula, output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    }
}

/// The backward pass of every operation here.
struct ByFormula<F>(PhantomData<F>);

impl<F> Debug for ByFormula<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::any::type_name::<F>())
    }
}

impl<F: Formula<N>, const N: usize> Backward<Flex, N> for ByFormula<F> {
    type State = F;

    fn backward(self, ops: Ops<F, N>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node);
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let gradients = ops.state.gradients(&gradient, wanted);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<Flex>(parent.id, gradient);
            }
        }
    }
}
