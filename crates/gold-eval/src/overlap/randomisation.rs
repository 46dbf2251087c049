//! Whether two systems differ in a score of the whole corpus.

use serde::{Deserialize, Serialize};

use super::{OverlapMetric, sum};

/// Trials of [`approximate_randomisation`] that give three digits of a p-value near 0.05; sacrebleu's number.
pub const RANDOMISATION_TRIALS: u32 = 10_000;

/// Two systems compared on the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Randomisation {
    /// The score of the first, in 0..100.
    pub score: f64,
    /// The score of the other, in 0..100.
    pub other: f64,
    /// The two-sided p-value of "both systems are alike", in 0..1; never 0.
    pub p: f64,
    /// How often the rows were exchanged.
    pub trials: u32,
}

/// Two-sided paired approximate randomisation: each trial exchanges the two systems' sentences on a random half of the
/// rows, and p is how often that makes a difference at least as large as the real one.
///
/// sacrebleu counts larger differences only, so that a system compared with itself gets the smallest p; here it gets 1.
/// p is `(count + 1) / (trials + 1)`, as there. `counts` and `other` have one entry for each row, in one order; rows that
/// only one of them has are left out. The same seed gives the same p.
#[must_use]
pub fn approximate_randomisation(
    metric: &dyn OverlapMetric,
    counts: &[Vec<u64>],
    other: &[Vec<u64>],
    trials: u32,
    seed: u64,
) -> Randomisation {
    let rows = counts.len().min(other.len());
    let (counts, other) = (&counts[..rows], &other[..rows]);
    let (total, other_total) = (sum(counts.iter()), sum(other.iter()));
    let (score, other_score) = (metric.score(&total), metric.score(&other_total));
    let real = (score - other_score).abs();
    let mut random = SplitMix(seed);
    let mut as_large = 0_u32;
    for _ in 0..trials {
        let mut bits = 0;
        let mut first = vec![0_u64; total.len()];
        for (row, (a, b)) in counts.iter().zip(other).enumerate() {
            if row % 64 == 0 {
                bits = random.next();
            }
            let taken = if (bits >> (row % 64)) & 1 == 1 { b } else { a };
            for (sum, count) in first.iter_mut().zip(taken) {
                *sum += count;
            }
        }
        // What the first did not get, the second has.
        let second: Vec<u64> = (total.iter().zip(&other_total).zip(&first))
            .map(|((a, b), taken)| a + b - taken)
            .collect();
        as_large += u32::from((metric.score(&first) - metric.score(&second)).abs() >= real);
    }
    Randomisation {
        score,
        other: other_score,
        p: (f64::from(as_large) + 1.0) / (f64::from(trials) + 1.0),
        trials,
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014, OOPSLA): small, and the same on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
