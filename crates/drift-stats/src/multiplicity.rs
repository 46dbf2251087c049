//! How many tests are made at once, and what each may claim.

use std::collections::BTreeMap;

use crate::RowShare;

/// A family of [`RowShare`] tests over the same rows, known by how many rows have each property in all.
///
/// Thousands of words occur once or twice; no arrangement of two rows can be surprising enough, so they
/// should not make it harder to name the word that occurs forty times. Tarone (1990, Biometrics 46) divides
/// only by the number of tests that *could* reach the level. The totals are fixed under the null, so that
/// the choice costs nothing: the chance of any false claim in the family stays at the level.
#[derive(Debug, Clone)]
pub(crate) struct Family {
    reference_of: u64,
    window_of: u64,
    /// Rows with the property in reference and window together, to the number of tests with that total.
    totals: BTreeMap<u64, u64>,
}

/// What one test of a family needs to make a claim.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bar {
    /// The largest p-value that makes a claim.
    pub(crate) p_value: f64,
    /// How many tests the level was divided by.
    pub(crate) tests: u64,
}

impl Family {
    pub(crate) fn new(reference_of: u64, window_of: u64) -> Self {
        Self {
            reference_of,
            window_of,
            totals: BTreeMap::new(),
        }
    }

    /// Adds a test.
    pub(crate) fn add(&mut self, test: RowShare) {
        self.add_many(test.reference_rows + test.window_rows, 1);
    }

    /// Adds tests of which only the total is known.
    pub(crate) fn add_many(&mut self, total: u64, tests: u64) {
        if tests > 0 {
            *self.totals.entry(total).or_default() += tests;
        }
    }

    /// The bar that keeps the expected number of false claims, and so the chance of any, at `level`.
    pub(crate) fn bar(&self, level: f64) -> Bar {
        let mut attainable: Vec<(f64, u64)> = self
            .totals
            .iter()
            .map(|(&total, &tests)| (self.least_p_value(total), tests))
            .collect();
        attainable.sort_by(|a, b| a.0.total_cmp(&b.0));
        // The smallest divisor that is at least the number of tests that can reach level / divisor.
        let (mut low, mut high) = (1, self.totals.values().sum::<u64>().max(1));
        while low < high {
            let divisor = low + (high - low) / 2;
            let p_value = level / divisor as f64;
            let able: u64 = attainable
                .iter()
                .take_while(|(least, _)| *least <= p_value)
                .map(|(_, tests)| tests)
                .sum();
            if able <= divisor {
                high = divisor;
            } else {
                low = divisor + 1;
            }
        }
        Bar {
            p_value: level / low as f64,
            tests: low,
        }
    }

    /// The fewest rows in which a value that the reference never had must occur in the window to pass `bar`;
    /// `None` if even every row would not do.
    pub(crate) fn rows_for_a_new_value(&self, bar: Bar) -> Option<u64> {
        let p_value = |rows| self.least_p_value(rows);
        let (mut low, mut high) = (1, self.window_of);
        if high == 0 || p_value(high) > bar.p_value {
            return None;
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if p_value(middle) <= bar.p_value {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(low)
    }

    fn least_p_value(&self, total: u64) -> f64 {
        let window_rows = total.min(self.window_of);
        RowShare {
            reference_rows: total - window_rows,
            reference_of: self.reference_of,
            window_rows,
            window_of: self.window_of,
        }
        .least_p_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_could_never_be_surprising_are_not_divided_by() {
        let mut family = Family::new(10_000, 1_000);
        family.add_many(1, 50_000);
        family.add_many(12, 10);
        let bar = family.bar(0.05);
        assert_eq!(
            bar,
            Bar {
                p_value: 0.05 / 10.0,
                tests: 10
            }
        );
    }

    #[test]
    fn values_that_could_are() {
        let mut family = Family::new(10_000, 1_000);
        family.add_many(40, 700);
        assert_eq!(family.bar(0.05).tests, 700);
    }

    #[test]
    fn the_divisor_is_the_smallest_that_covers_the_able_tests() {
        let mut family = Family::new(2_000, 900);
        for total in 1..200 {
            family.add_many(total, 1 + 300 / total);
        }
        let bar = family.bar(0.05);
        let able = |divisor: u64| -> u64 {
            let p_value = 0.05 / divisor as f64;
            let able = family
                .totals
                .iter()
                .filter(|(total, _)| family.least_p_value(**total) <= p_value);
            able.map(|(_, tests)| tests).sum()
        };
        assert!(able(bar.tests) <= bar.tests && able(bar.tests - 1) > bar.tests - 1);
        let rows = family.rows_for_a_new_value(bar).unwrap();
        assert!(family.least_p_value(rows) <= bar.p_value && family.least_p_value(rows - 1) > bar.p_value);
    }

    #[test]
    fn an_empty_family_has_the_level_as_its_bar() {
        assert_eq!(
            Family::new(10, 10).bar(0.01),
            Bar {
                p_value: 0.01,
                tests: 1
            }
        );
    }
}
