//! How work is shared out over threads.

use std::cell::Cell;

/// Multiplications that are worth a thread: a few times as long as it takes one to begin.
const OF_A_THREAD: usize = 1 << 19;

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

/// Runs on a thread of the pool what cuts its work over all of them.
///
/// Threads of a pool wait awake for a moment after they had work. So they begin at once with the next product, where a
/// thread outside of the pool would have to wake them for every one.
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
struct Pool;

impl Pool {
    fn taken() -> Self {
        HAS_POOL.set(true);
        Self
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        HAS_POOL.set(false);
    }
}
