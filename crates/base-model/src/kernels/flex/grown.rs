//! Tensors that grow at their end, token by token.

use burn::{
    backend::flex::{FlexTensor, Layout},
    tensor::Shape,
};

use super::{Packed, tensor};

/// Rows whose numbers lie side by side, and that follow one another or begin further apart: what lies between is room.
#[derive(Debug, Clone)]
pub(super) struct Apart(FlexTensor);

impl Apart {
    /// A tensor of rows, `[rows, length, width]`; it is copied if it lies otherwise.
    pub(super) fn new(tensor: &FlexTensor) -> Self {
        match stride_of(tensor) {
            Some(_) => Self(tensor.clone()),
            None => Self(tensor.to_contiguous()),
        }
    }

    /// From the first number of the first row on.
    pub(super) fn values(&self) -> &[f32] {
        &self.0.storage::<f32>()[self.0.layout().start_offset()..]
    }

    pub(super) fn shape(&self) -> &[usize] {
        self.0.layout().shape()
    }

    /// Numbers from the beginning of a row to that of the next.
    pub(super) fn stride(&self) -> usize {
        stride_of(&self.0).unwrap_or_default()
    }

    /// The same with no room between rows.
    pub(super) fn packed(&self) -> Packed {
        Packed::new(&self.0)
    }
}

/// Numbers between the beginnings of rows, if these lie as in [`Apart`].
fn stride_of(tensor: &FlexTensor) -> Option<usize> {
    let layout = tensor.layout();
    let (&[_, length, width], &[stride, of_a_place, 1]) = (&**layout.shape(), layout.strides()) else {
        return None;
    };
    let stride = usize::try_from(stride).ok()?;
    (usize::try_from(of_a_place) == Ok(width) && stride >= length * width).then_some(stride)
}

/// Rows and then others of as many, `[rows, length, width]` each, as one tensor.
///
/// Where nobody else holds the first and there is room behind its rows, the others are written there; else a tensor with room
/// for half as much again is made. So what grows by a token at a time is copied now and then, and not with every token.
pub(in crate::kernels) fn appended(mut before: FlexTensor, own: &FlexTensor) -> FlexTensor {
    let own = Packed::new(own);
    let [rows, added, width] = sizes(own.shape());
    let length = before.layout().shape()[1];
    let of_row = |length: usize| length * width;
    if room_of_a_row(&before) < of_row(length + added) {
        before = with_room(&before, length + (length + added) / 2 + added);
    }
    let stride = room_of_a_row(&before);
    let storage = before.storage_mut::<f32>();
    for (row, own) in own.values().chunks_exact(of_row(added).max(1)).enumerate() {
        storage[row * stride + of_row(length)..][..own.len()].copy_from_slice(own);
    }
    let strides = [stride, width, 1].map(usize::cast_signed);
    let layout = Layout::new(Shape::new([rows, length + added, width]), strides.to_vec(), 0);
    before.with_layout(layout)
}

fn sizes(shape: &[usize]) -> [usize; 3] {
    shape.try_into().expect("tensors of rank 3 grow")
}

/// How many numbers a row may have where it lies, if its tensor may be written to; else none.
fn room_of_a_row(tensor: &FlexTensor) -> usize {
    let is_own = tensor.is_unique() && tensor.layout().start_offset() == 0;
    match stride_of(tensor) {
        Some(stride) if is_own => match tensor.layout().shape()[0] {
            1 => tensor.storage::<f32>().len(),
            _ => stride,
        },
        _ => 0,
    }
}

/// A copy whose rows have room for so many places.
fn with_room(from: &FlexTensor, places: usize) -> FlexTensor {
    let from = Apart::new(from);
    let [rows, length, width] = sizes(from.shape());
    let mut numbers = vec![0.0; rows * places * width];
    let of_rows = numbers.chunks_exact_mut((places * width).max(1)).enumerate();
    for (row, numbers) in of_rows {
        let from = &from.values()[row * from.stride()..][..length * width];
        numbers[..from.len()].copy_from_slice(from);
    }
    let all = tensor(numbers, &[rows, places, width]);
    all.narrow(1, 0, length)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Tensor, TensorData};
    use proptest::prelude::*;

    use crate::{
        device_by_name,
        kernels::{append, flex::constant},
    };

    fn tensor(shape: [usize; 3], first: usize) -> Tensor<3> {
        let count: usize = shape.iter().product();
        let values: Vec<f32> = (first..first + count).map(|number| number as f32).collect();
        Tensor::from_data(TensorData::new(values, shape), &device_by_name("flex").unwrap())
    }

    fn values(tensor: &Tensor<3>) -> Vec<f32> {
        tensor.to_data().iter::<f32>().collect()
    }

    fn address(tensor: &Tensor<3>) -> *const f32 {
        constant(tensor).unwrap().storage::<f32>().as_ptr()
    }

    proptest! {
        /// Whoever holds what was there before, or an earlier length, still has it afterwards.
        #[test]
        fn what_grows_is_what_is_put_together(
            rows in 1_usize..4, width in 1_usize..5, lengths in prop::collection::vec(1_usize..40, 1..12),
            held in prop::collection::vec(any::<bool>(), 12), one_for_all in any::<bool>(),
        ) {
            let first = if one_for_all { 1 } else { rows };
            let mut grown = tensor([first, 3, width], 0);
            let mut expected = grown.clone().expand([rows, 3, width]);
            let mut kept = Vec::new();
            for (step, &length) in lengths.iter().enumerate() {
                let own = tensor([rows, length, width], 1_000 * step);
                if held[step] {
                    kept.push((grown.clone(), values(&grown)));
                }
                expected = Tensor::cat(vec![expected, own.clone()], 1);
                grown = append(grown, own);
                prop_assert_eq!(values(&grown), values(&expected));
            }
            for (tensor, before) in kept {
                prop_assert_eq!(values(&tensor), before);
            }
        }
    }

    #[test]
    fn what_nobody_else_holds_is_seldom_copied() {
        for rows in [1, 3] {
            let mut grown = tensor([rows, 400, 8], 0);
            let mut copies = 0;
            for _ in 0..400 {
                let before = address(&grown);
                grown = append(grown, tensor([rows, 1, 8], 0));
                copies += usize::from(address(&grown) != before);
            }
            assert!(copies <= 3, "{copies} copies of {rows} rows");
        }
    }
}
