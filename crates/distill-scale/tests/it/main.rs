//! What is kept beyond one machine's memory is what is kept in one memory.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot set up its world is a failed test"
)]

mod bridge;
#[cfg(feature = "ballista")]
mod cluster;
mod equal;
mod hostile;
mod log;
mod outcome;
mod parts;
mod raw;
mod reviewed;
mod suspects;
mod teachers;
mod together;
mod weights;
