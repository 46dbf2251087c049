//! Decides whether a small model ships: a frozen gold set, a pinned baseline, paired tests, and a gate that can
//! say it cannot tell.
//!
//! A few hundred gold rows cannot tell 95% from 96%, and eight rows of a rare category cannot show that it was
//! lost. So there are three verdicts and not two: ship, hold, and cannot tell, which names the rows to add and
//! where. Any model's answers can be judged, by anyone's tool: they come as a file, joined by id.
//!
//! To make the gold set's training counterpart use `distill-data`, to train `lora-train`, to serve
//! `adapter-runtime`, to watch what is served `drift-stats`; the shared types are `task-spec`'s.
//!
//! # Quick start
//!
//! ```
//! use gold_eval::{judge, Baseline, Case, GoldSet, PredictedRow, Predictions, Preset, Teacher, TeacherAnswer, Verdict};
//! use task_spec::{GoldRow, Label, Prediction, Task};
//!
//! let folder = tempfile::tempdir()?;
//! let gold_file = folder.path().join("gold.jsonl");
//! let task = Task::of_labels("demo", vec![Label::new("groceries"), Label::new("fuel")])?;
//! let label = |i: usize| if i % 2 == 0 { "groceries" } else { "fuel" };
//! stage_files::write_json_lines(&gold_file, (0..60).map(|i| GoldRow {
//!     id: i.to_string(),
//!     input: format!("card line {i}"),
//!     label: label(i).to_owned(),
//! }))?;
//!
//! // Frozen once; an edit from here on is an error.
//! let gold = GoldSet::freeze(&gold_file, &task, 1)?;
//!
//! // The teacher's raw answers, pinned once: wrong on every sixth row.
//! let answers = (0..60).map(|i| TeacherAnswer {
//!     id: i.to_string(),
//!     answer: if i % 6 == 0 { "Something else".to_owned() } else { label(i).to_owned() },
//!     confidence: None,
//! });
//! let baseline = Baseline::pin(&gold, Teacher::new("teacher-2026-05-01", "Choose one."), answers)?;
//!
//! // A candidate that is always right.
//! let rows = (0..60).map(|i| PredictedRow { id: i.to_string(), prediction: Prediction::new(label(i)) });
//! let candidate = Predictions::new("adapter", &gold, rows)?;
//!
//! let gate = Preset::ClearTheLine.config().check()?;
//! let report = judge(&Case::new(&gold, &baseline, &candidate, "2026-11-05"), &gate)?;
//! assert_eq!(report.verdict, Verdict::Ship);
//! assert!(report.against_baseline.p_better < 0.001);
//! report.write(folder.path())?; // report.json, report.md, report.html
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The pieces, in the order of use
//!
//! - [`GoldSet`] and its [`GoldLock`]: rows with their right answers, frozen; rows change only as a new version.
//! - [`Baseline`]: the teacher's answers to these rows, scored once and kept word for word.
//! - [`Predictions`]: a candidate's answers, from a file, from memory, or asked of a
//!   [`Predictor`](task_spec::Predictor) by [`predict_gold`].
//! - [`collect`]: asks whatever answers by id ([`AnswerSource`]) and keeps each answer as it comes, so that a stopped run
//!   goes on where it was: a closure ([`PredictorFn`], any predictor in [`Batched`]), a program that speaks JSON lines
//!   ([`ModelProcess`]), an address (`HttpEndpoint`, in the shapes of [`Wire`]). [`read_answers`]: the files of other tools.
//! - [`GateConfig`], [`Rule`], [`Preset`]: what must hold, as data; [`GateConfig::check`] makes it a [`Gate`].
//! - [`TrainingRecord`]: the candidate's training rows and their leakage certificate, which is computed again: without one
//!   a verdict is marked ([`Leakage`]), and nothing ships on one that is not the candidate's. It costs an exact join of the
//!   training texts with the gold rows.
//! - [`judge`] a [`Case`]: to a [`Report`] with a [`Verdict`], a [`Finding`] for each rule, and all figures.
//! - [`History`]: every look at the gold set, appended, because each one wears it out a little.
//! - [`chart`]: the pictures of the report's page, to be put into other pages.
//! - The statistics, usable alone: [`wilson`], [`mcnemar_exact`], [`mcnemar_mid_p`], [`mcnemar_mid_p_worse`],
//!   [`paired_difference_interval`], [`holm`], [`smallest_visible_drop`], [`power`], [`calibration`],
//!   [`coverage_curve`].
//!
//! # Errors and panics
//!
//! Broken *input* is an error of the boundary where it came in ([`GoldError`], [`BaselineError`],
//! [`PredictionsError`], [`GateConfigError`], [`JudgeError`]), which names the row or the setting. A model that
//! fails the gate is no error: [`judge`] returns `Ok`, and [`Verdict::exit_code`] is 0, 1 or 2;
//! [`BROKEN_INPUT_EXIT_CODE`] is 3. Nothing panics. Nothing here reads a clock, but to measure how long an
//! answer took; nothing opens a socket unless `http` is on, or edits a gold file; the same case gives the same bytes.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `http` | off | `HttpEndpoint`: models that are asked over HTTP, by [ureq](https://docs.rs/ureq) with rustls |
//!
//! # References
//!
//! - Wilson 1927, JASA 22:209-212 (interval of a share).
//! - Tango 1998, Statistics in Medicine 17:891-908 (interval of a paired difference).
//! - Fagerland, Lydersen and Laake 2013, BMC Medical Research Methodology 13:91 (mid-p McNemar).
//! - Holm 1979, Scandinavian Journal of Statistics 6:65-70 (many tests at once).
//! - Guo et al. 2017, arXiv:1706.04599 (calibration error).

mod gold_lock;
mod gold_set;

mod baseline;
mod join;
mod predictions;

mod answer_files;
mod answer_source;
mod answer_times;
mod collect;
#[cfg(feature = "http")]
mod http_endpoint;
mod model_process;
mod predictor_fn;
mod wire;

mod comparison;
mod holm;
mod interval;
mod mcnemar;
mod paired_difference;
mod power;

mod calibration;
mod categories;
mod confusion;
mod coverage;
mod score;

mod evidence;
mod finding;
mod gate;
mod grades;
mod history;
mod judge;
mod leakage;
mod nearness;
mod rule;
mod training;
mod verdict;

pub mod chart;
pub mod figures;
mod markdown;
mod page;
mod report;
mod summary;

pub use answer_files::{AnswerFile, AnswerFileError, UnknownAnswerFile, read_answers};
pub use answer_source::{AnswerCountError, AnswerSource, Batched, Keep, Question, TimedRow};
pub use answer_times::AnswerTimes;
pub use baseline::{Baseline, BaselineError, BaselineRow, Teacher, TeacherAnswer};
pub use calibration::{CALIBRATION_BINS, Calibration, CalibrationBin, calibration};
pub use categories::CategoryScore;
pub use collect::{CollectError, Collected, CollectedAccount, collect};
pub use comparison::Comparison;
pub use confusion::{Confusion, ExampleRow, LISTED_CONFUSIONS};
pub use coverage::{COVERAGE_POINTS, CoveragePoint, coverage_curve};
pub use finding::{Finding, Outcome, RowsNeeded};
pub use gate::{Gate, GateConfig, GateConfigError, Preset, UnknownPreset};
pub use gold_lock::GoldLock;
pub use gold_set::{GoldError, GoldSet};
pub use grades::Grades;
pub use history::{History, Look, LooksBefore};
pub use holm::holm;
#[cfg(feature = "http")]
pub use http_endpoint::{ApiKey, BadApiKey, HttpConfig, HttpConfigError, HttpEndpoint, HttpError};
pub use interval::{Interval, Share, wilson};
pub use join::JoinError;
pub use judge::{Case, JudgeError, judge};
pub use leakage::{CertificateDifference, Leakage};
pub use mcnemar::{PairedCounts, mcnemar_exact, mcnemar_mid_p, mcnemar_mid_p_worse};
pub use model_process::{ModelProcess, ProcessConfig, ProcessConfigError, ProcessError};
pub use near_texts::{GoldNeighbour, LeakageCertificate};
pub use nearness::NearnessBand;
pub use paired_difference::paired_difference_interval;
pub use power::{ASSUMED_GAINS, POWER, power, smallest_visible_drop};
pub use predictions::{PredictedRow, Predictions, PredictionsError, predict_gold};
pub use predictor_fn::PredictorFn;
pub use report::{ApartFromNeighbours, BaselineFacts, CandidateFacts, GoldFacts, Report};
pub use rule::Rule;
pub use score::Score;
pub use training::TrainingRecord;
pub use verdict::{BROKEN_INPUT_EXIT_CODE, Verdict};
pub use wire::{UnknownShape, Wire, WireError, WireShape};
