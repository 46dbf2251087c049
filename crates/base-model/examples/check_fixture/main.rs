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

mod fixture;

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
};

use base_model::{Adapter, WeightFiles, WeightFormat};
use burn::tensor::Device;

use fixture::{Fallible, Fixture, REFERENCE, adapters_in, device, largest_difference};

/// The largest difference of each tensor that was compared.
type Differences = Vec<(&'static str, f32)>;

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
    let device = match device() {
        Ok(device) => device,
        Err(error) => {
            println!("{}", chain(&error));
            return ExitCode::FAILURE;
        }
    };
    let mut all_good = true;
    for folder in folders {
        let adapters = adapters_in(&folder);
        match Fixture::open(&folder, WeightFormat::F32, &device) {
            Ok(fixture) => {
                all_good &= say(&folder, MODEL_TOLERANCE, check_model(&fixture));
                for adapter in &adapters {
                    let found = check_adapter(&fixture, adapter, &device);
                    all_good &= say(adapter, ADAPTER_TOLERANCE, found);
                }
            }
            // Its adapters cannot be compared either.
            Err(error) => {
                let told = chain(error.as_ref());
                for path in std::iter::once(&folder).chain(&adapters) {
                    all_good &= say(path, MODEL_TOLERANCE, Err(told.as_str().into()));
                }
            }
        }
    }
    if all_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Prints a line about a folder; whether its differences are within the tolerance.
fn say(folder: &Path, tolerance: f32, found: Fallible<Differences>) -> bool {
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

fn check_model(fixture: &Fixture) -> Fallible<Differences> {
    let results = fixture.results()?.into_iter();
    results
        .map(|(name, found, expected)| Ok((name, largest_difference(&found, &expected, &fixture.kept)?)))
        .collect()
}

fn check_adapter(fixture: &Fixture, folder: &Path, device: &Device) -> Fallible<Differences> {
    let adapter = Adapter::read(folder, &fixture.network, device)?;
    let expected = WeightFiles::open(&folder.join(REFERENCE))?.read("logits")?.values;
    let (found, kept) = fixture.adapter_logits(&adapter)?;
    Ok(vec![("logits", largest_difference(&found, &expected, &kept)?)])
}
