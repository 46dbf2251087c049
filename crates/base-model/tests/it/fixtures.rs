//! Tiny random checkpoints and what transformers computes with them.
//!
//! Oracle: transformers 5.23 and PEFT 0.21.2 on PyTorch, float32, eager attention, as
//! `tests/fixtures/make.py` writes them; rows are padded at the end.

use std::path::{Path, PathBuf};

use base_model::{Adapter, Decoder, Network, TokenBatch, WeightFormat};
use burn::tensor::{Device, Tensor};

#[path = "../../examples/check_fixture/fixture.rs"]
mod fixture;

pub(crate) use fixture::{Fixture, adapters_in, values};

/// Every checkpoint.
pub(crate) const ALL: &[&str] = &[
    "bert",
    "gemma3",
    "llama",
    "llama3_rope_tied",
    "mistral",
    "modernbert",
    "qwen2",
    "qwen3",
];

pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

pub(crate) fn device() -> Device {
    fixture::device().unwrap()
}

/// How far apart the same may come out twice: nowhere on the CPU; a GPU's kernels are chosen by speed, as a process runs.
pub(crate) fn repeated() -> f32 {
    let is_cpu = device() == base_model::device_by_name("flex").unwrap();
    if is_cpu { 0.0 } else { 1e-5 }
}

pub(crate) fn open(name: &str) -> Fixture {
    open_in(name, WeightFormat::F32)
}

pub(crate) fn open_in(name: &str, format: WeightFormat) -> Fixture {
    Fixture::open(&folder(name), format, &device()).unwrap()
}

pub(crate) fn largest_difference(found: &[f32], expected: &[f32], kept: &[bool]) -> f32 {
    fixture::largest_difference(found, expected, kept).unwrap()
}

/// The adapters of a checkpoint, by name.
pub(crate) fn adapters(name: &str, network: &Network) -> Vec<(String, Adapter)> {
    let adapters = adapters_in(&folder(name)).into_iter().map(|path| {
        let adapter = Adapter::read(&path, network, &device()).unwrap();
        (path.display().to_string(), adapter)
    });
    adapters.collect()
}

/// The last states of a batch.
pub(crate) fn states(network: &Network, batch: &TokenBatch, adapter: Option<&Adapter>) -> Tensor<3> {
    match network {
        Network::Encoder(encoder) => encoder.forward(batch, adapter),
        Network::Decoder(decoder) => decoder.forward(batch, adapter),
        _ => panic!("another kind of network"),
    }
}

/// The decoders among the checkpoints.
pub(crate) fn decoders() -> impl Iterator<Item = (&'static str, Network)> {
    let all = ALL.iter().map(|name| (*name, open(name).network));
    all.filter(|(_, network)| matches!(network, Network::Decoder(_)))
}

pub(crate) fn decoder(network: &Network) -> &Decoder {
    match network {
        Network::Decoder(decoder) => decoder,
        _ => panic!("not a decoder"),
    }
}

/// A row with padding before it and after it.
pub(crate) fn padded(row: &[u32], before: usize, after: usize) -> TokenBatch {
    let ids = [&vec![7; before], row, &vec![9; after]].concat();
    let kept = [vec![false; before], vec![true; row.len()], vec![false; after]].concat();
    TokenBatch::with_mask(&[ids], vec![kept], &device())
}

/// Rows of several lengths: ramps, because constant rows hide mistakes.
pub(crate) fn rows() -> Vec<Vec<u32>> {
    [5_usize, 11, 1, 8]
        .iter()
        .map(|&n| (0..n).map(|i| ((i * 37 + n * 11) % 70 + 3) as u32).collect())
        .collect()
}
