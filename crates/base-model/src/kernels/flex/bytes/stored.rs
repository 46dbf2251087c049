//! The whole numbers of panels as they lie in memory, in 8 bits or in 4.

use std::ops::Range;

use rayon::prelude::*;

use super::kernel::Kernel;
use crate::{
    WeightFormat,
    kernels::flex::{
        ahead::Lines,
        halves,
        machine::vectorised,
        whole::{INPUTS_OF_A_SCALE, INPUTS_OF_A_STEP, Rounded},
    },
};

/// Panels one after the other, as a kernel reads them. What fills up the last panel and the last group is 0.
#[derive(Debug)]
pub(super) struct Stored {
    kernel: Kernel,
    weights: Weights,
}

#[derive(Debug)]
enum Weights {
    /// `[panels, groups of inputs, outputs of a panel, inputs of a group]`
    Int8(Lines<u8>),
    Int4 {
        /// The same, two inputs in a byte, the first in the lower bits.
        halves: Lines<u8>,
        /// `[panels, steps, outputs of a panel]`
        steps: Lines<i8>,
    },
}

/// One panel while it is laid out.
pub(super) struct PanelMut<'a> {
    kernel: Kernel,
    weights: WeightsMut<'a>,
}

enum WeightsMut<'a> {
    Int8(&'a mut [u8]),
    Int4 {
        halves: &'a mut [u8],
        steps: &'a mut [i8],
    },
}

/// Some groups of inputs of a panel; they share a scale.
pub(super) struct Part {
    pub(super) panel: usize,
    pub(super) groups: Range<usize>,
    /// Groups of a panel.
    pub(super) of_a_panel: usize,
}

impl Stored {
    /// Panels that are 0.
    pub(super) fn new(format: WeightFormat, panels: usize, d_input: usize, kernel: Kernel) -> Self {
        let (group, width) = (kernel.group(), kernel.width());
        let weights = panels * d_input.div_ceil(group) * group * width;
        let weights = match format {
            WeightFormat::Int4 => Weights::Int4 {
                halves: Lines::new(halves::ZEROS, weights / 2),
                steps: Lines::new(0, panels * d_input.div_ceil(INPUTS_OF_A_STEP) * width),
            },
            _ => Weights::Int8(Lines::new(kernel.stored(0), weights)),
        };
        Self { kernel, weights }
    }

    pub(super) fn panels_mut(&mut self, d_input: usize) -> impl IndexedParallelIterator<Item = PanelMut<'_>> {
        let kernel = self.kernel;
        let of_a_panel = d_input.div_ceil(kernel.group()) * self.bytes_of_a_group();
        let panels: Vec<WeightsMut<'_>> = match &mut self.weights {
            Weights::Int8(weights) => weights
                .chunks_exact_mut(of_a_panel)
                .map(WeightsMut::Int8)
                .collect(),
            Weights::Int4 { halves, steps } => {
                let steps = steps.chunks_exact_mut(d_input.div_ceil(INPUTS_OF_A_STEP) * kernel.width());
                let panels = halves.chunks_exact_mut(of_a_panel).zip(steps);
                panels
                    .map(|(halves, steps)| WeightsMut::Int4 { halves, steps })
                    .collect()
            }
        };
        panels
            .into_par_iter()
            .map(move |weights| PanelMut { kernel, weights })
    }

    /// The weights of some panels, without the steps.
    pub(super) fn bytes(&self, panels: Range<usize>, groups_of_a_panel: usize) -> &[u8] {
        let at = |panel: usize| panel * groups_of_a_panel * self.bytes_of_a_group();
        let all = match &self.weights {
            Weights::Int8(weights) => weights,
            Weights::Int4 { halves, .. } => halves,
        };
        &all[at(panels.start)..at(panels.end)]
    }

    /// Bytes of a group of inputs, for all outputs of a panel.
    pub(super) fn bytes_of_a_group(&self) -> usize {
        let of_bytes = self.kernel.group() * self.kernel.width();
        match self.weights {
            Weights::Int8(_) => of_bytes,
            Weights::Int4 { .. } => of_bytes / 2,
        }
    }

    /// Where the bytes of a part are among all.
    pub(super) fn place_of(&self, part: &Part) -> Range<usize> {
        let at = |group: usize| (part.panel * part.of_a_panel + group) * self.bytes_of_a_group();
        at(part.groups.start)..at(part.groups.end)
    }

    /// Whether [`Stored::part`] gives what lies in memory, and needs no place for it.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.weights, Weights::Int8(_))
    }

    /// A place for what [`Stored::part`] widens.
    pub(super) fn place(&self) -> Lines<u8> {
        match self.weights {
            Weights::Int8(_) => Lines::new(0, 0),
            Weights::Int4 { .. } => Lines::new(0, INPUTS_OF_A_SCALE * self.kernel.width()),
        }
    }

    /// A part in 8 bits, `[groups, outputs of the panel, inputs of a group]`, widened into `place` where it is not.
    pub(super) fn part<'a>(&'a self, part: &Part, place: &'a mut [u8]) -> &'a [u8] {
        let at = self.place_of(part);
        match &self.weights {
            Weights::Int8(weights) => &weights[at],
            Weights::Int4 { halves, steps } => {
                let place = &mut place[..at.len() * 2];
                let of_a_step = INPUTS_OF_A_STEP / self.kernel.group();
                let steps_of_a_panel = part.of_a_panel.div_ceil(of_a_step);
                let step = |step: usize| (part.panel * steps_of_a_panel + step) * self.kernel.width();
                let Range { start, end } = part.groups;
                let steps = &steps[step(start / of_a_step)..step(end.div_ceil(of_a_step))];
                widen(&halves[at], steps, self.kernel, place);
                place
            }
        }
    }
}

impl PanelMut<'_> {
    /// Lays out weights of an output, from the input `first` on.
    pub(super) fn lay_out(&mut self, rounded: &Rounded, first: usize, lane: usize) {
        let kernel = self.kernel;
        match &mut self.weights {
            WeightsMut::Int8(weights) => {
                for (&whole, input) in rounded.numbers.iter().zip(first..) {
                    // Within a byte, by the scale.
                    weights[kernel.place(input, lane)] = kernel.stored(whole as i8);
                }
            }
            WeightsMut::Int4 { halves, steps } => {
                for (&step, index) in rounded.steps.iter().zip(first / INPUTS_OF_A_STEP..) {
                    steps[index * kernel.width() + lane] = step;
                }
                for (index, input) in (0..rounded.numbers.len()).zip(first..) {
                    let byte = &mut halves[kernel.place(input, lane) / 2];
                    halves::put(byte, input % 2 == 1, rounded.multiple(index));
                }
            }
        }
    }
}

vectorised! {
    /// Multiples times their steps, each of which is for [`INPUTS_OF_A_STEP`] inputs of an output.
    fn widen(halves: &[u8], steps: &[i8], kernel: Kernel, place: &mut [u8]) {
        match kernel.group() {
            4 => widen_groups::<2>(halves, steps, kernel, place),
            _ => widen_groups::<1>(halves, steps, kernel, place),
        }
    }
}

/// The same for groups of so many bytes.
#[inline(always)]
fn widen_groups<const BYTES: usize>(halves: &[u8], steps: &[i8], kernel: Kernel, place: &mut [u8]) {
    let width = kernel.width();
    let (halves, _) = halves.as_chunks::<BYTES>();
    let (place, _) = place.as_chunks_mut::<2>();
    let (place, _) = place.as_chunks_mut::<BYTES>();
    let of_a_step = INPUTS_OF_A_STEP / (2 * BYTES) * width;
    let parts = halves.chunks(of_a_step).zip(place.chunks_mut(of_a_step));
    for (steps, (halves, place)) in steps.chunks_exact(width).zip(parts) {
        for (halves, place) in halves.chunks_exact(width).zip(place.chunks_exact_mut(width)) {
            for ((halves, &step), place) in halves.iter().zip(steps).zip(place) {
                for (&byte, place) in halves.iter().zip(place) {
                    *place = halves::times(byte, [i16::from(step); 2]).map(|whole| kernel.stored(whole));
                }
            }
        }
    }
}
