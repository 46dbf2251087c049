//! Adapters that PEFT wrote, and adapters that we write.

use std::fs;

use base_model::{Adapter, AdapterConfig, AdapterError, Network, TaskType, WeightFiles};
use burn::tensor::Tensor;

use crate::fixtures::{Fixture, device, folder, largest_difference, open};

/// Logits with an adapter: `[batch, classes]` of an encoder, `[batch, seq, vocab]` of a decoder.
fn logits(fixture: &Fixture, adapter: &Adapter) -> Vec<f32> {
    fixture.adapter_logits(adapter).unwrap().0
}

#[test]
fn adapter_logits_match_peft() {
    for name in ["bert", "llama"] {
        let fixture = open(name);
        let path = folder(name).join("adapter_lora");
        let adapter = Adapter::read(&path, &fixture.network, &device()).unwrap();
        let reference = WeightFiles::open(&path.join("reference.safetensors")).unwrap();
        let expected = reference.read("logits").unwrap().values;
        let (found, kept) = fixture.adapter_logits(&adapter).unwrap();
        let worst = largest_difference(&found, &expected, &kept);
        assert!(worst < 1e-3, "{name}: largest difference {worst}");
    }
}

#[test]
fn an_adapter_that_is_written_reads_back_the_same() {
    for name in ["bert", "llama"] {
        let fixture = open(name);
        let adapter = Adapter::read(&folder(name).join("adapter_lora"), &fixture.network, &device()).unwrap();
        let copy = tempfile::tempdir().unwrap();
        adapter.write(copy.path()).unwrap();
        let again = Adapter::read(copy.path(), &fixture.network, &device()).unwrap();
        assert_eq!(again.config(), adapter.config());
        assert_eq!(logits(&fixture, &again), logits(&fixture, &adapter));
        assert_eq!(again.to_safetensors().unwrap(), adapter.to_safetensors().unwrap());
    }
}

#[test]
fn a_fresh_adapter_changes_nothing_and_is_the_same_for_the_same_seed() {
    let fixture = open("llama");
    let Network::Decoder(decoder) = &fixture.network else {
        panic!("not a decoder")
    };
    let config = AdapterConfig::new("llama", TaskType::CausalLm);
    let make = |seed| Adapter::init(config.clone(), &fixture.network, None, seed, &device()).unwrap();
    let (first, same, other) = (make(1), make(1), make(2));
    assert_eq!(first.to_safetensors().unwrap(), same.to_safetensors().unwrap());
    assert_ne!(first.to_safetensors().unwrap(), other.to_safetensors().unwrap());
    let states = |adapter| -> Tensor<3> { decoder.forward(&fixture.batch, adapter) };
    assert_eq!(states(Some(&first)).into_data(), states(None).into_data());
}

#[test]
fn an_adapter_for_another_base_is_refused() {
    let (bert, llama) = (open("bert"), open("llama"));
    let error = Adapter::read(&folder("bert/adapter_lora"), &llama.network, &device()).unwrap_err();
    assert!(matches!(error, AdapterError::WrongKind { .. }), "{error:?}");
    let error = Adapter::read(&folder("llama/adapter_lora"), &bert.network, &device()).unwrap_err();
    assert!(matches!(error, AdapterError::WrongKind { .. }), "{error:?}");
}

/// The folder of the llama adapter with its config changed as text.
fn changed_config(from: &str, to: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let source = folder("llama/adapter_lora");
    let config = fs::read_to_string(source.join("adapter_config.json")).unwrap();
    assert!(config.contains(from));
    fs::write(copy.path().join("adapter_config.json"), config.replace(from, to)).unwrap();
    fs::copy(
        source.join("adapter_model.safetensors"),
        copy.path().join("adapter_model.safetensors"),
    )
    .unwrap();
    copy
}

#[test]
fn a_config_that_does_not_fit_is_named() {
    let network = open("llama").network;
    let error = |from: &str, to: &str| {
        let copy = changed_config(from, to);
        let error: Box<dyn std::error::Error> = Adapter::read(copy.path(), &network, &device())
            .unwrap_err()
            .into();
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            text.push_str(&format!(": {inner}"));
            source = inner.source();
        }
        text
    };
    let dora = error("\"use_dora\": false", "\"use_dora\": true");
    assert!(dora.contains("lora_magnitude_vector is missing"), "{dora}");
    let rank = error("\"r\": 4", "\"r\": 8");
    assert!(rank.contains("lora_A.weight has shape [4, 64]"), "{rank}");
    let target = error("\"gate_proj\"", "\"gate_projection\"");
    assert!(target.contains("gate_projection"), "{target}");
    let fewer = error("\"gate_proj\",", "");
    assert!(
        fewer.contains("gate_proj.lora_A.weight belongs to no target"),
        "{fewer}"
    );
}
