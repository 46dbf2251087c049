//! The innermost part of a product: sums of whole numbers that stay in registers.

use super::{
    INPUTS_OF_A_ROW_SCALE,
    rows::{WholeRow, WholeRows},
};
use crate::kernels::flex::{
    ahead::{cut, fetch},
    machine::{machine, vectorised},
};

/// Rows whose sums are held in registers at once.
pub(super) const ROWS: usize = 6;
/// Groups of inputs for which a row is looked up at once.
const STEP: usize = 4;
/// Outputs of a panel on any machine.
const MOST_OUTPUTS: usize = 64;
/// Added to a weight where an instruction wants it without a sign.
const RAISED: u8 = 0x80;

/// Neighbouring inputs of a row, which an instruction multiplies with as many weights of every output: four whole numbers of
/// a byte, or two of two bytes.
pub(super) type Group = [u8; 4];

/// What sums are made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernel {
    /// Plain loops, which the compiler vectorises where it can.
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// AVX-512 with an instruction that adds four products of bytes.
    #[cfg(target_arch = "x86_64")]
    Vnni,
}

/// A block of inputs of a panel.
pub(super) struct Strip<'a> {
    /// `[groups of inputs, outputs of a panel, inputs of a group]`
    pub(super) weights: &'a [u8],
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
    #[inline(always)]
    pub(super) fn width(self) -> usize {
        match self {
            Self::Portable => 16,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => 16,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 | Self::Vnni => MOST_OUTPUTS,
        }
    }

    /// Inputs of a group.
    #[inline(always)]
    pub(super) fn group(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Vnni => 4,
            _ => 2,
        }
    }

    /// Where the weight for an input of an output is, in a panel.
    pub(super) fn place(self, input: usize, output: usize) -> usize {
        let group = self.group();
        (input / group * self.width() + output) * group + input % group
    }

    #[inline(always)]
    fn raised(self) -> u8 {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Vnni => RAISED,
            _ => 0,
        }
    }

    /// A weight as it is stored.
    #[inline(always)]
    pub(super) fn stored(self, whole: i8) -> u8 {
        whole.cast_unsigned() ^ self.raised()
    }

    /// The weight that is stored.
    pub(super) fn whole(self, stored: u8) -> i8 {
        (stored ^ self.raised()).cast_signed()
    }

    /// What a sum begins with, for a row whose numbers add up to `sum`: less of what weights are raised by.
    #[inline(always)]
    pub(super) fn begin(self, sum: i32) -> i32 {
        -i32::from(self.raised()) * sum
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
        rows: Tile<'_>,
        ahead: &[u8],
        (output, stride): (&mut [f32], usize),
    ) {
        let mut totals = [[0.0; MOST_OUTPUTS]; ROWS];
        macro_rules! by_count {
            ($multiply:ident) => {
                match rows.count {
                    1 => $multiply::<1>(rows, strip.weights, ahead, &mut totals),
                    2 => $multiply::<2>(rows, strip.weights, ahead, &mut totals),
                    3 => $multiply::<3>(rows, strip.weights, ahead, &mut totals),
                    4 => $multiply::<4>(rows, strip.weights, ahead, &mut totals),
                    5 => $multiply::<5>(rows, strip.weights, ahead, &mut totals),
                    ROWS => $multiply::<ROWS>(rows, strip.weights, ahead, &mut totals),
                    _ => unreachable!("tiles are of one to six rows"),
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
        add_scaled(&totals[..rows.count], strip, (output, stride));
    }
}

/// Some rows, as many as sums are held for at once, of a block of inputs.
#[derive(Clone, Copy)]
pub(super) struct Tile<'a> {
    pub(super) rows: &'a WholeRows,
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) block: usize,
}

impl<'a> Tile<'a> {
    #[inline(always)]
    fn row(&self, row: usize) -> WholeRow<'a> {
        self.rows.part(self.first + row, self.block)
    }
}

/// Sums of products times the scales of rows, `[rows, outputs]`.
type Totals = [[f32; MOST_OUTPUTS]; ROWS];

/// Adds a sum times a scale. Not fused, which not every machine can, so that it has the same bits on all.
#[inline(always)]
fn add_times(total: &mut f32, sum: f32, scale: f32) {
    *total += sum * scale;
}

vectorised! {
    /// Adds totals times the scales of weights to rows of output.
    fn add_scaled(totals: &[[f32; MOST_OUTPUTS]], strip: &Strip<'_>, place: (&mut [f32], usize)) {
        let (output, stride) = place;
        let scales = &strip.scales[..strip.outputs];
        for (totals, output) in totals.iter().zip(output.chunks_mut(stride)) {
            for ((output, &total), &scale) in output.iter_mut().zip(totals).zip(scales) {
                add_times(output, total, scale);
            }
        }
    }
}

/// For every row the sums over the groups that share a scale, one for each output, times that scale.
fn multiply_portable<const COUNT: usize>(rows: Tile<'_>, weights: &[u8], _ahead: &[u8], totals: &mut Totals) {
    const WIDTH: usize = 16;
    const GROUPS: usize = INPUTS_OF_A_ROW_SCALE / 2;
    for (row, totals) in (0..COUNT).map(|row| rows.row(row)).zip(totals) {
        let weights = weights.as_chunks::<{ 2 * WIDTH }>().0.chunks(GROUPS);
        for ((groups, weights), &scale) in row.groups.chunks(GROUPS).zip(weights).zip(row.scales) {
            let mut sums = [0; WIDTH];
            for (&[a, b, c, d], weights) in groups.iter().zip(weights) {
                let [first, second] = [[a, b], [c, d]].map(i16::from_ne_bytes).map(i32::from);
                for (sum, &[of_first, of_second]) in sums.iter_mut().zip(weights.as_chunks::<2>().0) {
                    *sum += first * i32::from(of_first.cast_signed())
                        + second * i32::from(of_second.cast_signed());
                }
            }
            for (total, sum) in totals.iter_mut().zip(sums) {
                add_times(total, sum as f32, scale);
            }
        }
    }
}

/// The same in registers of one instruction set: so many numbers in `$lanes`, so many registers a row, so many inputs a group.
#[cfg(target_arch = "x86_64")]
macro_rules! multiply {
    (
        $name:ident, $features:literal, $lanes:literal, $registers:literal, $group:literal,
        $widen:expr, $spread:ident, |$sum:ident, $x:ident, $weight:ident| $add:expr
    ) => {
        #[target_feature(enable = $features)]
        // Loops over indices, which the compiler unrolls, so that sums stay in registers.
        fn $name<const COUNT: usize>(rows: Tile<'_>, weights: &[u8], ahead: &[u8], totals: &mut Totals) {
            use std::arch::x86_64::*;
            const GROUPS: usize = INPUTS_OF_A_ROW_SCALE / $group;
            let weights = weights
                .as_chunks::<{ $group * $lanes }>()
                .0
                .as_chunks::<$registers>()
                .0;
            let mut ahead = cut(ahead, weights.len() / STEP);
            let mut all = [WholeRow::default(); COUNT];
            for row in 0..COUNT {
                all[row] = rows.row(row);
            }
            for (block, weights) in weights.chunks(GROUPS).enumerate() {
                let (steps, rest) = weights.as_chunks::<STEP>();
                let mut rows = [([].as_slice(), [].as_slice()); COUNT];
                let mut sums = [[$spread(0); $registers]; COUNT];
                for row in 0..COUNT {
                    rows[row] = all[row].groups[block * GROUPS..][..weights.len()].as_chunks::<STEP>();
                    sums[row] = [$spread(all[row].begins[block]); $registers];
                }
                macro_rules! add_group {
                    ($weights:expr, $input:expr) => {
                        let mut wide = [$spread(0); $registers];
                        for register in 0..$registers {
                            wide[register] = $widen(pulp::cast($weights[register]));
                        }
                        for row in 0..COUNT {
                            let input: Group = $input(row);
                            let $x = $spread(i32::from_ne_bytes(input));
                            for register in 0..$registers {
                                let ($sum, $weight) = (sums[row][register], wide[register]);
                                sums[row][register] = $add;
                            }
                        }
                    };
                }
                for (step, weights) in steps.iter().enumerate() {
                    fetch(ahead.next().unwrap_or_default());
                    for at in 0..STEP {
                        add_group!(weights[at], |row: usize| rows[row].0[step][at]);
                    }
                }
                for (at, weights) in rest.iter().enumerate() {
                    add_group!(weights, |row: usize| rows[row].1[at]);
                }
                for row in 0..COUNT {
                    let scale = all[row].scales[block];
                    for register in 0..$registers {
                        let totals = &mut totals[row].as_chunks_mut::<$lanes>().0[register];
                        let sums: [i32; $lanes] = pulp::cast(sums[row][register]);
                        for lane in 0..$lanes {
                            add_times(&mut totals[lane], sums[lane] as f32, scale);
                        }
                    }
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
    2,
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
    2,
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
    4,
    std::convert::identity::<__m512i>,
    _mm512_set1_epi32,
    |sum, x, weight| _mm512_dpbusd_epi32(sum, weight, x)
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::flex::{
        matrix::Matrix,
        whole::{INPUTS_OF_A_SCALE, largest, scale_of},
    };

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
        let most = largest(1);
        // Up to the largest sum that there can be.
        for (inputs, size, weight_size) in [
            (1, 5, 3),
            (14, 100, 127),
            (130, 90, 127),
            (INPUTS_OF_A_SCALE, most, 127),
        ] {
            for kernel in kernels() {
                let weight = |input: usize, output: usize| -> i8 {
                    let sign = if (input * 7 + output) % 11 == 3 { -1 } else { 1 };
                    sign * (weight_size - (output % 2) as i8)
                };
                let width = kernel.width();
                let groups = inputs.div_ceil(kernel.group());
                let mut weights = vec![kernel.stored(0); groups * kernel.group() * width];
                for (input, output) in
                    (0..inputs).flat_map(|input| (0..width).map(move |output| (input, output)))
                {
                    weights[kernel.place(input, output)] = kernel.stored(weight(input, output));
                }
                for count in 1..=ROWS {
                    // Whole numbers, the first of each scale the largest, so that they stay as they are.
                    let whole = |row: usize, input: usize| match input % INPUTS_OF_A_ROW_SCALE {
                        0 => most,
                        _ => size - (input % 3 * row) as i32,
                    };
                    let numbers: Vec<f32> = (0..count * inputs)
                        .map(|at| whole(at / inputs, at % inputs) as f32)
                        .collect();
                    let x = WholeRows::of(Matrix::rows_of(&numbers, inputs), kernel);
                    let rows = Tile {
                        rows: &x,
                        first: 0,
                        count,
                        block: 0,
                    };
                    let scales = vec![1.0; width];
                    let strip = Strip {
                        weights: &weights,
                        scales: &scales,
                        outputs: width - 1,
                    };
                    let stride = width + 2;
                    let mut output = vec![0.0; ROWS * stride];
                    kernel.add(&strip, rows, &[], (&mut output, stride));
                    let (scale, _) = scale_of(most as f32, 1);
                    for (at, &number) in output.iter().enumerate() {
                        let (row, lane) = (at / stride, at % stride);
                        let mut expected = 0.0_f32;
                        if row < count && lane < width - 1 {
                            for first in (0..inputs).step_by(INPUTS_OF_A_ROW_SCALE) {
                                let inputs = first..inputs.min(first + INPUTS_OF_A_ROW_SCALE);
                                let sum: i32 = inputs
                                    .map(|input| whole(row, input) * i32::from(weight(input, lane)))
                                    .sum();
                                expected += sum as f32 * scale;
                            }
                        }
                        assert!(
                            number == expected,
                            "{kernel:?}, {inputs} inputs, {count} rows at {row}, {lane}: {number}, {expected}"
                        );
                    }
                }
            }
        }
    }
}
