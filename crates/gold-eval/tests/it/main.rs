//! The crate from outside: files in, verdicts and reports out.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot set up its world is a failed test"
)]

mod baseline;
mod gold_set;
mod narration;
mod overlap;
mod predictions;
mod reference_values;
mod report;
mod simulations;
mod training;
mod verdicts;
mod world;
