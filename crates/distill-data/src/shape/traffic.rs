//! When the calls of a workload were.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::CallTime;

/// Milliseconds of a day.
const DAY_MS: f64 = 86_400_000.0;
/// The share of the calls that are the last ones.
const LAST_SHARE: f64 = 0.1;

/// When the calls were; days are those of UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrafficShape {
    /// The earliest call.
    pub first: CallTime,
    /// The latest call.
    pub last: CallTime,
    /// Days from the first to the last, both counted.
    pub days: u64,
    /// Days with a call.
    pub active_days: u64,
    /// The share of the calls that have a time, in 0..=1; the others are taken to be spread alike.
    pub timed: f64,
    /// Calls in the mean day, of all traffic where the logs hold a share of it.
    pub mean_per_day: f64,
    /// Calls in the day with the most, of all traffic.
    pub peak_per_day: f64,
    /// That day.
    pub peak_day: String,
    /// Calls with a time, by day.
    pub by_day: BTreeMap<String, u64>,
}

/// What is noted of times.
#[derive(Debug, Clone, Default)]
pub(super) struct TrafficTally {
    timed: u64,
    ends: Option<(CallTime, CallTime)>,
    by_day: BTreeMap<i64, u64>,
}

impl TrafficTally {
    pub(super) fn note(&mut self, at: CallTime) {
        self.timed += 1;
        let (first, last) = self.ends.get_or_insert((at, at));
        *first = at.min(*first);
        *last = at.max(*last);
        *self.by_day.entry(at.day()).or_default() += 1;
    }

    /// The day from which on at least a tenth of the calls were, and how many they are; `None` unless all of so many calls have
    /// a time and some were on earlier days.
    pub(super) fn last_tenth(&self, calls: u64) -> Option<(i64, u64)> {
        if self.timed < calls {
            return None;
        }
        let mut late = 0;
        for (&day, &of_day) in self.by_day.iter().rev() {
            late += of_day;
            if late as f64 >= LAST_SHARE * calls as f64 {
                return (late < calls).then_some((day, late));
            }
        }
        None
    }

    /// The shape of so many calls, of which the logs hold this share.
    pub(super) fn shape(&self, calls: u64, share: f64) -> Option<TrafficShape> {
        let (first, last) = self.ends?;
        let (&peak_day, &peak) = self.by_day.iter().rev().max_by_key(|(_, of_day)| **of_day)?;
        // A log that begins at noon has no whole first day.
        let elapsed = ((last.unix_ms() - first.unix_ms()) as f64 / DAY_MS).max(1.0);
        let scale = calls as f64 / self.timed as f64 / share;
        let date = |day: i64| CallTime::of_day(day).map(CallTime::date).unwrap_or_default();
        let mean_per_day = self.timed as f64 / elapsed * scale;
        Some(TrafficShape {
            first,
            last,
            days: (last.day() - first.day()) as u64 + 1,
            active_days: self.by_day.len() as u64,
            timed: self.timed as f64 / calls as f64,
            mean_per_day,
            peak_per_day: (peak as f64 * scale).max(mean_per_day),
            peak_day: date(peak_day),
            by_day: self
                .by_day
                .iter()
                .map(|(&day, &of_day)| (date(day), of_day))
                .collect(),
        })
    }
}
