//! Answers in each format.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    distill_data_fuzz::answer::holds(data);
});
