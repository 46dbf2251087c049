//! How the permitted chance of a false alarm is spread over the windows of a deployment.

use serde::{Deserialize, Serialize};

/// What the level `alpha` of a monitor bounds.
///
/// A life is that of one reference: a monitor with a new one starts to spend anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Spending {
    /// The chance of any false alarm, ever: window `t` is tested at `alpha * 6 / (pi^2 t^2)`, and these
    /// levels sum to `alpha` over endlessly many windows. Later windows need stronger evidence.
    #[default]
    WholeLife,
    /// The chance of a false alarm in each window: false alarms come for ever, at this rate at most.
    EachWindow,
}

impl Spending {
    /// The level of the window with this number, from 1.
    #[must_use]
    pub fn level(self, alpha: f64, window: u64) -> f64 {
        let t = window.max(1) as f64;
        match self {
            Self::WholeLife => alpha * 6.0 / (std::f64::consts::PI * t).powi(2),
            Self::EachWindow => alpha,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_life_never_spends_more_than_alpha() {
        let spent: f64 = (1..=100_000)
            .map(|window| Spending::WholeLife.level(0.05, window))
            .sum();
        assert!(spent < 0.05 && spent > 0.0499, "{spent}");
    }
}
