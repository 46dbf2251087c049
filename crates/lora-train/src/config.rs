//! How to train.

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
    /// How often every row is seen at most.
    pub epochs: usize,
    /// Rows of one optimiser step.
    pub batch_rows: usize,
    /// The highest learning rate, reached after the warm-up.
    pub learning_rate: f64,
    /// Share of all steps in which the rate rises from 0, in 0..1.
    pub warmup_share: f64,
    /// Share of the highest rate at which the cosine ends, in 0..=1.
    pub final_rate_share: f64,
    /// Decoupled weight decay of AdamW.
    pub weight_decay: f64,
    /// The gradient is scaled down to this length where it is longer.
    pub clip_norm: f64,
    /// How far rare labels are brought up, in 0..=1: a row counts its weight times the `-label_balance`th power
    /// of its label's share of the rows. 0 counts rows alike, 1 labels alike; the square root between them
    /// (Mahajan et al. 2018, arXiv:1805.00932, section 2.2) is common where few labels hold most rows.
    pub label_balance: f64,
    /// The longest row in tokens; a longer one is an error, never cut in silence.
    pub max_tokens: usize,
    /// Share of the rows that are held out for the early stop, in 0..0.5; rows of one cluster stay together.
    pub held_out_share: f64,
    /// The run ends when the held-out loss has not improved in this many evaluations.
    pub patience: usize,
    /// Evaluations an epoch.
    pub evaluations_per_epoch: usize,
    /// Steps between two checkpoints; 0 for none.
    pub checkpoint_steps: usize,
    /// Parts into which a step's rows are cut, each computed by one thread. Part of the result: sums of
    /// floating-point numbers depend on it.
    pub shards: usize,
    /// Seed of the factors, the split and the order of the rows.
    pub seed: u64,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            rank: 16,
            alpha: 32.0,
            targets: vec!["all-linear".to_owned()],
            epochs: 5,
            batch_rows: 32,
            learning_rate: 1e-3,
            warmup_share: 0.06,
            final_rate_share: 0.1,
            weight_decay: 0.01,
            clip_norm: 1.0,
            label_balance: 0.0,
            max_tokens: 256,
            held_out_share: 0.05,
            patience: 2,
            evaluations_per_epoch: 1,
            checkpoint_steps: 200,
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
}

impl TrainConfig {
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
            ("shards", self.shards),
        ] {
            if count == 0 {
                return Err(TrainConfigError::Zero { field });
            }
        }
        let positive = |x: f64| x.is_finite() && x > 0.0;
        let checks: [(&'static str, f64, bool, &'static str); 8] = [
            ("alpha", self.alpha, positive(self.alpha), "0.. (open)"),
            (
                "learning_rate",
                self.learning_rate,
                positive(self.learning_rate),
                "0.. (open)",
            ),
            (
                "clip_norm",
                self.clip_norm,
                positive(self.clip_norm),
                "0.. (open)",
            ),
            (
                "warmup_share",
                self.warmup_share,
                (0.0..1.0).contains(&self.warmup_share),
                "0..1",
            ),
            (
                "final_rate_share",
                self.final_rate_share,
                (0.0..=1.0).contains(&self.final_rate_share),
                "0..=1",
            ),
            (
                "weight_decay",
                self.weight_decay,
                (0.0..1.0).contains(&self.weight_decay),
                "0..1",
            ),
            (
                "label_balance",
                self.label_balance,
                (0.0..=1.0).contains(&self.label_balance),
                "0..=1",
            ),
            (
                "held_out_share",
                self.held_out_share,
                (0.0..0.5).contains(&self.held_out_share),
                "0..0.5",
            ),
        ];
        match checks.into_iter().find(|(_, _, good, _)| !good) {
            Some((field, found, _, range)) => Err(TrainConfigError::Range { field, found, range }),
            None => Ok(TrainPlan { config: self }),
        }
    }
}

impl TrainPlan {
    /// The settings.
    #[must_use]
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }
}
