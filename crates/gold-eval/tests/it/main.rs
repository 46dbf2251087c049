//! The crate from outside: files in, verdicts and reports out.

mod baseline;
mod gold_set;
mod predictions;
mod reference_values;
mod report;
mod simulations;
mod verdicts;
mod world;
