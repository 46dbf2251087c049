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
//! report.write(folder.path())?; // report.json, report.md, report.html, junit.xml
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The pieces, in the order of use
//!
//! - [`ImportConfig`]: gold rows from tables, JSON lines, and the test cases of promptfoo and of OpenAI's evals.
//! - [`GoldSet`]: rows with their right answers, frozen with a [`GoldLock`]. They change only as a new version, which says
//!   what changed ([`GoldDiff`]) and why ([`Reasons`]).
//! - [`PowerPlanConfig`]: which drops the gold set can show, and how many rows more would show the one that matters.
//! - [`Baseline`]: the teacher's raw answers, pinned once. [`Carry`] takes them to the next version.
//! - [`Predictions`]: a candidate's answers. [`collect`] asks whatever answers by id ([`AnswerSource`]: [`PredictorFn`],
//!   [`Batched`], [`ModelProcess`], `HttpEndpoint` in the shapes of [`Wire`]); [`read_answers`] reads other tools' files.
//! - [`GateConfig`], [`Rule`], [`Preset`]: what must hold, as data; [`GateConfig::check`] makes it a [`Gate`].
//! - [`TrainingRecord`]: the leakage certificate, computed again at the price of an exact join; without one a verdict is
//!   marked. [`Usage`]: what answers took, for rules on latency and cost.
//! - [`History`]: every look at the gold set, because each wears it out. The [`Ladder`] says which candidate is better than
//!   the best before it, [`Standing`] what so many looks make of the evidence.
//! - [`judge`] a [`Case`]: to a [`Report`] with a [`Verdict`], a [`Finding`] for each rule, the [`Settlement`] of those that
//!   could not tell, and all figures; as JSON, Markdown, a page, [`JunitReport`] and [`github_annotations`].
//! - [`GoldKind`]: all of this is the same for documents with fields and for sentences about rows of data ([`narration`],
//!   [`overlap`]): the task's type decides, and the report is a [`GradedReport`]. There whole records, or sentences, have
//!   the headline, and no confidence is looked at. [`judge_grades`]: any other answers of several parts.
//! - [`Trials`]: the gate on simulated answers, to know how often it errs before it is relied on.
//! - The statistics, usable alone: [`wilson`], [`paired_difference_interval`], [`mcnemar_mid_p`], [`holm`], [`power`],
//!   [`LabelMetrics`], [`calibration`], [`repeats()`] and more. Counts that somebody else made come in by
//!   [`PairedCounts::from_table`]. The pictures: [`chart`].
//!
//! # Errors and panics
//!
//! Broken *input* is an error of the boundary where it came in ([`GoldError`], [`BaselineError`],
//! [`PredictionsError`], [`GateConfigError`], [`JudgeError`], [`ImportError`]), which names the row or the setting. A
//! model that fails the gate is no error: [`judge`] returns `Ok`, and [`Verdict::exit_code`] is 0, 1 or 2;
//! [`BROKEN_INPUT_EXIT_CODE`] is 3. Nothing panics. Nothing here reads a clock, but to measure how long an answer took;
//! nothing opens a socket unless `http` is on, or edits a gold file; the same case gives the same bytes.
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
//! - Lam, Gopal and Qian 2023, arXiv:2309.14621 (interval of an F1).
//! - Blum and Hardt 2015, arXiv:1502.04585 (the Ladder: many candidates on one gold set).
//! - Chinchor and Sundheim 1993, MUC-5:69-78 (correct, wrong, missing, invented).
//! - Rajpurkar, Jia and Liang 2018, arXiv:1806.03822 (token F1).
//! - Guo et al. 2017, arXiv:1706.04599 (calibration error).

mod gold_diff;
mod gold_kind;
mod gold_lock;
mod gold_set;
mod gold_versions;
mod import;

mod baseline;
mod join;
mod label_readings;
mod predictions;

mod answer_files;
mod answer_line;
mod answer_source;
mod answer_times;
mod collect;
#[cfg(feature = "http")]
mod http_endpoint;
mod model_process;
mod predictor_fn;
mod wire;

mod comparison;
mod contingency;
mod holm;
mod interval;
mod mcnemar;
mod mean;
mod order_statistics;
mod paired_difference;
mod power;
mod power_plan;

mod abstention;
mod calibration;
mod calibration_interval;
mod categories;
mod confusion;
mod coverage;
mod distribution_scores;
mod label_metrics;
mod metrics;
mod repeats;
mod score;

mod case;
mod evidence;
mod fields;
mod finding;
mod gate;
mod graded;
mod grades;
mod history;
mod judge;
mod ladder;
mod leakage;
mod nearness;
mod part;
mod right_rows;
mod rule;
mod settlement;
mod standing;
mod training;
mod trials;
mod usage;
mod verdict;

pub mod narration;
pub mod overlap;

pub mod chart;
pub mod figures;
mod github;
mod junit;
mod markdown;
mod page;
mod report;
mod summary;

pub use gold_diff::{AddedRow, GoldDiff, PartDiff, RelabelledRow, RemovedRow, RewordedRow, VersionFacts};
pub use gold_kind::GoldKind;
pub use gold_lock::{FrozenVersion, GoldLock};
pub use gold_set::{GoldError, GoldSet};
pub use gold_versions::{Frozen, Reasons, preview_freeze};
pub use import::{
    FileKind, Import, ImportAccount, ImportConfig, ImportError, Imported, RowFormat, SetAside, Unusable,
    UsedFields,
};

pub use baseline::{
    Baseline, BaselineError, BaselineRow, BaselineStep, Carry, OpenQuestion, Rescore, RescoredRow, Teacher,
    TeacherAnswer,
};
pub use join::JoinError;
pub use predictions::{PredictedRow, Predictions, PredictionsError, predict_gold};

pub use answer_files::{AnswerFile, AnswerFileError, UnknownAnswerFile, read_answers};
pub use answer_source::{AnswerCountError, AnswerSource, Batched, Keep, Question, TimedRow};
pub use answer_times::AnswerTimes;
pub use collect::{CollectError, Collected, CollectedAccount, collect};
#[cfg(feature = "http")]
pub use http_endpoint::{
    ApiKey, BadApiKey, HttpConfig, HttpConfigError, HttpEndpoint, HttpError, TokenPrices,
};
pub use model_process::{ModelProcess, ProcessConfig, ProcessConfigError, ProcessError};
pub use predictor_fn::PredictorFn;
pub use wire::{TokenCounts, UnknownShape, Wire, WireError, WireShape};

pub use comparison::Comparison;
pub use contingency::TableError;
pub use holm::holm;
pub use interval::{Interval, Share, f1_interval, wilson};
pub use mcnemar::{PairedCounts, mcnemar_exact, mcnemar_mid_p, mcnemar_mid_p_worse};
pub use mean::{Mean, mean_interval, mean_ratio_interval};
pub use order_statistics::{QuantileInterval, quantile_interval};
pub use paired_difference::paired_difference_interval;
pub use power::{ASSUMED_GAINS, POWER, power, smallest_visible_drop};
pub use power_plan::{CategoryRows, PowerPlan, PowerPlanConfig, PowerPlanError, PowerTarget};

pub use abstention::{Abstention, AccuracyTarget, abstention};
pub use calibration::{CALIBRATION_BINS, Calibration, CalibrationBin, LOG_LOSS_CLIP, calibration};
pub use categories::{CategoryChange, CategoryScore};
pub use confusion::{Confusion, ExampleRow, LISTED_CONFUSIONS};
pub use coverage::{COVERAGE_POINTS, CoveragePoint, coverage_curve};
pub use distribution_scores::DistributionScores;
pub use label_metrics::{Average, Kappa, LabelMetrics, MetricsError};
pub use metrics::Metrics;
pub use repeats::{MeanDifference, Repeats, repeats};
pub use score::Score;

pub use finding::{Finding, Outcome, RowsNeeded};
pub use gate::{Gate, GateConfig, GateConfigError, MOST_RULES, Preset, UnknownPreset};
pub use part::PartKind;
pub use rule::{Against, Rule};
pub use settlement::{Settlement, Step};
pub use usage::{MeasuredAnswer, Usage, UsageError, UsageFacts};
pub use verdict::{BROKEN_INPUT_EXIT_CODE, Verdict};

pub use leakage::{CertificateDifference, Leakage};
pub use near_texts::{GoldNeighbour, LeakageCertificate};
pub use nearness::NearnessBand;
pub use training::TrainingRecord;

pub use history::{History, Look, LooksBefore};
pub use ladder::{Climb, Ladder, LadderStep, Rung};
pub use right_rows::{RightRows, RightRowsError, RowsDiffer};
pub use standing::{AfterLooks, BestSoFar, LookDiffers, Place, Standing};
pub use trials::{Decision, Trials};

pub use case::{Case, JudgeError, judge};
pub use github::github_annotations;
pub use junit::{JunitPart, JunitReport};
pub use report::{
    ApartFromNeighbours, BaselineFacts, CandidateFacts, GoldFacts, REPORT_SCHEMA_VERSION, Report,
};

pub use fields::{
    AnswerForm, Day, Decimal, Extraction, ExtractionCounts, FieldDetails, FieldError, FieldFigures,
    FieldGrade, FieldOutcome, FieldSupport, FieldValue, LONGEST_READABLE, ReadAnswer, TWO_DIGIT_PIVOT,
    grade_field, read_answer, token_f1,
};
pub use graded::{
    AspectScore, Column, Details, GradedCase, GradedGold, GradedModel, GradedReport, GradesError, Section,
    judge_grades,
};
pub use grades::Grades;
