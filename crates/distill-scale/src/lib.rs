//! From logs that no memory holds to a training set: curation's reading, duplicates, votes, near-duplicates, gold join, search
//! for wrong labels, held-out rows and class limits.
//!
//! Use this crate where a log's distinct texts do not fit into memory, which begins at some tens of millions of short
//! rows; below that `curate` of distill-data does the same faster, and keeps a ledger. `docs/SCALE.md` has the arithmetic, and a
//! walk-through with the program of this crate, `distill-scale read`, `curate` and `export`.
//!
//! # Quick start
//!
//! ```
//! use distill_data::{CuratePlan, LogOptions};
//! use distill_scale::{
//!     Calls, Engine, Limits, ReadInput, ScaleInput, ScalePlan, curate_at_scale, export_examples, read_logs,
//! };
//! use task_spec::{Label, Task};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let folder = tempfile::tempdir()?;
//! let log = folder.path().join("log.jsonl");
//! std::fs::write(&log, r#"{"input": "Where is my card?", "answer": "arrival", "confidence": 0.9}
//! {"input": "where is my card", "answer": "arrival", "confidence": 0.8}
//! {"input": "my top up failed", "answer": "top up", "confidence": 0.4}
//! {"input": "hello", "answer": "no idea"}
//! "#)?;
//! let task = Task::of_labels("bank", vec![Label::new("arrival"), Label::new("top-up")])?;
//! let [read, out, set] = ["read", "out", "set"].map(|name| folder.path().join(name));
//!
//! let logs = LogOptions::default().logs(&[log])?;
//! let plan = CuratePlan::default();
//! let account = read_logs(&ReadInput::new(&task, &logs, &plan), &read, &|_| {})?.account;
//! assert_eq!((account.legal(), account.rejected["unknown_label"]), (3, 1));
//!
//! let (engine, calls) = (Engine::here(&Limits::default())?, Calls::at(&read));
//! let input = ScaleInput::new(&calls, task.labels());
//! let report = curate_at_scale(&engine, &input, &ScalePlan::default(), &out).await?;
//! assert_eq!((report.calls, report.rows), (3, 2));
//! assert_eq!((report.fates["train"], report.fates["low_confidence"]), (1, 1));
//!
//! let exported = export_examples(&engine, &task, &out, &set).await?;
//! assert_eq!((exported.rows["train.jsonl"], exported.rows["review.jsonl"]), (1, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The pieces
//!
//! - [`read_logs`]: logs of any format become a table of calls, by distill-data's rules, a thread a log and in constant memory;
//!   what is damaged or has no legal label is put aside, and a [`ReadReport`] says how much.
//! - [`Calls`]: that table, or one of another tool, Parquet or JSON lines; [`ScaleInput`]: with the task's labels, and the gold
//!   set and reviewed rows where there are any.
//! - [`ScaleConfig`]: the settings of the same name of distill-data; checked, they are a [`ScalePlan`], which may have a
//!   split, and has the search for wrong labels unless that is left out.
//! - [`Engine`]: this process within [`Limits`], or with the feature `ballista` a cluster whose executors know this crate.
//! - [`curate_at_scale`]: the stages, each a plan of DataFusion and most with a fold of this crate at its end. The engine
//!   scans, deals out by key, sorts and joins, on disk where memory does not do; the rules are folds over sorted rows.
//! - [`ScaleReport`]: the account.
//! - [`export_examples`]: the rows that are trained on and those that are held out as lines of `Example`, which lora-train
//!   reads, and the questions to persons, the most valuable minute first, as distill-data writes them for a spreadsheet and for
//!   Label Studio; [`export_examples_with`] has rows weigh as much as an [`ExportConfig`] says, and lists the calls that stand
//!   behind another.
//!
//! # Errors and panics
//!
//! [`read_logs`] puts aside what it cannot read, and logs that are mostly damaged get a verdict. In a table, a line that is no
//! JSON or a column of another type ends the run: tables come from readers. A call without a text or without a label of the
//! task is counted and left out. Nothing panics on any log or table.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `ballista` | no | a scheduler, executors, and an engine that sends plans to them |

mod apart;
mod calls;
#[cfg(feature = "ballista")]
pub mod cluster;
mod curate;
mod doubts;
mod engine;
mod error;
mod export;
mod functions;
mod input;
mod joined;
mod label_numbers;
mod linked;
mod moments;
mod questions;
mod read;
mod reduce;
mod report;
mod settings;
mod sides;
mod stages;
mod stars;
mod table_file;
mod units;

pub use calls::Calls;
pub use curate::curate_at_scale;
pub use engine::Engine;
pub use error::{ReduceError, ScaleError};
pub use export::{ExportConfig, ExportReport, export_examples, export_examples_with};
pub use input::ScaleInput;
pub use read::{ReadInput, ReadReport, read_logs};
pub use report::ScaleReport;
pub use settings::{Limits, ScaleConfig, ScaleConfigError, ScalePlan, ScaleSplitError};
