//! The crate from outside: files in, verdicts and reports out.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot set up its world is a failed test"
)]

mod banking77;
mod baseline;
mod carry;
mod gold_set;
mod hostile;
mod import;
mod import_evals;
mod import_promptfoo;
mod metric_values;
mod predictions;
mod reference_values;
mod report;
mod simulations;
mod training;
mod type_one_error;
mod verdicts;
mod versions;
mod world;
