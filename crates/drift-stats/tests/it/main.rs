//! The crate as a caller sees it.

mod false_alarms;
mod traffic;
