//! Compares models and adapters with what transformers and PEFT compute.
//!
//! ```text
//! cargo run --release -p base-model --example check_fixture -- DIR...
//! ```
//!
//! `DIR` is a model folder with a `reference.safetensors`: `input_ids`, `attention_mask`, `last_hidden_state` and, for a
//! decoder, `logits`; its folders `adapter_*` hold an adapter each, with `logits` in a `reference.safetensors` of their
//! own. One line is printed for each of them with the largest difference at positions that hold a token. The exit code is
//! 1 if one is beyond its tolerance, 1e-4 for a model and 1e-3 for an adapter, or cannot be read.
//! `crates/base-model/tests/fixtures/make.py` writes such folders. `BURN_DEVICE` names the device, `flex` otherwise.
#![expect(clippy::print_stdout, reason = "a program talks to whoever runs it")]

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
};

use base_model::{Adapter, Network, TokenBatch, WeightFiles, device_by_name};
use burn::tensor::{Device, Tensor};

type Fallible<T> = Result<T, Box<dyn Error>>;

const REFERENCE: &str = "reference.safetensors";
/// For f32 against another order of summation.
const MODEL_TOLERANCE: f32 = 1e-4;
/// For the same with an adapter, whose scale makes differences larger.
const ADAPTER_TOLERANCE: f32 = 1e-3;

fn main() -> ExitCode {
    let folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if folders.is_empty() {
        println!("usage: check_fixture DIR...");
        return ExitCode::FAILURE;
    }
    let mut all_good = true;
    for folder in folders {
        all_good &= say(&folder, MODEL_TOLERANCE, check_model(&folder));
        for adapter in adapters_in(&folder) {
            all_good &= say(&adapter, ADAPTER_TOLERANCE, check_adapter(&folder, &adapter));
        }
    }
    if all_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Prints a line about a folder; whether its differences are within the tolerance.
fn say(folder: &Path, tolerance: f32, found: Fallible<Vec<(&str, f32)>>) -> bool {
    let (good, told) = match found {
        Ok(differences) => (
            // A NaN is beyond every tolerance.
            differences.iter().all(|(_, difference)| *difference <= tolerance),
            differences
                .iter()
                .map(|(name, difference)| format!("{name} {difference:.1e}"))
                .collect::<Vec<_>>()
                .join(", "),
        ),
        Err(error) => (false, chain(error.as_ref())),
    };
    let verdict = if good { "ok  " } else { "FAIL" };
    println!("{verdict} {}: {told}", folder.display());
    good
}

fn chain(error: &dyn Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        told.push_str(&format!(": {inner}"));
        source = inner.source();
    }
    told
}

/// A model and the batch that its reference was computed on.
struct Fixture {
    network: Network,
    batch: TokenBatch,
    /// Which positions hold a token, row after row.
    kept: Vec<bool>,
    reference: WeightFiles,
    device: Device,
}

impl Fixture {
    fn open(folder: &Path) -> Fallible<Self> {
        let device = device_by_name(&std::env::var("BURN_DEVICE").unwrap_or_else(|_| "flex".to_owned()))?;
        let network = Network::open(folder, &device)?;
        let reference = WeightFiles::open(&folder.join(REFERENCE))?;
        let (shape, ids) = reference.read_integers("input_ids")?;
        let (mask_shape, mask) = reference.read_integers("attention_mask")?;
        let &[_, seq] = &shape[..] else {
            return Err(format!("input_ids have the shape {shape:?}, not [batch, seq]").into());
        };
        if mask_shape != shape {
            return Err("input_ids and attention_mask have different shapes".into());
        }
        let ids: Vec<u32> = ids.into_iter().map(u32::try_from).collect::<Result<_, _>>()?;
        let rows: Vec<Vec<u32>> = ids.chunks(seq.max(1)).map(<[u32]>::to_vec).collect();
        let kept: Vec<bool> = mask.iter().map(|&kept| kept == 1).collect();
        let masks = kept.chunks(seq.max(1)).map(<[bool]>::to_vec).collect();
        Ok(Self {
            batch: TokenBatch::with_mask(&rows, masks, &device),
            network,
            kept,
            reference,
            device,
        })
    }

    fn largest_difference<const D: usize>(&self, found: Tensor<D>, expected: &[f32]) -> Fallible<f32> {
        // A row's logits are one for a label head and one a position for a decoder.
        let is_by_position = D == 3;
        let found: Vec<f32> = found.into_data().iter::<f32>().collect();
        if found.len() != expected.len() || self.kept.is_empty() {
            return Err(format!("{} numbers, the reference has {}", found.len(), expected.len()).into());
        }
        let width = found.len() / self.kept.len();
        let is_kept = |index: usize| !is_by_position || self.kept[index / width.max(1)];
        let differences = found
            .iter()
            .zip(expected)
            .enumerate()
            .filter(|(index, _)| is_kept(*index))
            .map(|(_, (a, b))| (a - b).abs());
        // `max` would pass over NaN.
        Ok(differences.fold(0.0, |worst, d| if d > worst || d.is_nan() { d } else { worst }))
    }
}

fn check_model(folder: &Path) -> Fallible<Vec<(&'static str, f32)>> {
    let fixture = Fixture::open(folder)?;
    let expected = fixture.reference.read("last_hidden_state")?.values;
    match &fixture.network {
        Network::Encoder(encoder) => {
            let states = encoder.forward(&fixture.batch, None);
            let difference = fixture.largest_difference(states, &expected)?;
            Ok(vec![("last_hidden_state", difference)])
        }
        Network::Decoder(decoder) => {
            let states = decoder.forward(&fixture.batch, None);
            let logits = decoder.logits(states.clone());
            let expected_logits = fixture.reference.read("logits")?.values;
            Ok(vec![
                (
                    "last_hidden_state",
                    fixture.largest_difference(states, &expected)?,
                ),
                ("logits", fixture.largest_difference(logits, &expected_logits)?),
            ])
        }
        _ => Err("a kind of network that this program does not know".into()),
    }
}

fn check_adapter(base: &Path, folder: &Path) -> Fallible<Vec<(&'static str, f32)>> {
    let fixture = Fixture::open(base)?;
    let adapter = Adapter::read(folder, &fixture.network, &fixture.device)?;
    let expected = WeightFiles::open(&folder.join(REFERENCE))?.read("logits")?.values;
    let difference = match &fixture.network {
        Network::Encoder(encoder) => {
            let states = encoder.forward(&fixture.batch, Some(&adapter));
            let scores = adapter
                .classify(encoder.pool(states, Some(&adapter)))
                .ok_or("an encoder's adapter without a label head has no logits")?;
            fixture.largest_difference(scores, &expected)?
        }
        Network::Decoder(decoder) => {
            let logits = decoder.logits(decoder.forward(&fixture.batch, Some(&adapter)));
            fixture.largest_difference(logits, &expected)?
        }
        _ => return Err("a kind of network that this program does not know".into()),
    };
    Ok(vec![("logits", difference)])
}

/// The folders `adapter_*` in a model folder, by name.
fn adapters_in(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("adapter_") && path.is_dir()
        })
        .collect();
    found.sort();
    found
}
