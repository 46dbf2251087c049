//! The probabilities that a model gives the classes of each row, without having seen the row.

use super::LabelIssueError;

/// How far the probabilities of a row may add up to something else than 1: services round to four decimals.
const ROUNDING: f64 = 0.02;

/// Out-of-fold class probabilities, a row for each text.
///
/// A caller's matrix is borrowed as it is. Those of [`text_probabilities`](crate::text_probabilities) keep 8 bytes for each
/// probability of at least 0.002 and for that of the given label; the others count as 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Probabilities<'a> {
    classes: usize,
    rows: Rows<'a>,
}

#[derive(Debug, Clone, PartialEq)]
enum Rows<'a> {
    /// Row after row, every class.
    Matrix(&'a [f32]),
    /// Class and probability by rising class, and where each row ends.
    Kept {
        entries: Vec<(u32, f32)>,
        ends: Vec<usize>,
    },
}

impl<'a> Probabilities<'a> {
    /// The probabilities of any model, row after row.
    ///
    /// They must be out of fold: of a model that was not fitted on the row. One that was agrees with whatever is there.
    ///
    /// # Errors
    ///
    /// [`LabelIssueError`] for fewer than two classes, a number of values that is no multiple of `classes`, a value outside
    /// 0..=1 or that is no number, and a row that does not add up to 1, give or take 0.02.
    pub fn of_matrix(classes: usize, values: &'a [f32]) -> Result<Self, LabelIssueError> {
        if classes < 2 {
            return Err(LabelIssueError::Classes { found: classes });
        }
        if !values.len().is_multiple_of(classes) {
            let values = values.len();
            return Err(LabelIssueError::Shape { values, classes });
        }
        for (row, distribution) in values.chunks_exact(classes).enumerate() {
            for (class, &found) in distribution.iter().enumerate() {
                if !(0.0..=1.0).contains(&found) {
                    return Err(LabelIssueError::Probability { row, class, found });
                }
            }
            let found: f64 = distribution.iter().map(|&p| f64::from(p)).sum();
            if (found - 1.0).abs() > ROUNDING {
                let tolerance = ROUNDING;
                return Err(LabelIssueError::Sum {
                    row,
                    found,
                    tolerance,
                });
            }
        }
        Ok(Self {
            classes,
            rows: Rows::Matrix(values),
        })
    }

    /// Distributions of which only some entries are kept, by rising class.
    pub(super) fn of_kept(classes: usize, rows: Vec<Vec<(u32, f32)>>) -> Self {
        let mut ends = Vec::with_capacity(rows.len());
        let mut entries = Vec::with_capacity(rows.iter().map(Vec::len).sum());
        for row in rows {
            entries.extend(row);
            ends.push(entries.len());
        }
        Self {
            classes,
            rows: Rows::Kept { entries, ends },
        }
    }

    /// How many classes there are.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Matrix(values) => values.len() / self.classes,
            Rows::Kept { ends, .. } => ends.len(),
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries of a row that are above 0, by rising class.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let (whole, kept): (&[f32], &[(u32, f32)]) = match &self.rows {
            Rows::Matrix(values) => (&values[row * self.classes..(row + 1) * self.classes], &[]),
            Rows::Kept { entries, ends } => {
                let start = if row == 0 { 0 } else { ends[row - 1] };
                (&[], &entries[start..ends[row]])
            }
        };
        let kept = kept.iter().map(|&(class, p)| (class as usize, p));
        whole
            .iter()
            .copied()
            .enumerate()
            .chain(kept)
            .filter(|&(_, p)| p > 0.0)
    }

    /// The probability of one class.
    ///
    /// # Panics
    ///
    /// If there is no such row or no such class.
    #[must_use]
    pub fn of(&self, row: usize, class: usize) -> f32 {
        match &self.rows {
            Rows::Matrix(values) => values[row * self.classes..(row + 1) * self.classes][class],
            Rows::Kept { .. } => {
                let entry = self.row(row).find(|&(other, _)| other == class);
                entry.map_or(0.0, |(_, p)| p)
            }
        }
    }

    /// The most probable class, the first of several; `None` of a row that is all 0.
    pub(super) fn most_probable(&self, row: usize) -> Option<usize> {
        let most = self
            .row(row)
            .reduce(|best, entry| if entry.1 > best.1 { entry } else { best });
        most.map(|(class, _)| class)
    }
}

#[cfg(test)]
mod tests;
