//! Fine-tunes LoRA adapters on a frozen base model: short, cheap, resumable, in the PEFT format.
//!
//! Use this crate to turn curated rows into an adapter folder. The rows come from `distill-data`; whether the
//! adapter is good enough to ship is for `gold-eval` to say, and `adapter-runtime` serves it. This crate never
//! sees the gold set.
//!
//! # Quick start
//!
//! ```no_run
//! // `no_run` because training needs a base model, which a documentation test does not have; the program in
//! // `examples/categorizer` runs this on the model that the repository ships.
//! use std::{collections::BTreeMap, path::Path};
//! use base_model::{BaseModel, device_by_name};
//! use lora_train::{Bar, TrainConfig, TrainInput, train};
//!
//! let device = device_by_name("flex")?;
//! let base = BaseModel::open(Path::new("models/tiny-decoder"), &device)?;
//! let task = stage_files::read_toml(Path::new("task.toml"))?;
//! let rows = stage_files::read_json_lines(Path::new("data/train.jsonl"))?;
//! let plan = TrainConfig { epochs: 3, ..TrainConfig::default() }.check()?;
//! let lineage = train(
//!     TrainInput { base: &base, task: &task, rows: &rows, inputs: &BTreeMap::new(), start: None, device: &device },
//!     &plan,
//!     Path::new("adapter"),
//!     &mut Bar::new("training"),
//! )?;
//! println!("{} steps, the best was {}", lineage.steps, lineage.best_step);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The pieces, in the order in which a run meets them
//!
//! - [`TrainConfig`] and [`TrainPlan`]: the settings, and the settings once checked.
//! - [`preview`]: what is going to be learnt of a row, token by token; [`estimate`]: what the run will take.
//! - [`train`]: rows to ids by the same functions that serving uses; a held-out split by cluster; AdamW with
//!   warm-up, decay and clipping; rare labels brought up if wanted; an early stop on the held-out loss or the worst label;
//!   checkpoints from which a killed run goes on to the same bytes; and at the end a look at its own result, which fails
//!   the run if that is not what was trained.
//! - [`Objective`]: the loss over some [`TokenRow`]s. An encoder learns a label head; a decoder the tokens of the answer and
//!   the one that ends it, over the vocabulary, or over what some label goes on with ([`base_model::LabelScoring`]): then
//!   what is trained is exactly what is served. What rows begin with is computed once a step, and once a run where an
//!   activated adapter comes after it.
//! - [`Shards`] and [`Updates`]: the two halves of a step, for a recipe of your own.
//! - [`Progress`] and [`Event`]: what a run says, as a [`Bar`] for people and as [`JsonLines`] for machines.
//! - [`Lineage`]: `training.json`, with every setting, hash, loss and the result of the self-check.
//!
//! # Errors and panics
//!
//! [`TrainError`] names the row, file, setting or step at fault. A row that cannot be trained on is an error
//! and never cut or skipped: what a run is given, it trains on.
//!
//! # Features
//!
//! | feature | default | what |
//! |---|---|---|
//! | `flex` | no | burn's CPU backend |
//! | `wgpu` | no | burn's WebGPU backend |
//! | `cuda` | no | burn's CUDA backend |

mod beginnings;
mod checkpoint;
mod config;
mod error;
mod estimate;
mod evaluation;
mod lineage;
mod objective;
mod order;
mod prepare;
mod preview;
mod progress;
mod rows;
mod schedule;
mod self_check;
mod step;
mod trainer;

pub use config::{BestBy, Decay, Method, Prompt, TrainConfig, TrainConfigError, TrainPlan};
pub use error::{CheckpointError, RowError, SelfCheckError, SettingError, TrainError};
pub use estimate::{Estimate, estimate};
pub use lineage::{
    EndedBy, EvaluationRecord, LINEAGE_FILE, LabelAccuracy, Lineage, SelfCheck, StepRecord, peak_memory_bytes,
};
pub use objective::{Objective, ObjectiveSettings, TargetError};
pub use preview::{Preview, PreviewToken, preview};
pub use progress::{Bar, Event, JsonLines, Progress};
pub use rows::{LabelShare, Target, TokenRow};
pub use step::{Gradient, Shards, Update, Updates};
pub use trainer::{TrainInput, train};
