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
/// next would be there. It is less than what a thread reads of a small matrix, so that the one before it fetches all of it.
const DISTANCE: usize = 64 * 1024;

/// What a thread reads of a matrix, and what it reads after that, of the matrix that is multiplied with next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) now: &'a [u8],
    pub(super) next: &'a [u8],
}

/// What is wanted soon, as it lies in one matrix or in two.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ahead<'a>([&'a [u8]; 2]);

impl<'a> Reading<'a> {
    /// What is [`DISTANCE`] behind a part, by where the part lies in `now`.
    pub(super) fn after(self, part: Range<usize>) -> Ahead<'a> {
        let wanted = part.start + DISTANCE..part.end + DISTANCE;
        let here = self.now.len();
        let from_here = |at: usize| at.min(here);
        let from_next = |at: usize| at.saturating_sub(here).min(self.next.len());
        Ahead([
            &self.now[from_here(wanted.start)..from_here(wanted.end)],
            &self.next[from_next(wanted.start)..from_next(wanted.end)],
        ])
    }
}

impl<'a> Ahead<'a> {
    /// Cuts what is wanted into at most so many parts and one of whole cache lines.
    #[inline(always)]
    pub(super) fn cut(self, parts: usize) -> impl Iterator<Item = &'a [u8]> {
        let [here, next] = self.0;
        let of_a_part = bytes_of_a_part(here.len() + next.len(), parts);
        here.chunks(of_a_part).chain(next.chunks(of_a_part))
    }
}

/// Cuts what is wanted soon into at most so many parts of whole cache lines.
#[inline(always)]
pub(super) fn cut(ahead: &[u8], parts: usize) -> std::slice::Chunks<'_, u8> {
    ahead.chunks(bytes_of_a_part(ahead.len(), parts))
}

#[inline(always)]
fn bytes_of_a_part(bytes: usize, parts: usize) -> usize {
    bytes.div_ceil(parts.max(1)).max(1).next_multiple_of(LINE)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Parts of any size, one after the other, ask for what comes after them in their order and for nothing twice.
        #[test]
        fn what_is_fetched_is_what_is_read_next(
            parts in prop::collection::vec(1_usize..90_000, 1..6), next in 0_usize..150_000, cuts in 1_usize..400,
        ) {
            let now = parts.iter().sum::<usize>();
            let memory: Vec<u8> = (0..now + next).map(|at| (at % 251) as u8).collect();
            let reading = Reading { now: &memory[..now], next: &memory[now..] };
            let (mut begin, mut fetched) = (0, Vec::new());
            for part in &parts {
                let ahead = reading.after(begin..begin + part);
                prop_assert!(ahead.cut(cuts).count() <= cuts + 1);
                fetched.extend(ahead.cut(cuts).flatten().copied());
                begin += part;
            }
            let [first, end] = [DISTANCE, now + DISTANCE].map(|at| at.min(memory.len()));
            prop_assert_eq!(&fetched, &memory[first..end]);
        }
    }
}
