//! Logs of the format `tensorzero`.
#![no_main]

distill_data_fuzz::reader!("tensorzero");
