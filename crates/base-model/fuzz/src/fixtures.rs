//! The small models beside the tests of base-model.

#[expect(dead_code, reason = "the tests and the example use the rest")]
#[path = "../../examples/check_fixture/fixture.rs"]
mod fixture;

use std::{
    fs,
    path::{Path, PathBuf},
};

pub(crate) use fixture::Fixture;

use base_model::{Network, TokenBatch, device_by_name};
use burn::tensor::Device;

pub(crate) fn device() -> Device {
    device_by_name("flex").expect("base-model is built with flex")
}

/// Model folders by name; an input's first byte chooses one, and `seed` counts them in the same order.
pub(crate) fn models() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
    folders_with(&root, "config.json")
}

/// Their adapter folders, model after model.
pub(crate) fn adapters() -> Vec<PathBuf> {
    let models = models();
    models
        .iter()
        .flat_map(|model| folders_with(model, "adapter_config.json"))
        .collect()
}

fn folders_with(folder: &Path, file: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the fixtures can be listed");
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the fixtures can be listed").path())
        .filter(|path| path.join(file).is_file())
        .collect();
    found.sort();
    found
}

/// Runs a network on two short rows, of no more tokens and no other ids than it has places for.
pub(crate) fn run(network: &Network, vocab: usize, positions: usize) {
    let row = |ids: &[u32]| -> Vec<u32> {
        let ids = ids.iter().map(|id| id % u32::try_from(vocab).unwrap_or(u32::MAX));
        ids.take(positions).collect()
    };
    let rows = [row(&[1, 7, 12, 9, 3]), row(&[5])];
    let batch = TokenBatch::new(&rows, 0, &device());
    let states = match network {
        Network::Encoder(encoder) => encoder.forward(&batch, None),
        Network::Decoder(decoder) => decoder.forward(&batch, None),
        _ => return,
    };
    assert_eq!(states.dims()[..2], [2, rows[0].len()]);
}
