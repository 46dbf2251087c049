//! How work is shared out over threads.

use std::{
    cell::Cell,
    hint::spin_loop,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rayon::{Yield, prelude::*};

/// Multiplications that are worth a thread: a few times as long as it takes one to begin.
const OF_A_THREAD: usize = 1 << 19;

/// How long a thread looks for work of a pass that gives it none: longer than what a pass of some tokens computes on one
/// thread in between.
const PATIENCE: Duration = Duration::from_micros(100);
/// Pauses between two looks, so that they do not take the other threads' cache lines all the time.
const SPINS: usize = 16;

thread_local! {
    /// Whether what runs on this thread of the pool may cut its work over all of them.
    static HAS_POOL: Cell<bool> = const { Cell::new(false) };
}

/// How many threads work may be cut over.
///
/// Work that is on a thread of the pool is left there, unless [`on_all_threads`] put it there: the rows of a batch or the
/// parts of a step have been dealt out.
pub(super) fn threads() -> usize {
    match rayon::current_thread_index().is_none() || HAS_POOL.get() {
        true => rayon::current_num_threads(),
        false => 1,
    }
}

/// How many threads work of so many multiplications is cut over.
pub(super) fn threads_for(multiplications: usize) -> usize {
    (multiplications / OF_A_THREAD).clamp(1, threads())
}

/// Computes rows of `width` numbers that cost so many multiplications each, in shares on threads; a share, of whole rows, is
/// told with which number it begins.
pub(super) fn in_shares(
    numbers: &mut [f32],
    width: usize,
    multiplications: usize,
    share_from: impl Fn(usize, &mut [f32]) + Sync,
) {
    let threads = threads_for(numbers.len() * multiplications);
    if threads == 1 {
        return share_from(0, numbers);
    }
    let share = numbers.len().div_ceil(threads).next_multiple_of(width);
    let shares = numbers.par_chunks_mut(share).enumerate();
    shares.for_each(|(index, numbers)| share_from(index * share, numbers));
}

/// Runs on a thread of the pool what cuts its work over all of them.
///
/// The others stay awake until it is done. Of a short text a product takes some ten microseconds, and so does what stands
/// between two of them: left to itself a thread of the pool falls asleep in that time, and waking it takes as long as the
/// product.
pub(in crate::kernels) fn on_all_threads<T: Send>(compute: impl FnOnce() -> T + Send) -> T {
    if rayon::current_thread_index().is_some() || rayon::current_num_threads() == 1 {
        return compute();
    }
    let with_pool = || {
        let _pool = Pool::taken();
        compute()
    };
    rayon::join(with_pool, || ()).0
}

/// The pool, for as long as this is kept.
struct Pool {
    is_given_back: Arc<AtomicBool>,
}

impl Pool {
    fn taken() -> Self {
        HAS_POOL.set(true);
        let is_given_back = Arc::new(AtomicBool::new(false));
        for _ in 1..rayon::current_num_threads() {
            let is_given_back = is_given_back.clone();
            rayon::spawn(move || stay_awake(&is_given_back));
        }
        Self { is_given_back }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        HAS_POOL.set(false);
        self.is_given_back.store(true, Ordering::Release);
    }
}

/// Works on what the pool has to do, and looks for more without sleeping, until the pool is given back or nothing came for
/// a while.
fn stay_awake(is_given_back: &AtomicBool) {
    // A thread that holds the pool may come by here while it waits for the others, who would wait for it. So may one that
    // waits for a part of its own part; no longer than it takes to lose patience.
    if HAS_POOL.get() {
        return;
    }
    let mut last = Instant::now();
    while !is_given_back.load(Ordering::Acquire) && last.elapsed() < PATIENCE {
        match rayon::yield_now() {
            Some(Yield::Executed) => last = Instant::now(),
            _ => (0..SPINS).for_each(|_| spin_loop()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Passes that wait for one another's threads would never end.
    #[test]
    fn passes_at_the_same_time_all_end() {
        let sum = |pass: u64| -> u64 { (0..1000_u64).into_par_iter().map(|number| number ^ pass).sum() };
        std::thread::scope(|scope| {
            for pass in 0..6 {
                scope.spawn(move || {
                    let expected: u64 = (0..1000_u64).map(|number| number ^ pass).sum();
                    for _ in 0..100 {
                        assert_eq!(on_all_threads(|| sum(pass)), expected);
                    }
                });
            }
        });
        assert!(!HAS_POOL.get());
    }

    #[test]
    fn what_is_computed_in_shares_is_what_is_computed_at_once() {
        for (count, width) in [(0, 1), (1, 1), (7, 1), (100_000, 1), (100_002, 7 * 2381)] {
            let mut numbers = vec![0.0; count];
            in_shares(&mut numbers, width, OF_A_THREAD / 1000, |from, share| {
                assert!(from % width == 0 && share.len() % width == 0);
                for (index, number) in share.iter_mut().enumerate() {
                    *number = (from + index) as f32;
                }
            });
            assert!(
                numbers
                    .iter()
                    .enumerate()
                    .all(|(index, number)| *number == index as f32)
            );
        }
    }
}
