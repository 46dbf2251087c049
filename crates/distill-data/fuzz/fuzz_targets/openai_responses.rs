//! Logs of the format `openai-responses`.
#![no_main]

distill_data_fuzz::reader!("openai-responses");
