//! Logs of the format `langsmith`.
#![no_main]

distill_data_fuzz::reader!("langsmith");
