//! Logs of the format `open-telemetry`.
#![no_main]

distill_data_fuzz::reader!("open-telemetry");
