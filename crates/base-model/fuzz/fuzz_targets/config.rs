//! Configs.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(init: base_model_fuzz::let_panics_unwind(), |data: &[u8]| {
    base_model_fuzz::hold(base_model_fuzz::config::holds, data);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    base_model_fuzz::mutate::json(1, data, size, max_size, seed, fuzzer_mutate)
});
