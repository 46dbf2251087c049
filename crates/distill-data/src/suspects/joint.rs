//! The confident joint: how often each class is given where another one is confidently predicted.

use super::Probabilities;

/// Counts of rows by given label and confident prediction, and what follows from them about the noise.
///
/// Northcutt, Jiang, Chuang 2021, arXiv:1911.00068, section 3.1. The threshold of a class is the mean probability of it among
/// the rows that were given it (equation 2). A row counts for the most probable of the classes whose threshold it reaches
/// (equation 1), and for none where it reaches none. Calibrated, the rows of a given label add up to as many as were given
/// it, and all to the number of rows (equation 3).
///
/// Two deviations, each switched off or marked: thresholds are pooled by `pooled_rows` (0 is the paper), and a class's count
/// of itself is at least 1 before it is calibrated, as in `cleanlab`, so that no class is wholly wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfidentJoint {
    classes: usize,
    /// Rows by given label.
    given: Vec<usize>,
    thresholds: Vec<f64>,
    /// `[given, predicted]`.
    counts: Vec<u32>,
}

/// A label that is given where another is right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfusedPair {
    /// The label index that is given.
    pub given: usize,
    /// The label index that would be right.
    pub right: usize,
    /// The estimated number of such rows.
    pub rows: f64,
}

impl ConfidentJoint {
    /// Counts the rows. `given` has as many labels as there are rows, each of them a class.
    pub(super) fn count(given: &[usize], probabilities: &Probabilities<'_>, pooled_rows: f64) -> Self {
        let classes = probabilities.classes();
        let (thresholds, rows_given) = thresholds(given, probabilities, pooled_rows);
        let mut joint = Self {
            classes,
            given: rows_given,
            thresholds,
            counts: vec![0; classes * classes],
        };
        for (row, &label) in given.iter().enumerate() {
            if let Some(predicted) = joint.confident_class(row, probabilities) {
                joint.counts[label * classes + predicted] += 1;
            }
        }
        joint
    }

    /// The most probable of the classes whose threshold a row reaches.
    pub(super) fn confident_class(&self, row: usize, probabilities: &Probabilities<'_>) -> Option<usize> {
        probabilities
            .row(row)
            .filter(|&(class, p)| f64::from(p) >= self.thresholds[class])
            .reduce(|best, entry| if entry.1 > best.1 { entry } else { best })
            .map(|(class, _)| class)
    }

    /// How many classes there are.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// How many rows were given a label.
    ///
    /// # Panics
    ///
    /// If the label is no class, as all methods that are asked of one.
    #[must_use]
    pub fn rows_given(&self, label: usize) -> usize {
        self.given[label]
    }

    /// The probability from which a row counts for a class; infinite for one that no row was given.
    #[must_use]
    pub fn threshold(&self, class: usize) -> f64 {
        self.thresholds[class]
    }

    /// How many rows with one label count for a class, itself or another.
    #[must_use]
    pub fn count_of(&self, given: usize, class: usize) -> usize {
        self.counts[given * self.classes + class] as usize
    }

    /// The estimated number of rows with one label that ought to have another, or that very one.
    #[must_use]
    pub fn calibrated(&self, given: usize, right: usize) -> f64 {
        let row = &self.counts[given * self.classes..(given + 1) * self.classes];
        // At least one row of a class is right.
        let own = row[given].max(1);
        let all = row.iter().map(|&count| f64::from(count)).sum::<f64>() + f64::from(own - row[given]);
        let count = if given == right { own } else { row[right] };
        f64::from(count) / all * self.given[given] as f64
    }

    /// The estimated share of all rows whose label is wrong, in 0..=1; 0 without rows.
    #[must_use]
    pub fn wrong_share(&self) -> f64 {
        let rows: usize = self.given.iter().sum();
        let right: f64 = (0..self.classes).map(|class| self.calibrated(class, class)).sum();
        if rows == 0 {
            0.0
        } else {
            (1.0 - right / rows as f64).max(0.0)
        }
    }

    /// The pairs of different classes that are confused, most rows first, ties by index.
    #[must_use]
    pub fn confused_pairs(&self) -> Vec<ConfusedPair> {
        let cells = (0..self.classes).flat_map(|given| (0..self.classes).map(move |right| (given, right)));
        let mut pairs: Vec<ConfusedPair> = cells
            .filter(|&(given, right)| given != right && self.count_of(given, right) > 0)
            .map(|(given, right)| ConfusedPair {
                given,
                right,
                rows: self.calibrated(given, right),
            })
            .collect();
        // The sort keeps the order of equals, which is that of the indexes.
        pairs.sort_by(|a, b| b.rows.total_cmp(&a.rows));
        pairs
    }
}

/// The threshold of each class, and how many rows were given it.
///
/// Pooled: the mean over the class's own rows and `pooled_rows` more of the mean over all rows, which is the posterior mean
/// under a beta prior of that strength.
fn thresholds(
    given: &[usize],
    probabilities: &Probabilities<'_>,
    pooled_rows: f64,
) -> (Vec<f64>, Vec<usize>) {
    let mut sums = vec![0.0_f64; probabilities.classes()];
    let mut counts = vec![0_usize; probabilities.classes()];
    for (row, &label) in given.iter().enumerate() {
        sums[label] += f64::from(probabilities.of(row, label));
        counts[label] += 1;
    }
    let mean = sums.iter().sum::<f64>() / given.len().max(1) as f64;
    let thresholds = sums.iter().zip(&counts).map(|(&sum, &count)| {
        // A class that nobody was given wins nothing.
        if count == 0 {
            f64::INFINITY
        } else {
            (sum + pooled_rows * mean) / (count as f64 + pooled_rows)
        }
    });
    (thresholds.collect(), counts)
}

#[cfg(test)]
mod tests;
