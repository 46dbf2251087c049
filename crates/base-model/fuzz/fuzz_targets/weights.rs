//! safetensors files and their index.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: base_model_fuzz::let_panics_unwind(), |data: &[u8]| {
    base_model_fuzz::hold(base_model_fuzz::weights::holds, data);
});
