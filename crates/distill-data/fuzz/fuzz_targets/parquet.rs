//! Logs in Parquet.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    distill_data_fuzz::parquet::holds(data);
});
