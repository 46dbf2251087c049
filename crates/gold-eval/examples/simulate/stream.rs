//! Candidates that come one after the other against one gold set.

use gold_eval::{Climb, Ladder, LadderStep, RightRows, RowsDiffer};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Candidates that come one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream {
    pub(crate) candidates: u64,
    pub(crate) rows: usize,
    /// True accuracy of the first and of the last; it rises evenly from one to the other.
    pub(crate) accuracy: (f64, f64),
    /// The share of rows that are equally hard for all.
    pub(crate) shared: f64,
}

/// What became of the best of them on one gold set, in shares of the rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Picked {
    /// The highest score less the true accuracy of who has it.
    pub(crate) raw: f64,
    /// The score that the Ladder released last less the true accuracy of whose it is.
    pub(crate) released: f64,
    /// The step that the last candidate had to take.
    pub(crate) step: f64,
    /// How often the Ladder released a new best.
    pub(crate) climbs: u64,
    /// The last candidate's true accuracy less the true accuracy of the Ladder's best: what was not noticed.
    pub(crate) unnoticed: f64,
}

impl Stream {
    pub(crate) fn pick(&self, step: LadderStep, seed: u64) -> Result<Picked, RowsDiffer> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let hardness: Vec<f64> = (0..self.rows).map(|_| random.random()).collect();
        let mut ladder = Ladder::new(step);
        let (mut highest, mut raw, mut of_best, mut last_step, mut climbs) = (0.0, 0.0, 0.0, 0.0, 0);
        for number in 0..self.candidates {
            let accuracy = self.true_accuracy(number);
            let right = RightRows::new(hardness.iter().map(|&shared| {
                let own: f64 = random.random();
                let hardness = if random.random_bool(self.shared) {
                    shared
                } else {
                    own
                };
                hardness < accuracy
            }));
            if right.accuracy() > highest {
                highest = right.accuracy();
                raw = highest - accuracy;
            }
            let rung = ladder.submit(&right)?;
            if rung.climb != Climb::NoBetter {
                of_best = accuracy;
                climbs += u64::from(rung.climb == Climb::Better);
            }
            last_step = rung.step.unwrap_or(last_step);
        }
        Ok(Picked {
            raw,
            released: ladder.released().unwrap_or_default() - of_best,
            step: last_step,
            climbs,
            unnoticed: self.true_accuracy(self.candidates.saturating_sub(1)) - of_best,
        })
    }

    fn true_accuracy(&self, number: u64) -> f64 {
        let way = number as f64 / (self.candidates as f64 - 1.0).max(1.0);
        self.accuracy.0 + way * (self.accuracy.1 - self.accuracy.0)
    }
}
