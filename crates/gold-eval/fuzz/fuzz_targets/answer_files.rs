//! Files of other tools' answers.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    gold_eval_fuzz::answer_files::holds(data);
});

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    gold_eval_fuzz::change::lines(1, data, size, max_size, seed, libfuzzer_sys::fuzzer_mutate)
});
