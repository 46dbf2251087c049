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

/// Rows up to which it pays to read a matrix as it lies in memory and to fetch what is read next.
pub(super) const FEW_ROWS: usize = 64;
/// Rows up to which computing takes no longer than reading: those whose sums are held in registers at once.
const FEWEST_ROWS: usize = 6;

/// Bytes between what is computed with and what is fetched meanwhile. It is less than what a thread reads of a small matrix,
/// so that the one before it fetches all of it.
const DISTANCE: usize = 64 * 1024;
/// The same within a matrix that is read as fast as it comes. The processor fetches ahead by itself then, within a page; asked
/// for what lies beyond that, too, it brings a fifth less. Not where parts are widened before they are computed with, and so
/// read all at once.
const NEAR: usize = 4 * 1024;

/// What a thread reads of a matrix, and what it reads after that, of the matrix that is multiplied with next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    now: &'a [u8],
    next: &'a [u8],
    /// [`NEAR`] or [`DISTANCE`]; nothing where nothing is fetched.
    distance: Option<usize>,
}

/// What is wanted soon, as it lies in one matrix or in two.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ahead<'a>([&'a [u8]; 2]);

impl<'a> Reading<'a> {
    /// Of a matrix and of the next, for so many rows, of numbers that are computed with as they lie (plain) or widened before.
    pub(super) fn of([now, next]: [&'a [u8]; 2], rows: usize, is_plain: bool) -> Self {
        let distance = if rows <= FEWEST_ROWS && is_plain {
            NEAR
        } else {
            DISTANCE
        };
        Self {
            now,
            next,
            distance: (rows <= FEW_ROWS).then_some(distance),
        }
    }

    /// What to fetch with a part, by where the part lies in `now`.
    pub(super) fn after(self, part: Range<usize>) -> Ahead<'a> {
        let Some(distance) = self.distance else {
            return Ahead::default();
        };
        let here = self.now.len();
        let from_here = |at: usize| (at + distance).min(here);
        let from_next = |at: usize| (at + DISTANCE).saturating_sub(here).min(self.next.len());
        Ahead([
            &self.now[from_here(part.start)..from_here(part.end)],
            &self.next[from_next(part.start)..from_next(part.end)],
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
        /// Parts of any size, one after the other, ask for all that comes after them and for nothing twice.
        #[test]
        fn what_is_fetched_is_what_is_read_next(
            parts in prop::collection::vec(1_usize..90_000, 1..6), next in 0_usize..150_000, cuts in 1_usize..400,
            rows in 1_usize..=FEW_ROWS, is_plain: bool,
        ) {
            let now = parts.iter().sum::<usize>();
            let memory = vec![0_u8; now + next];
            let reading = Reading::of([&memory[..now], &memory[now..]], rows, is_plain);
            let (mut begin, mut fetched) = (0, Vec::new());
            for part in &parts {
                let ahead = reading.after(begin..begin + part);
                prop_assert!(ahead.cut(cuts).count() <= cuts + 1);
                fetched.extend(ahead.cut(cuts).map(|bytes| {
                    let first = bytes.as_ptr().addr() - memory.as_ptr().addr();
                    (first, first + bytes.len())
                }));
                begin += part;
            }
            fetched.sort_unstable();
            // Of the next matrix the beginning is fetched, but for what is nearer than that to the beginning of this one.
            let beyond = |at: usize| if at == now { DISTANCE.clamp(now, memory.len()) } else { at };
            let mut place = beyond(now.min(if rows <= FEWEST_ROWS && is_plain { NEAR } else { DISTANCE }));
            for (first, end) in fetched {
                prop_assert_eq!(first, place);
                place = beyond(end);
            }
            prop_assert_eq!(place, memory.len().min(now + DISTANCE));
            prop_assert!(Reading::of([&memory[..now], &[]], FEW_ROWS + 1, is_plain).after(0..1).cut(cuts).next().is_none());
        }
    }
}
