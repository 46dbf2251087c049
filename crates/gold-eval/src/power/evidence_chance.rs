//! The chance that a number of disagreements is evidence, for one number after the other.

use super::{is_evidence, smallest_critical_losses, tail::Tail};

/// How near two p-values are when they are decided by the function that the gate calls.
const TIE: f64 = 1e-9;

/// For `n` disagreements, of which each is a loss with probability `loss_share`: the chance that there are losses
/// enough for the test at level `alpha`. As an iterator over `n`.
#[derive(Debug, Clone)]
pub(crate) struct EvidenceChance {
    alpha: f64,
    disagreements: u64,
    critical: u64,
    /// With losses and gains equally likely, which is what the test assumes.
    by_chance: Tail,
    /// As they are.
    in_truth: Tail,
}

impl EvidenceChance {
    /// From `first` disagreements on. `loss_share` is above 0 and at most 1.
    pub(crate) fn from(first: u64, loss_share: f64, alpha: f64) -> Self {
        let critical = smallest_critical_losses(first, alpha);
        Self {
            alpha,
            disagreements: first,
            critical,
            by_chance: Tail::new(first, critical, 0.5),
            in_truth: Tail::new(first, critical, loss_share),
        }
    }

    fn is_enough(&self) -> bool {
        let p = self.by_chance.mid_p();
        if (p - self.alpha).abs() < TIE * self.alpha {
            return is_evidence(self.disagreements, self.critical, self.alpha);
        }
        p <= self.alpha
    }
}

impl Iterator for EvidenceChance {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        let chance = self.in_truth.at_least();
        self.disagreements += 1;
        self.by_chance.grow();
        self.in_truth.grow();
        // More disagreements never ask for fewer losses.
        while self.critical <= self.disagreements && !self.is_enough() {
            self.by_chance.raise();
            self.in_truth.raise();
            self.critical += 1;
        }
        Some(chance)
    }
}
