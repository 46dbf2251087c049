//! Sentences about rows of data.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    gold_eval_fuzz::sentences::hold(data);
});
