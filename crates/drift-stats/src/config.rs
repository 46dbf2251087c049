//! How strict the watch is.

use serde::{Deserialize, Serialize};

use crate::Spending;

/// Settings of a [`Monitor`](crate::Monitor); [`check`](Self::check) makes them a [`DriftPlan`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DriftConfig {
    /// The permitted chance of a false alarm, in 0..1, ends excluded; over what, `spending` says. 0.05.
    pub alpha: f64,
    /// Whether `alpha` bounds the whole life of the deployment (default) or each window.
    pub spending: Spending,
    /// How many false notes a window may bring on average: notes are what is worth a look below the bar of
    /// an alarm, and carry no guarantee beyond this number. 1; 0 for none.
    pub notes_per_window: f64,
    /// The least change of a label's share, or of the share of doubtful rows, that can be an alarm, in 0..1:
    /// large windows make smaller ones significant, and they are noted. New values are not held to it. 0.005.
    pub least_change: f64,
    /// Rows that a window needs to be tested; one with fewer is reported as too few to tell. 200.
    pub min_window_rows: u64,
    /// Rows that the reference needs for any window to be tested. 1,000.
    pub min_reference_rows: u64,
    /// Random deals behind the yardstick of each distance; 0 for none. 199.
    pub deals: u32,
    /// Examples shown per finding. 5.
    pub examples: usize,
    /// Rows named by id per finding, for relabelling. 100.
    pub rows_per_finding: usize,
    /// Findings reported per window, strongest first; the rest are counted. 40.
    pub max_findings: usize,
    /// Seed of the deals and of the choice of examples. 0.
    pub seed: u64,
}

impl Default for DriftConfig {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            spending: Spending::WholeLife,
            notes_per_window: 1.0,
            least_change: 0.005,
            min_window_rows: 200,
            min_reference_rows: 1_000,
            deals: 199,
            examples: 5,
            rows_per_finding: 100,
            max_findings: 40,
            seed: 0,
        }
    }
}

/// Why settings cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DriftConfigError {
    /// A chance of 0 permits no alarm, a chance of 1 permits all.
    #[error("alpha is {found}, it must lie between 0 and 1")]
    Alpha {
        /// The setting.
        found: f64,
    },
    /// A count of false notes that is none.
    #[error("notes_per_window is {found}, it must be a number from 0 to 100")]
    NotesPerWindow {
        /// The setting.
        found: f64,
    },
    /// A change of a share that is none.
    #[error("least_change is {found}, it must be a share from 0 to below 1")]
    LeastChange {
        /// The setting.
        found: f64,
    },
    /// A finding needs an example and a row, and a report room for a finding.
    #[error("{setting} is 0, it must be at least 1")]
    Zero {
        /// The name of the setting.
        setting: &'static str,
    },
}

impl DriftConfig {
    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// [`DriftConfigError`] names the first setting that is out of range.
    pub fn check(self) -> Result<DriftPlan, DriftConfigError> {
        if !(self.alpha > 0.0 && self.alpha < 1.0) {
            return Err(DriftConfigError::Alpha { found: self.alpha });
        }
        if !(0.0..=100.0).contains(&self.notes_per_window) {
            return Err(DriftConfigError::NotesPerWindow {
                found: self.notes_per_window,
            });
        }
        if !(0.0..1.0).contains(&self.least_change) {
            return Err(DriftConfigError::LeastChange {
                found: self.least_change,
            });
        }
        let sizes = [
            ("min_window_rows", self.min_window_rows),
            ("min_reference_rows", self.min_reference_rows),
            ("examples", self.examples as u64),
            ("rows_per_finding", self.rows_per_finding as u64),
            ("max_findings", self.max_findings as u64),
        ];
        match sizes.into_iter().find(|(_, size)| *size == 0) {
            Some((setting, _)) => Err(DriftConfigError::Zero { setting }),
            None => Ok(DriftPlan { config: self }),
        }
    }
}

/// Settings that were checked.
#[derive(Debug, Clone, PartialEq)]
pub struct DriftPlan {
    config: DriftConfig,
}

impl DriftPlan {
    /// The settings.
    #[must_use]
    pub fn config(&self) -> &DriftConfig {
        &self.config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_pass() {
        assert!(DriftConfig::default().check().is_ok());
    }

    #[test]
    fn each_bad_setting_is_named() {
        let base = DriftConfig::default;
        let bad = [
            DriftConfig { alpha: 0.0, ..base() },
            DriftConfig {
                alpha: f64::NAN,
                ..base()
            },
            DriftConfig {
                notes_per_window: -1.0,
                ..base()
            },
            DriftConfig {
                least_change: 1.0,
                ..base()
            },
            DriftConfig {
                examples: 0,
                ..base()
            },
        ];
        let names = ["alpha", "alpha", "notes_per_window", "least_change", "examples"];
        for (config, name) in bad.into_iter().zip(names) {
            let message = config.check().unwrap_err().to_string();
            assert!(message.starts_with(name), "{message}");
        }
    }
}
