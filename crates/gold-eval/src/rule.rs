//! One condition for shipping.

use serde::{Deserialize, Serialize};

use crate::{GateConfigError, PartKind, figures};

/// A rule of a [`GateConfig`](crate::GateConfig).
///
/// Each has three outcomes. "Pass" and "fail" are claims that the gold set supports; everything between is
/// "cannot tell", with the rows that would settle it. Only [`Rule::Guard`], which counts, always decides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Rule {
    /// The candidate is better than the baseline: passes or fails by the one-sided mid-p McNemar test.
    Superior {},
    /// The candidate is at most `margin` below the baseline: passes where the interval of the paired
    /// difference lies above `-margin`, fails where it lies below.
    NotInferior {
        /// What may be given up, as a share of the rows, in 0..1.
        margin: f64,
    },
    /// The candidate's accuracy is at least this: passes or fails by its Wilson interval.
    AccuracyFloor {
        /// The least accuracy, in 0..1.
        accuracy: f64,
    },
    /// The recall of every category is at least this.
    ///
    /// Passes where the Wilson interval of each lies at or above the floor, and each has `min_support` rows.
    /// Fails where an interval that is widened for the number of categories (Bonferroni) lies below it,
    /// however few the rows. A category of the task without gold rows cannot be told.
    CategoryFloor {
        /// The least recall, in 0..1.
        recall: f64,
        /// The rows below which no category passes; 10 unless given.
        #[serde(default = "usual_min_support")]
        min_support: u64,
    },
    /// No category is worse than the baseline.
    ///
    /// Fails where a category is shown to be worse by the one-sided mid-p McNemar test after Holm. Cannot tell
    /// where one has dropped too far to be waved through and the rows do not settle it: further than
    /// `max_unproven_drop`, or further than `max_suspect_drop` with a p-value that is below `alpha` before Holm.
    NoCategoryRegressed {
        /// The chance of any false alarm among the categories, in 0..0.5; 0.05 unless given.
        #[serde(default = "usual_alpha")]
        alpha: f64,
        /// The largest net drop, as a share of a category's rows, that passes whatever its p-value before Holm;
        /// 0.05 unless given.
        #[serde(default = "usual_suspect_drop")]
        max_suspect_drop: f64,
        /// The largest net drop, as a share of a category's rows, that passes at all without being settled; 0.25
        /// unless given, and at least `max_suspect_drop`.
        #[serde(default = "usual_unproven_drop")]
        max_unproven_drop: f64,
    },
    /// No category loses this many rows more than it gains: a plain count, for categories that are too small
    /// for a test. The finding says how often two equal models would trip it; in large categories that is
    /// often, hence `max_support`.
    Guard {
        /// The net losses from which on the rule fails; at least 1.
        max_losses: u64,
        /// The rows up to which a category is watched; every category unless given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_support: Option<u64>,
    },
    /// The candidate is better than the best that this gold set has judged before, by the step of the gate's
    /// [`LadderStep`](crate::LadderStep); so is the first candidate, and so is the best when it is judged again.
    ///
    /// Fails where it is shown to be worse than the best. Cannot tell without a history.
    BetterThanBest {},
    /// The gold set has judged at most so many candidates, this one included: beyond, the rule cannot tell, and asks
    /// for a version with fresh rows. Nor can it without a history.
    MaxCandidates {
        /// The most different candidates, at least 1.
        max: u64,
    },
}

fn usual_min_support() -> u64 {
    10
}

fn usual_alpha() -> f64 {
    0.05
}

fn usual_suspect_drop() -> f64 {
    0.05
}

fn usual_unproven_drop() -> f64 {
    0.25
}

impl Rule {
    /// [`Rule::NoCategoryRegressed`] with its defaults.
    #[must_use]
    pub fn no_category_regressed() -> Self {
        Self::NoCategoryRegressed {
            alpha: usual_alpha(),
            max_suspect_drop: usual_suspect_drop(),
            max_unproven_drop: usual_unproven_drop(),
        }
    }

    /// The rule's name, as in a configuration.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Superior {} => "superior",
            Self::NotInferior { .. } => "not_inferior",
            Self::AccuracyFloor { .. } => "accuracy_floor",
            Self::CategoryFloor { .. } => "category_floor",
            Self::NoCategoryRegressed { .. } => "no_category_regressed",
            Self::Guard { .. } => "guard",
            Self::BetterThanBest {} => "better_than_best",
            Self::MaxCandidates { .. } => "max_candidates",
        }
    }

    /// What the rule asks, in words.
    #[must_use]
    pub fn title(&self) -> String {
        self.title_of(PartKind::Category)
    }

    /// The same in the words for other parts than categories.
    #[must_use]
    pub fn title_of(&self, kind: PartKind) -> String {
        let noun = kind.noun();
        match self {
            Self::Superior {} => "Better than the baseline".to_owned(),
            Self::NotInferior { margin } => {
                format!("At most {:.1} points below the baseline", 100.0 * margin)
            }
            Self::AccuracyFloor { accuracy } => {
                format!("Accuracy of at least {}", figures::percent(*accuracy))
            }
            Self::CategoryFloor { recall, .. } => {
                format!(
                    "{} of at least {} in every {noun}",
                    figures::capitalised(kind.share()),
                    figures::percent(*recall)
                )
            }
            Self::NoCategoryRegressed { .. } => format!("No {noun} worse than the baseline"),
            Self::Guard {
                max_losses,
                max_support,
            } => {
                let small = max_support.map_or_else(String::new, |rows| {
                    format!(" of at most {}", figures::counted(rows, "row"))
                });
                format!(
                    "No {noun}{small} loses {} net or more",
                    figures::counted(*max_losses, "row")
                )
            }
            Self::BetterThanBest {} => "Better than the best candidate so far".to_owned(),
            Self::MaxCandidates { max } => {
                format!(
                    "At most {} judged by these rows",
                    figures::counted(*max, "candidate")
                )
            }
        }
    }

    pub(crate) fn check(&self) -> Result<(), GateConfigError> {
        let open = |key, value: f64, low: f64, high: f64, range| {
            if value > low && value < high {
                return Ok(());
            }
            Err(GateConfigError::OutOfRange {
                place: self.name(),
                key,
                value,
                range,
            })
        };
        let share = |key, value| open(key, value, 0.0, 1.0, "above 0 and below 1");
        let whole = |key, value: u64| open(key, value as f64, 0.0, f64::INFINITY, "at least 1");
        match self {
            Self::Superior {} | Self::BetterThanBest {} => Ok(()),
            Self::MaxCandidates { max } => whole("max", *max),
            Self::NotInferior { margin } => share("margin", *margin),
            Self::AccuracyFloor { accuracy } => share("accuracy", *accuracy),
            Self::CategoryFloor { recall, min_support } => {
                share("recall", *recall)?;
                whole("min_support", *min_support)
            }
            Self::NoCategoryRegressed {
                alpha,
                max_suspect_drop,
                max_unproven_drop,
            } => {
                open("alpha", *alpha, 0.0, 0.5, "above 0 and below 0.5")?;
                share("max_suspect_drop", *max_suspect_drop)?;
                share("max_unproven_drop", *max_unproven_drop)?;
                let at_least = "at least max_suspect_drop";
                open(
                    "max_unproven_drop",
                    *max_unproven_drop,
                    max_suspect_drop.next_down(),
                    1.0,
                    at_least,
                )
            }
            Self::Guard {
                max_losses,
                max_support,
            } => {
                whole("max_losses", *max_losses)?;
                whole("max_support", max_support.unwrap_or(1))
            }
        }
    }
}
