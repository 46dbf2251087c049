//! Curation's duplicates, votes, near-duplicates, gold join and held-out rows for logs that no memory holds.
//!
//! Use this crate where a log's distinct texts do not fit into memory, which begins at some tens of millions of short
//! rows; below that `curate` of distill-data does the same faster, and more: it reads logs of every shape, searches for
//! wrong labels and keeps a ledger. `docs/SCALE.md` has the arithmetic.
//!
//! # Quick start
//!
//! ```
//! use distill_scale::{Calls, Engine, Limits, ScaleInput, ScalePlan, curate_at_scale};
//! use task_spec::LabelSet;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let folder = tempfile::tempdir()?;
//! let log = folder.path().join("calls.jsonl");
//! std::fs::write(&log, r#"{"input": "Where is my card?", "answer": "arrival", "confidence": 0.9}
//! {"input": "where is my card", "answer": "arrival", "confidence": 0.8}
//! {"input": "my top up failed", "answer": "top up", "confidence": 0.4}
//! "#)?;
//! let (calls, labels) = (Calls::at(log), LabelSet::from_names(["arrival", "top-up"])?);
//! let input = ScaleInput::new(&calls, &labels);
//! let engine = Engine::here(&Limits::default())?;
//! let out = folder.path().join("out");
//! let report = curate_at_scale(&engine, &input, &ScalePlan::default(), &out).await?;
//! assert_eq!((report.calls, report.rows), (3, 2));
//! assert_eq!((report.fates["train"], report.fates["low_confidence"]), (1, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The pieces
//!
//! - [`Calls`]: Parquet or JSON lines, with a line for each call; [`ScaleInput`]: with the task's labels, and the gold set where there is one.
//! - [`ScaleConfig`]: the settings of the same name of distill-data; checked, they are a [`ScalePlan`], which may have a
//!   split.
//! - [`Engine`]: this process within [`Limits`], or with the feature `ballista` a cluster whose executors know this crate.
//! - [`curate_at_scale`]: the stages, each a plan of DataFusion and most with a fold of this crate at its end. The engine
//!   scans, deals out by key, sorts and joins, on disk where memory does not do; the rules are folds over sorted rows.
//! - [`ScaleReport`]: the account.
//!
//! # Errors and panics
//!
//! A line that is no JSON or a column of another type ends the run: tables come from readers that have put such lines
//! aside. A call without a text or without a label of the task is counted and left out. Nothing panics on any table.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `ballista` | no | a scheduler, executors, and an engine that sends plans to them |

mod calls;
#[cfg(feature = "ballista")]
pub mod cluster;
mod curate;
mod engine;
mod error;
mod functions;
mod input;
mod reduce;
mod report;
mod settings;
mod stages;
mod stars;
mod units;

pub use calls::Calls;
pub use curate::curate_at_scale;
pub use engine::Engine;
pub use error::{ReduceError, ScaleError};
pub use input::ScaleInput;
pub use report::ScaleReport;
pub use settings::{Limits, ScaleConfig, ScaleConfigError, ScalePlan, ScaleSplitError};
