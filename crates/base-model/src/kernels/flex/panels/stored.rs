//! The numbers of panels as they lie in memory, in 4, 2 or 1 bytes each.

use std::ops::Range;

use pulp::bytemuck;

use super::LINE;
use crate::{
    WeightFormat,
    kernels::flex::{
        machine::vectorised,
        whole::{INPUTS_OF_A_SCALE, bytes_of, scale_of, size_of_largest},
    },
};

/// Panels one after the other.
#[derive(Debug)]
pub(super) enum Stored {
    /// Their numbers from `start` on, where a cache line begins.
    F32 {
        numbers: Vec<f32>,
        start: usize,
    },
    Int16(Whole<i16>),
    Int8(Whole<i8>),
}

/// Whole numbers, and for every [`INPUTS_OF_A_SCALE`] of a panel a scale for each output.
#[derive(Debug)]
pub(super) struct Whole<T> {
    numbers: Vec<T>,
    scales: Vec<f32>,
}

impl Stored {
    /// Encodes panels of which each is `[d_input, its width]`, as `panels` and a last, narrower one.
    pub(super) fn new(format: WeightFormat, panels: Vec<f32>, d_input: usize, width: usize) -> Self {
        let bytes = bytes_of(format);
        match format {
            WeightFormat::F32 => aligned(&panels),
            // Within the range, by the scale.
            WeightFormat::Int16 => {
                Self::Int16(rounded(&panels, [d_input, width], bytes, |whole| whole as i16))
            }
            WeightFormat::Int8 => Self::Int8(rounded(&panels, [d_input, width], bytes, |whole| whole as i8)),
        }
    }

    /// Whether [`Stored::part`] gives what lies in memory, and needs no place for it.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::F32 { .. })
    }

    /// Some inputs of a panel as they lie in memory.
    pub(super) fn bytes(&self, panel: &Panel) -> &[u8] {
        match self {
            Self::F32 { numbers, start } => bytemuck::cast_slice(&numbers[*start..][panel.numbers()]),
            Self::Int16(whole) => bytemuck::cast_slice(&whole.numbers[panel.numbers()]),
            Self::Int8(whole) => bytemuck::cast_slice(&whole.numbers[panel.numbers()]),
        }
    }

    /// Some inputs of a panel in f32, `[inputs, width]`, widened into `place` where they are not f32.
    ///
    /// `panel` tells where the panel lies among all numbers; its inputs share a scale.
    pub(super) fn part<'a>(&'a self, panel: &Panel, place: &'a mut [f32]) -> &'a [f32] {
        let at = panel.numbers();
        let place = match self {
            Self::F32 { numbers, start } => return &numbers[*start..][at],
            _ => &mut place[..at.len()],
        };
        match self {
            Self::F32 { .. } => {}
            Self::Int16(whole) => widen_16(&whole.numbers[at], &whole.scales[panel.scales()], place),
            Self::Int8(whole) => widen_8(&whole.numbers[at], &whole.scales[panel.scales()], place),
        }
        place
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
    fn numbers(&self) -> Range<usize> {
        let at = |input: usize| self.first + input * self.width;
        at(self.inputs.start)..at(self.inputs.end)
    }

    fn scales(&self) -> Range<usize> {
        let first = self.first_scale + self.inputs.start / INPUTS_OF_A_SCALE * self.width;
        first..first + self.width
    }
}

fn aligned(panels: &[f32]) -> Stored {
    let spare = LINE / size_of::<f32>();
    let mut numbers = vec![0.0; panels.len() + spare];
    // The numbers stay where they are when the vector moves.
    let start = numbers.as_ptr().align_offset(LINE).min(spare);
    numbers[start..start + panels.len()].copy_from_slice(panels);
    Stored::F32 { numbers, start }
}

fn rounded<T: Copy>(
    panels: &[f32],
    [d_input, width]: [usize; 2],
    bytes: usize,
    whole: impl Fn(f64) -> T,
) -> Whole<T> {
    let (mut numbers, mut scales) = (Vec::with_capacity(panels.len()), Vec::new());
    for panel in panels.chunks((d_input * width).max(1)) {
        let width = panel.len() / d_input;
        for group in panel.chunks(INPUTS_OF_A_SCALE * width) {
            let first = scales.len();
            scales.extend((0..width).map(|output| {
                let numbers: Vec<f32> = group.iter().skip(output).step_by(width).copied().collect();
                scale_of(size_of_largest(&numbers), bytes).0
            }));
            numbers.extend(group.iter().enumerate().map(|(index, &number)| {
                let scale = scales[first + index % width];
                // 0 of 0 is no number, which becomes 0.
                whole((f64::from(number) / f64::from(scale)).round_ties_even())
            }));
        }
    }
    Whole { numbers, scales }
}

vectorised! {
    /// Rows of as many numbers as there are scales.
    fn widen_16(numbers: &[i16], scales: &[f32], place: &mut [f32]) {
        widen(numbers, scales, place);
    }

    fn widen_8(numbers: &[i8], scales: &[f32], place: &mut [f32]) {
        widen(numbers, scales, place);
    }
}

#[inline(always)]
fn widen<T: Copy + Into<f32>>(numbers: &[T], scales: &[f32], place: &mut [f32]) {
    let width = scales.len();
    for (numbers, place) in numbers.chunks_exact(width).zip(place.chunks_exact_mut(width)) {
        for ((place, &number), scale) in place.iter_mut().zip(numbers).zip(scales) {
            *place = number.into() * scale;
        }
    }
}
