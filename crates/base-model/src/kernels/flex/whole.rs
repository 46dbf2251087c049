//! Numbers as whole numbers times a scale.

use super::matrix::Matrix;
use crate::WeightFormat;

/// Inputs that share a scale. A number that is far larger than all others takes precision from these, and from no more.
pub(super) const INPUTS_OF_A_SCALE: usize = 512;

/// Inputs that share a step, a multiple of the scale, where a whole number has 4 bits.
pub(super) const INPUTS_OF_A_STEP: usize = 32;
/// The largest step, and the size of the largest number of steps: their product fits a byte.
const LARGEST_STEP: i32 = 15;
const MOST_STEPS: i32 = 8;

/// Bytes of a weight's whole number in products: for f32 where these are computed with bytes.
pub(super) const fn bytes_of(format: WeightFormat) -> usize {
    match format {
        WeightFormat::F32 | WeightFormat::Bf16 | WeightFormat::F16 => 3,
        WeightFormat::Int16 => 2,
        WeightFormat::Int8 | WeightFormat::Int4 => 1,
    }
}

/// The largest whole number that this many bytes hold as digits `-128..=127`, and its negative too: every digit 127.
pub(super) const fn largest(bytes: usize) -> i32 {
    match bytes {
        1 => 0x7f,
        2 => 0x7f7f,
        _ => 0x7f_7f7f,
    }
}

/// Below this a largest number is taken for 0, so that no scale is lost among the subnormal numbers.
const SMALLEST: f32 = 1e-30;

/// The scale for numbers of at most this size, and what takes a number to its whole number: both 0 if all numbers are 0,
/// and the scale no number if one of them is none or infinite, so that all results with it are none either.
///
/// For three bytes a power of two, so that numbers of few digits, such as those of a checkpoint in 16 bits, are exact.
pub(super) fn scale_of(size: f32, bytes: usize) -> (f32, f32) {
    let largest = largest(bytes) as f32;
    if !size.is_finite() {
        (f32::NAN, 0.0)
    } else if size < SMALLEST {
        (0.0, 0.0)
    } else if bytes < 3 {
        // Rounding never leads beyond the largest: that takes less than this margin.
        let largest = largest * (1.0 - f32::EPSILON);
        (size / largest, largest / size)
    } else {
        let power = f32::from_bits(size.to_bits() & f32::INFINITY.to_bits()); // at most the size, and more than half of it
        let half = 4_194_304.0 / power;
        let inverse = if size * half > largest { half / 2.0 } else { half };
        (1.0 / inverse, inverse)
    }
}

/// The largest absolute value; infinite if one of the numbers is no number.
#[inline(always)]
pub(super) fn size_of_largest(numbers: &[f32]) -> f32 {
    // By their bits, without the sign, numbers are ordered as whole numbers are, and what is no number comes last.
    let mut largest = 0;
    for number in numbers {
        largest = largest.max(number.to_bits() & 0x7fff_ffff);
    }
    f32::from_bits(largest)
}

/// Numbers of weights as whole numbers times a scale.
pub(super) struct Rounded {
    pub(super) scale: f32,
    /// Of at most the format's bytes; all 0 if the scale is 0 or no number.
    pub(super) numbers: Vec<i32>,
    /// In 4 bits, for every [`INPUTS_OF_A_STEP`] numbers what they are multiples of, by -8 to 7.
    pub(super) steps: Vec<i8>,
}

impl Rounded {
    /// Rounds at most [`INPUTS_OF_A_SCALE`] weights of an output.
    pub(super) fn of(numbers: &[f32], format: WeightFormat) -> Self {
        let size = size_of_largest(numbers);
        let (mut scale, _) = scale_of(size, bytes_of(format));
        if format == WeightFormat::Int4 {
            // The largest number is so many of the largest step.
            scale *= largest(1) as f32 / (LARGEST_STEP * MOST_STEPS) as f32;
        }
        if !scale.is_normal() {
            return Self {
                scale,
                numbers: vec![0; numbers.len()],
                steps: vec![0; numbers.len().div_ceil(INPUTS_OF_A_STEP)],
            };
        }
        let units = numbers.iter().map(|&number| f64::from(number) / f64::from(scale));
        if format != WeightFormat::Int4 {
            return Self {
                scale,
                numbers: units.map(|unit| unit.round_ties_even() as i32).collect(),
                steps: Vec::new(),
            };
        }
        let (mut whole, mut steps) = (Vec::with_capacity(numbers.len()), Vec::new());
        let units: Vec<f64> = units.collect();
        for units in units.chunks(INPUTS_OF_A_STEP) {
            let step = best_step(units);
            whole.extend(units.iter().map(|&unit| step * multiple(unit, step)));
            steps.push(step as i8);
        }
        Self {
            scale,
            numbers: whole,
            steps,
        }
    }

    /// The weights of an output, block after block of inputs that share a scale, each with the first of its inputs.
    pub(super) fn blocks(
        weight: Matrix<'_>,
        output: usize,
        format: WeightFormat,
    ) -> impl Iterator<Item = (usize, Self)> {
        (0..weight.columns).step_by(INPUTS_OF_A_SCALE).map(move |first| {
            let inputs = first..weight.columns.min(first + INPUTS_OF_A_SCALE);
            let numbers: Vec<f32> = inputs.map(|input| weight.at(output, input)).collect();
            (first, Self::of(&numbers, format))
        })
    }

    /// In 4 bits, the multiple of its step that a number is.
    pub(super) fn multiple(&self, number: usize) -> i32 {
        match self.steps[number / INPUTS_OF_A_STEP] {
            0 => 0,
            step => self.numbers[number] / i32::from(step),
        }
    }
}

/// The multiple of a step that is nearest to a number.
fn multiple(unit: f64, step: i32) -> i32 {
    match step {
        0 => 0,
        _ => ((unit / f64::from(step)).round_ties_even() as i32).clamp(-MOST_STEPS, MOST_STEPS - 1),
    }
}

/// The step whose multiples are nearest to some numbers, by the sum of squares. The largest number is taken for about -8
/// steps, so that a step is negative where that number is positive: there is no multiple 8.
fn best_step(units: &[f64]) -> i32 {
    let largest = units.iter().copied().fold(
        0.0,
        |largest: f64, unit| if unit.abs() > largest.abs() { unit } else { largest },
    );
    let near = (largest / f64::from(-MOST_STEPS)).round() as i32;
    let error = |step: i32| -> f64 {
        let errors = units
            .iter()
            .map(|&unit| unit - f64::from(step * multiple(unit, step)));
        errors.map(|error| error * error).sum()
    };
    let steps = (near - 2..=near + 2).filter(|step| step.abs() <= LARGEST_STEP);
    steps.min_by(|&a, &b| error(a).total_cmp(&error(b))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whole_numbers_stay_within_their_bytes(size in 1e-30_f32..1e38, bytes in 1_usize..=3) {
            let (scale, inverse) = scale_of(size, bytes);
            let whole = (size * inverse).round_ties_even();
            prop_assert!(whole <= largest(bytes) as f32);
            prop_assert!((f64::from(whole) * f64::from(scale) / f64::from(size) - 1.0).abs() < 1e-2);
        }
    }

    proptest! {
        #[test]
        fn four_bits_are_as_near_as_their_steps_allow(numbers in prop::collection::vec(-1.0_f32..1.0, 1..300)) {
            let rounded = Rounded::of(&numbers, WeightFormat::Int4);
            for (index, (&whole, &number)) in rounded.numbers.iter().zip(&numbers).enumerate() {
                let step = i32::from(rounded.steps[index / INPUTS_OF_A_STEP]);
                prop_assert!((-8..8).contains(&rounded.multiple(index)));
                prop_assert_eq!(rounded.multiple(index) * step, whole);
                prop_assert!(whole.abs() <= largest(1));
                // Half a step; a whole one at the end that has a multiple less, and where numbers are cut off for others.
                let group = &numbers[index / INPUTS_OF_A_STEP * INPUTS_OF_A_STEP..];
                let size = size_of_largest(&group[..group.len().min(INPUTS_OF_A_STEP)]);
                prop_assert!((rounded.scale * whole as f32 - number).abs() <= size / 4.0 + 3.0 * rounded.scale);
            }
        }
    }

    #[test]
    fn what_is_no_number_is_largest() {
        assert_eq!(size_of_largest(&[1.0, -3.0, 2.0]), 3.0);
        let mut numbers = vec![1.0; 40];
        numbers[17] = f32::NAN;
        assert!(size_of_largest(&numbers).is_nan());
        numbers[17] = f32::NEG_INFINITY;
        assert_eq!(size_of_largest(&numbers), f32::INFINITY);
        assert!(scale_of(f32::NAN, 3).0.is_nan());
    }
}
