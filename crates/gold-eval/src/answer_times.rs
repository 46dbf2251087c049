//! How long the answers of a run took.

use serde::{Deserialize, Serialize};

/// Percentiles of latencies, in milliseconds, by nearest rank: the smallest measured one that at least that share
/// does not exceed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AnswerTimes {
    /// How many answers were measured.
    pub count: u64,
    /// The mean.
    pub mean_ms: f64,
    /// Half took at most this long.
    pub p50_ms: f64,
    /// 95 in 100 took at most this long.
    pub p95_ms: f64,
    /// 99 in 100 took at most this long.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl AnswerTimes {
    /// Of latencies in milliseconds, in any order; `None` of none.
    #[must_use]
    pub fn of(latencies_ms: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = latencies_ms.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let of_rank = |percent: usize| {
            sorted
                .get((percent * sorted.len()).div_ceil(100).max(1) - 1)
                .copied()
        };
        Some(Self {
            count: sorted.len() as u64,
            mean_ms: sorted.iter().sum::<f64>() / sorted.len() as f64,
            p50_ms: of_rank(50)?,
            p95_ms: of_rank(95)?,
            p99_ms: of_rank(99)?,
            max_ms: *sorted.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks_whatever_the_order() {
        let times = AnswerTimes::of((1..=200).rev().map(f64::from)).unwrap();
        assert_eq!((times.p50_ms, times.p95_ms, times.p99_ms), (100.0, 190.0, 198.0));
        assert_eq!((times.count, times.mean_ms, times.max_ms), (200, 100.5, 200.0));
        // With few answers the highest percentiles are the slowest one.
        let few = AnswerTimes::of([3.0, 1.0, 2.0]).unwrap();
        assert_eq!((few.p50_ms, few.p95_ms, few.p99_ms), (2.0, 3.0, 3.0));
        assert_eq!(AnswerTimes::of([]), None);
    }
}
