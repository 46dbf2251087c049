//! The tail of a binomial number, moved by single steps.
//!
//! Power sums over hundreds of numbers of disagreements, and each needs a tail. Computed anew, a tail costs a
//! microsecond; moved from its neighbour it costs a few multiplications.

use statrs::distribution::{Binomial, Discrete, DiscreteCDF};

/// P(X > bound) and P(X = bound) of X ~ Binomial(trials, probability).
#[derive(Debug, Clone, Copy)]
pub(super) struct Tail {
    trials: u64,
    bound: u64,
    probability: f64,
    above: f64,
    equal: f64,
}

impl Tail {
    /// The tail at `bound`, which is at most `trials + 1`; `probability` is above 0 and at most 1.
    pub(super) fn new(trials: u64, bound: u64, probability: f64) -> Self {
        let tail = Self {
            trials,
            bound,
            probability,
            above: 0.0,
            equal: 0.0,
        };
        if probability >= 1.0 {
            return tail.certain();
        }
        match Binomial::new(probability, trials) {
            Ok(all) => Self {
                above: all.sf(bound),
                equal: if bound > trials { 0.0 } else { all.pmf(bound) },
                ..tail
            },
            Err(_) => tail,
        }
    }

    /// The tail where every trial succeeds.
    fn certain(self) -> Self {
        Self {
            above: f64::from(u8::from(self.trials > self.bound)),
            equal: f64::from(u8::from(self.trials == self.bound)),
            ..self
        }
    }

    /// One trial more.
    pub(super) fn grow(&mut self) {
        self.trials += 1;
        let (trials, bound) = (self.trials as f64, self.bound as f64);
        if self.probability >= 1.0 {
            *self = self.certain();
        } else if self.bound == self.trials {
            // Out of reach until now, so that there is nothing to move on from.
            self.equal = self.probability.powf(trials);
        } else {
            self.above += self.equal * self.probability;
            self.equal *= (1.0 - self.probability) * trials / (trials - bound);
        }
    }

    /// A bound that is higher by one, and at most `trials + 1`.
    pub(super) fn raise(&mut self) {
        let odds = self.probability / (1.0 - self.probability);
        let more = (self.trials - self.bound) as f64 / (self.bound + 1) as f64;
        self.bound += 1;
        if self.probability >= 1.0 {
            *self = self.certain();
        } else {
            self.equal *= more * odds;
            self.above = (self.above - self.equal).max(0.0);
        }
    }

    /// P(X >= bound).
    pub(super) fn at_least(&self) -> f64 {
        (self.above + self.equal).min(1.0)
    }

    /// P(X > bound) and half of P(X = bound).
    pub(super) fn mid_p(&self) -> f64 {
        self.above + self.equal / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_tail_that_was_moved_is_the_one_computed_anew(
            trials in 0_u64..60, steps in proptest::collection::vec(0_u8..3, 0..400), probability in 0.01..=1.0_f64,
        ) {
            let mut moved = Tail::new(trials, trials.div_ceil(2), probability);
            for step in steps {
                if step == 0 && moved.bound <= moved.trials {
                    moved.raise();
                } else {
                    moved.grow();
                }
            }
            let anew = Tail::new(moved.trials, moved.bound, probability);
            proptest::prop_assert!((moved.at_least() - anew.at_least()).abs() < 1e-11, "{moved:?} {anew:?}");
            proptest::prop_assert!((moved.mid_p() - anew.mid_p()).abs() < 1e-11, "{moved:?} {anew:?}");
        }
    }
}
