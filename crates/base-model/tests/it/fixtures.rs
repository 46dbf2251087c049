//! Tiny random checkpoints and what transformers computes with them.
//!
//! Oracle: transformers 5.23 and PEFT 0.21.2 on PyTorch, float32, eager attention, as
//! `tests/fixtures/make.py` writes them; rows 1 and 2 of every batch are padded at the end.

use std::path::{Path, PathBuf};

use base_model::{Network, TokenBatch, WeightFiles, device_by_name};
use burn::tensor::Device;

pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// The device that `BURN_DEVICE` names, or the CPU.
pub(crate) fn device() -> Device {
    device_by_name(&std::env::var("BURN_DEVICE").unwrap_or_else(|_| "flex".to_owned())).unwrap()
}

pub(crate) struct Fixture {
    pub(crate) network: Network,
    pub(crate) batch: TokenBatch,
    /// Which positions hold a token, row after row.
    pub(crate) kept: Vec<bool>,
    pub(crate) reference: WeightFiles,
}

impl Fixture {
    pub(crate) fn open(name: &str) -> Self {
        let device = device();
        let network = Network::open(&folder(name), &device).unwrap();
        let reference = WeightFiles::open(&folder(name).join("reference.safetensors")).unwrap();
        let (shape, ids) = reference.read_integers("input_ids").unwrap();
        let (_, mask) = reference.read_integers("attention_mask").unwrap();
        let rows = ids
            .chunks(shape[1])
            .map(|row| row.iter().map(|&id| id as u32).collect())
            .collect::<Vec<_>>();
        let kept: Vec<bool> = mask.iter().map(|&m| m == 1).collect();
        let masks = kept.chunks(shape[1]).map(<[bool]>::to_vec).collect();
        let batch = TokenBatch::with_mask(&rows, masks, &device);
        Self {
            network,
            batch,
            kept,
            reference,
        }
    }
}

/// The largest difference at positions that hold a token, for `[batch, seq, width]` in row-major order.
pub(crate) fn largest_difference(found: &[f32], expected: &[f32], kept: &[bool]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let width = found.len() / kept.len();
    let pairs = found
        .chunks(width)
        .zip(expected.chunks(width))
        .zip(kept)
        .filter(|(_, kept)| **kept);
    let differences = pairs.flat_map(|((a, b), _)| a.iter().zip(b).map(|(a, b)| (a - b).abs()));
    // `max` would pass over NaN.
    differences.fold(0.0, |worst, d| if d > worst || d.is_nan() { d } else { worst })
}
