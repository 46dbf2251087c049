//! What is asked of a gold set, as it is written down.

use serde::{Deserialize, Serialize};

use crate::{ASSUMED_GAINS, POWER, PowerTarget};

/// The level below which nothing is planned: no number of rows shows anything at a level of 0.
pub(super) const LEAST_ALPHA: f64 = 1e-12;

/// The drop that a gold set is to show in every category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerPlanConfig {
    /// The net drop, as a share of a category's rows: 0.001 or more, and at most 1 less twice the gains.
    pub drop: f64,
    /// The chance of any false alarm among the categories, from 1e-12 to below 0.5; 0.05 unless given.
    #[serde(default = "usual_alpha")]
    pub alpha: f64,
    /// The chance with which the drop is to be seen, from 0.5 to 0.99; [`POWER`] unless given.
    #[serde(default = "usual_power")]
    pub power: f64,
    /// The share of a category's rows that is gained while it drops, from 0 to 0.25; [`ASSUMED_GAINS`] unless given.
    #[serde(default = "usual_gains")]
    pub gains: f64,
}

fn usual_alpha() -> f64 {
    0.05
}

fn usual_power() -> f64 {
    POWER
}

fn usual_gains() -> f64 {
    ASSUMED_GAINS
}

/// Why nothing can be planned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PowerPlanError {
    /// A setting is out of its range.
    #[error("{key} = {value} is out of range: it must be {range}")]
    OutOfRange {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
}

impl PowerPlanConfig {
    /// This drop, and the defaults.
    #[must_use]
    pub fn new(drop: f64) -> Self {
        Self {
            drop,
            alpha: usual_alpha(),
            power: usual_power(),
            gains: usual_gains(),
        }
    }

    /// Sets the chance of any false alarm among the categories.
    #[must_use]
    pub fn with_alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// Sets the chance with which the drop is to be seen.
    #[must_use]
    pub fn with_power(mut self, power: f64) -> Self {
        self.power = power;
        self
    }

    /// Checks every setting.
    ///
    /// # Errors
    ///
    /// [`PowerPlanError`] names the setting.
    pub fn check(self) -> Result<PowerTarget, PowerPlanError> {
        let within = |key, value: f64, fits: bool, range| {
            // NaN fits nowhere.
            fits.then_some(())
                .ok_or(PowerPlanError::OutOfRange { key, value, range })
        };
        let Self {
            drop,
            alpha,
            power,
            gains,
        } = self;
        within("gains", gains, (0.0..=0.25).contains(&gains), "from 0 to 0.25")?;
        let most = 1.0 - 2.0 * gains;
        let range =
            "from 0.001, a tenth of a point, to 1 less twice the gains, which is 0.96 unless they are set";
        within("drop", drop, (0.001..=most).contains(&drop), range)?;
        let range = "from 1e-12 to below 0.5";
        within("alpha", alpha, (LEAST_ALPHA..0.5).contains(&alpha), range)?;
        within("power", power, (0.5..=0.99).contains(&power), "from 0.5 to 0.99")?;
        Ok(PowerTarget { config: self })
    }
}
