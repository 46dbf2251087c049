//! Compares gradients and AdamW losses of adapters with what PyTorch and PEFT compute.
//!
//! ```text
//! cargo run --release -p lora-train --features flex --example check_fixture -- DIR...
//! ```
//!
//! `DIR` is a model folder with a `reference.safetensors`: `input_ids` and `attention_mask`; its folders `adapter_*` hold
//! an adapter each, with a `reference.safetensors` of their own: `labels`, `grad.*` of every trainable tensor for one step,
//! and `adamw_losses` of six AdamW steps (rate 1e-2, betas 0.9 and 0.999, epsilon 1e-8, decay 0.01). One line is printed for
//! each adapter with the largest differences. The exit code is 1 if one is beyond 1e-3, for gradients also by the largest
//! entry of their tensor, or a folder cannot be read. `crates/base-model/tests/fixtures/make.py` writes such folders.
//! `BURN_DEVICE` names the device, `flex` otherwise.
#![expect(clippy::print_stdout, reason = "a program talks to whoever runs it")]

mod fixture;

use std::{path::PathBuf, process::ExitCode};

use fixture::{Differences, Fallible, Fixture, adapters_in, chain, device};

const TOLERANCE: f64 = 1e-3;
/// More than one, so that what is shown is what users run.
const SHARDS: usize = 2;

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
        if adapters.is_empty() {
            println!("FAIL {}: it holds no folder adapter_*", folder.display());
            all_good = false;
        }
        for adapter in adapters {
            let found = Fixture::open(&adapter, &device).and_then(|fixture| fixture.differences(SHARDS));
            let (good, told) = judged(found);
            all_good &= good;
            println!(
                "{} {}: {told}",
                if good { "ok  " } else { "FAIL" },
                adapter.display()
            );
        }
    }
    if all_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Whether differences are within the tolerance, and what to say of them.
fn judged(found: Fallible<Differences>) -> (bool, String) {
    match found {
        Ok(found) => (
            // A NaN is beyond every tolerance.
            [found.gradient, found.relative_gradient, found.loss]
                .iter()
                .all(|&x| x <= TOLERANCE),
            format!(
                "gradients {:.1e}, by their largest {:.1e}, losses {:.1e}",
                found.gradient, found.relative_gradient, found.loss
            ),
        ),
        Err(error) => (false, chain(error.as_ref())),
    }
}
