//! `config.json`: a byte for the model, then the file.

use std::fs;

use base_model::{ModelConfig, Network};

use crate::{fixtures, scratch};

/// The file is refused, or has sizes; and beside the weights of that model it is refused, or the network runs.
pub fn holds(data: &[u8]) {
    let Some((&which, json)) = data.split_first() else {
        return;
    };
    let Ok(fields) = serde_json::from_slice(json) else {
        return;
    };
    let Ok(config) = ModelConfig::from_json(&fields) else {
        return;
    };
    let (vocab, positions) = (config.vocab_size(), config.max_positions());
    assert!(vocab > 0 && positions > 0 && config.hidden_size() > 0);

    let models = fixtures::models();
    let at = usize::from(which) % models.len();
    let folder = scratch::folder(&format!("config-{at}"));
    let weights = folder.join("model.safetensors");
    if !weights.is_file() {
        fs::copy(models[at].join("model.safetensors"), &weights).expect("the weights can be copied");
    }
    scratch::write(&folder, "config.json", json);
    if let Ok(network) = Network::open(&folder, &fixtures::device()) {
        fixtures::run(&network, vocab, positions);
    }
}
