//! One condition for shipping.

mod check;
mod scope;
mod title;

pub use scope::Against;

use serde::{Deserialize, Serialize};

/// A rule of a [`GateConfig`](crate::GateConfig).
///
/// Each has three outcomes. "Pass" and "fail" are claims that the gold set supports; everything between is
/// "cannot tell", with the rows that would settle it, or with the data to give where a rule's data is missing.
///
/// Rules that compare have `against`: the `"baseline"` unless given, or the model that was `"shipped"` last. Rules on
/// categories have `categories`: the names of those that matter, or every category of the task where it is empty or not
/// given; the correction for many tests is then for as many as are named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Rule {
    /// The candidate is better than the baseline: passes or fails by the one-sided mid-p McNemar test.
    Superior {
        /// The other model.
        #[serde(default, skip_serializing_if = "Against::is_baseline")]
        against: Against,
    },
    /// The candidate is at most `margin` below the baseline: passes where the interval of the paired
    /// difference lies above `-margin`, fails where it lies below.
    NotInferior {
        /// What may be given up, as a share of the rows, in 0..1.
        margin: f64,
        /// The other model.
        #[serde(default, skip_serializing_if = "Against::is_baseline")]
        against: Against,
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
        /// The categories that are watched; all of them where none is named.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        categories: Vec<String>,
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
        /// The other model.
        #[serde(default, skip_serializing_if = "Against::is_baseline")]
        against: Against,
        /// The categories that are watched; all of them where none is named.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        categories: Vec<String>,
    },
    /// No category loses this many rows more than it gains: a plain count, for categories that are too small
    /// for a test. The finding says how often two equal models would trip it; in large categories that is
    /// often, hence `max_support`. Where some category of two equal models would lose as many as the worst did in more cases
    /// than the gate's confidence leaves (5%), the rule does not pass and does not fail: it cannot tell.
    Guard {
        /// The net losses from which on the rule fails; at least 1.
        max_losses: u64,
        /// The rows up to which a category is watched; every category unless given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_support: Option<u64>,
        /// The other model.
        #[serde(default, skip_serializing_if = "Against::is_baseline")]
        against: Against,
        /// The categories that are watched; all of them where none is named.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        categories: Vec<String>,
    },
    /// A percentile of the latency is at most `max_ms`: passes where the upper end of its distribution-free interval is,
    /// fails where the lower end is above ([`quantile_interval`](crate::quantile_interval)).
    ///
    /// Asks for the latency of measured answers ([`Usage`](crate::Usage)); one that an answer lacks counts as endless
    /// for passing and as none for failing.
    Latency {
        /// Which percentile, above 0 and below 100: 50, 95 or 99.
        percentile: f64,
        /// The most that it may be, in milliseconds.
        max_ms: f64,
    },
    /// What `per_answers` answers cost, on the average, is at most `max_usd`: passes or fails by the interval of the
    /// mean cost ([`mean_interval`](crate::mean_interval)), from 30 measured answers on.
    Cost {
        /// The most that so many answers may cost, in US dollars.
        max_usd: f64,
        /// How many answers; 1,000 unless given.
        #[serde(default = "usual_per_answers")]
        per_answers: u64,
    },
    /// An answer costs at most this share of what one of the baseline costs, on the average: passes or fails by the
    /// interval of the ratio of both means (Fieller 1954), from 30 measured answers of each on.
    RelativeCost {
        /// The largest share, above 0: 0.1 is a tenth of the baseline's cost.
        max_share: f64,
    },
    /// The expected calibration error of the candidate's confidences is at most `max_error`: passes or fails by its
    /// interval ([`Calibration::error_interval`](crate::Calibration::error_interval)).
    Calibration {
        /// The largest error, in 0..1.
        max_error: f64,
    },
    /// The candidate can answer this share of the rows with at least this accuracy, when it passes on those that it is
    /// least sure of: passes or fails by the Wilson interval of the accuracy on the surest rows.
    ///
    /// Which rows these are is decided by their confidences alone, so that the threshold is not picked by its luck.
    Coverage {
        /// The least share of the rows that is answered, in 0..1.
        coverage: f64,
        /// The least accuracy on them, in 0..1.
        accuracy: f64,
    },
    /// At most this share of the candidate's answers means no label of the task: passes or fails by its Wilson interval.
    OutsideAnswers {
        /// The largest share, in 0..1.
        max_share: f64,
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

fn usual_per_answers() -> u64 {
    1000
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
    /// [`Rule::Superior`] to the baseline.
    #[must_use]
    pub fn superior() -> Self {
        Self::Superior {
            against: Against::Baseline,
        }
    }

    /// [`Rule::NotInferior`] to the baseline by this margin, in 0..1.
    #[must_use]
    pub fn not_inferior(margin: f64) -> Self {
        Self::NotInferior {
            margin,
            against: Against::Baseline,
        }
    }

    /// [`Rule::CategoryFloor`] of this recall in every category, of at least 10 rows.
    #[must_use]
    pub fn category_floor(recall: f64) -> Self {
        Self::CategoryFloor {
            recall,
            min_support: usual_min_support(),
            categories: Vec::new(),
        }
    }

    /// [`Rule::NoCategoryRegressed`] with its defaults.
    #[must_use]
    pub fn no_category_regressed() -> Self {
        Self::NoCategoryRegressed {
            alpha: usual_alpha(),
            max_suspect_drop: usual_suspect_drop(),
            max_unproven_drop: usual_unproven_drop(),
            against: Against::Baseline,
            categories: Vec::new(),
        }
    }

    /// [`Rule::Guard`] of the categories of at most `max_support` rows, or of all, against the baseline.
    #[must_use]
    pub fn guard(max_losses: u64, max_support: Option<u64>) -> Self {
        Self::Guard {
            max_losses,
            max_support,
            against: Against::Baseline,
            categories: Vec::new(),
        }
    }

    /// The rule's name, as in a configuration.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Superior { .. } => "superior",
            Self::NotInferior { .. } => "not_inferior",
            Self::AccuracyFloor { .. } => "accuracy_floor",
            Self::CategoryFloor { .. } => "category_floor",
            Self::NoCategoryRegressed { .. } => "no_category_regressed",
            Self::Guard { .. } => "guard",
            Self::Latency { .. } => "latency",
            Self::Cost { .. } => "cost",
            Self::RelativeCost { .. } => "relative_cost",
            Self::Calibration { .. } => "calibration",
            Self::Coverage { .. } => "coverage",
            Self::OutsideAnswers { .. } => "outside_answers",
            Self::BetterThanBest {} => "better_than_best",
            Self::MaxCandidates { .. } => "max_candidates",
        }
    }
}
