//! Changes that leave JSON readable, by the words of the fixtures.

use std::{cell::OnceCell, fs};

use fuzzing::{Mutator, Random};
use serde_json::Value;

use crate::{at_zero, fixtures};

thread_local! {
    static MUTATOR: OnceCell<Mutator> = const { OnceCell::new() };
}

/// Changes the JSON that follows `before` bytes and ends at a zero byte or at the end; `other` changes bytes, and is used
/// now and then, and where there is no JSON. As libFuzzer asks: of `data` the first `size` bytes are the input, and the
/// new length, which is returned, is at most `max_size`.
pub fn json(
    before: usize,
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    other: impl Fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    let mut random = Random::new(seed);
    if random.below(4) == 0 {
        return other(data, size, max_size);
    }
    let (text, rest) = at_zero(data[..size].get(before..).unwrap_or_default());
    let json = MUTATOR.with(|mutator| {
        let mutator = mutator.get_or_init(|| Mutator::new(configs(), SOME_WORDS));
        mutator.changed(text, &mut random)
    });
    let Some(json) = json else {
        return other(data, size, max_size);
    };
    let mut changed = data[..before].to_vec();
    changed.extend(json);
    if let Some(rest) = rest {
        changed.push(0);
        changed.extend(rest);
    }
    if changed.len() > max_size {
        return other(data, size, max_size);
    }
    data[..changed.len()].copy_from_slice(&changed);
    changed.len()
}

/// Every config of the fixtures.
fn configs() -> impl Iterator<Item = Value> {
    let of_models = fixtures::models()
        .into_iter()
        .map(|model| model.join("config.json"));
    let of_adapters = fixtures::adapters()
        .into_iter()
        .map(|adapter| adapter.join("adapter_config.json"));
    of_models
        .chain(of_adapters)
        .filter_map(|file| serde_json::from_slice(&fs::read(file).ok()?).ok())
}

/// What stands in no fixture and in files elsewhere.
const SOME_WORDS: &[&str] = &[
    "(",
    ".*",
    ".",
    "all-linear",
    "bert.pooler.dense",
    "classifier",
    "dynamic",
    "gelu_new",
    "global_attn_every_n_layers",
    "global_rope_theta",
    "head",
    "layers_pattern",
    "linear",
    "local_rope_theta",
    "longrope",
    "mean",
    "relu",
    "rope_local_base_freq",
    "rope_scaling",
    "rope_theta",
    "silu",
    "sliding_window_pattern",
    "type",
    "yarn",
];
