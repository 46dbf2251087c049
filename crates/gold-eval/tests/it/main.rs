//! The crate from outside: files in, verdicts and reports out.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot set up its world is a failed test"
)]

mod baseline;
mod collect;
mod gold_set;
#[cfg(feature = "http")]
mod http;
mod model;
mod predictions;
mod predictors;
mod reference_values;
mod report;
#[cfg(feature = "http")]
mod server;
mod simulations;
mod training;
mod verdicts;
mod world;
