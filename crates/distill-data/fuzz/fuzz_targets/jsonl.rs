//! Logs of the format `jsonl`.
#![no_main]

distill_data_fuzz::reader!("jsonl");
