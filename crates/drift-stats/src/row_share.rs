//! The one test behind every alarm: has the share of rows with some property risen?

use serde::{Deserialize, Serialize};
use statrs::function::factorial::ln_binomial;

/// In how many rows of the reference and of the window some property was found.
///
/// If the rows of both are exchangeable, then, given how many rows have the property in all, the number of
/// them in the window is hypergeometric, whatever the property's true share and however rare it is. The tail
/// of that distribution (Fisher 1935, the one-sided exact test) is the evidence here: it needs no large
/// counts and no assumption that the reference is the truth, which a resampled reference silently makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowShare {
    /// Rows of the reference with the property.
    pub reference_rows: u64,
    /// Rows of the reference in all.
    pub reference_of: u64,
    /// Rows of the window with the property.
    pub window_rows: u64,
    /// Rows of the window in all.
    pub window_of: u64,
}

impl RowShare {
    /// The same rows, counted by the absence of the property.
    #[must_use]
    pub fn of_absence(self) -> Self {
        Self {
            reference_rows: self.reference_of.saturating_sub(self.reference_rows),
            window_rows: self.window_of.saturating_sub(self.window_rows),
            ..self
        }
    }

    /// Change of the share from reference to window, in -1..1.
    #[must_use]
    pub fn change(self) -> f64 {
        ratio(self.window_rows, self.window_of) - ratio(self.reference_rows, self.reference_of)
    }

    /// The probability, without drift, of at least as many rows in the window, given the rows in all.
    #[must_use]
    pub fn p_value_of_rise(self) -> f64 {
        self.margins().upper_tail(self.window_rows.min(self.window_of))
    }

    /// The smallest [`p_value_of_rise`](Self::p_value_of_rise) that these totals could give: that of every
    /// row with the property lying in the window.
    #[must_use]
    pub fn least_p_value(self) -> f64 {
        let margins = self.margins();
        margins.upper_tail(margins.most())
    }

    fn margins(self) -> Margins {
        // Counts that contradict one another are cut to what is possible rather than trusted or panicked over.
        let population = self.reference_of.saturating_add(self.window_of);
        let window_rows = self.window_rows.min(self.window_of);
        let reference_rows = self.reference_rows.min(self.reference_of);
        Margins {
            population,
            with: reference_rows.saturating_add(window_rows).min(population),
            drawn: self.window_of,
        }
    }
}

fn ratio(rows: u64, of: u64) -> f64 {
    rows as f64 / of.max(1) as f64
}

/// What the exact test holds fixed.
#[derive(Debug, Clone, Copy)]
struct Margins {
    population: u64,
    with: u64,
    drawn: u64,
}

impl Margins {
    fn least(self) -> u64 {
        (self.drawn + self.with).saturating_sub(self.population)
    }

    fn most(self) -> u64 {
        self.drawn.min(self.with)
    }

    fn ln_mass(self, k: u64) -> f64 {
        ln_binomial(self.with, k) + ln_binomial(self.population - self.with, self.drawn - k)
            - ln_binomial(self.population, self.drawn)
    }

    /// The mass at `k + 1` over the mass at `k`.
    fn step(self, k: u64) -> f64 {
        let without = self.population - self.with;
        ((self.with - k) as f64 / (k + 1) as f64)
            * ((self.drawn - k) as f64 / (without + k + 1 - self.drawn) as f64)
    }

    /// P(X >= k), summed on the side of the mean where the masses fall.
    fn upper_tail(self, k: u64) -> f64 {
        if k <= self.least() {
            return 1.0;
        }
        if k > self.most() {
            return 0.0;
        }
        let mean = self.drawn as f64 * self.with as f64 / self.population as f64;
        if k as f64 > mean {
            self.sum(self.ln_mass(k), (k..self.most()).map(|i| self.step(i)))
        } else {
            let below = k - 1;
            let lower = self.sum(
                self.ln_mass(below),
                (self.least()..below).rev().map(|i| 1.0 / self.step(i)),
            );
            1.0 - lower
        }
        .clamp(0.0, 1.0)
    }

    /// The sum of masses that starts at `ln_first` and goes on by these ratios, to full precision.
    fn sum(self, ln_first: f64, ratios: impl Iterator<Item = f64>) -> f64 {
        let (mut term, mut relative) = (1.0, 1.0);
        for ratio in ratios {
            term *= ratio;
            relative += term;
            if term < relative * 1e-17 {
                break;
            }
        }
        (ln_first + f64::ln(relative)).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (5 of 10 against 3 of 8) by hand: C(8,3)C(10,5)/C(18,8) + ... is tested against `SciPy` in `tests/it`;
    /// here the law that the tails of a test and of its mirror overlap in exactly one mass.
    #[test]
    fn the_two_tails_share_only_the_observed_mass() {
        for window_rows in 0..=8 {
            let up = RowShare {
                reference_rows: 5,
                reference_of: 10,
                window_rows,
                window_of: 8,
            };
            let both = up.p_value_of_rise() + up.of_absence().p_value_of_rise();
            let mass = up.margins().ln_mass(window_rows).exp();
            assert!((both - 1.0 - mass).abs() < 1e-12, "{window_rows}: {both} {mass}");
        }
    }

    #[test]
    fn a_value_only_in_the_window_has_a_product_for_its_p_value() {
        let test = RowShare {
            reference_rows: 0,
            reference_of: 20,
            window_rows: 3,
            window_of: 5,
        };
        let by_hand = (5.0 * 4.0 * 3.0) / (25.0 * 24.0 * 23.0);
        assert!((test.p_value_of_rise() - by_hand).abs() < 1e-14);
        assert!((test.least_p_value() - by_hand).abs() < 1e-14);
    }

    #[test]
    fn far_below_the_mean_the_p_value_is_one() {
        let test = RowShare {
            reference_rows: 90_000,
            reference_of: 100_000,
            window_rows: 1,
            window_of: 50_000,
        };
        assert_eq!(test.p_value_of_rise(), 1.0);
        assert_eq!(test.of_absence().p_value_of_rise(), 0.0);
    }

    #[test]
    fn counts_that_contradict_one_another_do_not_panic() {
        let test = RowShare {
            reference_rows: 9,
            reference_of: 3,
            window_rows: 7,
            window_of: 2,
        };
        assert_eq!((test.p_value_of_rise(), test.least_p_value()), (1.0, 1.0));
    }

    #[test]
    fn empty_sides_are_no_evidence() {
        let test = RowShare {
            reference_rows: 0,
            reference_of: 0,
            window_rows: 4,
            window_of: 9,
        };
        assert_eq!(test.p_value_of_rise(), 1.0);
        let test = RowShare {
            reference_rows: 3,
            reference_of: 9,
            window_rows: 0,
            window_of: 0,
        };
        assert_eq!(test.p_value_of_rise(), 1.0);
    }
}
