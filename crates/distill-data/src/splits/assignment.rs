//! Which part a unit goes to: stratified, greedy.

use std::{cmp::Reverse, collections::BTreeMap};

/// Two balances that differ by less are the same; sums of the same numbers in another order differ in the last digits.
const SAME: f64 = 1e-9;

/// A part for each unit, given the rows of each label in it.
///
/// The greedy of `StratifiedGroupKFold` (scikit-learn 1.9, `_make_test_folds`): units by falling standard deviation of
/// their label counts, so that large and one-sided ones come while there is room; each goes where, averaged over the labels,
/// the standard deviation over the parts of a label's fill is then least, and of equal choices to the part that is emptiest.
/// The fill is the label's rows in the part over those that it should have, which for parts of one size is
/// scikit-learn's share of the label times their number. Units that are equal in the first respect keep the order in which
/// they come.
pub(super) fn assign(units: &[BTreeMap<usize, usize>], labels: usize, shares: &[f64]) -> Vec<usize> {
    let mut totals = vec![0_usize; labels];
    for (&label, count) in units.iter().flatten() {
        totals[label] += count;
    }
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.sort_by_key(|&unit| Reverse(spread(&units[unit], labels)));
    let mut greedy = Greedy::new(totals, shares);
    let mut parts = vec![0; units.len()];
    for unit in order {
        parts[unit] = greedy.place(&units[unit]);
    }
    parts
}

/// The greedy at work on units that come in its order: it has to know no more of those before than how full parts are.
#[derive(Debug, Clone)]
pub(super) struct Greedy {
    /// Rows of each label, in all units.
    totals: Vec<usize>,
    shares: Vec<f64>,
    fill: Vec<Vec<f64>>,
    rows: Vec<usize>,
}

impl Greedy {
    pub(super) fn new(totals: Vec<usize>, shares: &[f64]) -> Self {
        Self {
            fill: vec![vec![0.0; shares.len()]; totals.len()],
            rows: vec![0; shares.len()],
            totals,
            shares: shares.to_vec(),
        }
    }

    /// The part of the next unit.
    pub(super) fn place(&mut self, unit: &BTreeMap<usize, usize>) -> usize {
        let wanted = |label: usize, part: usize| self.totals[label] as f64 * self.shares[part];
        let mut best: Option<(f64, f64, usize)> = None;
        for (part, share) in self.shares.iter().enumerate() {
            // Labels that the unit has not are spread as before, wherever it goes.
            let balance = unit.iter().map(|(&label, &count)| {
                let more = count as f64 / wanted(label, part);
                let fill = self.fill[label].iter().enumerate();
                deviation(fill.map(|(at, fill)| fill + if at == part { more } else { 0.0 }))
            });
            let found = (balance.sum::<f64>(), self.rows[part] as f64 / share, part);
            let is_better = best.is_none_or(|best| {
                found.0 < best.0 - SAME || ((found.0 - best.0).abs() <= SAME && found.1 < best.1 - SAME)
            });
            if is_better {
                best = Some(found);
            }
        }
        let part = best.map_or(0, |(_, _, part)| part);
        for (&label, &count) in unit {
            self.fill[label][part] += count as f64 / (self.totals[label] as f64 * self.shares[part]);
            self.rows[part] += count;
        }
        part
    }
}

/// The variance of a unit's counts over all labels, times the square of their number: a whole number, so that units of one
/// shape are equal.
pub(super) fn spread(unit: &BTreeMap<usize, usize>, labels: usize) -> u128 {
    let squares: u128 = unit.values().map(|&count| (count * count) as u128).sum();
    let sum: u128 = unit.values().map(|&count| count as u128).sum();
    (labels as u128 * squares).saturating_sub(sum * sum)
}

/// The standard deviation of a population.
pub(super) fn deviation(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    (values.map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
}
