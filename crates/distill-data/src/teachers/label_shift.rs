//! Whether two teachers gave the labels in other shares.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// The smallest expected count of a cell at which the chi-squared distribution holds (Cochran 1954).
const LEAST_EXPECTED: f64 = 5.0;
/// Below this probability a shift is no chance.
const ALPHA: f64 = 0.01;
/// Below this Cramér's V a shift is of no consequence (a "small" effect, Cohen 1988, section 7.2.3).
const SMALL_EFFECT: f64 = 0.1;
/// With fewer texts of either teacher, a shift that is not seen may well be there.
const LEAST_TEXTS: u64 = 100;

/// A chi-squared test of homogeneity, and how large the effect is.
///
/// Each text counts once for a teacher, for calls of one text are no independent draws. Labels whose expected count is below
/// 5 are pooled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LabelShift {
    /// Texts of the earlier and of the later teacher.
    pub texts: (u64, u64),
    /// Labels that were compared, pooled ones as one.
    pub labels: usize,
    /// Pearson's statistic; `None` if fewer than two labels are left after pooling.
    pub chi_squared: Option<f64>,
    /// The probability of so large a statistic if nothing changed.
    pub p_value: Option<f64>,
    /// Cramér's V in 0..=1, corrected for its bias (Bergsma 2013, *Journal of the Korean Statistical Society* 42(3)).
    pub cramers_v: Option<f64>,
    /// What follows.
    pub verdict: ShiftVerdict,
}

/// What a test of two distributions says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ShiftVerdict {
    /// The shares moved: p below 0.01, and Cramér's V at least 0.1.
    Moved,
    /// They moved, p below 0.01, by less than matters.
    Slight,
    /// No move is seen among at least 100 texts of each.
    NotSeen,
    /// There are too few texts to say that nothing moved.
    TooFew,
}

impl ShiftVerdict {
    /// The verdict in words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Moved => "the shares of the labels moved",
            Self::Slight => "the shares of the labels moved by little",
            Self::NotSeen => "no move of the labels' shares is seen",
            Self::TooFew => "too few texts to tell whether the labels' shares moved",
        }
    }
}

impl LabelShift {
    /// Compares how many texts had each label, by the same labels in the same order.
    pub(crate) fn between(before: &[u64], after: &[u64]) -> Self {
        let texts = (before.iter().sum::<u64>(), after.iter().sum::<u64>());
        let cells = pooled(before, after, texts);
        let statistic = statistic(&cells, texts);
        let degrees = cells.len().saturating_sub(1) as f64;
        let p_value = statistic.map(|found| ChiSquared::new(degrees).map_or(1.0, |null| null.sf(found)));
        let cramers_v = statistic.map(|found| corrected_v(found, degrees, (texts.0 + texts.1) as f64));
        let is_certain = p_value.is_some_and(|p| p < ALPHA);
        let is_large = cramers_v.is_some_and(|v| v >= SMALL_EFFECT);
        let has_one_label = texts.0 > 0
            && texts.1 > 0
            && before.iter().zip(after).filter(|(a, b)| **a + **b > 0).count() == 1;
        let verdict = if is_certain && is_large {
            ShiftVerdict::Moved
        } else if texts.0.min(texts.1) < LEAST_TEXTS || (statistic.is_none() && !has_one_label) {
            ShiftVerdict::TooFew
        } else if is_certain {
            ShiftVerdict::Slight
        } else {
            ShiftVerdict::NotSeen
        };
        Self {
            texts,
            labels: cells.len(),
            chi_squared: statistic,
            p_value,
            cramers_v,
            verdict,
        }
    }
}

/// Counts by label, those too rare to be tested in one cell; if that is too rare still, with the rarest other.
fn pooled(before: &[u64], after: &[u64], texts: (u64, u64)) -> Vec<(u64, u64)> {
    let all = (texts.0 + texts.1) as f64;
    let smaller = texts.0.min(texts.1) as f64;
    let is_rare = |(a, b): (u64, u64)| (a + b) as f64 * smaller / all < LEAST_EXPECTED;
    let used = before.iter().copied().zip(after.iter().copied());
    let mut cells: Vec<(u64, u64)> = used.filter(|(a, b)| a + b > 0).collect();
    cells.sort_unstable_by_key(|&(a, b)| std::cmp::Reverse((a + b, a)));
    let mut rest = (0, 0);
    while let Some(&cell) = cells.last()
        && (is_rare(cell) || (rest != (0, 0) && is_rare(rest)))
    {
        cells.pop();
        rest = (rest.0 + cell.0, rest.1 + cell.1);
    }
    if rest != (0, 0) {
        cells.push(rest);
    }
    cells
}

fn statistic(cells: &[(u64, u64)], texts: (u64, u64)) -> Option<f64> {
    if cells.len() < 2 || texts.0 == 0 || texts.1 == 0 {
        return None;
    }
    let (n0, n1) = (texts.0 as f64, texts.1 as f64);
    let term = |found: u64, expected: f64| (found as f64 - expected).powi(2) / expected;
    let of_cell = |&(a, b): &(u64, u64)| {
        let share = (a + b) as f64 / (n0 + n1);
        term(a, share * n0) + term(b, share * n1)
    };
    Some(cells.iter().map(of_cell).sum())
}

fn corrected_v(statistic: f64, degrees: f64, n: f64) -> f64 {
    let labels = degrees + 1.0;
    let phi = (statistic / n - degrees / (n - 1.0)).max(0.0);
    let labels = labels - degrees * degrees / (n - 1.0);
    let teachers = 2.0 - 1.0 / (n - 1.0);
    (phi / (labels.min(teachers) - 1.0)).sqrt().clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests;
