//! How long to wait before a request is sent again, for one worker or for all.

use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Whether a server that says this may answer later.
pub(super) fn is_for_now(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// The pause that a server asks for, by its header `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date, which is
/// compared with the answer's own `Date`, so that the clock here does not matter. `None` if it asks for none.
pub(super) fn asked_for(retry_after: Option<&str>, date: Option<&str>) -> Option<Duration> {
    let retry_after = retry_after?.trim();
    if let Ok(seconds) = retry_after.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let until = httpdate::parse_http_date(retry_after).ok()?;
    let now = httpdate::parse_http_date(date?.trim()).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

/// The pause before the repetition `attempt`, from 1: twice as long each time, and up to a quarter shorter, so that
/// requests which failed together do not come back together.
pub(super) fn backoff(first_s: f64, max_s: f64, attempt: u32, request: usize) -> Duration {
    let doubled = first_s * f64::from(2_u32.saturating_pow(attempt.saturating_sub(1)));
    // Any spread over the requests does; this one needs no source of chance. The multiplier is Knuth's.
    let mixed = (request as u32)
        .wrapping_add(attempt << 20)
        .wrapping_mul(2_654_435_761);
    let shorter = 0.25 * f64::from(mixed) / f64::from(u32::MAX);
    Duration::from_secs_f64(doubled.min(max_s) * (1.0 - shorter))
}

/// What all workers look at before they send.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    not_before: Option<Instant>,
}

impl Gate {
    /// Nobody sends any more.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// Nobody sends before `pause` is over.
    pub(super) fn pause_all(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut state = self.lock();
        state.not_before = Some(state.not_before.map_or(until, |other| other.max(until)));
    }

    /// Waits for `pause`, and for the pause of all; false if nobody sends any more.
    pub(super) fn wait(&self, pause: Duration) -> bool {
        let own = Instant::now() + pause;
        let mut state = self.lock();
        loop {
            let until = state.not_before.map_or(own, |all| all.max(own));
            let left = until.saturating_duration_since(Instant::now());
            if state.stopped || left.is_zero() {
                return !state.stopped;
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
