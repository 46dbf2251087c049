//! Against whom a rule compares, and which categories it watches.

use serde::{Deserialize, Serialize};

use crate::Rule;

/// The other model of a rule that compares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The pinned baseline: the frontier model that is to be replaced.
    #[default]
    Baseline,
    /// The model that was shipped last, whose answers come with the case.
    Shipped,
}

impl Against {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(super) fn is_baseline(&self) -> bool {
        *self == Self::Baseline
    }

    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Baseline => "the baseline",
            Self::Shipped => "the last shipped model",
        }
    }
}

impl Rule {
    /// The other model of a rule that compares; the baseline for one that does not.
    #[must_use]
    pub fn against(&self) -> Against {
        match self {
            Self::Superior { against }
            | Self::NotInferior { against, .. }
            | Self::NoCategoryRegressed { against, .. }
            | Self::Guard { against, .. } => *against,
            _ => Against::Baseline,
        }
    }

    /// The categories that the rule watches; none stands for all, and for rules on all rows.
    #[must_use]
    pub fn categories(&self) -> &[String] {
        match self {
            Self::CategoryFloor { categories, .. }
            | Self::NoCategoryRegressed { categories, .. }
            | Self::Guard { categories, .. } => categories,
            _ => &[],
        }
    }

    /// The level of its test of categories before Holm, where it has one.
    pub(crate) fn category_alpha(&self) -> Option<f64> {
        match self {
            Self::NoCategoryRegressed { alpha, .. } => Some(*alpha),
            _ => None,
        }
    }

    /// Whether two rules say something of the same thing, so that one of them is a slip of the pen.
    pub(crate) fn repeats(&self, other: &Self) -> bool {
        let place = |rule: &Self| match rule {
            Self::Latency { percentile, .. } => percentile.to_bits(),
            Self::Coverage { coverage, .. } => coverage.to_bits(),
            _ => 0,
        };
        self.name() == other.name()
            && self.against() == other.against()
            && self.categories() == other.categories()
            && place(self) == place(other)
    }
}
