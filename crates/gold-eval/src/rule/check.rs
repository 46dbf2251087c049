//! Whether a rule's settings make sense.

use crate::{GateConfigError, Rule};

impl Rule {
    pub(crate) fn check(&self) -> Result<(), GateConfigError> {
        self.check_numbers()?;
        let categories = self.categories();
        for (position, name) in categories.iter().enumerate() {
            if categories[..position].contains(name) {
                return Err(GateConfigError::CategoryTwice {
                    rule: self.name(),
                    category: name.clone(),
                });
            }
        }
        Ok(())
    }

    fn check_numbers(&self) -> Result<(), GateConfigError> {
        match self {
            Self::Superior { .. } | Self::BetterThanBest {} => Ok(()),
            Self::MaxCandidates { max } => self.whole("max", *max),
            Self::NotInferior { margin, .. } => self.share("margin", *margin),
            Self::AccuracyFloor { accuracy } => self.share("accuracy", *accuracy),
            Self::CategoryFloor {
                recall, min_support, ..
            } => {
                self.share("recall", *recall)?;
                self.whole("min_support", *min_support)
            }
            Self::NoCategoryRegressed {
                alpha,
                max_suspect_drop,
                max_unproven_drop,
                ..
            } => {
                self.between("alpha", *alpha, (0.0, 0.5), "above 0 and below 0.5")?;
                self.share("max_suspect_drop", *max_suspect_drop)?;
                self.share("max_unproven_drop", *max_unproven_drop)?;
                let at_least = (max_suspect_drop.next_down(), 1.0);
                self.between(
                    "max_unproven_drop",
                    *max_unproven_drop,
                    at_least,
                    "at least max_suspect_drop",
                )
            }
            Self::Guard {
                max_losses,
                max_support,
                ..
            } => {
                self.whole("max_losses", *max_losses)?;
                self.whole("max_support", max_support.unwrap_or(1))
            }
            Self::Latency { percentile, max_ms } => {
                self.between("percentile", *percentile, (0.0, 100.0), "above 0 and below 100")?;
                self.positive("max_ms", *max_ms)
            }
            Self::Cost { max_usd, per_answers } => {
                self.positive("max_usd", *max_usd)?;
                self.whole("per_answers", *per_answers)
            }
            Self::RelativeCost { max_share } => self.positive("max_share", *max_share),
            Self::Calibration { max_error } => self.share("max_error", *max_error),
            Self::Coverage { coverage, accuracy } => {
                self.between(
                    "coverage",
                    *coverage,
                    (0.0, 1.0_f64.next_up()),
                    "above 0 and at most 1",
                )?;
                self.share("accuracy", *accuracy)
            }
            Self::OutsideAnswers { max_share } => self.share("max_share", *max_share),
        }
    }

    fn between(
        &self,
        key: &'static str,
        value: f64,
        (low, high): (f64, f64),
        range: &'static str,
    ) -> Result<(), GateConfigError> {
        if value > low && value < high {
            return Ok(());
        }
        Err(GateConfigError::OutOfRange {
            place: self.name(),
            key,
            value,
            range,
        })
    }

    fn share(&self, key: &'static str, value: f64) -> Result<(), GateConfigError> {
        self.between(key, value, (0.0, 1.0), "above 0 and below 1")
    }

    fn positive(&self, key: &'static str, value: f64) -> Result<(), GateConfigError> {
        self.between(key, value, (0.0, f64::INFINITY), "above 0 and finite")
    }

    fn whole(&self, key: &'static str, value: u64) -> Result<(), GateConfigError> {
        self.between(key, value as f64, (0.0, f64::INFINITY), "at least 1")
    }
}
