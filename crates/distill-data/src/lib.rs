//! Teacher logs to trustworthy rows: the log of a large model doing a narrow task becomes a training file whose
//! labels can be believed, and an account of every line that did not make it.
//!
//! Use this crate when you have logged calls of a model (or of people) and want to fine-tune a small one on
//! them. To fine-tune use `lora-train`, to judge the result against a gold set `gold-eval`; the shared words
//! (task, example, gold row) are in `task-spec`. The joins and the normaliser are useful by themselves.
//!
//! # Quick start
//!
//! ```
//! use distill_data::{CurateConfig, CurateInput, FieldMap, GoldRows, LogFile, LogFormat, Verdict, curate};
//! use task_spec::{GoldRow, Label, Task};
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let log = folder.join("log.jsonl");
//! std::fs::write(&log, r#"
//! {"input": "SQ *BLUE BOTTLE 1123", "answer": "coffee", "confidence": 0.97}
//! {"input": "sq blue bottle #1123", "answer": "coffee", "confidence": 0.95}
//! {"input": "SHELL OIL 5744", "answer": "fuel", "confidence": 0.91}
//! {"input": "UBER TRIP HELP.UBER", "answer": "taxis", "confidence": 0.88}
//! {"input": "AMTRAK TEL 800", "answer": "fuel", "confidence": 0.31}
//! {"input": "CHEVRON 0093", "ans
//! "#)?;
//! let task = Task::of_labels("spend", vec![Label::new("coffee"), Label::new("fuel")])?;
//! let gold = GoldRows::new(vec![
//!     GoldRow { id: "g1".into(), input: "Shell Oil #5744".into(), label: "fuel".into() },
//! ]);
//!
//! let plan = CurateConfig { max_damaged_share: 0.2, ..CurateConfig::default() }.check()?;
//! let logs = [LogFile::new(log, LogFormat::Jsonl(FieldMap::default()))];
//! let curated = curate(&CurateInput::new(&task, &logs).with_gold(&gold), &plan)?;
//!
//! // One row to train on, which stands for two calls; every other line has its reason.
//! assert_eq!((curated.train.len(), curated.train[0].calls), (1, 2));
//! assert_eq!(curated.review[0].reason.kind(), "low_confidence");
//! assert_eq!(curated.manifest.ledger.rejected["leaks_gold"], 1);
//! assert_eq!(curated.manifest.unknown_labels["taxis"], 1);
//! assert_eq!(curated.quarantine[0].line, 7);
//! assert!(curated.manifest.ledger.balances());
//! assert_eq!(curated.manifest.verdict, Verdict::Usable);
//!
//! curated.write(&folder.join("curated"))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The pieces, in the order in which a line meets them
//!
//! - [`LogFile`], [`LogFormat`], [`FieldMap`]: where a log has its fields. A line that cannot be read is a
//!   [`QuarantinedLine`] and not the end; a line of a decision model holds several calls.
//! - [`AnswerFormat`]: how the teacher writes its answer. Labels are resolved by the task's own aliases and never guessed; a
//!   call without a legal one is a [`RejectedRow`].
//! - [`PersonalDataMask`]: what of personal data is masked in every text that is written. Names and streets are not found.
//! - [`Confidence`]: from the distribution over the labels, the answer's tokens, votes, the teacher's own word or repeated
//!   calls, in this order, and unknown otherwise. [`Calibration`] on reviewed rows turns it into a probability.
//! - [`normalise`], [`near_pairs`], [`near_neighbours`]: equal and nearly equal texts, from `near-texts`. The joins are exact.
//! - [`curate`]: merges duplicates behind the strongest row, lets the others speak for or against its label, and finds labels
//!   that a model of the other rows contradicts ([`SuspectConfig`]).
//! - [`find_label_issues`]: the same search by itself, with the out-of-fold probabilities of any model or with those of
//!   [`text_probabilities`], which is fast and knows nothing but the texts.
//! - [`split`]: rows that are kept from training, by cluster, group or time; [`CurateConfig::class_cap`] and
//!   [`CurateConfig::class_floor`]: how many rows a class may and should have.
//! - [`ReviewRow`], [`ReviewConfig`]: what a person is asked, the most valuable minute first, in a spreadsheet and for Label
//!   Studio. [`ReviewedRows`] reads either back, and [`CurateInput::with_reviewed`] lets the answers override the teacher.
//! - [`AuditConfig`], [`AuditRecord`]: rows drawn by chance for a person, whose answers bound the wrong labels that are left.
//!   It costs half an hour or more; nothing else sees systematic errors.
//! - [`read_calls`]: the reading alone, a call at a time in constant memory, for logs that no memory holds; [`Ballot`] and
//!   [`TextVotes`] are what calls say and come to, [`ReviewedTexts`] what persons say of them, [`ConfidenceRule`] whose confidence
//!   is enough, [`AnswerWorth`] what answers are worth; [`SuspectTexts`] begins the search for wrong labels, [`SplitTexts`] the
//!   measure of a split and [`AuditCounts`] the draw of an audit. distill-scale goes on from there.
//! - [`leakage_certificate`]: that no training text is a gold row's, or nearly.
//! - [`Teachers`]: a teacher that changed inside the log is several, each compared with the one before.
//! - [`Curated`]: the rows by where they end, as a folder of JSON lines. [`Manifest`]: the account, with a [`Ledger`] in which
//!   every call has exactly one end; printed, it is for a terminal, and [`Manifest::to_html`] is a page.
//!
//! Before any of it, and without a task: [`shape()`] says whether the workloads in a log are narrow, fixed and of high volume,
//! and what each way to serve them would cost ([`ShapeReport`]).
//!
//! # What it cannot do
//!
//! A teacher that is wrong on *every* text of a kind agrees with itself: no filter over the log sees it, only the audit does.
//! The near-duplicate join keeps all pairs in memory, of which many thousand texts that differ in one character have
//! quadratically many.
//!
//! # Errors and panics
//!
//! Bad rows are data: they end in the ledger with a reason. A log that is mostly damaged is a [`Verdict`]. [`CurateError`] and
//! [`ReviewedError`] are for what stops a run: a file that cannot be read, an empty gold set; an answer of a person that cannot
//! be used is [`SetAside`]. Nothing panics on any input, and no line takes more than some 500 MB, whatever is on it. Memory
//! grows with the number of calls and of damaged lines.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `parquet` | no | logs in Apache Parquet, of every format; 17 more crates and, for zstd, a C compiler. A page is unpacked whole, whose size the file says: 2 GB at most |
//!
//! # References
//!
//! Northcutt, Jiang, Chuang 2021, *Confident learning*, arXiv:1911.00068. Lee et al. 2022, *Deduplicating training
//! data makes language models better*, arXiv:2107.06499. Clopper, Pearson 1934, *The use of confidence or fiducial
//! limits*, Biometrika 26(4). Buonaccorsi 1987, *A note on confidence intervals for proportions in finite
//! populations*, The American Statistician 41(3).

mod answer;
mod audit;
mod ballot;
mod calibration;
mod call_time;
mod class_limits;
mod confidence;
mod confidence_rule;
mod config;
mod curate;
mod curated;
mod disjoint_sets;
mod error;
mod figures;
mod html_page;
mod ledger;
mod log;
mod log_options;
mod manifest;
mod near_duplicates;
mod progress;
mod quarantine;
mod rejected;
mod review;
mod reviewed;
mod row;
mod shape;
mod splits;
mod suspects;
mod teachers;
mod variable_part;
mod votes;

pub use answer::{AnswerFormat, ConfidenceScale};
pub use audit::{
    AuditConfig, AuditCounts, AuditDraw, AuditEstimate, AuditRecord, AuditShare, DrawnAudit, KeptRows,
    RareEstimate,
};
pub use ballot::Ballot;
pub use calibration::{Calibration, CheckedAnswer, ConfidenceCut, LEAST_REVIEWED};
pub use call_time::{CallTime, CallTimeError};
pub use class_limits::{ClassLimitsRecord, ClassRow, OVER_CLASS_CAP, rows_over_cap};
pub use confidence::{Confidence, ConfidenceKind};
pub use confidence_rule::{ConfidenceDoubt, ConfidenceRule};
pub use config::{CurateConfig, CurateConfigError, CuratePlan, Duplicates, UnknownConfidence, WeightByCalls};
pub use curate::{
    AnsweredCall, AskedQuestion, CurateInput, LogItem, ReadAccount, RejectedCall, ReviewedAnswers,
    ReviewedTexts, curate, curate_with_progress, read_calls,
};
pub use curated::{Curated, MergedCall, TrainRow};
pub use error::CurateError;
pub use ledger::Ledger;
pub use log::{CsvTable, FieldMap, FieldPath, FieldPathError, LogFile, LogFormat, ScoresFile, ScoresRecord};
pub use log_options::{LogOptions, LogOptionsError};
pub use manifest::{
    AnsweredQuestions, ConfidenceRecord, ConfusedRecord, LabelRecord, LeakageRecord, LogRecord, Manifest,
    PersonalDataRecord, ReviewedRecord, SuspectRecord, TaskRecord, Verdict,
};
pub use near_texts::{
    GoldNeighbour, GoldRows, JaccardThreshold, JaccardThresholdError, LeakageCertificate, MASKING_RULES,
    MaskRecord, Masked, NORMALISER_VERSION, NearPair, PersonalDataKind, PersonalDataMask,
    leakage_certificate, near_neighbours, near_pairs, normalise, text_hash, texts_hash,
};
pub use progress::{Progress, Stage};
pub use quarantine::{Damage, QuarantinedLine, RAW_CHARS};
pub use rejected::{RejectReason, RejectedRow};
pub use review::{
    AnswerWorth, AuditBetween, DoubtfulLabel, LabelDoubt, QueuePoint, QueueRecord, QueuedQuestion,
    ReviewConfig, ReviewReason, ReviewRow, SIMILAR_SHOWN, SettledCalls, SimilarText, label_studio_config,
    label_studio_task, label_studio_tasks, likely_label, reading_order, reading_words, review_csv,
    review_csv_head, review_csv_row,
};
pub use reviewed::{AnswerProblem, ReviewedError, ReviewedRow, ReviewedRows, SetAside};
pub use shape::{
    AnswerCount, AnswersKind, AnswersShape, BreakEvenAtHours, CallTokens, FieldKind, FieldShape, InputsShape,
    MonthlyBalance, NewAnswers, PromptKind, PromptShape, RuleOutcome, ServingPrices, ServingUpkeep,
    ServingWay, ShapeConfig, ShapeConfigError, ShapeLimits, ShapePlan, ShapeReport, ShapeRule, ShapeVerdict,
    TrafficShape, UnseenShare, WayBalance, WorkloadShape, shape, shape_with_progress,
};
pub use splits::{
    Flattery, NearTraining, PartRecord, SmallClass, SourceField, Split, SplitBy, SplitConfig,
    SplitConfigError, SplitCut, SplitMeasure, SplitPart, SplitPartError, SplitPlan, SplitReport, SplitRow,
    SplitScore, SplitTexts, TimeSplit, UnitOrder, UnitSplit, UnknownSplitBy, split, unit_draw,
};
pub use suspects::{
    ClassBasis, ClassSuspicion, ConfidentJoint, ConfusedPair, IssueMethod, LabelIssue, LabelIssueError,
    LabelIssues, Probabilities, SuspectConfig, SuspectFindings, SuspectPlan, SuspectRow, SuspectSearch,
    SuspectTexts, find_label_issues, text_probabilities,
};
pub use teachers::{
    CallPlace, LabelShift, ShiftVerdict, TeacherAnswers, TeacherCalls, TeacherChange, TeacherKey,
    TeacherList, TeacherRecord, Teachers,
};
pub use variable_part::VariablePart;
pub use votes::{TextLabel, TextVotes};
