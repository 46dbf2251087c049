//! Adapter folders: what belongs together is served, everything else is refused by name.

use std::{fs, path::Path};

use adapter_runtime::{Classifier, RuntimeError};
use serde_json::{Value, json};
use stage_files::{ContentHash, write_json, write_whole};

use crate::setting::{adapter, base, classifier, device, task};

/// A folder as `lora-train` writes it, as far as serving reads it.
fn write(folder: &Path) {
    let base = base();
    let adapter = adapter(&base);
    adapter.write(folder).unwrap();
    write_whole(&folder.join("task.toml"), toml::to_string(&task()).unwrap()).unwrap();
    let lineage = json!({
        "base_hash": base.hash(),
        "probe_hash": base.probe_hash(&task()).unwrap(),
        "adapter_hash": ContentHash::of_bytes(&adapter.to_safetensors().unwrap()),
    });
    write_json(&folder.join("training.json"), &lineage).unwrap();
}

fn open(folder: &Path) -> Result<Classifier, RuntimeError> {
    Classifier::open(base(), folder, &device())
}

#[test]
fn a_folder_is_served_as_the_adapter_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let (read, held) = (open(folder.path()).unwrap(), classifier());
    assert_eq!(read.hash(), held.hash());
    assert_eq!(
        read.answer("PANTRY 12").unwrap(),
        held.answer("PANTRY 12").unwrap()
    );
}

#[test]
fn an_adapter_of_another_base_template_or_weights_is_refused() {
    for (key, what) in [
        ("base_hash", "base model"),
        ("probe_hash", "tokenizer, chat template and task"),
        ("adapter_hash", "adapter weights"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        let path = folder.path().join("training.json");
        let mut lineage: Value = stage_files::read_json(&path).unwrap();
        lineage[key] = json!(ContentHash::of_bytes(b"another"));
        write_json(&path, &lineage).unwrap();
        let error = open(folder.path()).unwrap_err();
        assert!(
            matches!(&error, RuntimeError::OtherLineage { what: found, .. } if *found == what),
            "{key}: {error}"
        );
    }
}

#[test]
fn weights_that_were_touched_or_cut_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let path = folder.path().join("adapter_model.safetensors");
    let bytes = fs::read(&path).unwrap();
    let mut touched = bytes.clone();
    *touched.last_mut().unwrap() ^= 1;
    for bytes in [&touched, &bytes[..bytes.len() / 2], &bytes[..3], &[]] {
        fs::write(&path, bytes).unwrap();
        let error = open(folder.path()).unwrap_err();
        assert!(matches!(error, RuntimeError::OtherLineage { .. }), "{error}");
    }
}

#[test]
fn a_missing_or_damaged_file_is_named() {
    for name in [
        "task.toml",
        "training.json",
        "adapter_model.safetensors",
        "adapter_config.json",
    ] {
        for damage in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            write(folder.path());
            let path = folder.path().join(name);
            match damage {
                true => fs::write(&path, "{ not what it should be").unwrap(),
                false => fs::remove_file(&path).unwrap(),
            }
            let mut error: &dyn std::error::Error = &open(folder.path()).unwrap_err();
            let mut words = error.to_string();
            while let Some(source) = error.source() {
                words = format!("{words}: {source}");
                error = source;
            }
            let names_it = words.contains(name) || words.contains("adapter weights");
            assert!(names_it, "{name}, damaged: {damage}: {words}");
        }
    }
}
