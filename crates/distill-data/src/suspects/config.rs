//! What the search for wrong labels may be told.

use serde::{Deserialize, Serialize};

use crate::CurateConfigError;

/// The search for wrong labels by confident learning (Northcutt, Jiang, Chuang 2021, arXiv:1911.00068). Every field has a
/// default; [`check`](Self::check) makes it a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SuspectConfig {
    /// Into how many parts the rows are cut; each is judged by a model of the others. At least 2. Default 5.
    pub folds: usize,
    /// How often the rows are cut anew; a row's probabilities are the mean over all cuts. At least 1. Default 3.
    pub repeats: usize,
    /// Which rows are suspected, given the probabilities. Default: by the posterior.
    pub method: IssueMethod,
    /// With [`IssueMethod::Posterior`]: the [suspicion](crate::LabelIssue::suspicion) from which a row is suspected, above 0
    /// and at most 1. Default 0.5.
    pub least_suspicion: f64,
    /// How many rows of the average class each class is given in addition to its own where its threshold is estimated, at
    /// least 0. Default 3: a class of three rows has half its own threshold and half the average one, one of a hundred its
    /// own. 0 is the paper.
    pub pooled_rows: f64,
    /// The largest share of a class that may be taken from it, in 0..=1. Default 0.2. Of a class in which more is suspected,
    /// only the most suspect rows up to this share go, at least one of them, and the manifest says so.
    pub max_class_share: f64,
    /// The share of rows whose label the model must find by itself before it may judge any, in 0..=1. Default 0.5. Below
    /// it nothing is suspected: where texts are few or tell little, the model knows less than the teacher.
    pub min_agreement: f64,
}

/// Which rows are suspected, given their out-of-fold probabilities.
///
/// None of them suspects a row whose given label is its most probable one. The paper has no such rule, `cleanlab` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssueMethod {
    /// The mean of two numbers exceeds a limit: the chance that the label is wrong, from the row's probabilities and from how
    /// often each class is given for each other, and the lead of the most probable other label. How labels are confused is
    /// the calibrated joint, refined by expectation maximisation (Dawid and Skene 1979, with a classifier in the place of
    /// the other annotators).
    #[default]
    Posterior,
    /// The rows off the diagonal of the confident joint: the paper's section 3.1, equation 1, and section 3.2, method 2.
    OffDiagonal,
    /// Of each class as many rows as the calibrated joint has off the diagonal, those of least probability of their own
    /// label first: the paper's method 3.
    PruneByClass,
    /// Of each pair of classes as many rows as the calibrated joint has of it, those of the largest margin first: the
    /// paper's method 4.
    PruneByNoiseRate,
    /// What the two before agree on: the paper's method 5.
    PruneByBoth,
}

impl IssueMethod {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Posterior,
        Self::OffDiagonal,
        Self::PruneByClass,
        Self::PruneByNoiseRate,
        Self::PruneByBoth,
    ];

    /// The name in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Posterior => "posterior",
            Self::OffDiagonal => "off-diagonal",
            Self::PruneByClass => "prune-by-class",
            Self::PruneByNoiseRate => "prune-by-noise-rate",
            Self::PruneByBoth => "prune-by-both",
        }
    }
}

impl Default for SuspectConfig {
    fn default() -> Self {
        Self {
            folds: 5,
            repeats: 3,
            method: IssueMethod::default(),
            least_suspicion: 0.5,
            pooled_rows: 3.0,
            max_class_share: 0.2,
            min_agreement: 0.5,
        }
    }
}

/// Settings that were checked; what [`find_label_issues`](crate::find_label_issues) runs by.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SuspectPlan(SuspectConfig);

impl SuspectConfig {
    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// [`CurateConfigError`] that names the first field that is out of range.
    pub fn check(self) -> Result<SuspectPlan, CurateConfigError> {
        let within = |field, range, found: f64, is_within: bool| {
            if is_within {
                Ok(())
            } else {
                Err(CurateConfigError::Range { field, range, found })
            }
        };
        let unit = |field, found| within(field, "0..=1", found, (0.0..=1.0).contains(&found));
        unit("suspects.max_class_share", self.max_class_share)?;
        unit("suspects.min_agreement", self.min_agreement)?;
        let suspicion = self.least_suspicion;
        within(
            "suspects.least_suspicion",
            "0..=1 and above 0",
            suspicion,
            suspicion > 0.0 && suspicion <= 1.0,
        )?;
        let pooled = self.pooled_rows;
        within(
            "suspects.pooled_rows",
            "0.. and finite",
            pooled,
            pooled >= 0.0 && pooled.is_finite(),
        )?;
        if self.folds < 2 {
            return Err(CurateConfigError::Folds { found: self.folds });
        }
        if self.repeats == 0 {
            return Err(CurateConfigError::Repeats);
        }
        Ok(SuspectPlan(self))
    }
}

impl SuspectPlan {
    /// The settings.
    #[must_use]
    pub fn config(&self) -> &SuspectConfig {
        &self.0
    }
}
