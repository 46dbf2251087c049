//! The words that every stage of a Rightsize workspace shares: what a task is, what an answer may be, what a
//! row looks like.
//!
//! Use this crate to write your own stage (a reader, a predictor, a metric) that fits between the others.
//! To curate logs use `distill-data`, to train `lora-train`, to judge `gold-eval`, to serve `adapter-runtime`,
//! to watch `drift-stats`; each re-uses these types, so a program that only calls those needs no direct
//! dependency on this one.
//!
//! # Quick start
//!
//! ```
//! use task_spec::{Label, LabelSet};
//!
//! let labels = LabelSet::new(vec![
//!     Label::new("groceries").with_alias("grocery store"),
//!     Label::new("eating-out"),
//! ])?;
//!
//! // The exact name, an alias, or a spelling that differs only in case, spaces, `-` and `_`.
//! assert_eq!(labels.resolve("Grocery Store"), Some(0));
//! assert_eq!(labels.resolve("EATING_OUT"), Some(1));
//! // Anything else is outside the task: it is counted by name upstream, never guessed.
//! assert_eq!(labels.resolve("restaurants"), None);
//! # Ok::<(), task_spec::LabelSetError>(())
//! ```
//!
//! # The pieces, in the order in which a row meets them
//!
//! - [`Task`]: what "right" looks like, written down in `task.toml`; its answers are a [`LabelSet`], the fields of a
//!   [`FieldSchema`], or sentences in a [`SentenceStyle`].
//! - [`Message`], [`Role`]: one turn of a chat, as in the OpenAI messages format.
//! - [`Example`]: a training row, a line of `train.jsonl`, with where it came from ([`Source`]).
//! - [`GoldRow`]: a line of `gold.jsonl`, the frozen set that never touches training; of documents with fields it is a
//!   [`GoldRecord`].
//! - [`Predictor`]: anything that answers (a served adapter, a teacher, a file of answers), by way of
//!   [`Prediction`].
//! - [`Served`]: a line of `served.jsonl`, what was asked and what was answered.
//!
//! # Errors and panics
//!
//! Every type that can be wrong is checked when it is built or deserialised, with an error that names the
//! offending value. Nothing here panics, reads a file or opens a socket. The crate depends on serde and
//! thiserror alone, so that it can stand at every boundary.

mod example;
mod field;
mod field_schema;
mod label_set;
mod message;
mod prediction;
mod sentence_style;
mod task;

pub use example::{Example, GoldRecord, GoldRow, Source};
pub use field::{CurrencyRule, DateOrder, DecimalMark, Field, FieldKind, Matching};
pub use field_schema::{FieldSchema, FieldSchemaError};
pub use label_set::{Label, LabelSet, LabelSetError};
pub use message::{Message, Role};
pub use prediction::{LabelProbability, PredictError, Prediction, Predictor, Served};
pub use sentence_style::{FieldStyle, SentenceStyle, SpokenKind};
pub use task::{Output, Task, TaskError};
