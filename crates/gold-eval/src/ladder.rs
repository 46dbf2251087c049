//! The Ladder: which of many candidates, judged by the same rows, is shown to be better than the best before it.
//!
//! Whoever picks the best of many candidates by one gold set picks luck as well. The Ladder (Blum and Hardt 2015,
//! arXiv:1502.04585) releases a new best score only where it is better than the last one by a step; everything
//! else is released as no better, and says nothing that could be learnt from.

use serde::{Deserialize, Serialize};

use crate::{GateConfigError, PairedCounts, RightRows, RowsDiffer, mcnemar_exact};

/// By how much a candidate must be better than the best so far.
///
/// For answers that are right or wrong, `gains` and `losses` against the best so far decide all three.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum LadderStep {
    /// As much as is evidence: the exact one-sided McNemar test against the best so far, at level
    /// `alpha / (j (j + 1))` for the `j`-th comparison. These levels sum to `alpha`, which so is the chance that
    /// any candidate, of however many, is falsely called better.
    ///
    /// The default. It is the paired test of section 4 of the paper with a level that falls as candidates come, for
    /// at the paper's own level, 0.16 for each, the best of many still climbs by luck.
    Significant {
        /// The chance of any false "better", above 0 and below 0.5; 0.05 unless given.
        #[serde(default = "usual_alpha")]
        alpha: f64,
    },
    /// One standard error of the mean difference by row: the parameter-free Ladder, section 4, algorithm 2.
    ///
    /// With the sample's standard deviation (n - 1) this is `(gains - losses)² > gains + losses`: McNemar's
    /// statistic above 1.
    StandardError {},
    /// Always the same, as a share of the rows, and scores are rounded to its multiples: algorithm 1.
    Fixed {
        /// The step, above 0 and below 1.
        size: f64,
    },
}

fn usual_alpha() -> f64 {
    0.05
}

impl Default for LadderStep {
    fn default() -> Self {
        Self::Significant { alpha: usual_alpha() }
    }
}

impl LadderStep {
    pub(crate) fn check(&self) -> Result<(), GateConfigError> {
        let (key, value, most, range) = match *self {
            Self::Significant { alpha } => ("alpha", alpha, 0.5, "above 0 and below 0.5"),
            Self::Fixed { size } => ("size", size, 1.0, "above 0 and below 1"),
            Self::StandardError {} => return Ok(()),
        };
        if value > 0.0 && value < most {
            return Ok(());
        }
        Err(GateConfigError::OutOfRange {
            place: "ladder",
            key,
            value,
            range,
        })
    }

    /// Whether these counts against the best so far are a step, at the `comparison`-th comparison (from 1).
    ///
    /// For [`LadderStep::Fixed`] they are held to the best's own score, without its rounding.
    #[must_use]
    pub fn is_reached(&self, counts: &PairedCounts, comparison: u64) -> bool {
        let (net, differ) = (-counts.net_losses(), counts.gains + counts.losses);
        net > 0
            && match *self {
                Self::Significant { alpha } => p_better(net as u64, differ) <= level(alpha, comparison),
                Self::StandardError {} => u128::from(net as u64).pow(2) > u128::from(differ),
                Self::Fixed { size } => counts.difference() > size + ROUNDING,
            }
    }

    /// The step as a share of the rows, where the two models differ on as many rows as these counts do: a net gain
    /// of it is enough under [`LadderStep::Significant`], the others ask for more than it.
    ///
    /// `None` where no net gain is enough on so few rows.
    #[must_use]
    pub fn size(&self, counts: &PairedCounts, comparison: u64) -> Option<f64> {
        let (rows, differ) = (counts.rows(), counts.gains + counts.losses);
        match *self {
            Self::Significant { alpha } => {
                let level = level(alpha, comparison);
                // Net gains have the parity of the rows that differ. The evidence grows with them, so halve.
                let enough = |losses: u64| p_better(differ - 2 * losses, differ) <= level;
                if differ == 0 || !enough(0) {
                    return None;
                }
                let (mut few, mut many) = (0, differ / 2 + 1);
                while many - few > 1 {
                    let middle = u64::midpoint(few, many);
                    if 2 * middle <= differ && enough(middle) {
                        few = middle;
                    } else {
                        many = middle;
                    }
                }
                Some((differ - 2 * few) as f64 / rows as f64)
            }
            Self::StandardError {} => {
                let (n, mean) = (rows as f64, counts.difference());
                let squares = differ as f64 - n * mean * mean;
                (rows > 1).then(|| (squares.max(0.0) / (n - 1.0) / n).sqrt())
            }
            Self::Fixed { size } => Some(size),
        }
    }
}

/// What sums of shares lose in floating point.
const ROUNDING: f64 = 1e-12;

/// The level of the `comparison`-th test, of which all sum to `alpha`.
fn level(alpha: f64, comparison: u64) -> f64 {
    let j = comparison.max(1) as f64;
    alpha / (j * (j + 1.0))
}

/// The exact one-sided p-value of `net` more gains than losses among `differ` rows.
fn p_better(net: u64, differ: u64) -> f64 {
    let losses = (differ - net) / 2;
    mcnemar_exact(differ - losses, losses) / 2.0
}

/// What the Ladder says of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Climb {
    /// There was none to be compared with: its score is released as it is.
    First,
    /// Better than the best so far by the step: its score is released.
    Better,
    /// Not better by the step: the best score stays, and is what is released.
    NoBetter,
}

/// A candidate's rung.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rung {
    /// What the Ladder says of it.
    pub climb: Climb,
    /// The score that is released: that of the best so far, this one included. In 0..1.
    pub released: f64,
    /// The step that it had to take, a share of the rows; see [`LadderStep::size`].
    pub step: Option<f64>,
    /// The candidate against the best before it, where both are known by row.
    pub against_best: Option<PairedCounts>,
}

/// The Ladder on one gold set, candidate by candidate.
///
/// ```
/// use gold_eval::{Climb, Ladder, LadderStep, RightRows};
///
/// let mut ladder = Ladder::new(LadderStep::default());
/// let right = |count: usize| RightRows::new((0..1000).map(|row| row < count));
/// assert_eq!(ladder.submit(&right(900))?.climb, Climb::First);
/// // Three rows more is a better score, and no evidence.
/// let rung = ladder.submit(&right(903))?;
/// assert_eq!((rung.climb, rung.released), (Climb::NoBetter, 0.9));
/// assert_eq!(ladder.submit(&right(930))?.climb, Climb::Better);
/// # Ok::<(), gold_eval::RowsDiffer>(())
/// ```
#[derive(Debug, Clone)]
pub struct Ladder {
    step: LadderStep,
    compared: u64,
    best: Best,
    released: f64,
}

/// Who stands highest.
#[derive(Debug, Clone)]
enum Best {
    Nobody,
    ByRows(RightRows),
    /// Only a fixed step can be taken without rows, so on no other Ladder does such a candidate stand.
    ByAccuracy,
}

impl Ladder {
    /// A Ladder on which nobody stands.
    #[must_use]
    pub fn new(step: LadderStep) -> Self {
        Self {
            step,
            compared: 0,
            best: Best::Nobody,
            released: 0.0,
        }
    }

    /// The score that was released last; `None` before the first candidate.
    #[must_use]
    pub fn released(&self) -> Option<f64> {
        (!matches!(self.best, Best::Nobody)).then_some(self.released)
    }

    /// Takes the next candidate.
    ///
    /// # Errors
    ///
    /// [`RowsDiffer`] if it did not answer as many rows as the best so far.
    pub fn submit(&mut self, candidate: &RightRows) -> Result<Rung, RowsDiffer> {
        let against_best = match &self.best {
            Best::Nobody => return Ok(self.stand(candidate.accuracy(), Some(candidate))),
            Best::ByRows(best) => Some(candidate.against(best)?),
            Best::ByAccuracy => None,
        };
        let (step, reached) = match (self.step, against_best) {
            (LadderStep::Fixed { size }, _) => (Some(size), self.is_above(candidate.accuracy(), size)),
            (step, Some(counts)) => (
                step.size(&counts, self.compared + 1),
                step.is_reached(&counts, self.compared + 1),
            ),
            (_, None) => (None, false),
        };
        self.compared += 1;
        Ok(self.placed(reached, candidate.accuracy(), Some(candidate), step, against_best))
    }

    /// Takes a candidate of whom only the accuracy is known; `None` if the step is not [`LadderStep::Fixed`], which
    /// cannot be taken so, and leaves everything as it was.
    pub fn submit_accuracy(&mut self, accuracy: f64) -> Option<Rung> {
        let LadderStep::Fixed { size } = self.step else {
            return None;
        };
        if matches!(self.best, Best::Nobody) {
            return Some(self.stand(accuracy, None));
        }
        let reached = self.is_above(accuracy, size);
        self.compared += 1;
        Some(self.placed(reached, accuracy, None, Some(size), None))
    }

    fn is_above(&self, accuracy: f64, size: f64) -> bool {
        accuracy > self.released + size + ROUNDING
    }

    fn placed(
        &mut self,
        reached: bool,
        accuracy: f64,
        rows: Option<&RightRows>,
        step: Option<f64>,
        against_best: Option<PairedCounts>,
    ) -> Rung {
        if reached {
            self.hold(accuracy, rows);
        }
        Rung {
            climb: if reached { Climb::Better } else { Climb::NoBetter },
            released: self.released,
            step,
            against_best,
        }
    }

    fn stand(&mut self, accuracy: f64, rows: Option<&RightRows>) -> Rung {
        self.hold(accuracy, rows);
        Rung {
            climb: Climb::First,
            released: self.released,
            step: None,
            against_best: None,
        }
    }

    fn hold(&mut self, accuracy: f64, rows: Option<&RightRows>) {
        self.best = rows.map_or(Best::ByAccuracy, |rows| Best::ByRows(rows.clone()));
        // The paper rounds losses. For rows that are right or wrong its rounding to 1/n in section 4 changes nothing.
        self.released = match self.step {
            LadderStep::Fixed { size } => (1.0 - ((1.0 - accuracy) / size).round() * size).clamp(0.0, 1.0),
            _ => accuracy,
        };
    }
}

#[cfg(test)]
mod tests;
