//! What can be said on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, ValueEnum, builder::PossibleValuesParser};
use distill_data::{AnswerFormat, ConfidenceScale, CurateConfig, Duplicates, FieldPath, LogFormat};
use lora_train::TrainConfig;
use stage_files::read_toml;

use crate::Fallible;

/// Turns a teacher's log into a served, gated and watched small model.
///
/// Without --log it plays the whole story on a generated log of card transactions, with the model that the
/// repository ships; with --task, --log, --gold and --base it runs on your own files up to the verdict and
/// the latency.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// Folder for everything that the run makes; must not hold another run.
    #[arg(long, default_value = "runs/demo")]
    pub(crate) out: PathBuf,
    /// Model folder in the Hugging Face layout [default: the tiny decoder in models/].
    #[arg(long)]
    pub(crate) base: Option<PathBuf>,
    /// Device: flex (CPU), wgpu or cuda, as far as this binary was built with them.
    #[arg(long, env = "BURN_DEVICE", default_value = "flex")]
    pub(crate) device: String,
    /// Seed of everything that is drawn.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// A short run on little data, to see that everything works; its figures mean nothing.
    #[arg(long)]
    pub(crate) smoke: bool,
    #[command(flatten)]
    pub(crate) own: OwnFiles,
    #[command(flatten)]
    pub(crate) curation: Curation,
    #[command(flatten)]
    pub(crate) training: Training,
}

/// Your own files instead of the generated ones.
#[derive(Debug, Args)]
pub(crate) struct OwnFiles {
    /// The task: task.toml.
    #[arg(long, requires = "log", requires = "gold")]
    pub(crate) task: Option<PathBuf>,
    /// The teacher's log.
    #[arg(long, requires = "task")]
    pub(crate) log: Option<PathBuf>,
    /// How the log is written.
    #[arg(long, requires = "log", default_value = "openai-chat", value_parser = PossibleValuesParser::new(LogFormat::NAMES))]
    pub(crate) log_format: String,
    /// The task's question, where a call of the log asks several.
    #[arg(long, requires = "log")]
    pub(crate) question: Option<String>,
    /// The gold set: lines of {"id", "input", "label"}; frozen by this run if it has no lock yet.
    #[arg(long, requires = "task")]
    pub(crate) gold: Option<PathBuf>,
    /// The teacher's answers to the gold set: lines of {"id", "answer", "confidence"}; without it there is
    /// no line to beat and no verdict.
    #[arg(long, requires = "task")]
    pub(crate) teacher_answers: Option<PathBuf>,
    /// The dated id of the teacher's model, for the pinned baseline.
    #[arg(long, default_value = "unknown")]
    pub(crate) teacher_model: String,
}

impl OwnFiles {
    pub(crate) fn format(&self) -> Fallible<LogFormat> {
        let format = LogFormat::by_name(&self.log_format).ok_or("--log-format names no format")?;
        Ok(match &self.question {
            Some(question) => format.with_question(question),
            None => format,
        })
    }
}

/// How the log is read and what is kept of it.
#[derive(Debug, Args)]
pub(crate) struct Curation {
    /// How the teacher wrote its answers.
    #[arg(long, value_enum, default_value_t = Answer::Json)]
    pub(crate) answer: Answer,
    /// With --answer json: the key of the label.
    #[arg(long, default_value = "category")]
    pub(crate) label_key: String,
    /// With --answer json: the key of the teacher's own confidence.
    #[arg(long, default_value = "confidence")]
    pub(crate) confidence_key: String,
    /// Rows of which the teacher is less sure go to review.
    #[arg(long, default_value_t = 0.9)]
    pub(crate) min_confidence: f64,
    /// Keeps duplicates, to see what removing them is worth.
    #[arg(long)]
    pub(crate) keep_duplicates: bool,
    /// Leaves out the search for wrong labels, to see what it is worth.
    #[arg(long)]
    pub(crate) keep_suspects: bool,
}

/// How the teacher wrote its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Answer {
    /// A JSON object.
    Json,
    /// The label and nothing else.
    Text,
}

impl Curation {
    pub(crate) fn config(&self) -> CurateConfig {
        let answer = match self.answer {
            Answer::Text => AnswerFormat::Text,
            Answer::Json => AnswerFormat::Json {
                label: FieldPath::key(&self.label_key),
                confidence: Some(FieldPath::key(&self.confidence_key)),
                scale: ConfidenceScale::Unit,
            },
        };
        let defaults = CurateConfig::default();
        CurateConfig {
            answer,
            min_confidence: self.min_confidence,
            duplicates: if self.keep_duplicates {
                Duplicates::Keep
            } else {
                defaults.duplicates
            },
            suspects: if self.keep_suspects {
                None
            } else {
                defaults.suspects.clone()
            },
            ..defaults
        }
    }
}

/// How the adapter is trained; what is not said is chosen for the base model.
#[derive(Debug, Args)]
pub(crate) struct Training {
    /// Times that every row is seen at most.
    #[arg(long)]
    pub(crate) epochs: Option<usize>,
    /// Highest learning rate.
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// Rank of the adapter.
    #[arg(long)]
    pub(crate) rank: Option<usize>,
    /// Rows of one step.
    #[arg(long)]
    pub(crate) batch_rows: Option<usize>,
    /// How far rare labels are brought up: 0 counts rows alike, 1 labels alike.
    #[arg(long, default_value_t = 0.5)]
    pub(crate) label_balance: f64,
    /// Parts of a step that are computed side by side, one thread each.
    #[arg(long)]
    pub(crate) shards: Option<usize>,
    /// TOML file with any settings of lora-train's TrainConfig; what is in it counts before everything else.
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// Prints so many training rows before the run, token by token, with what is learnt of them in colour.
    #[arg(long, value_name = "ROWS", default_value_t = 0)]
    pub(crate) show_mask: usize,
    /// Says before the run what it will take in time and memory, from a few steps, and refuses what cannot fit.
    #[arg(long)]
    pub(crate) estimate: bool,
}

impl Training {
    /// The settings for this base model.
    pub(crate) fn config(&self, is_encoder: bool, seed: u64, smoke: bool) -> Fallible<TrainConfig> {
        let epochs = if is_encoder { 6 } else { 4 };
        let defaults = TrainConfig::default();
        let config = TrainConfig {
            epochs: self.epochs.unwrap_or(if smoke { 1 } else { epochs }),
            learning_rate: self.rate.unwrap_or(defaults.learning_rate),
            rank: self.rank.unwrap_or(defaults.rank),
            alpha: 2.0 * self.rank.unwrap_or(defaults.rank) as f64,
            batch_rows: self.batch_rows.unwrap_or(defaults.batch_rows),
            shards: self.shards.unwrap_or(defaults.shards),
            label_balance: self.label_balance,
            held_out_share: 0.04,
            evaluations_per_epoch: 2,
            patience: 3,
            seed,
            ..defaults
        };
        match &self.settings {
            None => Ok(config),
            Some(path) => Ok(config.with(read_toml(path)?)?),
        }
    }
}
