//! Logs of the format `anthropic-messages`.
#![no_main]

distill_data_fuzz::reader!("anthropic-messages");
