//! How to train.

use std::{
    collections::BTreeMap,
    ops::{Bound, RangeBounds},
};

use base_model::LabelScoring;
use serde::{Deserialize, Serialize};

/// Settings of a run. The defaults follow Schulman et al. 2025 ("LoRA without regret"): all linear layers,
/// rank 16, about ten times the learning rate of full fine-tuning, small batches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// Rank of the update.
    pub rank: usize,
    /// Numerator of the scale; the update counts `alpha / rank`.
    pub alpha: f64,
    /// Projections to adapt, by the last part of their name; `["all-linear"]` for all.
    pub targets: Vec<String>,
    /// How the update is made of its factors.
    pub method: Method,
    /// How often every row is seen at most.
    pub epochs: usize,
    /// Rows of one optimiser step.
    pub batch_rows: usize,
    /// Rows that are computed at once, by all shards together; 0 for all of a step. Memory grows with them; the gradient
    /// is that of the whole step to rounding.
    pub micro_rows: usize,
    /// Whether what a block has computed is forgotten, and computed anew when gradients arrive at it: memory then grows with
    /// the states between blocks only, for about a third more time; the gradient is the same to rounding.
    pub activation_checkpointing: bool,
    /// Over what a decoder's probabilities of labels are normalised, in training and then in serving.
    pub scoring: LabelScoring,
    /// Whether a row's `probabilities`, where it has them, are learnt instead of its answer.
    pub soft_labels: bool,
    /// Of `probabilities`, those below this are left out, in 0..1; a decoder computes each label that is left.
    pub smallest_share: f64,
    /// Share of a target that is spread evenly over what could be instead, in 0..1.
    pub label_smoothing: f64,
    /// How what rows begin with is computed.
    pub prompt: Prompt,
    /// The highest learning rate, reached after the warm-up.
    pub learning_rate: f64,
    /// How many times faster than the rest `B` factors and vectors learn (Hayou et al. 2024, arXiv:2402.12354, "LoRA+").
    pub b_rate_ratio: f64,
    /// Share of all steps in which the rate rises from 0, in 0..1.
    pub warmup_share: f64,
    /// How the rate goes on after that.
    pub schedule: Decay,
    /// Share of the highest rate at which cosine and linear decay end, in 0..=1.
    pub final_rate_share: f64,
    /// Decoupled weight decay of AdamW.
    pub weight_decay: f64,
    /// The gradient is scaled down to this length where it is longer.
    pub clip_norm: f64,
    /// How far rare labels are brought up, in 0..=1: a row counts its weight times the `-label_balance`th power
    /// of its label's share of the rows. 0 counts rows alike, 1 labels alike; the square root between them
    /// (Mahajan et al. 2018, arXiv:1805.00932, section 2.2) is common where few labels hold most rows.
    pub label_balance: f64,
    /// How much labels count beside that, by name, above 0; 1 for those that are not here.
    pub class_weights: BTreeMap<String, f64>,
    /// The longest row in tokens; a longer one is an error, never cut in silence.
    pub max_tokens: usize,
    /// Share of the rows that are held out for the early stop, in 0..0.5; rows of one cluster stay together.
    pub held_out_share: f64,
    /// What the best adapter is the best in, on the held-out rows.
    pub best_by: BestBy,
    /// The run ends when it has not improved in this many evaluations.
    pub patience: usize,
    /// Evaluations an epoch.
    pub evaluations_per_epoch: usize,
    /// Steps between two checkpoints; 0 for none.
    pub checkpoint_steps: usize,
    /// How many checkpoints are kept, the newest.
    pub keep_checkpoints: usize,
    /// Parts into which a step's rows are cut, each computed by one thread: as many as the machine has cores make the most
    /// of it. Part of the result, and so never read off the machine: sums of floating-point numbers depend on it.
    pub shards: usize,
    /// Seed of the factors, the split and the order of the rows.
    pub seed: u64,
}

/// How an update is made of its factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Method {
    /// Two factors, scaled by `alpha / rank` (Hu et al. 2021, arXiv:2106.09685).
    #[default]
    Lora,
    /// The same, scaled by `alpha / sqrt(rank)` (Kalajdzievski 2023, arXiv:2312.03732).
    RsLora,
    /// Directions and lengths apart (Liu et al. 2024, arXiv:2402.09353).
    Dora,
    /// Active from what the chat template ends every prompt with, so that all before it belongs to the frozen base and is
    /// computed once a run (Greenewald et al. 2025, arXiv:2504.12397); for decoders.
    ActivatedLora,
}

/// How the beginning that rows share is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Prompt {
    /// As [`Prompt::Once`] by a decoder, as [`Prompt::Whole`] by an encoder.
    #[default]
    Auto,
    /// Once a step for all rows, where that saves anything; the same gradient to rounding. Not possible in an encoder.
    Once,
    /// In every row.
    Whole,
}

/// How the rate goes on after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Decay {
    /// Half a cosine (Loshchilov and Hutter 2016, arXiv:1608.03983, without restarts).
    #[default]
    Cosine,
    /// A straight line.
    Linear,
    /// Not at all.
    Constant,
}

/// What the best adapter is the best in, on the held-out rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum BestBy {
    /// The mean loss.
    #[default]
    Loss,
    /// The accuracy of the worst label; of equals, over all rows; of equals, the loss.
    WorstLabel,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            rank: 16,
            alpha: 32.0,
            targets: vec!["all-linear".to_owned()],
            method: Method::Lora,
            epochs: 5,
            batch_rows: 32,
            micro_rows: 0,
            activation_checkpointing: false,
            scoring: LabelScoring::OverVocabulary,
            soft_labels: true,
            smallest_share: 0.01,
            label_smoothing: 0.0,
            prompt: Prompt::Auto,
            learning_rate: 1e-3,
            b_rate_ratio: 1.0,
            warmup_share: 0.06,
            schedule: Decay::Cosine,
            final_rate_share: 0.1,
            weight_decay: 0.01,
            clip_norm: 1.0,
            label_balance: 0.0,
            class_weights: BTreeMap::new(),
            max_tokens: 256,
            held_out_share: 0.05,
            best_by: BestBy::Loss,
            patience: 2,
            evaluations_per_epoch: 1,
            checkpoint_steps: 200,
            keep_checkpoints: 2,
            shards: 2,
            seed: 1,
        }
    }
}

/// Settings that have been checked.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainPlan {
    config: TrainConfig,
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainConfigError {
    /// A count that must be at least 1 is 0.
    #[error("{field} is 0: it must be at least 1")]
    Zero {
        /// The setting.
        field: &'static str,
    },
    /// A number is outside its range.
    #[error("{field} is {found}, outside {range}")]
    Range {
        /// The setting.
        field: &'static str,
        /// Its value.
        found: f64,
        /// The values that are allowed.
        range: &'static str,
    },
    /// A label's weight is not a positive number.
    #[error("class_weights of {label:?} is {found}: it must be a number above 0")]
    ClassWeight {
        /// The label.
        label: String,
        /// Its weight.
        found: f64,
    },
}

impl TrainConfig {
    /// These settings with some others in their place, as a TOML table has them by their names.
    ///
    /// # Errors
    ///
    /// What toml says of a name that there is not, or of a value that is none of its setting's.
    pub fn with(&self, others: toml::Table) -> Result<Self, toml::de::Error> {
        // Its own settings always make a table.
        let mut table = toml::Table::try_from(self).map_err(serde::de::Error::custom)?;
        table.extend(others);
        table.try_into()
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// [`TrainConfigError`], naming the first setting that cannot be used.
    pub fn check(self) -> Result<TrainPlan, TrainConfigError> {
        for (field, count) in [
            ("rank", self.rank),
            ("epochs", self.epochs),
            ("batch_rows", self.batch_rows),
            ("max_tokens", self.max_tokens),
            ("patience", self.patience),
            ("evaluations_per_epoch", self.evaluations_per_epoch),
            ("keep_checkpoints", self.keep_checkpoints),
            ("shards", self.shards),
        ] {
            if count == 0 {
                return Err(TrainConfigError::Zero { field });
            }
        }
        const POSITIVE: (Bound<f64>, Bound<f64>) = (Bound::Excluded(0.0), Bound::Excluded(f64::INFINITY));
        const SHARE: (Bound<f64>, Bound<f64>) = (Bound::Included(0.0), Bound::Excluded(1.0));
        const UP_TO_1: (Bound<f64>, Bound<f64>) = (Bound::Included(0.0), Bound::Included(1.0));
        const BELOW_HALF: (Bound<f64>, Bound<f64>) = (Bound::Included(0.0), Bound::Excluded(0.5));
        let ranges = [
            ("alpha", self.alpha, POSITIVE, "0.. (open)"),
            ("learning_rate", self.learning_rate, POSITIVE, "0.. (open)"),
            ("b_rate_ratio", self.b_rate_ratio, POSITIVE, "0.. (open)"),
            ("clip_norm", self.clip_norm, POSITIVE, "0.. (open)"),
            ("warmup_share", self.warmup_share, SHARE, "0..1"),
            ("weight_decay", self.weight_decay, SHARE, "0..1"),
            ("label_smoothing", self.label_smoothing, SHARE, "0..1"),
            ("smallest_share", self.smallest_share, SHARE, "0..1"),
            ("final_rate_share", self.final_rate_share, UP_TO_1, "0..=1"),
            ("label_balance", self.label_balance, UP_TO_1, "0..=1"),
            ("held_out_share", self.held_out_share, BELOW_HALF, "0..0.5"),
        ];
        if let Some((field, found, _, range)) = ranges.into_iter().find(|(_, x, range, _)| !range.contains(x))
        {
            return Err(TrainConfigError::Range { field, found, range });
        }
        if let Some((label, &found)) = self
            .class_weights
            .iter()
            .find(|(_, weight)| !POSITIVE.contains(*weight))
        {
            return Err(TrainConfigError::ClassWeight {
                label: label.clone(),
                found,
            });
        }
        Ok(TrainPlan { config: self })
    }
}

impl TrainPlan {
    /// The settings.
    #[must_use]
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }
}
