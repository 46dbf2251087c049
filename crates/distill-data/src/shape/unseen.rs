//! What a log has not shown yet: is the set of answers still growing?

use serde::{Deserialize, Serialize};
use statrs::{
    distribution::{ChiSquared, ContinuousCDF},
    function::gamma::ln_gamma,
};

/// The 97.5% point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// The share of future calls whose answer has never come before, as estimated from how many came once (Good 1953,
/// *Biometrika* 40).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct UnseenShare {
    /// Answers that came once, over calls.
    pub estimate: f64,
    /// The lower end of the 95% interval.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl UnseenShare {
    /// Of `calls`, so many values came once and so many twice; `None` without calls.
    ///
    /// The interval is the wider one, at each end, of Esty's (1983, *Annals of Statistics* 11) and, for few values that came
    /// once, of the exact one of a Poisson count (Garwood 1936).
    pub(super) fn of(once: f64, twice: f64, calls: u64) -> Option<Self> {
        if calls == 0 {
            return None;
        }
        let n = calls as f64;
        let estimate = (once / n).min(1.0);
        let half = Z * (once * (1.0 - estimate) + 2.0 * twice).sqrt() / n;
        let quantile = |p: f64, degrees: f64| match ChiSquared::new(degrees) {
            Ok(distribution) => distribution.inverse_cdf(p) / 2.0,
            Err(_) => 0.0,
        };
        let (low, high) = (
            quantile(0.025, 2.0 * once) / n,
            quantile(0.975, 2.0 * once + 2.0) / n,
        );
        Some(Self {
            estimate,
            low: (estimate - half).min(low).clamp(0.0, 1.0),
            high: (estimate + half).max(high).clamp(0.0, 1.0),
        })
    }
}

/// How many distinct values so many of the calls would have shown, in the mean over all orders (rarefaction, Hurlbert 1971,
/// *Ecology* 52, equation 14), at ten even steps. `counts` are the calls of each value, each value standing for `weight` many.
pub(super) fn accumulation(counts: &[u64], weight: f64, calls: u64) -> Vec<(u64, f64)> {
    const STEPS: u64 = 10;
    let n = calls as f64;
    let mut values_of_count = std::collections::BTreeMap::new();
    for &count in counts {
        *values_of_count.entry(count).or_insert(0.0) += weight;
    }
    let ln_choose = |n: f64, k: f64| ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0);
    let at = |step: u64| {
        let m = calls / STEPS * step + calls % STEPS * step / STEPS;
        let drawn = m as f64;
        let missed = |count: f64| match n - count >= drawn {
            true => (ln_choose(n - count, drawn) - ln_choose(n, drawn)).exp(),
            false => 0.0,
        };
        let seen = values_of_count
            .iter()
            .map(|(&count, values)| values * (1.0 - missed(count as f64)));
        (m, seen.sum())
    };
    match calls {
        0 => Vec::new(),
        _ => (1..=STEPS).map(at).filter(|(m, _)| *m > 0).collect(),
    }
}

#[cfg(test)]
mod tests;
