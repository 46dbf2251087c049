//! Rotation of pairs of numbers.

use burn::backend::flex::FlexTensor;

use super::{Packed, differentiate::Formula, machine::vectorised};

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

    fn turned(&self, states: &Packed, direction: f32) -> FlexTensor {
        let mut turned = states.zeros();
        rotate(
            states.values(),
            (self.cos.values(), self.sin.values()),
            (states.width(), self.cos.width()),
            direction,
            &mut turned,
        );
        states.like(turned)
    }
}

impl Formula<1> for Rotate {
    fn output(&self) -> FlexTensor {
        self.turned(&self.states, 1.0)
    }

    fn gradients(&self, gradient: &FlexTensor, _wanted: [bool; 1]) -> [Option<FlexTensor>; 1] {
        // The inverse of a rotation is its transpose: the gradient turns back.
        [Some(self.turned(&Packed::new(gradient), -1.0))]
    }
}

vectorised! {
    /// Turns the pairs `(x_i, x_{i + half})` of every head by their token's angles, times `direction`.
    ///
    /// `states` holds a token of `width` numbers after the other; `cos` and `sin` hold `half` numbers for every
    /// token of a row, for all rows alike if they are fewer than the tokens.
    fn rotate(
        states: &[f32],
        angles: (&[f32], &[f32]),
        sizes: (usize, usize),
        direction: f32,
        turned: &mut [f32],
    ) {
        let ((cos, sin), (width, half)) = (angles, sizes);
        let angles = || cos.chunks_exact(half).zip(sin.chunks_exact(half)).cycle();
        let tokens = states.chunks_exact(width).zip(turned.chunks_exact_mut(width));
        for ((state, turned), (cos, sin)) in tokens.zip(angles()) {
            let heads = state
                .chunks_exact(2 * half)
                .zip(turned.chunks_exact_mut(2 * half));
            for (head, turned) in heads {
                let (first, second) = head.split_at(half);
                let (turned_first, turned_second) = turned.split_at_mut(half);
                for i in 0..half {
                    let sin = direction * sin[i];
                    turned_first[i] = first[i] * cos[i] - second[i] * sin;
                    turned_second[i] = second[i] * cos[i] + first[i] * sin;
                }
            }
        }
    }
}
