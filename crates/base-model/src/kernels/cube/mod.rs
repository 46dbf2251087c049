//! Bodies for GPUs: products that do not round, and what burn would launch many kernels for, in one each.
//!
//! A forward pass of a small model is bound by how many kernels it launches: attention, normalisations, activations and
//! rotations are one here where plain operations take five to fifteen. They compute what [`super::plain`] does, in f32
//! whatever the types of tensors, and have no derivatives: a tensor that a gradient flows to goes the plain way.

mod attention;
mod linear;
mod numbers;
mod product;
mod rows;
mod tiled;

use burn::tensor::{BackendPrimitive, BoolStore, DType, Tensor, kind::Basic};
use burn_cubecl::{
    CubeBackend,
    cubecl::{
        CubeCount,
        ir::{ElemType, FloatKind, IntKind, UIntKind},
    },
    kernel::into_contiguous,
    ops::numeric::empty_device_contiguous_dtype,
    tensor::CubeTensor,
};

pub(crate) use attention::Ends;
pub(super) use attention::attention;
pub(super) use linear::linear;
pub(super) use numbers::{activate, gate, rotate};
pub(super) use product::{are_rounded, exact_product};
pub(super) use rows::{layer_norm, rms_norm};

/// Units that work on one thing together; a power of two, and no more than every GPU has.
const UNITS: u32 = 128;
/// Cubes that every GPU takes in every direction.
const MOST_CUBES: u32 = 65_535;
const F32: ElemType = ElemType::Float(FloatKind::F32);

/// The type of a tensor's elements, of those that are computed on here.
fn element(dtype: DType) -> Option<ElemType> {
    Some(match dtype {
        DType::F32 => F32,
        DType::F16 => ElemType::Float(FloatKind::F16),
        DType::BF16 => ElemType::Float(FloatKind::BF16),
        DType::I32 => ElemType::Int(IntKind::I32),
        DType::I64 => ElemType::Int(IntKind::I64),
        DType::Bool(BoolStore::U8) => ElemType::UInt(UIntKind::U8),
        DType::Bool(BoolStore::U32) => ElemType::UInt(UIntKind::U32),
        _ => return None,
    })
}

/// A tensor on a GPU to which no gradient flows, of elements that are computed on here, row after row.
fn constant<const D: usize, K>(tensor: &Tensor<D, K>) -> Option<(CubeTensor, ElemType)>
where
    K: Basic + BackendPrimitive<CubeBackend, Primitive = CubeTensor>,
{
    let tensor = tensor.clone().try_into_primitive::<CubeBackend>().ok()?;
    let element = element(tensor.dtype)?;
    Some((into_contiguous(tensor), element))
}

/// So many cubes in each direction, if every GPU takes as many.
fn cubes(counts: [usize; 3]) -> Option<CubeCount> {
    let most = MOST_CUBES as usize;
    let [x, y, z] = counts.iter().all(|&count| count <= most).then_some(counts)?;
    Some(CubeCount::Static(x as u32, y as u32, z as u32))
}

/// Room for as many numbers of a type as another tensor has.
fn room_like(tensor: &CubeTensor) -> CubeTensor {
    empty_device_contiguous_dtype(
        tensor.client.clone(),
        tensor.device.clone(),
        tensor.meta.shape().clone(),
        tensor.dtype,
    )
}

fn tensor<const D: usize>(tensor: CubeTensor) -> Tensor<D> {
    Tensor::from_primitive::<CubeBackend>(tensor)
}

#[cfg(test)]
mod tests;
