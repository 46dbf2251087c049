//! How long answers took.

use std::time::Duration;

use serde::Serialize;

/// Percentiles of some durations, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// How many were measured.
    pub count: usize,
    /// The mean.
    pub mean_ms: f64,
    /// Half took at most this long.
    pub p50_ms: f64,
    /// 90 in 100 took at most this long.
    pub p90_ms: f64,
    /// 99 in 100 took at most this long.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Latency {
    /// The percentiles by nearest rank: the smallest measured duration that at least that share does not
    /// exceed. `None` without durations.
    #[must_use]
    pub fn of(durations: &[Duration]) -> Option<Self> {
        let mut sorted: Vec<f64> = durations.iter().map(|d| d.as_secs_f64() * 1e3).collect();
        sorted.sort_by(f64::total_cmp);
        let rank = |share: f64| {
            let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
            sorted.get(rank - 1).copied()
        };
        Some(Self {
            count: sorted.len(),
            mean_ms: sorted.iter().sum::<f64>() / sorted.len() as f64,
            p50_ms: rank(0.50)?,
            p90_ms: rank(0.90)?,
            p99_ms: rank(0.99)?,
            max_ms: *sorted.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let durations: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        let latency = Latency::of(&durations).unwrap();
        assert_eq!(
            (latency.p50_ms, latency.p90_ms, latency.p99_ms),
            (100.0, 180.0, 198.0)
        );
        assert_eq!(
            (latency.max_ms, latency.mean_ms, latency.count),
            (200.0, 100.5, 200)
        );
    }

    #[test]
    fn one_duration_is_every_percentile_and_none_is_none() {
        let one = Latency::of(&[Duration::from_millis(7)]).unwrap();
        assert_eq!((one.p50_ms, one.p99_ms), (7.0, 7.0));
        assert_eq!(Latency::of(&[]), None);
    }
}
