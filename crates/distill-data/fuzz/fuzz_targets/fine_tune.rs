//! Logs of the format `fine-tune`.
#![no_main]

distill_data_fuzz::reader!("fine-tune");
