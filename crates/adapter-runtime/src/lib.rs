//! Answers with a fine-tuned adapter: only ever a legal label, with its exact probability.
//!
//! Use this crate to serve an adapter folder that `lora-train` wrote, inside your own process. Whether the
//! adapter should be served is for `gold-eval` to say; what it answers over time is for `drift-stats` to
//! watch. To run a base model without a task use `base-model`.
//!
//! # Quick start
//!
//! ```no_run
//! // `no_run` because it needs a base model and an adapter, which a documentation test does not have; the
//! // program in `examples/categorizer` makes both.
//! use std::{path::Path, sync::Arc};
//! use adapter_runtime::Classifier;
//! use base_model::{BaseModel, device_by_name};
//!
//! let device = device_by_name("flex")?;
//! let base = Arc::new(BaseModel::open(Path::new("models/tiny-decoder"), &device)?);
//! let classifier = Classifier::open(base, Path::new("adapter"), &device)?;
//! let answer = classifier.answer("SQ *BLUE HERON CAFE PORTLAND OR")?;
//! println!("{} with probability {:.3}", answer.answer, answer.confidence.unwrap_or_default());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The pieces
//!
//! - [`Classifier`]: base plus adapter. [`Classifier::answer`] for one text, [`Classifier::answers`] for many;
//!   it is a [`task_spec::Predictor`], so that the gate judges exactly what is served.
//! - [`Latency`]: percentiles of measured durations.
//!
//! # Errors and panics
//!
//! [`RuntimeError`] names the folder, hash, label or text at fault. An adapter of another base, another
//! tokenizer or another label set is refused when it is opened, not found out by its answers.
//!
//! # Features
//!
//! | feature | default | what |
//! |---|---|---|
//! | `flex` | no | burn's CPU backend |
//! | `wgpu` | no | burn's WebGPU backend |
//! | `cuda` | no | burn's CUDA backend |

mod classifier;
mod error;
mod latency;

pub use classifier::{Classifier, ServedAdapter};
pub use error::RuntimeError;
pub use latency::Latency;
