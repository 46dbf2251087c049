//! One binary for all integration tests of the crate.

mod adapters;
mod fixtures;
mod forward;
