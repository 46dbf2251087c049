//! The instructions of the matrix unit (Intel, Architecture Instruction Set Extensions, chapter 3: AMX).
//!
//! Eight tiles of 16 rows of 64 bytes: `tdpbssd` multiplies rows of digits in one tile with columns of digits in another
//! and adds to 32-bit sums in a third. The compiler has no stable functions for them, hence assembly.

#![expect(
    unsafe_code,
    reason = "the matrix unit is reached by assembly alone; every pointer comes from a slice whose length is checked"
)]

use std::{arch::asm, sync::OnceLock};

use super::{LANES, LEVELS, ROWS_OF_A_TILE, STEP};

/// Bytes between the rows of a tile in memory.
const STRIDE: usize = STEP;
/// Bytes of weights by which fetching runs ahead of computing: without, the unit waits for memory now and then.
const AHEAD: usize = 9 * 1024;

/// A tile of digits.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(super) struct Tile(pub(super) [[i8; STEP]; ROWS_OF_A_TILE]);

impl Tile {
    pub(super) const ZERO: Self = Self([[0; STEP]; ROWS_OF_A_TILE]);
}

/// A tile of sums.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(super) struct Sums(pub(super) [[i32; LANES]; ROWS_OF_A_TILE]);

impl Sums {
    pub(super) const ZERO: Self = Self([[0; LANES]; ROWS_OF_A_TILE]);
}

/// Whether this machine has the unit, and the system lets this process use it.
pub(in crate::kernels::flex) fn is_there() -> bool {
    static IS_THERE: OnceLock<bool> = OnceLock::new();
    *IS_THERE.get_or_init(|| has_instructions() && is_granted())
}

/// Whether this machine has the AVX-512 registers in which digits are made and sums put together.
pub(in crate::kernels::flex) fn has_vectors() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw")
}

fn has_instructions() -> bool {
    use std::arch::x86_64::{__cpuid, __cpuid_count};
    const TILES_AND_BYTES: u32 = 1 << 24 | 1 << 25;
    has_vectors() && __cpuid(0).eax >= 7 && __cpuid_count(7, 0).edx & TILES_AND_BYTES == TILES_AND_BYTES
}

/// Linux keeps the tiles of a process only after it has asked.
fn is_granted() -> bool {
    const REQUEST: libc::c_int = 0x1023; // ARCH_REQ_XCOMP_PERM
    const TILES: libc::c_ulong = 18; // XFEATURE_XTILEDATA
    // SAFETY: the call takes two numbers and no pointers, and an unknown one is answered by an error.
    unsafe { libc::syscall(libc::SYS_arch_prctl, REQUEST, TILES) == 0 }
}

/// The unit, set to tiles of so many rows on this thread until it is dropped.
#[derive(Debug)]
pub(super) struct Unit {
    /// Not to be sent to another thread, whose unit is set otherwise.
    _thread: std::marker::PhantomData<*const ()>,
}

/// What `ldtilecfg` reads.
#[repr(C, align(64))]
struct Setting {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    bytes_of_a_row: [u16; 16],
    rows: [u8; 16],
}

impl Unit {
    /// # Panics
    ///
    /// If the machine has no such unit, or for more rows than a tile has.
    pub(super) fn with_rows(rows: usize) -> Self {
        assert!((1..=ROWS_OF_A_TILE).contains(&rows), "a tile has 1 to 16 rows");
        let unit = Self {
            _thread: std::marker::PhantomData,
        };
        #[cfg(test)]
        if !is_there() {
            return unit;
        }
        assert!(is_there(), "the machine has a matrix unit");
        let mut setting = Setting {
            palette: 1,
            start_row: 0,
            reserved: [0; 14],
            bytes_of_a_row: [0; 16],
            rows: [0; 16],
        };
        setting.bytes_of_a_row[..8].fill(STRIDE as u16);
        setting.rows[..6].fill(rows as u8);
        // The weights: 16 times 4 inputs.
        setting.rows[6..8].fill(ROWS_OF_A_TILE as u8);
        // SAFETY: the unit is there and granted, and the setting is one that it takes: palette 1 has eight tiles of at
        // most 16 rows of 64 bytes. Nothing else in this process uses tiles.
        unsafe {
            asm!("ldtilecfg [{}]", in(reg) &raw const setting, options(nostack, readonly, preserves_flags));
        }
        unit
    }

    /// Sums over some steps of a tile of rows times a strip of weights, one tile for each level.
    ///
    /// `rows` are `[steps, digits of rows]` tiles, `weights` `[steps, digits]`.
    ///
    /// # Panics
    ///
    /// If the lengths do not fit.
    pub(super) fn multiply(&self, digits: usize, rows: &[Tile], weights: &[Tile], sums: &mut [Sums; LEVELS]) {
        let steps = weights.len() / digits;
        assert!(
            steps > 0
                && weights.len() == steps * digits
                && rows.len() == steps * super::digits_of_rows(digits),
            "rows and weights are of the same inputs"
        );
        #[cfg(test)]
        if !is_there() {
            return stand_in::multiply(digits, rows, weights, sums);
        }
        let (rows, weights) = (rows.as_ptr(), weights.as_ptr());
        // SAFETY: the unit is set, and both pointers are good for `steps` times what a step reads, as asserted.
        unsafe {
            match digits {
                1 => multiply_1(steps, rows, weights, sums),
                2 => multiply_2(steps, rows, weights, sums),
                3 => multiply_3(steps, rows, weights, sums),
                _ => unreachable!("weights have one to three digits"),
            }
        }
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        #[cfg(test)]
        if !is_there() {
            return;
        }
        // SAFETY: the unit is there. Released, its state need not be kept when the system changes threads.
        unsafe {
            asm!("tilerelease", options(nomem, nostack, preserves_flags),
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _);
        }
    }
}

/// A function that runs over steps: digits of the rows pass through tmm4 and tmm5, of the weights through tmm6 and tmm7,
/// the levels are summed in tmm0 to tmm3. Two tiles of rows, or two strips of weights, at once would load less often, but
/// were slower: what they read does not fit the first-level cache.
macro_rules! multiply {
    ($name:ident, $row_bytes:literal, $weight_bytes:literal, [$($step:literal),+], [$($line:literal),+]) => {
        /// # Safety
        ///
        /// The unit is set; `rows` and `weights` are good for `steps` steps.
        unsafe fn $name(steps: usize, rows: *const Tile, weights: *const Tile, sums: &mut [Sums; LEVELS]) {
            // SAFETY: as said above; the sums are written to as many tiles as there are.
            unsafe {
                asm!(
                    "tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3",
                    "2:",
                    $($step,)+
                    $(concat!("prefetcht0 [{w} + {ahead} + 64 * ", $line, "]"),)+
                    concat!("add {x}, ", $row_bytes),
                    concat!("add {w}, ", $weight_bytes),
                    "dec {steps}",
                    "jnz 2b",
                    "tilestored [{sums} + {stride}], tmm0",
                    "tilestored [{sums} + {stride} + 1024], tmm1",
                    "tilestored [{sums} + {stride} + 2048], tmm2",
                    "tilestored [{sums} + {stride} + 3072], tmm3",
                    steps = inout(reg) steps => _,
                    x = inout(reg) rows => _,
                    w = inout(reg) weights => _,
                    stride = in(reg) STRIDE,
                    ahead = in(reg) AHEAD,
                    sums = in(reg) sums.as_mut_ptr(),
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                    out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                    options(nostack),
                );
            }
        }
    };
}

multiply!(
    multiply_1,
    2048,
    1024,
    [
        "tileloadd tmm4, [{x} + {stride}]",
        "tileloadd tmm6, [{w} + {stride}]",
        "tdpbssd tmm0, tmm4, tmm6",
        "tileloadd tmm5, [{x} + {stride} + 1024]",
        "tdpbssd tmm1, tmm5, tmm6"
    ],
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
);

multiply!(
    multiply_2,
    3072,
    2048,
    [
        "tileloadd tmm4, [{x} + {stride}]",
        "tileloadd tmm6, [{w} + {stride}]",
        "tdpbssd tmm0, tmm4, tmm6",
        "tileloadd tmm7, [{w} + {stride} + 1024]",
        "tdpbssd tmm1, tmm4, tmm7",
        "tileloadd tmm5, [{x} + {stride} + 1024]",
        "tdpbssd tmm2, tmm5, tmm7",
        "tdpbssd tmm1, tmm5, tmm6",
        "tileloadd tmm4, [{x} + {stride} + 2048]",
        "tdpbssd tmm2, tmm4, tmm6"
    ],
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
        28, 29, 30, 31
    ]
);

multiply!(
    multiply_3,
    3072,
    3072,
    [
        "tileloadd tmm4, [{x} + {stride}]",
        "tileloadd tmm6, [{w} + {stride}]",
        "tdpbssd tmm0, tmm4, tmm6",
        "tileloadd tmm7, [{w} + {stride} + 1024]",
        "tdpbssd tmm1, tmm4, tmm7",
        "tileloadd tmm5, [{x} + {stride} + 1024]",
        "tdpbssd tmm2, tmm5, tmm7",
        "tdpbssd tmm1, tmm5, tmm6",
        "tileloadd tmm7, [{w} + {stride} + 2048]",
        "tdpbssd tmm2, tmm4, tmm7",
        "tdpbssd tmm3, tmm5, tmm7",
        "tileloadd tmm4, [{x} + {stride} + 2048]",
        "tdpbssd tmm2, tmm4, tmm6",
        "tileloadd tmm7, [{w} + {stride} + 1024]",
        "tdpbssd tmm3, tmm4, tmm7"
    ],
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
        28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47
    ]
);

/// What the unit computes, number by number, so that all around it is tested on machines without it.
#[cfg(test)]
mod stand_in {
    use super::{LANES, LEVELS, STEP, Sums, Tile};
    use crate::kernels::flex::amx::{digits_of_rows, levels};

    pub(super) fn multiply(digits: usize, rows: &[Tile], weights: &[Tile], sums: &mut [Sums; LEVELS]) {
        *sums = [const { Sums::ZERO }; LEVELS];
        let steps = rows
            .chunks_exact(digits_of_rows(digits))
            .zip(weights.chunks_exact(digits));
        for (rows, weights) in steps {
            for (of_row, rows) in rows.iter().enumerate() {
                for (of_weight, weights) in weights.iter().enumerate() {
                    if of_row + of_weight < levels(digits) {
                        add(&mut sums[of_row + of_weight], rows, weights);
                    }
                }
            }
        }
    }

    fn add(sums: &mut Sums, rows: &Tile, weights: &Tile) {
        for (sums, row) in sums.0.iter_mut().zip(&rows.0) {
            for input in 0..STEP {
                let weights = weights.0[input / 4].as_chunks::<4>().0;
                for lane in 0..LANES {
                    sums[lane] += i32::from(row[input]) * i32::from(weights[lane][input % 4]);
                }
            }
        }
    }
}
