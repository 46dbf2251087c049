//! The chance that a label is wrong, from a row's probabilities and from how labels are confused.
//!
//! Confident learning assumes that which label a row is given depends on its right label alone (Northcutt et al. 2021,
//! section 2). Then the chance that a row of the label `i` ought to have `j` is proportional to `p(j | row) * T(i | j)`: the
//! out-of-fold probability of `j`, and how often `i` is given where `j` is right. `T` begins as the calibrated joint and is
//! refined by expectation maximisation: what the rows say of their right label is counted anew (Dawid and Skene 1979, with
//! the classifier as the prior of each row).
//!
//! The probabilities are first brought to the confidence that the model has earned, see `sharpness.rs`: else the chances of a
//! model that is too modest would be too small.
//!
//! So a label that is often given for another is suspected sooner than one that never is, which a margin cannot do; and a
//! row of no likely alternative is suspected for the smallness of its own label's probability, which an off-diagonal count
//! cannot do.

use rayon::prelude::*;

use super::{ConfidentJoint, Probabilities, sharpness, split_mix::SplitMix};

/// Steps of expectation maximisation. With 3, 10 and 30 average precision on BANKING77 with planted errors differs by less
/// than 0.005.
const STEPS: usize = 3;
/// How many rows of average noise each given label has in addition to its own: a class of few rows is judged mostly by
/// the others. Between 5 and 50 it changes F1 by less than 0.02, up for even errors and down for confusable ones.
const PRIOR_ROWS: f64 = 20.0;
/// How many wrong labels each row is given in turn, to see how suspect it is then.
const PLANTED: usize = 4;
/// The least probability of a given label that is believed, so that no chance is certain.
const LEAST: f64 = 1e-6;

/// How often each label is given where each class is right.
struct Noise<'a> {
    probabilities: &'a Probabilities<'a>,
    /// The power of the probabilities.
    exponent: f64,
    classes: usize,
    /// `[given, right]`: the probability of the label given the class.
    given_for: Vec<f64>,
}

impl<'a> Noise<'a> {
    /// From counts of rows, `[given, right]`.
    fn of(mut counts: Vec<f64>, probabilities: &'a Probabilities<'a>, exponent: f64) -> Self {
        let classes = probabilities.classes();
        let all: f64 = counts.iter().sum();
        let right: f64 = (0..classes).map(|class| counts[class * classes + class]).sum();
        let wrong_share = if all > 0.0 {
            (1.0 - right / all).max(0.0)
        } else {
            0.0
        };
        let elsewhere = PRIOR_ROWS * wrong_share / (classes - 1) as f64;
        let mut sums = vec![0.0; classes];
        for (given, row) in counts.chunks_exact_mut(classes).enumerate() {
            for (right, cell) in row.iter_mut().enumerate() {
                *cell += if given == right {
                    PRIOR_ROWS * (1.0 - wrong_share)
                } else {
                    elsewhere
                };
                sums[right] += *cell;
            }
        }
        for row in counts.chunks_exact_mut(classes) {
            for (cell, sum) in row.iter_mut().zip(&sums) {
                *cell /= sum;
            }
        }
        Self {
            probabilities,
            exponent,
            classes,
            given_for: counts,
        }
    }

    /// What a row says of its right class: calls `each` with every class that is possible and its chance. They add up to 1.
    fn right_class(&self, row: usize, given: usize, mut each: impl FnMut(usize, f64)) {
        let given_for = &self.given_for[given * self.classes..(given + 1) * self.classes];
        let weight = |class: usize, p: f64| p.powf(self.exponent) * given_for[class];
        let own = weight(given, f64::from(self.probabilities.of(row, given)).max(LEAST));
        let others = || {
            let others = self.probabilities.row(row).filter(|&(class, _)| class != given);
            others.map(|(class, p)| (class, weight(class, f64::from(p))))
        };
        let sum = own + others().map(|(_, weight)| weight).sum::<f64>();
        each(given, own / sum);
        others().for_each(|(class, weight)| each(class, weight / sum));
    }

    /// A wrong label as it is given where another one is right; `None` if none ever is. `drawn` is in 0..1.
    fn wrong_label(&self, right: usize, drawn: f64) -> Option<usize> {
        let shares = || {
            let given = (0..self.classes).filter(|&given| given != right);
            given.map(|given| (given, self.given_for[given * self.classes + right]))
        };
        let mut left = drawn * shares().map(|(_, share)| share).sum::<f64>();
        let passes = |&(_, share): &(usize, f64)| {
            left -= share;
            left < 0.0
        };
        shares().find(passes).map(|(given, _)| given)
    }

    /// How suspect a row is with wrong labels in turn. They follow from what is known of the row, not from its place.
    fn planted(&self, row: usize, right: usize) -> impl Iterator<Item = f64> + '_ {
        let bits = |seed: u64, (class, p): (usize, f32)| {
            (seed ^ class as u64 ^ (u64::from(p.to_bits()) << 32)).wrapping_mul(0x0100_0000_01b3)
        };
        let mut random = SplitMix::of(self.probabilities.row(row).fold(right as u64, bits));
        (0..PLANTED).filter_map(move |_| {
            let label = self.wrong_label(right, random.unit())?;
            Some(self.doubt(row, label).suspicion())
        })
    }

    fn doubt(&self, row: usize, given: usize) -> Doubt {
        let (mut chance, mut best) = (0.0, None::<(f64, usize)>);
        self.right_class(row, given, |class, chance_of_class| {
            if class != given {
                chance += chance_of_class;
                if best.is_none_or(|(most, _)| chance_of_class > most) {
                    best = Some((chance_of_class, class));
                }
            }
        });
        let (mut own, mut most, mut sum) = (0.0, 0.0_f64, 0.0);
        for (class, p) in self.probabilities.row(row) {
            let raised = f64::from(p).powf(self.exponent);
            sum += raised;
            if class == given {
                own = raised;
            } else {
                most = most.max(raised);
            }
        }
        Doubt {
            chance: chance.clamp(0.0, 1.0),
            instead: best.map(|(_, class)| class),
            lead: if sum > 0.0 {
                ((most - own) / sum).clamp(0.0, 1.0)
            } else {
                0.0
            },
        }
    }
}

/// What is known of one label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Doubt {
    /// The chance that it is wrong, in 0..=1, as the posterior has it.
    pub(super) chance: f64,
    /// The class that is most likely right if it is; `None` where no other one is possible.
    pub(super) instead: Option<usize>,
    /// By how much the sharpened probability of the most probable other class exceeds its own, in 0..=1; 0 where it does not.
    pub(super) lead: f64,
}

impl Doubt {
    /// The mean of chance and lead, in 0..=1.
    ///
    /// The chance alone is the better judge where the assumption holds, and the worse one where it does not: a teacher that
    /// takes the label of the most similar text errs by the text, not by the class. See the table in `suspects.rs`.
    pub(super) fn suspicion(&self) -> f64 {
        f64::midpoint(self.chance, self.lead)
    }
}

/// What is known of each label, and how suspect wrong ones would be that are planted. `agreement` is the share of rows whose most
/// probable class is their label.
pub(super) fn doubts<'a>(
    given: &[usize],
    probabilities: &'a Probabilities<'a>,
    joint: &ConfidentJoint,
    agreement: f64,
) -> (Vec<Doubt>, Vec<f64>) {
    let classes = joint.classes();
    let exponent = sharpness::exponent(probabilities, agreement);
    let cells = (0..classes).flat_map(|label| (0..classes).map(move |right| (label, right)));
    let calibrated = cells
        .map(|(label, right)| joint.calibrated(label, right))
        .collect();
    let mut noise = Noise::of(calibrated, probabilities, exponent);
    for _ in 0..STEPS {
        let mut counts = vec![0.0; classes * classes];
        for (row, &label) in given.iter().enumerate() {
            noise.right_class(row, label, |class, chance| {
                counts[label * classes + class] += chance
            });
        }
        noise = Noise::of(counts, probabilities, exponent);
    }
    let rows = || given.par_iter().enumerate();
    let doubts = rows().map(|(row, &label)| noise.doubt(row, label)).collect();
    let planted = rows()
        .flat_map_iter(|(row, &label)| noise.planted(row, label))
        .collect();
    (doubts, planted)
}

#[cfg(test)]
mod tests;
