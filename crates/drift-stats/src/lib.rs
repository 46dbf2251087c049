//! Watches a served classifier for silent rot: calibrated drift alarms that name what moved.

mod cluster;
mod config;
mod discovery;
mod distance;
mod finding;
mod histogram;
mod interval;
mod lottery;
mod monitor;
mod multiplicity;
mod no_drift;
mod reference;
mod row_share;
mod spending;
mod statistics;
mod tally;
mod text;
mod value_table;

pub use config::{DriftConfig, DriftConfigError, DriftPlan};
pub use distance::{ChiSquaredTest, chi_squared, jensen_shannon, pool_rare, population_stability_index};
pub use finding::{
    Answered, Evidence, ExampleRow, Finding, LabelRows, MovedValue, Movement, Standing, Strength, ValueKind,
};
pub use histogram::UnitHistogram;
pub use interval::Share;
pub use monitor::{Monitor, TooFew, WindowReport};
pub use no_drift::{Distance, Distances, NoDrift};
pub use reference::{Reference, ReferenceBuilder, ReferenceError};
pub use row_share::RowShare;
pub use spending::Spending;
pub use statistics::{MeanShift, Novelty, Statistics};
pub use tally::RowProblems;
pub use text::{MAX_INPUT_CHARS, TEXT_VERSION, skeleton, words};
pub use value_table::{Cell, Tail, ValueTable, cells};
