//! Fetching what is computed with next, where a product is bound by reading its matrix.

use std::ops::{Deref, DerefMut, Range};

/// Bytes of a cache line.
pub(super) const LINE: usize = 64;

/// Numbers that begin at a cache line.
#[derive(Debug)]
pub(super) struct Lines<T> {
    numbers: Vec<T>,
    start: usize,
    count: usize,
}

impl<T: Copy> Lines<T> {
    pub(super) fn new(number: T, count: usize) -> Self {
        let spare = LINE / size_of::<T>();
        let numbers = vec![number; count + spare];
        // They stay where they are when the vector moves.
        let start = numbers.as_ptr().align_offset(LINE).min(spare);
        Self {
            numbers,
            start,
            count,
        }
    }
}

impl<T> Deref for Lines<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.numbers[self.start..][..self.count]
    }
}

impl<T> DerefMut for Lines<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.numbers[self.start..][..self.count]
    }
}

/// Bytes between what is computed with and what is fetched meanwhile: a row alone is done with a part of a panel before the
/// next would be there.
const DISTANCE: usize = 32 * 1024;

/// As many bytes as some numbers of a size take, [`DISTANCE`] behind them.
pub(super) fn after(all: &[u8], numbers: Range<usize>, size: usize) -> &[u8] {
    let first = (numbers.end * size + DISTANCE).min(all.len());
    &all[first..all.len().min(first + numbers.len() * size)]
}

/// Cuts what is wanted soon into at most so many parts of whole cache lines.
#[inline(always)]
pub(super) fn cut(ahead: &[u8], parts: usize) -> std::slice::Chunks<'_, u8> {
    ahead.chunks(ahead.len().div_ceil(parts.max(1)).max(1).next_multiple_of(LINE))
}

/// Asks for bytes to be brought into the second-level cache.
#[inline(always)]
#[cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "the instruction has no safe form")
)]
pub(super) fn fetch(bytes: &[u8]) {
    #[cfg(target_arch = "x86_64")]
    for line in bytes.iter().step_by(LINE) {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: every x86-64 machine has the instruction, and it changes nothing that a program could see.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(line).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = bytes;
}
