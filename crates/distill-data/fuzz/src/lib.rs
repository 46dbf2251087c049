//! What must hold of every log, task, setting, reviewed row and text, however it came about: rows or an account of what is
//! wrong with it, and never a panic, a hang or memory without bound.
//!
//! Each property takes the bytes that libFuzzer made; the targets in `fuzz_targets/` hand them on, and `.ci/fuzz`
//! builds and runs them.

pub mod answer;
mod curation;
pub mod joins;
pub mod lines;
pub mod normaliser;
pub mod packed;
pub mod parquet;
pub mod reader;
pub mod settings;

#[path = "../../tests/it/rendered.rs"]
mod rendered;

/// A target that reads logs of the format of that name.
#[macro_export]
macro_rules! reader {
    ($format:literal) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| {
            $crate::reader::holds($format, data);
        });

        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::lines::change(data, size, max_size, seed, libfuzzer_sys::fuzzer_mutate)
        });
    };
}
