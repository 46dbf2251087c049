//! The normaliser.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    distill_data_fuzz::normaliser::holds(data);
});
