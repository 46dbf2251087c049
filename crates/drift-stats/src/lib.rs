//! Watches a served classifier for silent rot: alarms that name what moved and are rarely false, live
//! agreement with the teacher from a small budget, and whether owning the model pays at all.
//!
//! Use this crate where a model answers and nobody checks: it reads the rows that were served, no labels
//! needed. To judge a model on labelled rows before it ships use `gold-eval`; to serve and to write
//! `served.jsonl` use `adapter-runtime`; to turn relabelled rows into training rows use `distill-data`.
//!
//! # Quick start
//!
//! ```
//! use drift_stats::{DriftConfig, Monitor, Reference, RelabelConfig};
//! # use task_spec::Served;
//! # fn served(i: u64, input: String, label: &str) -> Served {
//! #     Served { id: i.to_string(), at: i as i64, input, label: label.to_owned(), confidence: 0.9, outside: None,
//! #              adapter: "a1".to_owned() }
//! # }
//! # let shop = |i: u64| served(i, format!("{} #{i}", ["KOFI BAR", "MARTA FOODS", "OLEUM"][i as usize % 3]), "shopping");
//! # let good_month: Vec<Served> = (0..3_000).map(shop).collect();
//! # let mut this_week: Vec<Served> = (0..970).map(shop).collect();
//! # this_week.extend((970..1_000).map(|i| served(i, format!("ZEPHYRGO*RIDE {i}"), "shopping")));
//!
//! // Served rows of a period that was found good, summed up once; `reference.json` holds it.
//! let reference = Reference::from_rows(&good_month);
//! let mut monitor = Monitor::new(reference, DriftConfig::default().check()?);
//!
//! let report = monitor.check(&this_week);
//! assert!(report.alarm);
//! let found = report.findings[0].movement.to_string();
//! assert!(found.contains("new word `zephyrgo` in 30 of 1000 rows (never in 3000)"), "{found}");
//!
//! // What to ask the teacher again: rows of the findings, the least sure ones, and a random share.
//! let rows = RelabelConfig { budget: 50, ..RelabelConfig::default() }.check()?.choose(&this_week, &report.findings);
//! assert!(rows.len() <= 50 && rows.iter().any(|row| row.input.starts_with("ZEPHYRGO")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The pieces, in the order in which a row meets them
//!
//! - [`words`], [`skeleton`]: what is read of an input. Plain and explainable; scripts without spaces are
//!   better served by formats and labels.
//! - [`Reference`], [`ReferenceBuilder`]: the good period, in bounded space; parts may be counted apart and
//!   merged.
//! - [`DriftConfig`], [`DriftPlan`], [`Spending`]: how rare false alarms must be, over the whole life of the
//!   deployment (default) or in each window.
//! - [`Monitor`], [`WindowReport`]: window against reference; the reports are `drift.json`.
//! - [`Finding`], [`Movement`]: what moved, its [`Evidence`], how it was answered, and examples.
//! - [`Statistics`]: distances ([`jensen_shannon`], [`population_stability_index`], [`chi_squared`]) beside
//!   what they would be without drift ([`NoDrift`]). They measure; they do not decide.
//! - [`RelabelConfig`], [`RelabelPlan`], [`RelabelRow`]: rows for the teacher, a line of `relabel.jsonl` each.
//! - [`estimate_live_accuracy`]: agreement with the teacher, with an interval. Agreement is not accuracy.
//! - [`OwnershipConfig`], [`Balance`]: what three ways to serve cost; the answer may be not to own a model.
//!
//! # What an alarm promises, and what it does not
//!
//! Every alarm is an exact test that some kind of row (with this word, of this format, given this label,
//! answered below this confidence) is more frequent in the window than chance explains ([`RowShare`]). Tests
//! that could reach their level are divided by (Tarone 1990), the level is split over words, labels, formats,
//! unfamiliar words, confidence and outside probability, and spent over the windows. So the chance of any
//! false alarm is at most `alpha`, for any vocabulary and window size, **if rows of reference and window are
//! exchangeable**. That is the promise's limit:
//!
//! - Weekdays and hours differ. Compare whole weeks, or keep a reference per stratum; strata are not built.
//! - Rows of one customer come in bursts. A finding says how many of its inputs differ; look there first.
//! - A changed adapter changes labels and confidence by itself: build a new reference after each change.
//! - A window cannot show everything: [`WindowReport::new_word_alarms_from`] says what stays below its sight.
//!
//! # Errors and panics
//!
//! Rows that are not quite right (no probability, blank, huge) are counted in [`RowProblems`] and used as far
//! as they go. Settings are checked once, by `check`; a damaged `reference.json` is a [`ReferenceError`].
//! Nothing panics on any input. The same rows give the same bytes in any order.
//!
//! # References
//!
//! Fisher 1935 (the exact test); Tarone 1990, Biometrics 46:515 (discrete tests); Lin 1991, IEEE Trans. Inf.
//! Theory 37:145 (Jensen-Shannon); Wilson 1927, JASA 22:209 (intervals); Hartley and Rao 1962, Ann. Math.
//! Stat. 33:350 (systematic sampling); Hájek 1971; Korn and Graubard 1998, Surv. Methodol. 24:193.

mod text;

mod histogram;
mod tally;
mod value_table;

mod reference;

mod config;
mod spending;

mod distance;
mod interval;
mod no_drift;
mod statistics;

mod multiplicity;
mod row_share;

mod cluster;
mod discovery;
mod finding;
mod monitor;

mod live_accuracy;
mod lottery;
mod relabel;

mod economics;

pub use config::{DriftConfig, DriftConfigError, DriftPlan};
pub use distance::{ChiSquaredTest, chi_squared, jensen_shannon, pool_rare, population_stability_index};
pub use economics::{
    Balance, BreakEven, Comparison, DailyCosts, OwnedCost, OwnershipConfig, OwnershipError, OwnershipPlan,
    Prices, Sensitivity, Upkeep, Verdict, Way, Workload,
};
pub use finding::{
    Answered, Evidence, ExampleRow, Finding, LabelRows, MovedValue, Movement, Standing, Strength, ValueKind,
};
pub use histogram::UnitHistogram;
pub use interval::Share;
pub use live_accuracy::{LiveAccuracy, LiveAccuracyError, estimate_live_accuracy};
pub use monitor::{Monitor, TooFew, WindowReport};
pub use no_drift::{Distance, Distances, NoDrift};
pub use reference::{Reference, ReferenceBuilder, ReferenceError};
pub use relabel::{RelabelConfig, RelabelConfigError, RelabelPlan, RelabelReason, RelabelRow};
pub use row_share::RowShare;
pub use spending::Spending;
pub use statistics::{MeanShift, Novelty, Statistics};
pub use tally::RowProblems;
pub use text::{MAX_INPUT_CHARS, TEXT_VERSION, skeleton, words};
pub use value_table::{Cell, Tail, ValueTable, cells};
