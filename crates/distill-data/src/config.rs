//! What curation may be told, and what of it is usable.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::{
    AnswerFormat, JaccardThreshold, JaccardThresholdError, PersonalDataMask, ReviewConfig, SplitConfig,
    SplitConfigError, SplitPlan, SuspectConfig, SuspectPlan, VariablePart,
};

/// The settings of a curation. Every field has a default; [`check`](CurateConfig::check) makes it a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CurateConfig {
    /// How the teacher writes its answer. Default: the label and nothing else.
    pub answer: AnswerFormat,
    /// The largest share of damaged lines at which the log is still believed, in 0..=1. Default 0.05.
    pub max_damaged_share: f64,
    /// The kinds of personal data that are masked in every text before anything is done with it, so that no output
    /// holds them. Default: none. A model that is trained on masked texts is to be asked masked ones.
    pub personal_data: PersonalDataMask,
    /// What is done about duplicates. Default: exact and near ones are merged.
    pub duplicates: Duplicates,
    /// The Jaccard similarity of character 3-grams from which texts are near-duplicates, and from which a
    /// row leaks gold, in 0.5..=1. Default 0.8.
    pub near_threshold: f64,
    /// In what near-duplicates of one label may differ, however similar they are otherwise. Default: nothing.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub ignored_parts: BTreeSet<VariablePart>,
    /// The share of the support that a label needs to win a conflict between duplicates, above 0.5 and at
    /// most 1. Default 2/3: twice as much as all other labels together.
    pub conflict_majority: f64,
    /// Rows below this confidence are reviewed, in 0..=1; calibrated confidence where there are reviewed
    /// rows to calibrate it on. Default 0.5.
    pub min_confidence: f64,
    /// If set, replaces `min_confidence`, for each kind of confidence that could be calibrated, by the lowest
    /// one at which so large a share of the reviewed rows was right, in 0..1. Needs reviewed rows.
    pub target_precision: Option<f64>,
    /// What becomes of rows of unknown confidence. Default: they are kept.
    pub unknown_confidence: UnknownConfidence,
    /// How many calls make a row weigh more. Default: not at all.
    pub weight_by_calls: WeightByCalls,
    /// The search for wrong labels; `None`, in a file `suspects = false`, leaves it out. Default: on.
    #[serde(deserialize_with = "suspects_or_not")]
    pub suspects: Option<SuspectConfig>,
    /// Which rows are kept from training, each part in a file of its own; near-duplicates are those of `near_threshold`.
    /// Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<SplitConfig>,
    /// The most rows of a class in `train.jsonl`, at least 1. Of a larger one those stay that stand best for all of it, a person's
    /// labels first, then what is asked often and is like much else; the others are written to `over_class_cap.jsonl`. Default: no
    /// limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_cap: Option<usize>,
    /// The fewest rows that a class should have in `train.jsonl`; what is missing is reported. Default 10.
    pub class_floor: usize,
    /// How questions to a person are ordered, and how many rows are drawn for the audit.
    pub review: ReviewConfig,
}

impl Default for CurateConfig {
    fn default() -> Self {
        Self {
            answer: AnswerFormat::default(),
            max_damaged_share: 0.05,
            personal_data: PersonalDataMask::default(),
            duplicates: Duplicates::default(),
            near_threshold: 0.8,
            ignored_parts: BTreeSet::new(),
            conflict_majority: 2.0 / 3.0,
            min_confidence: 0.5,
            target_precision: None,
            unknown_confidence: UnknownConfidence::default(),
            weight_by_calls: WeightByCalls::default(),
            suspects: Some(SuspectConfig::default()),
            split: None,
            class_cap: None,
            class_floor: 10,
            review: ReviewConfig::default(),
        }
    }
}

/// A table of settings, `true` for the default ones, or `false` or null for no search: TOML has no null.
fn suspects_or_not<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SuspectConfig>, D::Error> {
    struct TableOrSwitch;

    impl<'de> Visitor<'de> for TableOrSwitch {
        type Value = Option<SuspectConfig>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the settings of the search for wrong labels, or false for none")
        }

        fn visit_bool<E>(self, is_on: bool) -> Result<Self::Value, E> {
            Ok(is_on.then(SuspectConfig::default))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            SuspectConfig::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }
    }

    deserializer.deserialize_any(TableOrSwitch)
}

/// What is done about texts that come more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duplicates {
    /// Every call is a row of its own; for finding out what merging is worth.
    Keep,
    /// Texts that are equal after the normaliser become one row.
    MergeExact,
    /// Also texts that are nearly equal.
    #[default]
    MergeNear,
}

/// What becomes of rows whose confidence the log does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownConfidence {
    /// They are trained on.
    #[default]
    Keep,
    /// They are reviewed.
    Review,
}

/// How the calls that a row stands for become its weight in the loss. The number itself is in the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WeightByCalls {
    /// 1 for every row: the small model learns the texts, not the traffic.
    #[default]
    None,
    /// The square root of the number of calls.
    Sqrt,
    /// The number of calls: the loss is that of the log before merging.
    Linear,
}

impl WeightByCalls {
    /// The weight of a row that stands for so many calls.
    #[must_use]
    pub fn weight(self, calls: usize) -> f64 {
        match self {
            Self::None => 1.0,
            Self::Sqrt => (calls as f64).sqrt(),
            Self::Linear => calls as f64,
        }
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CurateConfigError {
    /// The split cannot be made.
    #[error(transparent)]
    Split(#[from] SplitConfigError),
    /// A class may have no row.
    #[error("class_cap must be at least 1, found 0: leave it out for no limit")]
    ClassCap,
    /// A share is out of range.
    #[error("{field} must lie in {range}, found {found}")]
    Range {
        /// The field.
        field: &'static str,
        /// What it may be.
        range: &'static str,
        /// What it is.
        found: f64,
    },
    /// Fewer than two folds.
    #[error("suspects.folds must be at least 2, found {found}: a row is judged by a model of other rows")]
    Folds {
        /// How many.
        found: usize,
    },
    /// No repeat.
    #[error("suspects.repeats must be at least 1, found 0: without one no row is judged")]
    Repeats,
}

/// Settings that were checked; what [`curate`](crate::curate) runs by.
#[derive(Debug, Clone, PartialEq)]
pub struct CuratePlan {
    config: CurateConfig,
    split: Option<SplitPlan>,
    near_threshold: JaccardThreshold,
    suspects: Option<SuspectPlan>,
}

impl CurateConfig {
    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// [`CurateConfigError`] that names the first field that is out of range.
    pub fn check(self) -> Result<CuratePlan, CurateConfigError> {
        let within = |field, range, found: f64, ok: bool| {
            if ok {
                Ok(())
            } else {
                Err(CurateConfigError::Range { field, range, found })
            }
        };
        let unit = |field, found| within(field, "0..=1", found, (0.0..=1.0).contains(&found));
        unit("max_damaged_share", self.max_damaged_share)?;
        unit("min_confidence", self.min_confidence)?;
        // Half the shingles in common is far below any use, and the join slows down with every step there.
        let near = self.near_threshold;
        within("near_threshold", "0.5..=1", near, near >= 0.5)?;
        let near_threshold =
            JaccardThreshold::new(near).map_err(|JaccardThresholdError(found)| CurateConfigError::Range {
                field: "near_threshold",
                range: "0.5..=1",
                found,
            })?;
        let majority = self.conflict_majority;
        within(
            "conflict_majority",
            "0.5..=1 and above 0.5",
            majority,
            majority > 0.5 && majority <= 1.0,
        )?;
        if let Some(target) = self.target_precision {
            within(
                "target_precision",
                "0..1, both excluded",
                target,
                target > 0.0 && target < 1.0,
            )?;
        }
        if self.class_cap == Some(0) {
            return Err(CurateConfigError::ClassCap);
        }
        let split = self.split.clone().map(SplitConfig::check).transpose()?;
        self.review.check()?;
        let suspects = self.suspects.clone().map(SuspectConfig::check).transpose()?;
        Ok(CuratePlan {
            split: split.map(|plan| plan.with_near_threshold(near_threshold)),
            config: self,
            near_threshold,
            suspects,
        })
    }
}

impl CuratePlan {
    /// The settings.
    #[must_use]
    pub fn config(&self) -> &CurateConfig {
        &self.config
    }

    /// The split, if there is to be one.
    #[must_use]
    pub fn split(&self) -> Option<&SplitPlan> {
        self.split.as_ref()
    }

    /// The similarity from which texts are near-duplicates.
    #[must_use]
    pub fn near_threshold(&self) -> JaccardThreshold {
        self.near_threshold
    }

    /// The search for wrong labels, unless it is left out.
    #[must_use]
    pub fn suspects(&self) -> Option<&SuspectPlan> {
        self.suspects.as_ref()
    }
}

impl Default for CuratePlan {
    /// The plan of the default settings.
    fn default() -> Self {
        Self {
            config: CurateConfig::default(),
            split: None,
            near_threshold: JaccardThreshold::default(),
            suspects: Some(SuspectPlan::default()),
        }
    }
}

#[cfg(test)]
mod tests;
