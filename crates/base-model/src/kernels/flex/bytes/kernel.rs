//! The innermost part of a product: sums of whole numbers that stay in registers.

use super::{Pair, scale_of, size_of_largest};
use crate::kernels::flex::{
    ahead::{cut, fetch},
    machine::{machine, vectorised},
};

/// Rows whose sums are held in registers at once.
pub(super) const ROWS: usize = 6;
/// Pairs of inputs for which a row is looked up at once.
const STEP: usize = 4;
/// Outputs of a panel on any machine.
const MOST_OUTPUTS: usize = 64;

/// What sums are made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernel {
    /// Plain loops, which the compiler vectorises where it can.
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX-512 with an instruction that multiplies and adds at once.
    #[cfg(target_arch = "x86_64")]
    Vnni,
}

/// A block of inputs of a panel.
pub(super) struct Strip<'a> {
    /// `[pairs of inputs, outputs of a panel, 2]`
    pub(super) weights: &'a [i8],
    pub(super) scales: &'a [f32],
    /// Outputs of the panel, without what fills it up.
    pub(super) outputs: usize,
}

impl Kernel {
    pub(super) fn of_this_machine() -> Self {
        match machine().simd {
            #[cfg(target_arch = "x86_64")]
            pulp::Arch::V4(_) if is_x86_feature_detected!("avx512vnni") => Self::Vnni,
            #[cfg(target_arch = "x86_64")]
            pulp::Arch::V4(_) => Self::Avx512,
            #[cfg(target_arch = "x86_64")]
            pulp::Arch::V3(_) => Self::Avx2,
            _ => Self::Portable,
        }
    }

    /// Outputs of a panel.
    pub(super) fn width(self) -> usize {
        match self {
            Self::Portable => 16,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => 16,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 | Self::Vnni => MOST_OUTPUTS,
        }
    }

    /// Adds the products of up to [`ROWS`] rows with a strip to rows of output that begin `stride` numbers after one
    /// another, and fetches what lies ahead.
    ///
    /// # Panics
    ///
    /// If rows and strip are not of the same inputs.
    #[cfg_attr(
        target_arch = "x86_64",
        expect(
            unsafe_code,
            reason = "instructions are run that the machine was asked about before"
        )
    )]
    pub(super) fn add(
        self,
        strip: &Strip<'_>,
        (rows, row_scales): ([&[Pair]; ROWS], &[f32]),
        ahead: &[u8],
        (output, stride): (&mut [f32], usize),
    ) {
        let mut sums = [[0; MOST_OUTPUTS]; ROWS];
        macro_rules! by_count {
            ($multiply:ident) => {
                match row_scales.len() {
                    1 => $multiply::<1>(&rows, strip.weights, ahead, &mut sums),
                    2 => $multiply::<2>(&rows, strip.weights, ahead, &mut sums),
                    3 => $multiply::<3>(&rows, strip.weights, ahead, &mut sums),
                    4 => $multiply::<4>(&rows, strip.weights, ahead, &mut sums),
                    5 => $multiply::<5>(&rows, strip.weights, ahead, &mut sums),
                    ROWS => $multiply::<ROWS>(&rows, strip.weights, ahead, &mut sums),
                    _ => unreachable!("blocks are of one to six rows"),
                }
            };
        }
        match self {
            Self::Portable => by_count!(multiply_portable),
            // SAFETY: a kernel is taken only where the machine has its instructions.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { by_count!(multiply_avx2) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { by_count!(multiply_avx512) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Self::Vnni => unsafe { by_count!(multiply_vnni) },
        }
        add_scaled(&sums, strip, row_scales, (output, stride));
    }
}

/// Sums of products, `[rows, outputs]`.
type Sums = [[i32; MOST_OUTPUTS]; ROWS];

vectorised! {
    /// Adds sums times the scales of rows and weights to rows of output.
    fn add_scaled(sums: &Sums, strip: &Strip<'_>, row_scales: &[f32], place: (&mut [f32], usize)) {
        let (output, stride) = place;
        let scales = &strip.scales[..strip.outputs];
        for ((sums, row_scale), output) in sums.iter().zip(row_scales).zip(output.chunks_mut(stride)) {
            for ((output, &sum), scale) in output.iter_mut().zip(sums).zip(scales) {
                // Not fused, which not every machine can, so that it has the same bits on all.
                *output += sum as f32 * (scale * row_scale);
            }
        }
    }
}

vectorised! {
    /// Numbers as whole numbers times a scale. Of what is no number the scale tells.
    pub(super) fn round(numbers: &[f32], scale: &mut f32, whole: &mut [i16]) {
        // Adding this rounds to a whole number, which then stands in the low bits.
        const ROUND: f32 = 12_582_912.0;
        let inverse;
        (*scale, inverse) = scale_of(size_of_largest(numbers), 2);
        for (whole, number) in whole.iter_mut().zip(numbers) {
            *whole = (number * inverse + ROUND).to_bits() as i16;
        }
    }
}

/// For every row the sums over pairs of inputs, one for each output.
fn multiply_portable<const COUNT: usize>(
    rows: &[&[Pair]; ROWS],
    weights: &[i8],
    _ahead: &[u8],
    sums: &mut Sums,
) {
    const WIDTH: usize = 16;
    let weights = weights.as_chunks::<{ 2 * WIDTH }>().0;
    for (row, sums) in rows[..COUNT].iter().zip(sums) {
        let mut totals = [0; WIDTH];
        for (&[first, second], weights) in row.iter().zip(weights) {
            for (total, &[of_first, of_second]) in totals.iter_mut().zip(weights.as_chunks::<2>().0) {
                *total += i32::from(first) * i32::from(of_first) + i32::from(second) * i32::from(of_second);
            }
        }
        sums[..WIDTH].copy_from_slice(&totals);
    }
}

/// The same in registers of one instruction set: so many numbers in `$lanes`, so many registers a row.
#[cfg(target_arch = "x86_64")]
macro_rules! multiply {
    (
        $name:ident, $features:literal, $lanes:literal, $registers:literal,
        $zero:ident, $widen:ident, $spread:ident, |$sum:ident, $x:ident, $weight:ident| $add:expr
    ) => {
        #[target_feature(enable = $features)]
        // Loops over indices, which the compiler unrolls, so that sums stay in registers.
        fn $name<const COUNT: usize>(rows: &[&[Pair]; ROWS], weights: &[i8], ahead: &[u8], sums: &mut Sums) {
            use std::arch::x86_64::*;
            let weights = weights
                .as_chunks::<{ 2 * $lanes }>()
                .0
                .as_chunks::<$registers>()
                .0;
            let (steps, rest) = weights.as_chunks::<STEP>();
            let rows: [_; COUNT] = std::array::from_fn(|row| rows[row][..weights.len()].as_chunks::<STEP>());
            let mut ahead = cut(ahead, steps.len());
            let mut totals = [[$zero(); $registers]; COUNT];
            macro_rules! add_pair {
                ($weights:expr, $input:expr) => {
                    let mut wide = [$zero(); $registers];
                    for register in 0..$registers {
                        wide[register] = $widen(pulp::cast($weights[register]));
                    }
                    for row in 0..COUNT {
                        let input: Pair = $input(row);
                        let $x = $spread(pulp::cast(input));
                        for register in 0..$registers {
                            let ($sum, $weight) = (totals[row][register], wide[register]);
                            totals[row][register] = $add;
                        }
                    }
                };
            }
            for (step, weights) in steps.iter().enumerate() {
                fetch(ahead.next().unwrap_or_default());
                for at in 0..STEP {
                    add_pair!(weights[at], |row: usize| rows[row].0[step][at]);
                }
            }
            for (at, weights) in rest.iter().enumerate() {
                add_pair!(weights, |row: usize| rows[row].1[at]);
            }
            for row in 0..COUNT {
                for register in 0..$registers {
                    let place = &mut sums[row][register * $lanes..][..$lanes];
                    place.copy_from_slice(&pulp::cast::<_, [i32; $lanes]>(totals[row][register]));
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
multiply!(
    multiply_avx2,
    "avx2",
    8,
    2,
    _mm256_setzero_si256,
    _mm256_cvtepi8_epi16,
    _mm256_set1_epi32,
    |sum, x, weight| _mm256_add_epi32(sum, _mm256_madd_epi16(x, weight))
);
#[cfg(target_arch = "x86_64")]
multiply!(
    multiply_avx512,
    "avx512f,avx512bw",
    16,
    4,
    _mm512_setzero_si512,
    _mm512_cvtepi8_epi16,
    _mm512_set1_epi32,
    |sum, x, weight| _mm512_add_epi32(sum, _mm512_madd_epi16(x, weight))
);
#[cfg(target_arch = "x86_64")]
multiply!(
    multiply_vnni,
    "avx512f,avx512bw,avx512vnni",
    16,
    4,
    _mm512_setzero_si512,
    _mm512_cvtepi8_epi16,
    _mm512_set1_epi32,
    |sum, x, weight| _mm512_dpwssd_epi32(sum, x, weight)
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::flex::whole::{INPUTS_OF_A_SCALE, largest};

    /// Every kernel that this machine can run, and not the best alone.
    fn kernels() -> Vec<Kernel> {
        let mut kernels = vec![Kernel::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            let avx512 = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
            let found = [
                (Kernel::Avx2, is_x86_feature_detected!("avx2")),
                (Kernel::Avx512, avx512),
                (Kernel::Vnni, avx512 && is_x86_feature_detected!("avx512vnni")),
            ];
            kernels.extend(
                found
                    .into_iter()
                    .filter_map(|(kernel, found)| found.then_some(kernel)),
            );
        }
        kernels
    }

    #[test]
    fn sums_are_exact_in_every_kernel() {
        // Up to the largest sum that there can be.
        for (pairs, row_size, weight_size) in
            [(1, 5, 3), (7, 300, 127), (INPUTS_OF_A_SCALE / 2, largest(2), 127)]
        {
            for kernel in kernels() {
                let width = kernel.width();
                let weights: Vec<i8> = (0..pairs * width * 2)
                    .map(|index| if index % 11 == 3 { -1 } else { 1 } * (weight_size - (index / 64 % 2) as i32))
                    .map(|weight| weight as i8)
                    .collect();
                for count in 1..=ROWS {
                    let row = |row: usize| -> Vec<Pair> {
                        let numbers = (0..pairs).map(|pair| (row_size - (pair % 3 * row) as i32) as i16);
                        numbers.map(|number| [number, number - 1]).collect()
                    };
                    let rows: Vec<Vec<Pair>> = (0..ROWS).map(row).collect();
                    let strip = Strip {
                        weights: &weights,
                        scales: &vec![1.0; width],
                        outputs: width - 1,
                    };
                    let stride = width + 2;
                    let mut output = vec![0.0; ROWS * stride];
                    let numbers =
                        std::array::from_fn(|at| if at < count { rows[at].as_slice() } else { &[] });
                    kernel.add(&strip, (numbers, &vec![1.0; count]), &[], (&mut output, stride));
                    for (at, number) in output.iter().enumerate() {
                        let (row, lane) = (at / stride, at % stride);
                        let sum: i64 = match row < count && lane < width - 1 {
                            false => 0,
                            true => (0..pairs * 2)
                                .map(|input| {
                                    let weight = weights[(input / 2 * width + lane) * 2 + input % 2];
                                    i64::from(rows[row][input / 2][input % 2]) * i64::from(weight)
                                })
                                .sum(),
                        };
                        assert!(
                            *number == sum as f32,
                            "{kernel:?}, {pairs} pairs, {count} rows at {row}, {lane}"
                        );
                    }
                }
            }
        }
    }
}
