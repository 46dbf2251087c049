//! Logs of the format `bedrock`.
#![no_main]

distill_data_fuzz::reader!("bedrock");
