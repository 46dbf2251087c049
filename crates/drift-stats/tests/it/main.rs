//! The crate as a caller sees it.

#![expect(
    clippy::unwrap_used,
    reason = "in tests, and in their helpers, a failure should panic"
)]

mod autotraits;
mod false_alarms;
mod monitor;
mod oracle;
mod traffic;
