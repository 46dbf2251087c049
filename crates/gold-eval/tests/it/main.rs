//! The crate from outside: files in, verdicts and reports out.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot set up its world is a failed test"
)]

#[path = "../../examples/simulate/attack.rs"]
mod attack;
mod banking77;
mod baseline;
mod carry;
mod collect;
mod fields;
mod gold_set;
mod graded;
mod hostile;
#[cfg(feature = "http")]
mod http;
mod import;
mod import_evals;
mod import_promptfoo;
mod kinds;
mod looks;
mod metric_values;
mod metrics;
mod model;
mod narration;
mod overlap;
#[path = "../../examples/simulate/pairs.rs"]
mod pairs;
mod predictions;
mod predictors;
mod program;
mod reference_intervals;
mod reference_values;
mod report;
#[path = "../../examples/simulate/said.rs"]
mod said;
mod scopes;
#[cfg(feature = "http")]
mod server;
mod simulations;
#[path = "../../examples/simulate/stream.rs"]
mod stream;
mod training;
mod type_one_error;
mod verdicts;
mod versions;
mod world;
