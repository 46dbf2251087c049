//! The whole numbers of panels as they lie in memory, in 8 bits or in 4.

use std::ops::Range;

use pulp::bytemuck;
use rayon::prelude::*;

use crate::{
    WeightFormat,
    kernels::flex::{
        ahead::Lines,
        halves,
        machine::vectorised,
        whole::{INPUTS_OF_A_SCALE, INPUTS_OF_A_STEP, Rounded},
    },
};

/// Panels one after the other. What fills up the last panel and the last pair is 0.
#[derive(Debug)]
pub(super) enum Stored {
    /// `[panels, pairs of inputs, outputs of a panel, 2]`
    Int8(Lines<i8>),
    Int4 {
        /// `[panels, pairs of inputs, outputs of a panel]`: the first of a pair in the lower bits.
        pairs: Lines<u8>,
        /// `[panels, steps, outputs of a panel]`
        steps: Lines<i8>,
    },
}

/// One panel while it is laid out.
pub(super) enum PanelMut<'a> {
    Int8(&'a mut [i8]),
    Int4 {
        pairs: &'a mut [u8],
        steps: &'a mut [i8],
    },
}

/// Some pairs of inputs of a panel; they share a scale.
pub(super) struct Part {
    pub(super) panel: usize,
    pub(super) pairs: Range<usize>,
    /// Pairs of a panel.
    pub(super) of_a_panel: usize,
    pub(super) width: usize,
}

impl Part {
    /// Where it is among all pairs of all outputs.
    pub(super) fn place(&self) -> Range<usize> {
        let at = |pair: usize| (self.panel * self.of_a_panel + pair) * self.width;
        at(self.pairs.start)..at(self.pairs.end)
    }
}

impl Stored {
    /// Panels that are 0.
    pub(super) fn new(format: WeightFormat, panels: usize, d_input: usize, width: usize) -> Self {
        let pairs = panels * d_input.div_ceil(2) * width;
        match format {
            WeightFormat::Int4 => Self::Int4 {
                pairs: Lines::new(halves::ZEROS, pairs),
                steps: Lines::new(0, panels * d_input.div_ceil(INPUTS_OF_A_STEP) * width),
            },
            _ => Self::Int8(Lines::new(0, pairs * 2)),
        }
    }

    pub(super) fn panels_mut(
        &mut self,
        d_input: usize,
        width: usize,
    ) -> impl IndexedParallelIterator<Item = PanelMut<'_>> {
        let of_pairs = d_input.div_ceil(2) * width;
        let panels: Vec<PanelMut<'_>> = match self {
            Self::Int8(weights) => weights
                .chunks_exact_mut(of_pairs * 2)
                .map(PanelMut::Int8)
                .collect(),
            Self::Int4 { pairs, steps } => {
                let steps = steps.chunks_exact_mut(d_input.div_ceil(INPUTS_OF_A_STEP) * width);
                let panels = pairs.chunks_exact_mut(of_pairs).zip(steps);
                panels
                    .map(|(pairs, steps)| PanelMut::Int4 { pairs, steps })
                    .collect()
            }
        };
        panels.into_par_iter()
    }

    /// The weights of some panels, without the steps.
    pub(super) fn bytes(&self, panels: Range<usize>, of_a_panel: usize) -> &[u8] {
        let at = |panel: usize| panel * of_a_panel * self.size();
        match self {
            Self::Int8(weights) => bytemuck::cast_slice(&weights[at(panels.start)..at(panels.end)]),
            Self::Int4 { pairs, .. } => &pairs[at(panels.start)..at(panels.end)],
        }
    }

    /// Bytes of a pair.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Int8(_) => 2,
            Self::Int4 { .. } => 1,
        }
    }

    /// A place for what [`Stored::part`] widens.
    pub(super) fn place(&self, width: usize) -> Lines<i8> {
        match self {
            Self::Int8(_) => Lines::new(0, 0),
            Self::Int4 { .. } => Lines::new(0, INPUTS_OF_A_SCALE * width),
        }
    }

    /// A part in 8 bits, `[pairs, outputs of the panel, 2]`, widened into `place` where it is not.
    pub(super) fn part<'a>(&'a self, part: &Part, place: &'a mut [i8]) -> &'a [i8] {
        let at = part.place();
        match self {
            Self::Int8(weights) => &weights[at.start * 2..at.end * 2],
            Self::Int4 { pairs, steps } => {
                const PAIRS: usize = INPUTS_OF_A_STEP / 2;
                let place = &mut place[..at.len() * 2];
                let steps_of_a_panel = part.of_a_panel.div_ceil(PAIRS);
                let step = |pair: usize| (part.panel * steps_of_a_panel + pair) * part.width;
                let steps = &steps[step(part.pairs.start / PAIRS)..step(part.pairs.end.div_ceil(PAIRS))];
                widen(&pairs[at], steps, part.width, place);
                place
            }
        }
    }
}

impl PanelMut<'_> {
    /// Lays out weights of an output, from the input `first` on.
    pub(super) fn lay_out(&mut self, rounded: &Rounded, first: usize, lane: usize, width: usize) {
        match self {
            Self::Int8(weights) => {
                for (&whole, input) in rounded.numbers.iter().zip(first..) {
                    // Within a byte, by the scale.
                    weights[(input / 2 * width + lane) * 2 + input % 2] = whole as i8;
                }
            }
            Self::Int4 { pairs, steps } => {
                for (&step, index) in rounded.steps.iter().zip(first / INPUTS_OF_A_STEP..) {
                    steps[index * width + lane] = step;
                }
                for (index, input) in (0..rounded.numbers.len()).zip(first..) {
                    let pair = &mut pairs[input / 2 * width + lane];
                    halves::put(pair, input % 2 == 1, rounded.multiple(index));
                }
            }
        }
    }
}

vectorised! {
    /// Multiples times their steps, each of which is for as many pairs as [`INPUTS_OF_A_STEP`] inputs are.
    fn widen(pairs: &[u8], steps: &[i8], width: usize, place: &mut [i8]) {
        let of_a_step = INPUTS_OF_A_STEP / 2 * width;
        let parts = pairs.chunks(of_a_step).zip(place.chunks_mut(2 * of_a_step));
        for (steps, (pairs, place)) in steps.chunks_exact(width).zip(parts) {
            for (pairs, place) in pairs.chunks_exact(width).zip(place.chunks_exact_mut(2 * width)) {
                for ((&pair, &step), place) in pairs.iter().zip(steps).zip(place.as_chunks_mut::<2>().0) {
                    *place = halves::times(pair, [i16::from(step); 2]);
                }
            }
        }
    }
}
