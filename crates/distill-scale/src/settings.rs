//! What a curation at scale may be told.

use std::path::PathBuf;

use distill_data::{
    CurateConfig, CurateConfigError, OVER_CLASS_CAP, ReviewConfig, SplitPlan, SuspectPlan, UnknownConfidence,
};
use near_texts::JaccardThreshold;

/// The fates that no part may be named after, beside those that a split refuses itself.
const FATES: [&str; 6] = [
    "conflicting_labels",
    "near_conflict",
    "low_confidence",
    "unknown_confidence",
    "suspect_label",
    "leaks_gold",
];

/// Settings whose values decide what is kept: those of the same name of distill-data's `CurateConfig`, with its defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct ScaleConfig {
    /// The Jaccard similarity of character 3-grams from which texts are near-duplicates, in 0.5..=1. Default 0.8.
    pub near_threshold: f64,
    /// The share of the support that a label needs to win a conflict, above 0.5 and at most 1. Default 2/3.
    pub conflict_majority: f64,
    /// Rows below this confidence are reviewed, in 0..=1; calibrated confidence where there are reviewed rows to calibrate it
    /// on. Default 0.5.
    pub min_confidence: f64,
    /// If set, replaces `min_confidence`, for each kind of confidence that could be calibrated, by the lowest one at which so
    /// large a share of the reviewed rows was right, in 0..1. Needs reviewed rows. Default: not set.
    pub target_precision: Option<f64>,
    /// Whether rows of unknown confidence are reviewed. Default: they are kept.
    pub review_unknown: bool,
    /// The most rows of a class that are trained on, at least 1; the others are kept as `over_class_cap`. The rows of a class that
    /// has more are in memory, one class after the other. Default: no limit.
    pub class_cap: Option<usize>,
    /// The fewest rows that a class should have; what is missing is reported. Default 10.
    pub class_floor: usize,
    /// What a minute of a person's is worth, and how many rows are drawn for the audit. Default: as of distill-data.
    pub review: ReviewConfig,
    /// In how many passes near-duplicates are looked for, at least 1: with twice as many, half the scratch space does, and
    /// rows are read twice as often. Default 1.
    pub passes: u32,
}

impl Default for ScaleConfig {
    fn default() -> Self {
        Self {
            near_threshold: 0.8,
            conflict_majority: 2.0 / 3.0,
            min_confidence: 0.5,
            target_precision: None,
            review_unknown: false,
            class_cap: None,
            class_floor: 10,
            review: ReviewConfig::default(),
            passes: 1,
        }
    }
}

impl From<&CurateConfig> for ScaleConfig {
    /// The settings of the same names, for one pass.
    fn from(config: &CurateConfig) -> Self {
        Self {
            near_threshold: config.near_threshold,
            conflict_majority: config.conflict_majority,
            min_confidence: config.min_confidence,
            target_precision: config.target_precision,
            review_unknown: config.unknown_confidence == UnknownConfidence::Review,
            class_cap: config.class_cap,
            class_floor: config.class_floor,
            review: config.review.clone(),
            ..Self::default()
        }
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{field} must lie in {range}, found {found}")]
pub struct ScaleConfigError {
    /// The field.
    pub field: &'static str,
    /// What it may be.
    pub range: &'static str,
    /// What it is.
    pub found: f64,
}

/// Settings that were checked.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalePlan {
    config: ScaleConfig,
    near_threshold: JaccardThreshold,
    split: Option<SplitPlan>,
    suspects: Option<SuspectPlan>,
}

impl Default for ScalePlan {
    /// The plan of the default settings.
    fn default() -> Self {
        Self {
            config: ScaleConfig::default(),
            near_threshold: JaccardThreshold::default(),
            split: None,
            suspects: Some(SuspectPlan::default()),
        }
    }
}

/// A split that is not made at scale.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScaleSplitError {
    /// A part has the name of a fate.
    #[error("part {name:?} has the name of another fate: choose another name")]
    TakenName {
        /// The name.
        name: String,
    },
}

impl ScaleConfig {
    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// [`ScaleConfigError`] that names the first field that is out of range.
    pub fn check(self) -> Result<ScalePlan, ScaleConfigError> {
        let within = |field, range, found: f64, ok: bool| match ok {
            true => Ok(()),
            false => Err(ScaleConfigError { field, range, found }),
        };
        let near = self.near_threshold;
        within("near_threshold", "0.5..=1", near, near >= 0.5)?;
        let near_threshold = JaccardThreshold::new(near).map_err(|error| ScaleConfigError {
            field: "near_threshold",
            range: "0.5..=1",
            found: error.0,
        })?;
        let majority = self.conflict_majority;
        let is_majority = majority > 0.5 && majority <= 1.0;
        within(
            "conflict_majority",
            "0.5..=1 and above 0.5",
            majority,
            is_majority,
        )?;
        let least = self.min_confidence;
        within("min_confidence", "0..=1", least, (0.0..=1.0).contains(&least))?;
        let cap = self.class_cap;
        within("class_cap", "1 and more", 0.0, cap != Some(0))?;
        let target = self.target_precision.unwrap_or(0.5);
        let is_between = target > 0.0 && target < 1.0;
        within("target_precision", "0..1, both excluded", target, is_between)?;
        // It has no other fault than numbers that are out of range.
        if let Err(CurateConfigError::Range { field, range, found }) = self.review.check() {
            return Err(ScaleConfigError { field, range, found });
        }
        within("passes", "1 and more", f64::from(self.passes), self.passes > 0)?;
        Ok(ScalePlan {
            config: self,
            near_threshold,
            split: None,
            suspects: Some(SuspectPlan::default()),
        })
    }
}

impl ScalePlan {
    /// The settings.
    #[must_use]
    pub fn config(&self) -> &ScaleConfig {
        &self.config
    }

    /// Keeps parts of the rows from training, as `curate` of distill-data does with this split: near-duplicates are those of
    /// this plan. Where it measures how much a random split would have flattered, this process holds some 300 bytes for each row
    /// that could be trained on, and four models. Default: no split.
    ///
    /// # Errors
    ///
    /// [`ScaleSplitError`].
    pub fn with_split(mut self, split: SplitPlan) -> Result<Self, ScaleSplitError> {
        let mut names = split.config().parts.iter().map(|part| &part.name);
        if let Some(name) = names.find(|name| FATES.contains(&name.as_str())) {
            return Err(ScaleSplitError::TakenName { name: name.clone() });
        }
        self.split = Some(split);
        Ok(self)
    }

    /// The split, if there is to be one.
    #[must_use]
    pub fn split(&self) -> Option<&SplitPlan> {
        self.split.as_ref()
    }

    /// The search for wrong labels, or none of it. It is done in this process, which then holds some 1 kB for each row that
    /// could be trained on. Default: with the default settings of distill-data.
    #[must_use]
    pub fn with_suspects(mut self, suspects: Option<SuspectPlan>) -> Self {
        self.suspects = suspects;
        self
    }

    /// The search for wrong labels, unless it is left out.
    #[must_use]
    pub fn suspects(&self) -> Option<&SuspectPlan> {
        self.suspects.as_ref()
    }

    /// The fates of rows that could be trained on and are kept from it: the parts of the split in their order, then what is more
    /// than a class may have.
    pub(crate) fn fates_apart(&self) -> Vec<String> {
        let parts = self.split.iter().flat_map(|split| &split.config().parts);
        let over_cap = self.config.class_cap.map(|_| OVER_CLASS_CAP.to_owned());
        parts.map(|part| part.name.clone()).chain(over_cap).collect()
    }

    /// Whether it must be known which rows would be trained on before all is known of them.
    pub(crate) fn settles_first(&self) -> bool {
        self.suspects.is_some() || !self.fates_apart().is_empty()
    }

    /// The similarity from which texts are near-duplicates.
    #[must_use]
    pub fn near_threshold(&self) -> JaccardThreshold {
        self.near_threshold
    }
}

/// What one process may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that the engine may hold at a time before it writes to disk. Default 1 GiB. The process takes more: what is
    /// being read and written, and the rows that are being compared, are not counted by the engine.
    pub memory: usize,
    /// Into how many parts tables are dealt. Default: as many as there are cores.
    pub partitions: usize,
    /// Where it writes what it cannot hold. Default: the system's folder for temporary files.
    pub scratch: PathBuf,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 1 << 30,
            partitions: std::thread::available_parallelism().map_or(2, usize::from),
            scratch: std::env::temp_dir(),
        }
    }
}

#[cfg(test)]
mod tests {
    use distill_data::SplitConfig;

    use super::*;

    #[test]
    fn parts_named_like_fates_are_refused() {
        let split = |name: &str| {
            let mut config = SplitConfig::held_out(0.1);
            name.clone_into(&mut config.parts[0].name);
            ScalePlan::default().with_split(config.check().unwrap())
        };
        let taken = ScaleSplitError::TakenName {
            name: "leaks_gold".into(),
        };
        assert_eq!(split("leaks_gold"), Err(taken));
        let plan = split("test").unwrap();
        assert!(
            plan.split()
                .is_some_and(|split| split.config().parts[0].name == "test")
        );
    }

    #[test]
    fn the_defaults_pass_and_each_setting_out_of_range_is_named() {
        fn refused(change: impl Fn(&mut ScaleConfig)) -> &'static str {
            let mut config = ScaleConfig::default();
            change(&mut config);
            config.check().unwrap_err().field
        }
        assert_eq!(ScaleConfig::default().check().unwrap(), ScalePlan::default());
        assert_eq!(refused(|config| config.near_threshold = 0.4), "near_threshold");
        assert_eq!(
            refused(|config| config.near_threshold = f64::NAN),
            "near_threshold"
        );
        assert_eq!(refused(|config| config.near_threshold = 1.5), "near_threshold");
        assert_eq!(
            refused(|config| config.conflict_majority = 0.5),
            "conflict_majority"
        );
        assert_eq!(refused(|config| config.min_confidence = -0.1), "min_confidence");
        assert_eq!(refused(|config| config.class_cap = Some(0)), "class_cap");
        let target = |target| refused(move |config| config.target_precision = Some(target));
        assert_eq!(target(1.0), "target_precision");
        assert_eq!(target(f64::NAN), "target_precision");
        assert_eq!(
            refused(|config| config.review.words_per_minute = 0.0),
            "review.words_per_minute"
        );
        assert_eq!(refused(|config| config.passes = 0), "passes");
    }
}
