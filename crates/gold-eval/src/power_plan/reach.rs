//! Which numbers of rows see a drop.
//!
//! Power does not rise with every row. It is an average, over the number of disagreements, of the chance that there
//! are losses enough among them, and that chance falls back wherever one loss more is asked for. A search by halving
//! can therefore end in a notch. The envelopes of that chance, the highest so far and the lowest from here on, do rise;
//! so do their averages, and by these the rows are cut, with halving, into those that surely miss the drop, those
//! that surely see it, and a few between that are tried one by one.

use crate::power::{EvidenceChance, power, weights};

/// The numbers of rows that see one drop.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    loss_rate: f64,
    gain_rate: f64,
    alpha: f64,
    power: f64,
    /// No number of rows below sees it.
    first: u64,
    /// From here on every number does.
    steady: u64,
}

impl Reach {
    /// For a net drop above 0, beside this share of gains, at a level and with a power below 1.
    pub(super) fn of(drop: f64, gain_rate: f64, alpha: f64, power: f64) -> Self {
        let loss_rate = drop + gain_rate;
        let envelopes = Envelopes::of(loss_rate / (loss_rate + gain_rate), alpha);
        let differ = (loss_rate + gain_rate).min(1.0);
        let first = fewest(|rows| envelopes.average(rows, differ, &envelopes.highest, 1.0) >= power);
        let surely = fewest(|rows| envelopes.average(rows, differ, &envelopes.lowest, CERTAIN) >= power);
        let mut reach = Self {
            loss_rate,
            gain_rate,
            alpha,
            power,
            first,
            steady: surely,
        };
        while reach.steady > reach.first && reach.sees(reach.steady - 1) {
            reach.steady -= 1;
        }
        reach
    }

    pub(super) fn sees(&self, rows: u64) -> bool {
        power(rows, self.loss_rate, self.gain_rate, self.alpha) >= self.power
    }

    /// The fewest rows, not below `have`, that see the drop.
    pub(super) fn fewest_from(&self, have: u64) -> u64 {
        let mut between = have.max(self.first)..self.steady;
        between
            .find(|&rows| self.sees(rows))
            .unwrap_or(have.max(self.steady))
    }

    /// The rows from which on every number sees it.
    pub(super) fn steady(&self) -> u64 {
        self.steady
    }
}

/// The chance that counts as certain where nothing was computed, above any power that may be asked for.
const CERTAIN: f64 = 0.999;

/// By the number of disagreements: the highest chance of evidence among so many or fewer, the lowest among so many
/// or more.
struct Envelopes {
    highest: Vec<f64>,
    lowest: Vec<f64>,
}

impl Envelopes {
    fn of(loss_share: f64, alpha: f64) -> Self {
        let chances = EvidenceChance::from(0, loss_share, alpha);
        let mut lowest: Vec<f64> = chances.take(surely_enough(loss_share, alpha)).collect();
        let mut highest = lowest.clone();
        for n in 1..highest.len() {
            highest[n] = highest[n].max(highest[n - 1]);
        }
        let mut least = CERTAIN;
        for chance in lowest.iter_mut().rev() {
            least = least.min(*chance);
            *chance = least;
        }
        Self { highest, lowest }
    }

    /// The average over the disagreements among `rows`, where an envelope that ends goes on at `beyond`.
    fn average(&self, rows: u64, differ: f64, envelope: &[f64], beyond: f64) -> f64 {
        let (first, weights) = weights(rows, differ);
        let at = |n: usize| envelope.get(n).copied().unwrap_or(beyond);
        let from = usize::try_from(first).unwrap_or(usize::MAX);
        let terms = weights.iter().enumerate();
        terms.map(|(n, weight)| weight * at(from.saturating_add(n))).sum()
    }
}

/// Disagreements from which on the chance of evidence is above [`CERTAIN`], whatever the notches.
///
/// By Hoeffding 1963 the test never asks for more than `n / 2 + sqrt(n ln(1 / alpha) / 2) + 1` losses of `n`, and
/// fewer than `n (loss_share - t)` come with a chance of at most `exp(-2 n t^2)`.
fn surely_enough(loss_share: f64, alpha: f64) -> usize {
    let is_enough = |n: u64| {
        let n = n as f64;
        let asked = 0.5 + (-alpha.ln() / (2.0 * n)).sqrt() + 1.0 / n;
        let room = loss_share - asked;
        room > 0.0 && (-2.0 * n * room * room).exp() < 1.0 - CERTAIN
    };
    usize::try_from(fewest(is_enough)).unwrap_or(usize::MAX)
}

/// The fewest of what holds from some number on.
fn fewest(holds: impl Fn(u64) -> bool) -> u64 {
    let (mut short, mut enough) = (0, 1);
    while !holds(enough) {
        short = enough;
        enough *= 2;
    }
    while enough - short > 1 {
        let middle = u64::midpoint(short, enough);
        if holds(middle) {
            enough = middle;
        } else {
            short = middle;
        }
    }
    enough
}
