//! Tiny random checkpoints and what transformers computes with them.
//!
//! Oracle: transformers 5.23 and PEFT 0.21.2 on PyTorch, float32, eager attention, as
//! `tests/fixtures/make.py` writes them; rows 1 and 2 of every batch are padded at the end.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

#[path = "../../examples/check_fixture/fixture.rs"]
mod fixture;

pub(crate) use fixture::{Fixture, values};

pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

pub(crate) fn device() -> Device {
    fixture::device().unwrap()
}

pub(crate) fn open(name: &str) -> Fixture {
    Fixture::open(&folder(name), &device()).unwrap()
}

pub(crate) fn largest_difference(found: &[f32], expected: &[f32], kept: &[bool]) -> f32 {
    fixture::largest_difference(found, expected, kept).unwrap()
}
