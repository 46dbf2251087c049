//! One binary for all integration tests of the crate.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod fixtures;
mod killed;
mod run;
mod setting;
mod silent;
mod update;
