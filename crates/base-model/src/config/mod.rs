//! `config.json`, read so that nothing in it is silently ignored.
//!
//! A field is either *used*, or must have the one value that is implemented, or is known to be *neutral* (it
//! does not change the forward pass), or is unset (null, false, 0, an empty string or list). Anything else
//! is an error that names the field, because a field that is ignored is a model that computes something else.

mod activation;
mod bert;
mod decoder;
mod encoder;
mod fields;
mod gemma;
mod layer;
mod llama;
mod mistral;
mod modernbert;
mod qwen;
mod rope;

use std::path::Path;

use serde_json::{Map, Value};
use stage_files::{ContentHash, read_json};

pub use activation::Activation;
pub use decoder::DecoderConfig;
pub use encoder::{EncoderConfig, Pooling};
pub use layer::LayerConfig;
pub use rope::{Llama3Scaling, Rope, RopeScaling, YarnScaling};

pub(crate) use fields::{Fields, positive_in, size_in};

use fields::divides;

use crate::{ConfigError, ModelError};

/// The architectures, by their `model_type`.
const KNOWN: &str = "bert, gemma3_text, llama, mistral, modernbert, qwen2, qwen3";

/// What `config.json` says about the model.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ModelConfig {
    /// Every token sees every other: BERT (MiniLM, BGE, E5), ModernBERT.
    Encoder(EncoderConfig),
    /// A token sees what comes before it: Llama (SmolLM2), Mistral, Qwen 2, 2.5 and 3, Gemma 3.
    Decoder(DecoderConfig),
}

impl ModelConfig {
    /// Reads `config.json` in a model folder.
    ///
    /// # Errors
    ///
    /// [`ModelError::File`] or [`ModelError::Config`].
    pub fn read(folder: &Path) -> Result<Self, ModelError> {
        let path = folder.join("config.json");
        let json: Map<String, Value> = read_json(&path).map_err(|source| ModelError::File {
            folder: folder.to_owned(),
            source,
        })?;
        Self::from_json(&json).map_err(|source| ModelError::Config { path, source })
    }

    /// Reads the fields of a config.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], naming the field.
    pub fn from_json(json: &Map<String, Value>) -> Result<Self, ConfigError> {
        let architecture = json.get("model_type").and_then(Value::as_str).unwrap_or_default();
        let fields = |name| Fields::new(json, name);
        match architecture {
            "bert" => bert::read(fields("bert")).map(Self::Encoder),
            "modernbert" => modernbert::read(fields("modernbert")).map(Self::Encoder),
            "llama" => llama::read(fields("llama")).map(Self::Decoder),
            "mistral" => mistral::read(fields("mistral")).map(Self::Decoder),
            "qwen2" => qwen::read_2(fields("qwen2")).map(Self::Decoder),
            "qwen3" => qwen::read_3(fields("qwen3")).map(Self::Decoder),
            "gemma3_text" => gemma::read(fields("gemma3_text")).map(Self::Decoder),
            found => Err(ConfigError::UnknownArchitecture {
                found: found.to_owned(),
                known: KNOWN,
            }),
        }
    }

    /// Rows of the embedding table.
    #[must_use]
    pub fn vocab_size(&self) -> usize {
        match self {
            Self::Encoder(config) => config.vocab_size,
            Self::Decoder(config) => config.vocab_size,
        }
    }

    /// Length of a token's state.
    #[must_use]
    pub fn hidden_size(&self) -> usize {
        match self {
            Self::Encoder(config) => config.hidden_size,
            Self::Decoder(config) => config.hidden_size,
        }
    }

    /// The longest sequence, in tokens.
    #[must_use]
    pub fn max_positions(&self) -> usize {
        match self {
            Self::Encoder(config) => config.max_position_embeddings,
            Self::Decoder(config) => config.max_position_embeddings,
        }
    }
}

/// The content hash that names a base model: of its weights and its config.
///
/// # Errors
///
/// [`ModelError::File`] if a file cannot be read.
pub fn base_hash(folder: &Path) -> Result<ContentHash, ModelError> {
    let mut names = String::new();
    for name in [
        "config.json",
        "tokenizer.json",
        "model.safetensors",
        "model.safetensors.index.json",
    ] {
        let path = folder.join(name);
        if path.is_file() {
            let hash = ContentHash::of_file(&path).map_err(|source| ModelError::File {
                folder: folder.to_owned(),
                source,
            })?;
            names.push_str(&format!("{name} {hash}\n"));
        }
    }
    Ok(ContentHash::of_bytes(names.as_bytes()))
}

#[cfg(test)]
mod tests;
