//! Logs of the format `langfuse`.
#![no_main]

distill_data_fuzz::reader!("langfuse");
