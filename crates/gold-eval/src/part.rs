//! What a report is divided into, and what rules see of it.

use serde::{Deserialize, Serialize};

use crate::{AspectScore, CategoryScore, Interval, PairedCounts};

/// What the parts of a report are, which are judged beside the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PartKind {
    /// The rows of a label.
    Category,
    /// A field of a document.
    Field,
    /// A check on a sentence.
    Check,
}

impl PartKind {
    /// The word for one.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Field => "field",
            Self::Check => "check",
        }
    }

    /// The word for several.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::Category => "categories",
            Self::Field => "fields",
            Self::Check => "checks",
        }
    }

    /// What the share of right rows in one is called.
    pub(crate) fn share(self) -> &'static str {
        match self {
            Self::Category => "recall",
            Self::Field | Self::Check => "share of right rows",
        }
    }
}

/// Of a category, a field or a check, what rules are judged by.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) label: String,
    pub(crate) support: u64,
    pub(crate) correct: u64,
    /// `correct / support`.
    pub(crate) recall: f64,
    pub(crate) recall_interval: Interval,
    pub(crate) counts: PairedCounts,
    pub(crate) difference: f64,
    pub(crate) p_worse: f64,
    pub(crate) p_worse_holm: f64,
    pub(crate) smallest_visible_drop: Option<f64>,
}

impl From<&CategoryScore> for Part {
    fn from(category: &CategoryScore) -> Self {
        Self {
            label: category.label.clone(),
            support: category.support,
            correct: category.correct,
            recall: category.recall,
            recall_interval: category.recall_interval,
            counts: category.counts,
            difference: category.difference,
            p_worse: category.p_worse,
            p_worse_holm: category.p_worse_holm,
            smallest_visible_drop: category.smallest_visible_drop,
        }
    }
}

impl From<&AspectScore> for Part {
    fn from(aspect: &AspectScore) -> Self {
        Self {
            label: aspect.name.clone(),
            support: aspect.right.of,
            correct: aspect.right.count,
            recall: aspect.right.value,
            recall_interval: aspect.right.interval,
            counts: aspect.counts,
            difference: aspect.difference,
            p_worse: aspect.p_worse,
            p_worse_holm: aspect.p_worse_holm,
            smallest_visible_drop: aspect.smallest_visible_drop,
        }
    }
}
