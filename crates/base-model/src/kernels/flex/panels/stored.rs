//! The numbers of panels as they lie in memory, in 4, 2 or 1 bytes each.

use half::f16;
use pulp::{Arch, bytemuck};

use super::LINE;
use crate::{WeightFormat, kernels::flex::machine::vectorised};

/// Inputs of an output that share one scale.
pub(super) const GROUP: usize = 128;

/// Panels one after the other.
#[derive(Debug)]
pub(super) enum Stored {
    /// Their numbers from `start` on, where a cache line begins.
    F32 {
        numbers: Vec<f32>,
        start: usize,
    },
    F16(Vec<u16>),
    /// Whole numbers in -127..=127, and for every [`GROUP`] of inputs of a panel a scale for each output.
    Int8 {
        numbers: Vec<i8>,
        scales: Vec<f32>,
    },
}

impl Stored {
    /// Encodes panels of which each is `[d_input, its width]`, as `panels` and a last, narrower one.
    pub(super) fn new(format: WeightFormat, panels: Vec<f32>, d_input: usize, width: usize) -> Self {
        match format {
            WeightFormat::F32 => aligned(&panels),
            WeightFormat::F16 => Self::F16(panels.into_iter().map(to_f16).collect()),
            WeightFormat::Int8 => {
                let (mut numbers, mut scales) = (Vec::with_capacity(panels.len()), Vec::new());
                for panel in panels.chunks((d_input * width).max(1)) {
                    let width = panel.len() / d_input;
                    for group in panel.chunks(GROUP * width) {
                        let first = scales.len();
                        scales.resize(first + width, 0.0_f32);
                        let scales = &mut scales[first..];
                        for numbers in group.chunks_exact(width) {
                            for (scale, number) in scales.iter_mut().zip(numbers) {
                                *scale = scale.max(number.abs() / 127.0);
                            }
                        }
                        numbers.extend(group.iter().enumerate().map(|(index, number)| {
                            // 0 of 0 is no number, which becomes 0.
                            (number / scales[index % width]).round() as i8
                        }));
                    }
                }
                Self::Int8 { numbers, scales }
            }
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
            Self::F16(numbers) => bytemuck::cast_slice(&numbers[panel.numbers()]),
            Self::Int8 { numbers, .. } => bytemuck::cast_slice(&numbers[panel.numbers()]),
        }
    }

    /// Some inputs of a panel in f32, `[inputs, width]`, widened into `place` where they are not f32.
    ///
    /// `panel` tells where the panel lies among all numbers; the inputs begin at a [`GROUP`].
    pub(super) fn part<'a>(&'a self, panel: &Panel, place: &'a mut [f32], machine: Arch) -> &'a [f32] {
        let (width, at) = (panel.width, panel.numbers());
        match self {
            Self::F32 { numbers, start } => &numbers[*start..][at],
            Self::F16(numbers) => {
                let place = &mut place[..at.len()];
                widen_f16(&numbers[at], place, machine);
                place
            }
            Self::Int8 { numbers, scales } => {
                let place = &mut place[..at.len()];
                let scales = &scales[panel.first_scale + panel.inputs.start / GROUP * width..];
                let numbers = numbers[at].chunks(GROUP * width);
                for ((numbers, place), scales) in numbers
                    .zip(place.chunks_mut(GROUP * width))
                    .zip(scales.chunks_exact(width))
                {
                    widen_int8(numbers, scales, place);
                }
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
    pub(super) inputs: std::ops::Range<usize>,
}

impl Panel {
    fn numbers(&self) -> std::ops::Range<usize> {
        let at = |input: usize| self.first + input * self.width;
        at(self.inputs.start)..at(self.inputs.end)
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

/// The nearest half; beyond the largest one, the largest.
fn to_f16(number: f32) -> u16 {
    f16::from_f32(number.clamp(-65504.0, 65504.0)).to_bits()
}

#[cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "instructions are run that the machine was asked about before"
    )
)]
fn widen_f16(numbers: &[u16], place: &mut [f32], machine: Arch) {
    match machine {
        // SAFETY: the machine has AVX-512, for this value cannot be made where it has not.
        #[cfg(target_arch = "x86_64")]
        Arch::V4(_) => unsafe { x86::widen_16(numbers, place) },
        // SAFETY: the machine has AVX, as above, and F16C.
        #[cfg(target_arch = "x86_64")]
        Arch::V3(_) if is_x86_feature_detected!("f16c") => unsafe { x86::widen_8(numbers, place) },
        _ => widen_f16_portable(numbers, place),
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{_mm256_cvtph_ps, _mm512_cvtph_ps};

    #[target_feature(enable = "avx512f")]
    pub(super) fn widen_16(numbers: &[u16], place: &mut [f32]) {
        let ((numbers, rest), (place, place_rest)) = (numbers.as_chunks::<16>(), place.as_chunks_mut::<16>());
        for (numbers, place) in numbers.iter().zip(place) {
            *place = pulp::cast(_mm512_cvtph_ps(pulp::cast(*numbers)));
        }
        super::widen_f16_portable(rest, place_rest);
    }

    #[target_feature(enable = "avx,f16c")]
    pub(super) fn widen_8(numbers: &[u16], place: &mut [f32]) {
        let ((numbers, rest), (place, place_rest)) = (numbers.as_chunks::<8>(), place.as_chunks_mut::<8>());
        for (numbers, place) in numbers.iter().zip(place) {
            *place = pulp::cast(_mm256_cvtph_ps(pulp::cast(*numbers)));
        }
        super::widen_f16_portable(rest, place_rest);
    }
}

vectorised! {
    /// A half's exponent and fraction, read as those of an f32, are the number but for the exponents' different bias,
    /// which a product with a power of two makes up for, exactly.
    fn widen_f16_portable(numbers: &[u16], place: &mut [f32]) {
        const BIAS: f32 = f32::from_bits((127 + 112) << 23);
        for (place, &number) in place.iter_mut().zip(numbers) {
            let number = u32::from(number);
            let size = f32::from_bits((number & 0x7fff) << 13) * BIAS;
            *place = f32::from_bits(size.to_bits() | (number & 0x8000) << 16);
        }
    }

    /// Rows of as many numbers as there are scales.
    fn widen_int8(numbers: &[i8], scales: &[f32], place: &mut [f32]) {
        let width = scales.len();
        for (numbers, place) in numbers.chunks_exact(width).zip(place.chunks_exact_mut(width)) {
            for ((place, number), scale) in place.iter_mut().zip(numbers).zip(scales) {
                *place = f32::from(*number) * scale;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::flex::machine::{machine, tests::on_every_machine};

    #[test]
    fn every_finite_half_is_widened_exactly() {
        let halves: Vec<u16> = (0..=u16::MAX)
            .filter(|&bits| f16::from_bits(bits).is_finite())
            .collect();
        on_every_machine(|| {
            let mut place = vec![0.0; halves.len()];
            widen_f16(&halves, &mut place, machine());
            for (place, &half) in place.iter().zip(&halves) {
                assert_eq!(
                    place.to_bits(),
                    f16::from_bits(half).to_f32().to_bits(),
                    "{half:x}"
                );
            }
        });
    }

    #[test]
    fn what_no_half_holds_becomes_the_largest() {
        assert_eq!(f16::from_bits(to_f16(1e9)).to_f32(), 65504.0);
        assert_eq!(f16::from_bits(to_f16(-1e9)).to_f32(), -65504.0);
    }
}
