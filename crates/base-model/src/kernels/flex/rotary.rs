//! Rotation of pairs of numbers.

use burn::backend::flex::FlexTensor;

use super::{Packed, Taken, differentiate::Formula, machine::vectorised};

/// Rotation by the positions.
#[derive(Debug, Clone)]
pub(super) struct Rotate {
    states: Packed,
    cos: Packed,
    sin: Packed,
}

impl Rotate {
    pub(super) fn new(states: &FlexTensor, cos: &FlexTensor, sin: &FlexTensor) -> Self {
        let [states, cos, sin] = [states, cos, sin].map(Packed::new);
        Self { states, cos, sin }
    }
}

/// States with their pairs turned by the angles, or, where the direction is -1, turned back.
pub(super) fn turned(mut states: Taken, [cos, sin]: [&Packed; 2], direction: f32) -> FlexTensor {
    let sizes = (states.width(), cos.width());
    rotate(states.values(), (cos.values(), sin.values()), sizes, direction);
    states.into_tensor()
}

impl Formula<1> for Rotate {
    fn output(&self) -> FlexTensor {
        turned(Taken::copy_of(&self.states), [&self.cos, &self.sin], 1.0)
    }

    fn gradients(&self, gradient: &FlexTensor, _wanted: [bool; 1]) -> [Option<FlexTensor>; 1] {
        // The inverse of a rotation is its transpose: the gradient turns back.
        let gradient = Taken::copy_of(&Packed::new(gradient));
        [Some(turned(gradient, [&self.cos, &self.sin], -1.0))]
    }
}

vectorised! {
    /// Turns the pairs `(x_i, x_{i + half})` of every head by their token's angles, times `direction`, in place.
    ///
    /// `states` holds a token of `width` numbers after the other; `cos` and `sin` hold `half` numbers for every
    /// token of a row, for all rows alike if they are fewer than the tokens.
    fn rotate(
        states: &mut [f32],
        angles: (&[f32], &[f32]),
        sizes: (usize, usize),
        direction: f32,
    ) {
        let ((cos, sin), (width, half)) = (angles, sizes);
        let angles = || cos.chunks_exact(half).zip(sin.chunks_exact(half)).cycle();
        for (state, (cos, sin)) in states.chunks_exact_mut(width).zip(angles()) {
            for head in state.chunks_exact_mut(2 * half) {
                let (first, second) = head.split_at_mut(half);
                for i in 0..half {
                    let sin = direction * sin[i];
                    let (x, y) = (first[i], second[i]);
                    first[i] = x * cos[i] - y * sin;
                    second[i] = y * cos[i] + x * sin;
                }
            }
        }
    }
}
