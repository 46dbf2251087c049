//! The files of a model folder that say how a chat is written.

use std::{collections::BTreeMap, fs, io, path::Path};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use stage_files::{FileError, read_json};

use crate::TokenizerError;

/// The names under which a template sees special tokens.
const TOKENS: [&str; 7] = [
    "bos_token",
    "eos_token",
    "unk_token",
    "sep_token",
    "pad_token",
    "cls_token",
    "mask_token",
];

/// What the files say.
pub(super) struct ChatFiles {
    pub(super) template: Option<String>,
    /// `bos_token` and its like; what the model has not is not there.
    pub(super) tokens: BTreeMap<String, String>,
}

/// `chat_template` in `tokenizer_config.json`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Templates {
    One(String),
    Many(Vec<NamedTemplate>),
}

#[derive(Deserialize)]
struct NamedTemplate {
    name: String,
    template: String,
}

/// The part of `tokenizer_config.json` that is used.
#[derive(Default, Deserialize)]
struct TokenizerConfig {
    chat_template: Option<Templates>,
    added_tokens_decoder: Option<serde::de::IgnoredAny>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl ChatFiles {
    /// Reads what is there, with the precedence of transformers: `chat_template.jinja` before `tokenizer_config.json`,
    /// and of several templates the one that is called `default`; special tokens of `special_tokens_map.json` before
    /// those of `tokenizer_config.json`, unless that lists its added tokens and so makes the older file void.
    pub(super) fn read(folder: &Path) -> Result<Self, TokenizerError> {
        let config: TokenizerConfig = optional_json(folder, "tokenizer_config.json")?.unwrap_or_default();
        let mut named = config.rest;
        if config.added_tokens_decoder.is_none() {
            let map: Option<Map<String, Value>> = optional_json(folder, "special_tokens_map.json")?;
            named.extend(map.unwrap_or_default());
        }
        let tokens = TOKENS
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), content(named.get(name)?)?.to_owned())))
            .collect();
        let file = folder.join("chat_template.jinja");
        let template = match fs::read_to_string(&file) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                config.chat_template.map(Templates::default).transpose()?
            }
            Err(source) => return Err(TokenizerError::Config(FileError::Read { path: file, source })),
        };
        Ok(Self { template, tokens })
    }
}

impl Templates {
    fn default(self) -> Result<String, TokenizerError> {
        match self {
            Self::One(template) => Ok(template),
            Self::Many(templates) => {
                let names = templates.iter().map(|named| named.name.clone()).collect();
                templates
                    .into_iter()
                    .find(|named| named.name == "default")
                    .map(|named| named.template)
                    .ok_or(TokenizerError::NoDefault { names })
            }
        }
    }
}

/// A token is its name, or an object that holds it.
fn content(token: &Value) -> Option<&str> {
    token.as_str().or_else(|| token.get("content")?.as_str())
}

fn optional_json<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<Option<T>, TokenizerError> {
    match read_json(&folder.join(name)) {
        Ok(value) => Ok(Some(value)),
        Err(FileError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(TokenizerError::Config(error)),
    }
}
