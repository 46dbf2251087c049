//! What a split may be told, and what of it is usable.

use std::{collections::BTreeSet, str::FromStr};

use near_texts::JaccardThreshold;
use serde::{Deserialize, Serialize};

/// The names of files that curation writes for other rows.
const TAKEN: [&str; 9] = [
    "train",
    "review",
    "audit",
    "rejected",
    "quarantine",
    "merged",
    "manifest",
    "gold",
    crate::OVER_CLASS_CAP,
];

/// The settings of a split. Every field but the parts has a default; [`check`](SplitConfig::check) makes it a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SplitConfig {
    /// The parts that are kept from training, at least one. Where rows are split by time, the first comes next after the
    /// training rows, and so on.
    pub parts: Vec<SplitPart>,
    /// What stays together. Default: clusters of near-duplicates.
    pub by: SplitBy,
    /// Where rows are split by group: the field of their source that names it. Default: the log file.
    pub group: SourceField,
    /// The Jaccard similarity of character 3-grams from which texts are near-duplicates, in (0, 1]. Default 0.8; a curation
    /// takes its own instead.
    pub near_threshold: JaccardThreshold,
    /// Which of many equally good splits. Default 0.
    pub seed: u64,
    /// Whether to measure how much a random split would have flattered; it costs four fits of a fast classifier. Default: yes.
    pub measure: bool,
}

impl Default for SplitConfig {
    fn default() -> Self {
        Self {
            parts: Vec::new(),
            by: SplitBy::default(),
            group: SourceField::default(),
            near_threshold: JaccardThreshold::default(),
            seed: 0,
            measure: true,
        }
    }
}

impl SplitConfig {
    /// One part, `heldout`, of this share of the rows.
    #[must_use]
    pub fn held_out(share: f64) -> Self {
        Self {
            parts: vec![SplitPart {
                name: "heldout".to_owned(),
                share,
            }],
            ..Self::default()
        }
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// [`SplitConfigError`] that names the part.
    pub fn check(self) -> Result<SplitPlan, SplitConfigError> {
        let mut seen = BTreeSet::new();
        for SplitPart { name, share } in &self.parts {
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
            let name = name.clone();
            if name.is_empty() || name.len() > 60 || !name.chars().all(is_plain) || name.starts_with('-') {
                return Err(SplitConfigError::Name { name });
            }
            if TAKEN.contains(&name.as_str()) {
                return Err(SplitConfigError::TakenName { name });
            }
            if !(*share > 0.0 && *share < 1.0) {
                return Err(SplitConfigError::Share { name, found: *share });
            }
            if !seen.insert(name.clone()) {
                return Err(SplitConfigError::Twice { name });
            }
        }
        if self.parts.is_empty() {
            return Err(SplitConfigError::NoParts);
        }
        let found: f64 = self.parts.iter().map(|part| part.share).sum();
        if found >= 1.0 {
            return Err(SplitConfigError::NothingToTrainOn { found });
        }
        Ok(SplitPlan(self))
    }
}

/// A part that is kept from training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitPart {
    /// Its name, and that of its file without `.jsonl`: lower-case letters, digits, dashes and underscores.
    pub name: String,
    /// Its share of the rows, in 0..1.
    pub share: f64,
}

/// Text that names no part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no part: write its name and share, as in heldout=0.1")]
pub struct SplitPartError(pub String);

impl FromStr for SplitPart {
    type Err = SplitPartError;

    fn from_str(text: &str) -> Result<Self, SplitPartError> {
        let part = text.split_once('=').and_then(|(name, share)| {
            Some(Self {
                name: name.trim().to_owned(),
                share: share.trim().parse().ok()?,
            })
        });
        part.ok_or_else(|| SplitPartError(text.to_owned()))
    }
}

/// What stays together in a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitBy {
    /// Near-duplicates: what is held out resembles nothing that is trained on.
    #[default]
    Cluster,
    /// Groups. Near-duplicates in different groups are not kept together; the report counts them.
    Group,
    /// What came first is trained on, by the [time of the call](crate::CallTime); the order of the lines does not matter.
    /// A row came when the first of the calls behind it did, and near-duplicates when the first of them did: what is held out
    /// is later than what is trained on and resembles none of it. Rows of one moment stay together. Labels are not balanced.
    ///
    /// A row of unknown time counts as earlier than all others and is trained on, with its near-duplicates; the report counts
    /// them. That no call has a time is an [error](crate::CurateError::NoCallTimes) of a curation.
    Time,
    /// The same by the place in the logs, in the order in which they are named: for logs that grew at their end and say nothing
    /// of time. The order of the lines is all that this knows.
    LogOrder,
}

impl SplitBy {
    /// What stays together, in words.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Cluster => "nearly equal texts",
            Self::Group => "rows of one group, as of one customer or file",
            Self::Time => "nearly equal texts, and rows of one time; the earlier ones are trained on",
            Self::LogOrder => "nearly equal texts; those that come first in the logs are trained on",
        }
    }
}

impl FromStr for SplitBy {
    type Err = UnknownSplitBy;

    fn from_str(text: &str) -> Result<Self, UnknownSplitBy> {
        match text {
            "cluster" => Ok(Self::Cluster),
            "group" => Ok(Self::Group),
            "time" => Ok(Self::Time),
            "log-order" => Ok(Self::LogOrder),
            _ => Err(UnknownSplitBy(text.to_owned())),
        }
    }
}

/// Text that names no way to split.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no way to split: choose cluster, group, time or log-order")]
pub struct UnknownSplitBy(pub String);

/// A field of a row's source that can name a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceField {
    /// The log file.
    #[default]
    File,
    /// The question of a call that asked several.
    Question,
}

/// A split that cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitConfigError {
    /// There is no part.
    #[error("a split needs a part that is kept from training: name one, as in heldout=0.1")]
    NoParts,
    /// A name is no file name.
    #[error(
        "part {name:?} has no usable name: take lower-case letters, digits, dashes and underscores, 60 at most"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// A name is that of another file.
    #[error("part {name:?} would be written over another file: choose another name")]
    TakenName {
        /// The name.
        name: String,
    },
    /// Two parts have one name.
    #[error("there are two parts {name:?}: choose another name for one")]
    Twice {
        /// The name.
        name: String,
    },
    /// A share is out of range.
    #[error("the share of part {name:?} must lie in 0..1, both excluded, found {found}")]
    Share {
        /// The part.
        name: String,
        /// Its share.
        found: f64,
    },
    /// The parts take everything.
    #[error("the parts take {found} of the rows: leave some to train on")]
    NothingToTrainOn {
        /// The sum of their shares.
        found: f64,
    },
}

/// Settings that were checked; what [`split`](crate::split) runs by.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitPlan(SplitConfig);

impl SplitPlan {
    /// The settings.
    #[must_use]
    pub fn config(&self) -> &SplitConfig {
        &self.0
    }

    pub(crate) fn with_near_threshold(mut self, threshold: JaccardThreshold) -> Self {
        self.0.near_threshold = threshold;
        self
    }

    pub(super) fn near_threshold(&self) -> JaccardThreshold {
        self.0.near_threshold
    }

    /// The share of the training rows and of each part.
    pub(super) fn shares(&self) -> Vec<f64> {
        let parts = self.0.parts.iter().map(|part| part.share);
        let kept: f64 = parts.clone().sum();
        std::iter::once(1.0 - kept).chain(parts).collect()
    }
}
