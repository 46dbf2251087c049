//! Gradients and losses against PyTorch and PEFT.
//!
//! Oracle: PEFT 0.21.2 on PyTorch 2.15.0, float32: `grad.*` of every trainable tensor for one step, and the losses of
//! six AdamW steps (rate 1e-2, betas 0.9 and 0.999, epsilon 1e-8, decay 0.01, no dropout). The fixtures and
//! the script that makes them are in base-model's `tests/fixtures`.

#[path = "../../examples/check_fixture/fixture.rs"]
pub(crate) mod fixture;

use std::path::{Path, PathBuf};

use base_model::device_by_name;

use fixture::{Fixture, adapters_in, device};

/// Sums in another order, six steps of which are built upon one another.
const TOLERANCE: f64 = 1e-3;
/// The same where functions are approximated, as Mesa's Vulkan does: 1.3e-3 for the gradients of a ModernBERT.
const APPROXIMATE: f64 = 5e-3;

#[test]
fn gradients_and_six_adamw_losses_match_peft_for_any_number_of_shards() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../base-model/tests/fixtures");
    // A GPU that is a program takes its time: there the plain adapter of each model stands for all, and one of another kind.
    let is_cpu = device().unwrap() == device_by_name("flex").unwrap();
    let (shards, tolerance) = match is_cpu {
        true => (1..=3, TOLERANCE),
        false => (2..=2, APPROXIMATE),
    };
    let is_meant = |adapter: &PathBuf| {
        is_cpu || adapter.ends_with("adapter_lora") || adapter.ends_with("qwen2/adapter_dora")
    };
    let mut compared = 0;
    for model in std::fs::read_dir(models).unwrap() {
        for adapter in adapters_in(&model.unwrap().path()).into_iter().filter(is_meant) {
            let fixture = Fixture::open(&adapter, &device().unwrap()).unwrap();
            for shards in shards.clone() {
                let found = fixture.differences(shards).unwrap();
                let worst = [found.gradient, found.relative_gradient, found.loss];
                assert!(
                    worst.iter().all(|&x| x <= tolerance),
                    "{} on {shards} shards: {found:?}",
                    adapter.display()
                );
            }
            compared += 1;
        }
    }
    assert!(
        compared >= if is_cpu { 28 } else { 9 },
        "{compared} adapters were found"
    );
}
