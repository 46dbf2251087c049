//! Tensors that are written over.

use burn::backend::flex::FlexTensor;

use super::Packed;

/// A tensor whose numbers are written over: its own where nobody else holds them, or a copy.
///
/// Memory that was just written lies in a cache; memory that was freed some operations ago has been pushed out of it by
/// weights.
#[derive(Debug)]
pub(super) struct Taken(FlexTensor);

impl Taken {
    pub(super) fn new(tensor: FlexTensor) -> Self {
        let layout = tensor.layout();
        match tensor.is_unique() && layout.is_contiguous() && layout.start_offset() == 0 {
            true => Self(tensor),
            false => Self::copy_of(&Packed::new(&tensor)),
        }
    }

    pub(super) fn copy_of(tensor: &Packed) -> Self {
        Self(tensor.like(tensor.values().to_vec()))
    }

    /// Its numbers, row after row.
    pub(super) fn values(&mut self) -> &mut [f32] {
        let count = self.0.layout().num_elements();
        &mut self.0.storage_mut::<f32>()[..count]
    }

    /// Length of the last axis.
    pub(super) fn width(&self) -> usize {
        self.0.layout().shape().last().copied().unwrap_or(1)
    }

    pub(super) fn into_tensor(self) -> FlexTensor {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Tensor, TensorData};

    use crate::{Activation, device_by_name, kernels};

    type Operation = Box<dyn Fn(Tensor<3>) -> Tensor<3>>;

    fn tensor<const D: usize>(shape: [usize; D]) -> Tensor<D> {
        let count = shape.iter().product();
        let values: Vec<f32> = (0..count).map(|at| (at * 37 % 101) as f32 / 50.0 - 1.0).collect();
        Tensor::from_data(TensorData::new(values, shape), &device_by_name("flex").unwrap())
    }

    fn operations() -> [(&'static str, Operation); 5] {
        [
            ("gelu", Box::new(|x| kernels::activate(x, Activation::Gelu))),
            (
                "gate",
                Box::new(|x| kernels::gate(x, tensor([2, 3, 16]), Activation::Silu)),
            ),
            (
                "layer norm",
                Box::new(|x| kernels::layer_norm(x, tensor([16]), tensor([16]), 1e-5)),
            ),
            ("rms norm", Box::new(|x| kernels::rms_norm(x, tensor([16]), 1e-5))),
            (
                "rotation",
                Box::new(|x| kernels::rotate(x, &tensor([1, 3, 4]), &tensor([1, 3, 4]))),
            ),
        ]
    }

    fn bits(tensor: &Tensor<3>) -> Vec<u32> {
        tensor.to_data().iter::<f32>().map(f32::to_bits).collect()
    }

    fn address(tensor: &Tensor<3>) -> *const f32 {
        kernels::flex::constant(tensor).unwrap().storage::<f32>().as_ptr()
    }

    #[test]
    fn a_tensor_that_somebody_else_holds_stays_as_it_is() {
        for (name, operation) in operations() {
            let kept = tensor([2, 3, 16]);
            let before = bits(&kept);
            let of_held = operation(kept.clone());
            assert_eq!(bits(&kept), before, "{name}");
            // A part of a tensor, and one whose numbers lie apart.
            let wide = Tensor::cat(vec![kept.clone().neg(), kept.clone()], 2);
            let of_part = operation(wide.narrow(2, 16, 16));
            let long = Tensor::cat(vec![kept.clone().neg(), kept.clone()], 0);
            let of_rest = operation(long.narrow(0, 2, 2));
            let of_own = operation(kept);
            for other in [of_part, of_rest, of_own] {
                assert_eq!(bits(&other), bits(&of_held), "{name}");
            }
        }
    }

    #[test]
    fn a_tensor_that_nobody_else_holds_is_written_over() {
        for (name, operation) in operations() {
            let own = tensor([2, 3, 16]);
            let address_before = address(&own);
            assert_eq!(address(&operation(own)), address_before, "{name}");
        }
    }
}
