//! What must hold of every file in a model or adapter folder, however it came about: an error that names it or a
//! result, and never a panic.
//!
//! Each property takes the bytes that libFuzzer made; the targets in `fuzz_targets/` hand them on, and `.ci/fuzz`
//! builds and runs them. What a file describes is also run where it is accepted, on the small models of
//! `tests/fixtures`.

pub mod adapter;
pub mod chat;
pub mod config;
mod fixtures;
pub mod mutate;
mod scratch;
pub mod tokenizer;
pub mod weights;

use std::{
    backtrace::Backtrace,
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
};

thread_local! {
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Lets panics unwind, because base-model catches those of the tokenizer library: only one that gets away is a
/// finding. libFuzzer's own hook aborts at the first.
pub fn let_panics_unwind() {
    panic::set_hook(Box::new(|info| {
        let told = format!("{info}\n{}", Backtrace::force_capture());
        LAST_PANIC.with(|last| last.replace(told));
    }));
}

/// Runs a property, and ends the process with what the panic said if it has one.
pub fn hold(property: fn(&[u8]), data: &[u8]) {
    if panic::catch_unwind(AssertUnwindSafe(|| property(data))).is_err() {
        LAST_PANIC.with(|last| eprintln!("{}", last.borrow()));
        std::process::abort();
    }
}

/// What stands before the first zero byte, and what stands behind it, if there is one. JSON holds none.
fn at_zero(data: &[u8]) -> (&[u8], Option<&[u8]>) {
    match data.iter().position(|&byte| byte == 0) {
        Some(at) => (&data[..at], Some(&data[at + 1..])),
        None => (data, None),
    }
}
