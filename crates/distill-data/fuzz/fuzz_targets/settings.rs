//! Tasks, settings, reviewed rows and gold rows.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    distill_data_fuzz::settings::holds(data);
});
