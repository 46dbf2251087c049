//! Packed logs.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    distill_data_fuzz::packed::holds(data);
});
