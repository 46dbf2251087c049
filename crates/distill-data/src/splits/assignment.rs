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
    let mut fill = vec![vec![0.0; shares.len()]; labels];
    let mut rows = vec![0_usize; shares.len()];
    let mut parts = vec![0; units.len()];
    for unit in order {
        let mut best: Option<(f64, f64, usize)> = None;
        for (part, share) in shares.iter().enumerate() {
            // Labels that the unit has not are spread as before, wherever it goes.
            let balance = units[unit].iter().map(|(&label, &count)| {
                let more = count as f64 / (totals[label] as f64 * share);
                let fill = fill[label].iter().enumerate();
                deviation(fill.map(|(at, fill)| fill + if at == part { more } else { 0.0 }))
            });
            let found = (balance.sum::<f64>(), rows[part] as f64 / share, part);
            let is_better = best.is_none_or(|best| {
                found.0 < best.0 - SAME || ((found.0 - best.0).abs() <= SAME && found.1 < best.1 - SAME)
            });
            if is_better {
                best = Some(found);
            }
        }
        let part = best.map_or(0, |(_, _, part)| part);
        for (&label, &count) in &units[unit] {
            fill[label][part] += count as f64 / (totals[label] as f64 * shares[part]);
            rows[part] += count;
        }
        parts[unit] = part;
    }
    parts
}

/// The variance of a unit's counts over all labels, times the square of their number: a whole number, so that units of one
/// shape are equal.
fn spread(unit: &BTreeMap<usize, usize>, labels: usize) -> u128 {
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
