//! `config.json`, read so that nothing in it is silently ignored.
//!
//! A field is either *used*, or must have the one value that is implemented, or is known to be *neutral* (it
//! does not change the forward pass), or is unset (null, false, 0, an empty string or list). Anything else
//! is an error that names the field, because a field that is ignored is a model that computes something else.

mod bert;
mod llama;
mod rope;

use std::path::Path;

use serde_json::{Map, Value};
use stage_files::{ContentHash, read_json};

pub use bert::BertConfig;
pub use llama::LlamaConfig;
pub use rope::{Llama3Scaling, Rope, RopeScaling};

use crate::{ConfigError, ModelError};

/// The architectures, by their `model_type`.
const KNOWN: &str = "bert, llama";

/// What `config.json` says about the model.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ModelConfig {
    /// An encoder: BERT (MiniLM, BGE, E5).
    Bert(BertConfig),
    /// A decoder: Llama (SmolLM2).
    Llama(LlamaConfig),
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
        match architecture {
            "bert" => BertConfig::from_json(json).map(Self::Bert),
            "llama" => LlamaConfig::from_json(json).map(Self::Llama),
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
            Self::Bert(config) => config.vocab_size,
            Self::Llama(config) => config.vocab_size,
        }
    }

    /// Length of a token's state.
    #[must_use]
    pub fn hidden_size(&self) -> usize {
        match self {
            Self::Bert(config) => config.hidden_size,
            Self::Llama(config) => config.hidden_size,
        }
    }

    /// The longest sequence, in tokens.
    #[must_use]
    pub fn max_positions(&self) -> usize {
        match self {
            Self::Bert(config) => config.max_position_embeddings,
            Self::Llama(config) => config.max_position_embeddings,
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

/// Fields that no architecture's forward pass depends on.
const NEUTRAL: &[&str] = &[
    "architectures",
    "attention_dropout",
    "attention_probs_dropout_prob",
    "bos_token_id",
    "classifier_dropout",
    "dtype",
    "eos_token_id",
    "gradient_checkpointing",
    "hidden_dropout_prob",
    "id2label",
    "initializer_range",
    "is_llama_config",
    "label2id",
    "max_length",
    "model_type",
    "pad_token_id",
    "pretraining_tp",
    "torch_dtype",
    "transformers.js_config",
    "transformers_version",
    "use_cache",
];

/// The largest size that a config may state: vocabularies, the largest of all, have some hundred thousand tokens.
const LARGEST_SIZE: usize = 1 << 24;

/// A size: a whole number from 1, and small enough that products of two are numbers too.
pub(crate) fn size_in(value: &Value) -> Option<usize> {
    let size = usize::try_from(value.as_u64()?).ok()?;
    (1..=LARGEST_SIZE).contains(&size).then_some(size)
}

/// A positive finite number.
pub(crate) fn positive_in(value: &Value) -> Option<f64> {
    value.as_f64().filter(|x| x.is_finite() && *x > 0.0)
}

/// Reads fields one after the other and remembers which, so that the rest can be checked.
pub(crate) struct Fields<'a> {
    json: &'a Map<String, Value>,
    architecture: &'static str,
    used: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(json: &'a Map<String, Value>, architecture: &'static str) -> Self {
        Self {
            json,
            architecture,
            used: Vec::new(),
        }
    }

    /// A field, if it is there and not null.
    pub(crate) fn get(&mut self, field: &'static str) -> Option<&'a Value> {
        self.used.push(field);
        self.json.get(field).filter(|value| !value.is_null())
    }

    /// A field that is an object, if it is there.
    pub(crate) fn object(
        &mut self,
        field: &'static str,
    ) -> Result<Option<&'a Map<String, Value>>, ConfigError> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(ConfigError::Field {
                field: field.to_owned(),
                expected: "an object",
            }),
        }
    }

    /// A size, as [`size_in`] reads it.
    pub(crate) fn size(&mut self, field: &'static str) -> Result<usize, ConfigError> {
        self.get(field)
            .and_then(size_in)
            .ok_or_else(|| ConfigError::Field {
                field: field.to_owned(),
                expected: "a whole number from 1 to 16777216",
            })
    }

    /// A size that may be left out.
    fn size_or(&mut self, field: &'static str, default: usize) -> Result<usize, ConfigError> {
        if self.get(field).is_none() {
            Ok(default)
        } else {
            self.size(field)
        }
    }

    /// A positive finite number.
    pub(crate) fn positive(&mut self, field: &'static str) -> Result<f64, ConfigError> {
        self.get(field)
            .and_then(positive_in)
            .ok_or_else(|| ConfigError::Field {
                field: field.to_owned(),
                expected: "a positive number",
            })
    }

    /// A switch that may be left out.
    pub(crate) fn flag_or(&mut self, field: &'static str, default: bool) -> Result<bool, ConfigError> {
        match self.get(field) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| ConfigError::Field {
                field: field.to_owned(),
                expected: "true or false",
            }),
        }
    }

    /// A field that may be left out, but otherwise must have the one implemented value.
    pub(crate) fn only(
        &mut self,
        field: &'static str,
        value: &Value,
        shown: &'static str,
    ) -> Result<(), ConfigError> {
        match self.get(field) {
            Some(found) if found != value => Err(ConfigError::Unsupported {
                field: field.to_owned(),
                found: found.to_string(),
                supported: shown,
            }),
            _ => Ok(()),
        }
    }

    /// Refuses every field that was not asked for, is not neutral and is set.
    pub(crate) fn finish(self) -> Result<(), ConfigError> {
        let unset = |value: &Value| match value {
            Value::Null => true,
            Value::Bool(flag) => !flag,
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(map) => map.is_empty(),
        };
        let known =
            |field: &str| field.starts_with('_') || NEUTRAL.contains(&field) || self.used.contains(&field);
        match self
            .json
            .iter()
            .find(|(field, value)| !known(field) && !unset(value))
        {
            Some((field, value)) => Err(ConfigError::Unknown {
                architecture: self.architecture,
                field: field.clone(),
                found: value.to_string(),
            }),
            None => Ok(()),
        }
    }
}

/// Checks that `dividend` is a multiple of `divisor`.
fn divides(
    (dividend_name, dividend): (&'static str, usize),
    (divisor_name, divisor): (&'static str, usize),
) -> Result<(), ConfigError> {
    if dividend.is_multiple_of(divisor) {
        Ok(())
    } else {
        Err(ConfigError::Indivisible {
            dividend_name,
            dividend,
            divisor_name,
            divisor,
        })
    }
}

#[cfg(test)]
mod tests;
