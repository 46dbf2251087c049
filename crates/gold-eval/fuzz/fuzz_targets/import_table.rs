//! Tables from which gold rows are imported.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    gold_eval_fuzz::import::holds("t.csv", data);
});
