//! Model and adapter folders in which something is wrong: an error that names it, and never a panic.

use std::{fs, path::Path};

use base_model::{Adapter, BaseModel, ModelError, Network, TokenBatch, Tokenizer, device_by_name};
use burn::tensor::Device;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::fixtures::{ALL, folder};

/// What is read is the same on every device: these tests need not wait for a slow one.
fn device() -> Device {
    device_by_name("flex").unwrap()
}

/// Values that a field should not have, or not with what stands beside it.
fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![
            Just(0_i64),
            Just(1),
            Just(3),
            Just(-1),
            Just(1 << 24),
            Just(1 << 32),
            Just(i64::MAX)
        ]
        .prop_map(Value::from),
        prop_oneof![Just(0.0), Just(0.5), Just(-1e-5), Just(1e300)].prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        Just(json!([])),
        Just(json!(["all-linear", "("])),
        Just(json!({"rope_type": "yarn", "factor": 2.0})),
    ]
}

fn read_map(path: &Path) -> Map<String, Value> {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A copy of the files of a fixture folder.
fn copy_of(from: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
    }
    copy
}

/// A copy of a fixture folder in which one field of a JSON file has another value, or is gone.
fn with_field(from: &Path, file: &str, at: usize, value: Option<Value>) -> tempfile::TempDir {
    let copy = copy_of(from);
    let mut json = read_map(&from.join(file));
    let field = json.keys().nth(at % json.len()).unwrap().clone();
    match value {
        Some(value) => json.insert(field, value),
        None => json.remove(&field),
    };
    fs::write(copy.path().join(file), serde_json::to_vec(&json).unwrap()).unwrap();
    copy
}

/// A small tokenizer with a special token, as a file.
fn tokenizer_json() -> String {
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [{
            "id": 0, "content": "[END]", "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true
        }],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": null,
        "decoder": null,
        "model": {"type": "WordLevel", "vocab": {"[END]": 0, "card": 1, "fuel": 2}, "unk_token": "[END]"}
    })
    .to_string()
}

proptest! {
    #[test]
    fn a_config_with_an_odd_field_is_refused_or_runs(
        model in 0..ALL.len(), at in 0_usize..60, value in prop::option::of(odd_value())
    ) {
        let name = ALL[model];
        let copy = with_field(&folder(name), "config.json", at, value);
        let device = device();
        if let Ok(network) = Network::open(copy.path(), &device) {
            let batch = TokenBatch::new(&[vec![1, 2, 3]], 0, &device);
            let states = match &network {
                Network::Encoder(encoder) => encoder.forward(&batch, None),
                Network::Decoder(decoder) => decoder.forward(&batch, None),
                _ => unreachable!("the fixtures are an encoder and a decoder"),
            };
            prop_assert_eq!(states.dims()[..2].to_vec(), vec![1, 3]);
        }
    }

    #[test]
    fn an_adapter_with_an_odd_field_is_refused_or_fits(
        model in 0..ALL.len(), at in 0_usize..60, value in prop::option::of(odd_value())
    ) {
        let name = ALL[model];
        let device = device();
        let network = Network::open(&folder(name), &device).unwrap();
        let from = folder(name).join("adapter_lora");
        let copy = with_field(&from, "adapter_config.json", at, value);
        let _ = Adapter::read(copy.path(), &network, &device);
    }

    #[test]
    fn an_adapter_file_with_a_wrong_byte_never_panics(at in 0_usize..4000, byte in any::<u8>(), cut in any::<bool>()) {
        let device = device();
        let network = Network::open(&folder("llama"), &device).unwrap();
        let copy = copy_of(&folder("llama").join("adapter_lora"));
        let path = copy.path().join("adapter_model.safetensors");
        let mut bytes = fs::read(&path).unwrap();
        let at = at % bytes.len();
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] = byte;
        }
        fs::write(&path, bytes).unwrap();
        let _ = Adapter::read(copy.path(), &network, &device);
    }

    #[test]
    fn a_tokenizer_with_a_wrong_byte_is_refused_or_encodes(at in 0_usize..4000, byte in any::<u8>()) {
        let copy = tempfile::tempdir().unwrap();
        let mut bytes = tokenizer_json().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        fs::write(copy.path().join("tokenizer.json"), bytes).unwrap();
        if let Ok(tokenizer) = Tokenizer::read(copy.path()) {
            let _ = tokenizer.encode("card [END] fuel");
        }
    }
}

/// The library panics on a table that it cannot decode.
#[test]
fn a_tokenizer_that_the_library_gives_up_on_is_refused() {
    let copy = tempfile::tempdir().unwrap();
    let mut tokenizer: Value = serde_json::from_str(&tokenizer_json()).unwrap();
    tokenizer["normalizer"] = json!({"type": "Precompiled", "precompiled_charsmap": "AAAA"});
    fs::write(copy.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();
    let error = Tokenizer::read(copy.path()).unwrap_err();
    assert!(matches!(error, ModelError::Tokenizer { .. }), "{error:?}");
}

#[test]
fn a_tokenizer_of_more_tokens_than_the_model_has_is_refused() {
    let copy = copy_of(&folder("llama"));
    let mut tokenizer: Value = serde_json::from_str(&tokenizer_json()).unwrap();
    tokenizer["model"]["vocab"]["parking"] = json!(1_000_000);
    fs::write(copy.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();
    let error = BaseModel::open(copy.path(), &device()).unwrap_err();
    let ModelError::Tokenizer { path, source } = &error else {
        panic!("{error:?}")
    };
    assert!(path.ends_with("tokenizer.json"));
    assert!(source.to_string().contains("1000001"), "{source}");
}
