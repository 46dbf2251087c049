//! The joins of nearly equal texts.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    distill_data_fuzz::joins::holds(data);
});
