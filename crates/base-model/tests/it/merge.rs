//! Adapters folded into weights: what is computed stays the same.

use std::fs;

use base_model::{Adapter, MergeError, Network, Precision};

use crate::fixtures::{ALL, Fixture, adapters, device, folder, largest_difference, open, values};

/// f32 against another order of products, with scales of 2 and more.
const TOLERANCE: f32 = 5e-5;

/// The logits of a network without the adapter's changes, but with its label head.
fn logits_of(network: &Network, fixture: &Fixture, adapter: &Adapter) -> (Vec<f32>, Vec<bool>) {
    match network {
        Network::Encoder(encoder) => {
            let head = adapter.head_alone();
            let states = encoder.forward(&fixture.batch, None);
            let scores = head.classify(encoder.pool(states, &fixture.batch, None)).unwrap();
            let rows = scores.dims()[0];
            (values(scores), vec![true; rows])
        }
        Network::Decoder(decoder) => {
            let states = decoder.forward(&fixture.batch, None);
            let logits = values(decoder.logits(states, &fixture.batch, None));
            (logits, fixture.kept.clone())
        }
        _ => panic!("another kind of network"),
    }
}

fn is_activated(adapter: &Adapter) -> bool {
    adapter.config().alora_invocation_tokens.is_some()
}

#[test]
fn merged_equals_unmerged_for_every_kind_of_adapter() {
    for name in ALL {
        let fixture = open(name);
        for (path, adapter) in adapters(name, &fixture.network) {
            let merged = fixture.network.merge(&adapter);
            if is_activated(&adapter) {
                assert!(matches!(merged, Err(MergeError::Activated)), "{path}");
                continue;
            }
            let (expected, kept) = fixture.adapter_logits(&adapter).unwrap();
            let (found, _) = logits_of(&merged.unwrap(), &fixture, &adapter);
            let worst = largest_difference(&found, &expected, &kept);
            assert!(worst < TOLERANCE, "{path}: largest difference {worst}");
        }
    }
}

#[test]
fn unmerging_gives_the_base_back_or_says_why_not() {
    for name in ALL {
        let fixture = open(name);
        for (path, adapter) in adapters(name, &fixture.network) {
            if is_activated(&adapter) {
                continue;
            }
            let merged = fixture.network.merge(&adapter).unwrap();
            let head = adapter.head_alone();
            match merged.unmerge(&adapter) {
                Ok(base) => {
                    let (expected, kept) = logits_of(&fixture.network, &fixture, &head);
                    let (found, _) = logits_of(&base, &fixture, &head);
                    let worst = largest_difference(&found, &expected, &kept);
                    assert!(worst < TOLERANCE, "{path}: largest difference {worst}");
                }
                Err(MergeError::Replaced { .. }) => {
                    assert!(
                        adapter
                            .config()
                            .modules_to_save
                            .iter()
                            .any(|name| name != "classifier"),
                        "{path}"
                    );
                }
                Err(error) => panic!("{path}: {error}"),
            }
        }
    }
}

#[test]
fn a_weight_decomposed_adapter_that_was_not_merged_cannot_be_taken_out() {
    let fixture = open("qwen2");
    let read = || {
        let path = folder("qwen2/adapter_dora");
        Adapter::read(&path, &fixture.network, &device()).unwrap()
    };
    let merged = fixture.network.merge(&read()).unwrap();
    let error = merged.unmerge(&read()).unwrap_err();
    assert!(matches!(error, MergeError::UnknownNorms { .. }), "{error}");
}

#[test]
fn an_exported_checkpoint_opens_as_a_base_that_needs_no_adapter() {
    for name in ALL {
        let fixture = open(name);
        for (path, adapter) in adapters(name, &fixture.network) {
            if is_activated(&adapter) {
                continue;
            }
            let out = tempfile::tempdir().unwrap();
            let base = folder(name);
            let merged = fixture
                .network
                .export_merged(&base, &adapter, out.path(), Precision::F32)
                .unwrap();
            assert!(merged.modules > 0, "{path}");
            let config = fs::read_to_string(out.path().join("config.json")).unwrap();
            assert_eq!(
                merged.untied,
                fs::read_to_string(base.join("config.json"))
                    .unwrap()
                    .contains("\"tie_word_embeddings\": true")
                    && config.contains("\"tie_word_embeddings\": false"),
                "{path}"
            );
            let again = Network::open(out.path(), &device()).unwrap();
            let (expected, kept) = fixture.adapter_logits(&adapter).unwrap();
            let (found, _) = logits_of(&again, &fixture, &adapter);
            let worst = largest_difference(&found, &expected, &kept);
            assert!(worst < TOLERANCE, "{path}: largest difference {worst}");
        }
    }
}
