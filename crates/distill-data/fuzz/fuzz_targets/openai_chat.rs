//! Logs of the format `openai-chat`.
#![no_main]

distill_data_fuzz::reader!("openai-chat");
