//! The numbers of panels as they lie in memory, in 4 or 2 bytes each.

use std::ops::Range;

use pulp::bytemuck;

use crate::{
    WeightFormat,
    kernels::flex::{
        ahead::Lines,
        machine::vectorised,
        whole::{INPUTS_OF_A_SCALE, Rounded},
    },
};

/// Panels one after the other.
#[derive(Debug)]
pub(super) enum Stored {
    F32(Lines<f32>),
    /// Whole numbers, and for every [`INPUTS_OF_A_SCALE`] of a panel a scale for each output.
    Int16 {
        numbers: Vec<i16>,
        scales: Vec<f32>,
    },
}

impl Stored {
    /// Panels of which each is `[d_input, width]`, but for a last one that is narrower.
    pub(super) fn new(panels: &[f32], d_input: usize, width: usize, is_rounded: bool) -> Self {
        match is_rounded {
            false => aligned(panels),
            true => rounded(panels, d_input, width),
        }
    }

    /// Whether [`Stored::part`] gives what lies in memory, and needs no place for it.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::F32(_))
    }

    /// Some numbers, without their scales.
    pub(super) fn bytes(&self, numbers: Range<usize>) -> &[u8] {
        match self {
            Self::F32(all) => bytemuck::cast_slice(&all[numbers]),
            Self::Int16 { numbers: all, .. } => bytemuck::cast_slice(&all[numbers]),
        }
    }

    /// Bytes of a number.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::F32(_) => size_of::<f32>(),
            Self::Int16 { .. } => size_of::<i16>(),
        }
    }

    /// Some inputs of a panel in f32, `[inputs, width]`, widened into `place` where they are not f32.
    ///
    /// `panel` tells where the panel lies among all numbers; its inputs share a scale.
    pub(super) fn part<'a>(&'a self, panel: &Panel, place: &'a mut [f32]) -> &'a [f32] {
        let at = panel.numbers();
        match self {
            Self::F32(numbers) => &numbers[at],
            Self::Int16 { numbers, scales } => {
                let place = &mut place[..at.len()];
                widen(&numbers[at], &scales[panel.scales()], place);
                place
            }
        }
    }
}

/// Some inputs of a panel.
pub(super) struct Panel {
    /// Where its numbers and its scales begin.
    pub(super) first: usize,
    pub(super) first_scale: usize,
    pub(super) width: usize,
    pub(super) inputs: Range<usize>,
}

impl Panel {
    pub(super) fn numbers(&self) -> Range<usize> {
        let at = |input: usize| self.first + input * self.width;
        at(self.inputs.start)..at(self.inputs.end)
    }

    fn scales(&self) -> Range<usize> {
        let first = self.first_scale + self.inputs.start / INPUTS_OF_A_SCALE * self.width;
        first..first + self.width
    }
}

fn aligned(panels: &[f32]) -> Stored {
    let mut numbers = Lines::new(0.0, panels.len());
    numbers.copy_from_slice(panels);
    Stored::F32(numbers)
}

fn rounded(panels: &[f32], d_input: usize, width: usize) -> Stored {
    let (mut numbers, mut scales) = (vec![0; panels.len()], Vec::new());
    let of_a_panel = (d_input * width).max(1);
    for (panel, numbers) in panels.chunks(of_a_panel).zip(numbers.chunks_mut(of_a_panel)) {
        let width = panel.len() / d_input;
        let of_a_block = INPUTS_OF_A_SCALE * width;
        for (block, numbers) in panel.chunks(of_a_block).zip(numbers.chunks_mut(of_a_block)) {
            for output in 0..width {
                let weights: Vec<f32> = block.iter().skip(output).step_by(width).copied().collect();
                let rounded = Rounded::of(&weights, WeightFormat::Int16);
                scales.push(rounded.scale);
                let numbers = numbers.iter_mut().skip(output).step_by(width);
                for (number, whole) in numbers.zip(rounded.numbers) {
                    // Within two bytes, by the scale.
                    *number = whole as i16;
                }
            }
        }
    }
    Stored::Int16 { numbers, scales }
}

vectorised! {
    /// Rows of as many numbers as there are scales.
    fn widen(numbers: &[i16], scales: &[f32], place: &mut [f32]) {
        let width = scales.len();
        for (numbers, place) in numbers.chunks_exact(width).zip(place.chunks_exact_mut(width)) {
            for ((place, &number), scale) in place.iter_mut().zip(numbers).zip(scales) {
                *place = f32::from(number) * scale;
            }
        }
    }
}
