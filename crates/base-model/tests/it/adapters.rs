//! Adapters that PEFT wrote, and adapters that we write.

use std::fs;

use base_model::{
    Adapter, AdapterConfig, AdapterError, Network, Targets, TaskType, TokenBatch, WeightFiles, device_by_name,
};

use crate::fixtures::{
    ALL, Fixture, adapters, adapters_in, device, folder, largest_difference, open, repeated, states, values,
};

/// Logits with an adapter: `[batch, classes]` of an encoder, `[batch, seq, vocab]` of a decoder.
fn logits(fixture: &Fixture, adapter: &Adapter) -> Vec<f32> {
    fixture.adapter_logits(adapter).unwrap().0
}

#[test]
fn adapter_logits_match_peft() {
    for name in ALL {
        let fixture = open(name);
        for path in adapters_in(&folder(name)) {
            let adapter = Adapter::read(&path, &fixture.network, &device()).unwrap();
            let reference = WeightFiles::open(&path.join("reference.safetensors")).unwrap();
            let expected = reference.read("logits").unwrap().values;
            let (found, kept) = fixture.adapter_logits(&adapter).unwrap();
            let worst = largest_difference(&found, &expected, &kept);
            assert!(worst < 1e-3, "{}: largest difference {worst}", path.display());
        }
    }
}

/// A score that is compared with a threshold, or reproduced in an audit, must not depend on who asks beside it.
#[test]
fn scores_are_the_same_bits_alone_and_in_a_batch_of_64() {
    let cpu = device_by_name("flex").unwrap();
    let rows: Vec<Vec<u32>> = (0..64_usize)
        .map(|row| {
            (0..1 + row * 7 % 23)
                .map(|i| ((i * 37 + row * 11) % 70 + 3) as u32)
                .collect()
        })
        .collect();
    for name in ALL {
        let network = Network::open(&folder(name), &cpu).unwrap();
        let adapter = Adapter::read(&folder(name).join("adapter_lora"), &network, &cpu).unwrap();
        let scores = |rows: &[Vec<u32>]| -> Vec<Vec<f32>> {
            let batch = TokenBatch::new(rows, 0, &cpu);
            let scores = match &network {
                Network::Encoder(encoder) => {
                    adapter.classify(encoder.pooled(&batch, Some(&adapter))).unwrap()
                }
                Network::Decoder(decoder) => {
                    let last: Vec<Vec<usize>> = rows.iter().map(|row| vec![row.len() - 1]).collect();
                    decoder.log_probabilities_at(batch, None, &last, Some(&adapter))
                }
                _ => panic!("another kind of network"),
            };
            let width = scores.dims()[1];
            values(scores).chunks_exact(width).map(<[f32]>::to_vec).collect()
        };
        let together = scores(&rows);
        for (row, together) in rows.iter().zip(&together) {
            assert_eq!(
                &scores(std::slice::from_ref(row))[0],
                together,
                "{name}, {} tokens",
                row.len()
            );
        }
    }
}

#[test]
fn an_adapter_that_is_written_reads_back_the_same() {
    for name in ALL {
        let fixture = open(name);
        for (path, adapter) in adapters(name, &fixture.network) {
            let copy = tempfile::tempdir().unwrap();
            adapter.write(copy.path()).unwrap();
            let again = Adapter::read(copy.path(), &fixture.network, &device()).unwrap();
            assert_eq!(again.config(), adapter.config(), "{path}");
            let [found, expected] = [&again, &adapter].map(|adapter| logits(&fixture, adapter));
            let worst = largest_difference(&found, &expected, &[true]);
            assert!(worst <= repeated(), "{path}: {worst}");
            assert_eq!(
                again.to_safetensors().unwrap(),
                adapter.to_safetensors().unwrap(),
                "{path}"
            );
        }
    }
}

#[test]
fn a_fresh_adapter_changes_nothing_and_is_the_same_for_the_same_seed() {
    for name in ALL {
        let fixture = open(name);
        let (task_type, classes) = match &fixture.network {
            Network::Encoder(_) => (TaskType::SeqCls, Some(5)),
            _ => (TaskType::CausalLm, None),
        };
        for use_dora in [false, true] {
            let config = AdapterConfig {
                use_dora,
                ..AdapterConfig::new(*name, task_type)
            };
            let make =
                |seed| Adapter::init(config.clone(), &fixture.network, classes, seed, &device()).unwrap();
            let (first, same, other) = (make(1), make(1), make(2));
            assert_eq!(first.to_safetensors().unwrap(), same.to_safetensors().unwrap());
            assert_ne!(first.to_safetensors().unwrap(), other.to_safetensors().unwrap());
            let states = |adapter| values(states(&fixture.network, &fixture.batch, adapter));
            let worst = largest_difference(&states(Some(&first)), &states(None), &fixture.kept);
            // A weight-decomposed adapter divides a length by itself.
            assert!(
                worst <= if use_dora { 1e-5 } else { repeated() },
                "{name}: {worst}"
            );
        }
    }
}

#[test]
fn a_name_that_holds_in_some_layers_only_is_refused_when_an_adapter_is_made() {
    let network = open("qwen3").network;
    let init = |targets: &[&str]| {
        let names = targets.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let config = AdapterConfig {
            target_modules: names.into(),
            ..AdapterConfig::new("qwen3", TaskType::CausalLm)
        };
        Adapter::init(config, &network, None, 1, &device())
    };
    assert!(init(&["q_proj", "down_proj"]).is_ok());
    // Who names a layer means it.
    assert!(init(&["layers.0.self_attn.q_proj"]).is_ok());
    assert!(
        matches!(init(&["q_projection"]), Err(AdapterError::NoTarget { pattern }) if pattern == "q_projection")
    );
    // A norm has no low-rank change.
    assert!(matches!(init(&["q_norm"]), Err(AdapterError::NoTarget { .. })));
    // ModernBERT's first block has no normalisation before its attention.
    let network = open("modernbert").network;
    let config = AdapterConfig {
        target_modules: Targets::Pattern(r".*layers\.(?!0\.).*Wqkv".to_owned()),
        ..AdapterConfig::new("modernbert", TaskType::SeqCls)
    };
    assert!(Adapter::init(config, &network, Some(5), 1, &device()).is_ok());
    let config = AdapterConfig {
        target_modules: Targets::Pattern(r".*layers\.(?=[^a]).*(?<!mlp\.)Wo".to_owned()),
        layers_to_transform: None,
        ..AdapterConfig::new("modernbert", TaskType::SeqCls)
    };
    assert!(Adapter::init(config, &network, Some(5), 1, &device()).is_ok());
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

#[test]
fn what_a_head_is_given_is_the_same_where_the_last_block_computes_nothing_else() {
    for name in ["bert", "modernbert"] {
        let network = Network::open(&folder(name), &device()).unwrap();
        let Network::Encoder(encoder) = &network else {
            panic!("another kind of network");
        };
        for adapter in adapters_in(&folder(name)) {
            let adapter = Adapter::read(&adapter, &network, &device()).unwrap();
            let rows: Vec<Vec<u32>> = (1..14)
                .map(|n| (0..n).map(|i| 3 + (i * 7 + n) % 70).collect())
                .collect();
            // Padded at the end, and in front.
            let at_end = TokenBatch::new(&rows, 0, &device());
            let filled = |row: &Vec<u32>| [vec![0; 13 - row.len()], row.clone()].concat();
            let kept = |row: &Vec<u32>| [vec![false; 13 - row.len()], vec![true; row.len()]].concat();
            let in_front = TokenBatch::with_mask(
                &rows.iter().map(filled).collect::<Vec<_>>(),
                rows.iter().map(kept).collect(),
                &device(),
            );
            for batch in [at_end, in_front] {
                let states = encoder.forward(&batch, Some(&adapter));
                let expected = values(encoder.pool(states, &batch, Some(&adapter)));
                let found = values(encoder.pooled(&batch, Some(&adapter)));
                let worst = largest_difference(&found, &expected, &vec![true; rows.len()]);
                assert!(worst < 1e-5, "{name}: {worst}");
            }
        }
    }
}
