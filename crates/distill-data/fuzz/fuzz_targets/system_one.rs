//! Logs of the format `system-one`.
#![no_main]

distill_data_fuzz::reader!("system-one");
