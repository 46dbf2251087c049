//! Distances between two tables of counts: how much moved, not whether it means anything.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::Cell;

/// The Jensen-Shannon divergence of two tables of counts, in nats: 0 for equal shares, ln 2 for disjoint
/// ones. Not its square root (which SciPy returns as the *distance*); divide by ln 2 for bits.
///
/// 0 if either side is empty. Lin 1991, IEEE Transactions on Information Theory 37, equation 4.1 with equal
/// weights.
#[must_use]
pub fn jensen_shannon(cells: &[Cell]) -> f64 {
    let (reference, window) = totals(cells);
    if reference == 0.0 || window == 0.0 {
        return 0.0;
    }
    let part = |share: f64, mean: f64| {
        if share > 0.0 {
            share * (share / mean).ln()
        } else {
            0.0
        }
    };
    let sum: f64 = cells
        .iter()
        .map(|cell| {
            let (p, q) = (cell.reference as f64 / reference, cell.window as f64 / window);
            let mean = (p + q) / 2.0;
            part(p, mean) + part(q, mean)
        })
        .sum();
    // Rounding may leave the sum of a handful of cells an ulp outside its range.
    (sum / 2.0).clamp(0.0, std::f64::consts::LN_2)
}

/// The population stability index of two tables of counts, in nats: the symmetrised Kullback-Leibler
/// divergence, at least 0.
///
/// Half a count is added to every cell on both sides, for a cell that is empty on one side would make it
/// infinite; so the value depends on how the cells were cut, and cells should first be
/// [pooled](pool_rare). 0 if either side is empty.
#[must_use]
pub fn population_stability_index(cells: &[Cell]) -> f64 {
    let (reference, window) = totals(cells);
    if reference == 0.0 || window == 0.0 {
        return 0.0;
    }
    let added = cells.len() as f64 / 2.0;
    let sum: f64 = cells
        .iter()
        .map(|cell| {
            let p = (cell.reference as f64 + 0.5) / (reference + added);
            let q = (cell.window as f64 + 0.5) / (window + added);
            (q - p) * (q / p).ln()
        })
        .sum();
    sum.max(0.0)
}

/// Pearson's test that two tables of counts have the same shares.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChiSquaredTest {
    /// The statistic, without a continuity correction.
    pub statistic: f64,
    /// Its degrees of freedom: cells less one.
    pub degrees: u64,
    /// The chance of a statistic at least as large without drift, if rows are independent.
    pub p_value: f64,
}

/// Pearson's chi-squared test on two tables of counts, or `None` if there are fewer than two cells that are
/// not empty, or one side is empty.
///
/// The p-value is an approximation for expected counts of about 5 and more: [pool](pool_rare) first.
#[must_use]
pub fn chi_squared(cells: &[Cell]) -> Option<ChiSquaredTest> {
    let (reference, window) = totals(cells);
    let filled: Vec<&Cell> = cells.iter().filter(|cell| cell.total() > 0).collect();
    if filled.len() < 2 || reference == 0.0 || window == 0.0 {
        return None;
    }
    let part = |count: u64, expected: f64| (count as f64 - expected).powi(2) / expected;
    let statistic = filled
        .iter()
        .map(|cell| {
            let share = cell.total() as f64 / (reference + window);
            part(cell.reference, share * reference) + part(cell.window, share * window)
        })
        .sum();
    let degrees = filled.len() as u64 - 1;
    let p_value = ChiSquared::new(degrees as f64).ok()?.sf(statistic);
    Some(ChiSquaredTest {
        statistic,
        degrees,
        p_value,
    })
}

/// Joins into one all cells whose expected count is under 5 on either side (Cochran's rule), so that a heavy
/// tail does not swamp a chi-squared test or a stability index. The joined cell, if any, comes last.
///
/// Which cells are joined depends on both sides' sums alone, so that it is the same for every way in which
/// the rows could have fallen to reference and window.
#[must_use]
pub fn pool_rare(cells: &[Cell]) -> Vec<Cell> {
    const LEAST_EXPECTED: f64 = 5.0;
    let (reference, window) = totals(cells);
    let least_share = reference.min(window) / (reference + window).max(1.0);
    let (mut pooled, mut rare) = (
        Vec::new(),
        Cell {
            reference: 0,
            window: 0,
        },
    );
    for cell in cells {
        if cell.total() as f64 * least_share >= LEAST_EXPECTED {
            pooled.push(*cell);
        } else {
            rare.reference = rare.reference.saturating_add(cell.reference);
            rare.window = rare.window.saturating_add(cell.window);
        }
    }
    if rare.total() > 0 {
        pooled.push(rare);
    }
    pooled
}

/// The sums of both sides, as real numbers: whole ones could overflow.
fn totals(cells: &[Cell]) -> (f64, f64) {
    let sum = |count: fn(&Cell) -> u64| cells.iter().map(|cell| count(cell) as f64).sum();
    (sum(|cell| cell.reference), sum(|cell| cell.window))
}

#[cfg(test)]
mod tests;
