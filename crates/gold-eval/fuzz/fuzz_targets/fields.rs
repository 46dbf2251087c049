//! Answers of a task of fields.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    gold_eval_fuzz::fields::hold(data);
});
