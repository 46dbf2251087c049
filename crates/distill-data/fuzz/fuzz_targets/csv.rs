//! Logs of the format `csv`.
#![no_main]

distill_data_fuzz::reader!("csv");
