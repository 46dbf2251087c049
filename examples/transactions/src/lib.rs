//! The input of the main example, generated: bank-card lines with known truth, a teacher that errs on them as large
//! models do, the log of its calls, a gold set, a month in which the world changes, and text for pretraining.
//!
//! Everything here is made up, merchants included; the words are written down in this crate and belong to it. Use it
//! to run the whole flow where no real log may be shipped, and to measure what a stage does against a truth that real
//! logs never hold. It says nothing about how well the flow does on anybody's data: for that, give the example
//! program a log of your own. The simulated teacher also answers for other tasks whose truth is known
//! ([`Confusions::by_shared_words`]).
//!
//! # Quick start
//!
//! ```
//! use transactions::{Category, LogConfig, Teacher, World, task, write_log};
//!
//! let (task, world, teacher) = (task(), World::new(7), Teacher::of_transactions(7));
//! let line = world.line("doc", 3);
//! assert!(line.text.contains(&line.cue));
//! assert!(Category::ALL.contains(&line.category));
//!
//! let gold = world.gold(600);
//! let rows = world.log(&gold, &LogConfig { rows: 50, ..LogConfig::default() });
//! let cases = rows.iter().map(|row| (row.transaction.case(), row.at));
//! let folder = tempfile::tempdir()?;
//! let summary = write_log(&folder.path().join("teacher.jsonl"), &task, &teacher, cases, 0.002)?;
//! assert_eq!(summary.lines, 50);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The pieces
//!
//! - [`task`], [`Category`]: forty-odd categories, from an eighth of the traffic to a thousandth.
//! - [`World`]: the merchants of a seed; [`World::line`] is a payment as a statement shows it, a [`Transaction`] with
//!   its category, its merchant, and the cue by which a careful reader can tell.
//! - [`Teacher`]: right about 95 times in 100, wrong by a table that is written down ([`Confusions`]), surer of itself
//!   than it should be. [`Recorder`] writes its calls in the shape of chat completions.
//! - [`World::log`], [`write_log`]: a year of calls, with repeats, near-duplicates, damaged lines and some rows of the
//!   gold set, as logs have them.
//! - [`World::gold`], [`gold_row`]: a gold set with a floor under its rare categories; [`World::gold_after`] is its
//!   next version.
//! - [`Month`]: live traffic in which, on stated days, a new kind of merchant and a new format appear.
//! - [`PretrainingText`]: documents that teach a tiny decoder to read. No merchant of any world is in them: names are
//!   divided between the two by the names themselves.
//!
//! # Determinism
//!
//! Each line, answer, row and document is a function of a seed, a stream and an index, by way of BLAKE3; order, threads
//! and versions of random-number crates do not matter. There is no clock: the log covers June 2025 to May 2026, the
//! month is June 2026.
//!
//! # Errors and panics
//!
//! [`TeacherConfigError`] names the setting that cannot be; writing a log can fail as any file can. A [`Case`] whose
//! label is not in the task is a panic, as it is a mistake of the calling program and not of its input.

mod calendar;
mod category;
mod confusion;
mod dice;
mod gold;
mod head;
mod lexicon;
mod log;
mod merchant;
mod month;
mod place;
mod pretraining;
mod recorder;
mod spelling;
mod statement;
mod teacher;
mod world;

pub use category::{Category, task};
pub use confusion::Confusions;
pub use gold::{GOLD_FLOOR, gold_row};
pub use log::{LogConfig, LogRow, LogSummary, write_log};
pub use month::{LiveRow, Month, MonthConfig};
pub use pretraining::{Document, PretrainingText};
pub use recorder::Recorder;
pub use teacher::{Case, Teacher, TeacherAnswer, TeacherConfig, TeacherConfigError};
pub use world::{Traits, Transaction, World};
