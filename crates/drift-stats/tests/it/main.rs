//! The crate as a caller sees it.

mod false_alarms;
mod monitor;
mod oracle;
mod traffic;
