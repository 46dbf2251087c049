//! Logs of the format `openai-decisions`.
#![no_main]

distill_data_fuzz::reader!("openai-decisions");
