//! Products of f32 as f32 on GPUs, where burn would let the matrix units of NVIDIA's round the factors.
//!
//! Of all kernels for a product burn takes the one that it measures as the fastest. On NVIDIA's GPUs that is often one that
//! rounds f32 to TF32, with 10 bits of fraction in place of 23: an error of 1e-3 in states, another one as another kernel
//! wins. Whoever wants that speed asks for it, with [`WeightFormat::Bf16`](crate::WeightFormat::Bf16). Here a
//! layer's product goes [by tiles](super::tiled), and for others only kernels compete that multiply f32 as it is.

use burn::{
    backend::{
        Autodiff, Backend, Dispatch, DispatchDevice,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::{DType, Tensor},
};
use burn_cubecl::{
    CubeBackend, CubeTuneId,
    cubecl::{
        self,
        tune::{LocalTuner, Tunable, TunableSet, local_tuner},
    },
    kernel::matmul::init_matmul_output,
    tensor::CubeTensor,
};
use cubek::{
    matmul::{
        definition::{MatmulElems, MatmulGlobalElems, MatmulSetupError},
        launch::launch_ref,
        multi_level::{
            Strategy,
            routines::{
                TileSizeSelection, batch::double_unit::DoubleUnitSelectionArgs,
                batch::simple_unit::SimpleUnitSelectionArgs,
            },
        },
        routine::BlueprintStrategy::Inferred,
        tune_key::MatmulAutotuneKey,
    },
    std::InputBinding,
};

use super::{
    F32,
    tiled::{fits, tiled},
};

/// Products of factors of one rank and one batch shape, in f32.
#[backend_extension(Cube, Autodiff)]
pub(super) trait ExactProduct: Backend {
    fn exact_product(lhs: FloatTensor<Self>, rhs: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// The product of two tensors of one rank and one batch shape.
pub(in crate::kernels) fn exact_product<const D: usize>(lhs: Tensor<D>, rhs: Tensor<D>) -> Tensor<D> {
    let (lhs, rhs) = (lhs.into_dispatch(), rhs.into_dispatch());
    Tensor::from_dispatch(<Dispatch as ExactProduct>::exact_product(lhs, rhs))
}

/// Whether burn might round the factors of a product.
pub(in crate::kernels) fn are_rounded<const D: usize>(tensor: &Tensor<D>) -> bool {
    let device = tensor.device().without_autodiff();
    let is_cuda = matches!(
        device.as_dispatch(),
        DispatchDevice::Cube(cubecl::Device::Cuda(_))
    );
    is_cuda && tensor.dtype() == DType::F32
}

/// Factors and output.
type Inputs = (CubeTensor, CubeTensor, CubeTensor);

impl ExactProduct for CubeBackend {
    fn exact_product(lhs: CubeTensor, rhs: CubeTensor) -> CubeTensor {
        static OF_ONE_ROW: LocalTuner<MatmulAutotuneKey, CubeTuneId> = local_tuner!("one_row");
        static OF_ROWS: LocalTuner<MatmulAutotuneKey, CubeTuneId> = local_tuner!("rows");
        let output = init_matmul_output(&lhs, &rhs, lhs.dtype);
        if output.meta.shape().iter().any(|&length| length == 0) {
            return output;
        }
        if let Some(sizes) = sizes_for_tiles(&lhs, &rhs) {
            tiled([lhs, rhs, output.clone()], sizes, None, None);
            return output;
        }
        let (client, id) = (lhs.client.clone(), CubeTuneId::new(&lhs.client, &lhs.device));
        let rows = lhs.meta.shape()[lhs.meta.num_dims() - 2];
        let (tuner, strategies): (_, fn() -> Vec<Strategy>) = match rows {
            1 => (&OF_ONE_ROW, of_one_row),
            _ => (&OF_ROWS, of_rows),
        };
        let competition = tuner.init(&id, move || self::competition(strategies()));
        tuner.execute(&id, &client, competition, (lhs, rhs, output.clone()));
        output
    }
}

/// The sizes of a product of two matrices that lie as [`tiled`] reads them: a layer's input, and its weight turned.
fn sizes_for_tiles(lhs: &CubeTensor, rhs: &CubeTensor) -> Option<[usize; 3]> {
    let last = lhs.meta.num_dims() - 1;
    let (of_lhs, of_rhs) = (lhs.meta.shape(), rhs.meta.shape());
    let sizes @ [_, k, _] = [of_lhs[last - 1], of_lhs[last], of_rhs[last]];
    let strides = rhs.meta.strides();
    let is_one = [of_lhs, of_rhs]
        .iter()
        .all(|shape| shape[..last - 1].iter().all(|&length| length == 1));
    let lies_so = lhs.is_contiguous() && strides[last - 1] == 1 && strides[last] == k;
    let are_f32 = [lhs, rhs].iter().all(|factor| factor.dtype == DType::F32);
    (is_one && lies_so && are_f32 && fits(sizes)).then_some(sizes)
}

/// The kernels that compete for a product of one row. Each takes its time to compile: they are few.
fn of_one_row() -> Vec<Strategy> {
    vec![
        // Takes everything.
        Strategy::Naive,
        Strategy::GemvUnitPerpendicular(Inferred(Default::default())),
        Strategy::Gemm(Inferred(Default::default())),
    ]
}

/// The same for several rows.
fn of_rows() -> Vec<Strategy> {
    let (large, small) = (TileSizeSelection::MaxTileSize, TileSizeSelection::MinTileSize);
    vec![
        Strategy::Naive,
        Strategy::SimpleUnit(Inferred(SimpleUnitSelectionArgs { tile_size: large })),
        Strategy::SimpleUnit(Inferred(SimpleUnitSelectionArgs { tile_size: small })),
        Strategy::DoubleUnit(Inferred(DoubleUnitSelectionArgs { tile_size: large })),
    ]
}

fn competition(strategies: Vec<Strategy>) -> TunableSet<MatmulAutotuneKey, Inputs, ()> {
    let inputs =
        |_: &MatmulAutotuneKey, (lhs, rhs, output): &Inputs| (lhs.clone(), rhs.clone(), output.copy());
    let none = TunableSet::new(key, inputs);
    strategies.into_iter().fold(none, |set, strategy| {
        let name = strategy.to_string();
        let launch = move |(lhs, rhs, output)| {
            launch(&strategy, lhs, rhs, output).map_err(|error| format!("{error:?}"))
        };
        set.with(Tunable::new(&name, launch))
    })
}

fn key((lhs, rhs, _): &Inputs) -> MatmulAutotuneKey {
    let (of_lhs, of_rhs) = (&lhs.meta, &rhs.meta);
    MatmulAutotuneKey::generate(
        &lhs.client,
        of_lhs.shape(),
        of_rhs.shape(),
        of_lhs.strides(),
        of_rhs.strides(),
        of_lhs.tiling,
        of_rhs.tiling,
        F32,
        F32,
        F32,
        None,
        None,
    )
}

fn launch(
    strategy: &Strategy,
    lhs: CubeTensor,
    rhs: CubeTensor,
    output: CubeTensor,
) -> Result<(), MatmulSetupError> {
    let client = output.client.clone();
    let mut elements = MatmulElems::from_globals(&MatmulGlobalElems {
        lhs: F32,
        rhs: F32,
        out: F32,
    });
    let [lhs, rhs] = [lhs, rhs].map(|factor| InputBinding::new(factor.binding(), F32));
    let strategy = strategy.clone().into();
    launch_ref(&strategy, &client, lhs, rhs, output.binding(), &mut elements)
}

impl<B: ExactProduct, C: CheckpointStrategy> ExactProduct for Autodiff<B, C> {
    fn exact_product(lhs: FloatTensor<Self>, rhs: FloatTensor<Self>) -> FloatTensor<Self> {
        // A factor is kept where the other one's gradient needs it.
        let kept = (
            rhs.is_tracked().then(|| lhs.primitive().clone()),
            lhs.is_tracked().then(|| rhs.primitive().clone()),
        );
        let output = B::exact_product(lhs.primitive().clone(), rhs.primitive().clone());
        match OfFactors
            .prepare::<C>([lhs.node(), rhs.node()])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prepared) => prepared.finish(kept, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }
}

/// `d lhs = d rhs^T` and `d rhs = lhs^T d`, of the output's gradient `d`.
#[derive(Debug)]
struct OfFactors;

impl<B: ExactProduct> Backward<B, 2> for OfFactors {
    type State = (Option<FloatTensor<B>>, Option<FloatTensor<B>>);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let ([of_lhs, of_rhs], (lhs, rhs)) = (ops.parents, ops.state);
        if let (Some(parent), Some(rhs)) = (of_lhs, rhs) {
            let turned = B::float_transpose(rhs);
            grads.register::<B>(parent.id, B::exact_product(gradient.clone(), turned));
        }
        if let (Some(parent), Some(lhs)) = (of_rhs, lhs) {
            let turned = B::float_transpose(lhs);
            grads.register::<B>(parent.id, B::exact_product(turned, gradient));
        }
    }
}

#[cfg(test)]
mod tests;
