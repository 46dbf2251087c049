//! The innermost part of a product: sums that stay in registers.

use pulp::Simd;

use crate::kernels::flex::ahead::{cut, fetch};

/// Rows whose sums are held in registers at once.
pub(super) const ROWS: usize = 6;
/// Registers of a row's sums in one panel, where a machine has 32 vector registers and where it has 16. With the
/// numbers of one input in a panel and one number of a row, `6 * 4 + 4 + 1` and `6 * 2 + 2 + 1` are taken. Other cuts
/// were slower, also those that read less.
const REGISTERS_OF_32: usize = 4;
const REGISTERS_OF_16: usize = 2;

/// Inputs for which a row is looked up at once.
const STEP: usize = 4;

/// Registers of a row's sums in one panel.
pub(super) fn registers<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 {
        REGISTERS_OF_32
    } else {
        REGISTERS_OF_16
    }
}

/// A block of rows times a part of a panel, added to what stands in the output.
pub(super) struct Tile<'a> {
    /// Rows of as many inputs as the part has.
    pub(super) rows: [&'a [f32]; ROWS],
    /// How many rows there are: at most [`ROWS`].
    pub(super) count: usize,
    /// `[inputs, registers of the panel]`
    pub(super) panel: &'a [f32],
    /// Registers of the panel.
    pub(super) registers: usize,
    /// Rows of whole registers that begin `stride` numbers after one another.
    pub(super) output: &'a mut [f32],
    pub(super) stride: usize,
    /// What is wanted soon, and is fetched into the second-level cache meanwhile.
    pub(super) ahead: &'a [u8],
}

impl Tile<'_> {
    #[inline(always)]
    pub(super) fn add<S: Simd>(self, simd: S) {
        // How many rows and registers there are is known to the compiler, which then keeps the sums in registers.
        macro_rules! with_sizes {
            ($(($rows:literal, $registers:literal))+) => {
                match (self.count, self.registers) {
                    $(($rows, $registers) if $registers <= registers::<S>() => {
                        self.add_rows::<S, $rows, $registers>(simd);
                    })+
                    _ => unreachable!("blocks and panels are no larger than the registers allow"),
                }
            };
        }
        with_sizes!(
            (6, 4)(6, 3)(6, 2)(6, 1)(5, 4)(5, 3)(5, 2)(5, 1)(4, 4)(4, 3)(4, 2)(4, 1)(3, 4)(3, 3)(3, 2)(3, 1)(
                2, 4
            )(2, 3)(2, 2)(2, 1)(1, 4)(1, 3)(1, 2)(1, 1)
        );
    }

    /// Loops over the sums are short and plain, so that the compiler unrolls them before it decides what stays in
    /// registers: one that it leaves a loop keeps all sums in memory, at a third of the speed.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, clippy::manual_memcpy, reason = "see above")]
    fn add_rows<S: Simd, const COUNT: usize, const REGISTERS: usize>(self, simd: S) {
        let width = REGISTERS * S::F32_LANES;
        let mut sums = [[simd.splat_f32s(0.0); REGISTERS]; COUNT];
        for row in 0..COUNT {
            let (output, _) = S::as_simd_f32s(&self.output[row * self.stride..][..width]);
            for register in 0..REGISTERS {
                sums[row][register] = output[register];
            }
        }
        let (weights, _) = S::as_simd_f32s(self.panel).0.as_chunks::<REGISTERS>();
        let (steps, rest) = weights.as_chunks::<STEP>();
        let rows: [_; COUNT] = std::array::from_fn(|row| self.rows[row][..weights.len()].as_chunks::<STEP>());
        let mut ahead = cut(self.ahead, steps.len());
        for (step, weights) in steps.iter().enumerate() {
            fetch(ahead.next().unwrap_or_default());
            let inputs: [&[f32; STEP]; COUNT] = std::array::from_fn(|row| &rows[row].0[step]);
            for at in 0..STEP {
                for row in 0..COUNT {
                    let input = simd.splat_f32s(inputs[row][at]);
                    for register in 0..REGISTERS {
                        // Fused where the machine can; the portable body would call a function for it.
                        sums[row][register] =
                            simd.mul_add_e_f32s(input, weights[at][register], sums[row][register]);
                    }
                }
            }
        }
        for (at, weights) in rest.iter().enumerate() {
            for row in 0..COUNT {
                let input = simd.splat_f32s(rows[row].1[at]);
                for register in 0..REGISTERS {
                    sums[row][register] = simd.mul_add_e_f32s(input, weights[register], sums[row][register]);
                }
            }
        }
        for row in 0..COUNT {
            let (output, _) = S::as_mut_simd_f32s(&mut self.output[row * self.stride..][..width]);
            for register in 0..REGISTERS {
                output[register] = sums[row][register];
            }
        }
    }
}
