//! As many rows as the calibrated joint has off its diagonal: the paper's methods 3 to 5.

use super::{ConfidentJoint, Probabilities};

/// Which rows the joint asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pruned {
    /// Of each class those of least probability of their own label.
    pub(super) by_class: Vec<bool>,
    /// Of each pair of classes those of the largest margin.
    pub(super) by_noise_rate: Vec<bool>,
}

/// Of rows that are alike in what they are taken by the earlier goes.
pub(super) fn prune(given: &[usize], probabilities: &Probabilities<'_>, joint: &ConfidentJoint) -> Pruned {
    let classes = joint.classes();
    let mut rows_of = vec![Vec::new(); classes];
    for (row, &label) in given.iter().enumerate() {
        rows_of[label].push(row);
    }
    let mut pruned = Pruned {
        by_class: vec![false; given.len()],
        by_noise_rate: vec![false; given.len()],
    };
    for (label, rows) in rows_of.iter().enumerate() {
        let cells: Vec<f64> = (0..classes).map(|right| joint.calibrated(label, right)).collect();
        let asked = rounded(&cells);
        let own = |row: usize| probabilities.of(row, label);
        let off_diagonal = rows.len().saturating_sub(asked[label]);
        for row in least(rows, off_diagonal, own) {
            pruned.by_class[row] = true;
        }
        for (right, &asked) in asked
            .iter()
            .enumerate()
            .filter(|&(right, &asked)| right != label && asked > 0)
        {
            for row in least(rows, asked, |row| own(row) - probabilities.of(row, right)) {
                pruned.by_noise_rate[row] = true;
            }
        }
    }
    pruned
}

/// The rows with the least values, so many.
fn least(rows: &[usize], count: usize, value: impl Fn(usize) -> f32) -> Vec<usize> {
    let mut by_value: Vec<(f32, usize)> = rows.iter().map(|&row| (value(row), row)).collect();
    by_value.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    by_value.into_iter().take(count).map(|(_, row)| row).collect()
}

/// Whole numbers near some numbers whose sum is a whole one, with the same sum.
///
/// Each is rounded, halves to the even one; what is then missing is added where most was taken away, and what is too much
/// taken where most was added. Of equals the later gains first and the earlier loses first, as `cleanlab` has it for short
/// lists.
fn rounded(numbers: &[f64]) -> Vec<usize> {
    let mut whole: Vec<f64> = numbers.iter().map(|number| number.round_ties_even()).collect();
    let missing = numbers.iter().sum::<f64>().round() - whole.iter().sum::<f64>();
    let mut by_taken: Vec<usize> = (0..numbers.len()).collect();
    by_taken.sort_by(|&a, &b| (numbers[a] - whole[a]).total_cmp(&(numbers[b] - whole[b])));
    let count = missing.abs() as usize;
    if missing > 0.0 {
        by_taken
            .iter()
            .rev()
            .take(count)
            .for_each(|&index| whole[index] += 1.0);
    } else {
        by_taken.iter().take(count).for_each(|&index| whole[index] -= 1.0);
    }
    whole.into_iter().map(|number| number.max(0.0) as usize).collect()
}

#[cfg(test)]
mod tests;
