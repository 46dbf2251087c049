//! The page of a simulated run, and of runs that make no sense.

#[path = "../../examples/sample/simulated_run.rs"]
mod simulated_run;

mod autotraits;
mod content;
mod hostile;
mod markup;
