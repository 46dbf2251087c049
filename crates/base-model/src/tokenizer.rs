//! Text to token ids and back.

use std::{fs, panic, path::Path};

use serde::de::IgnoredAny;
use tokenizers::Tokenizer as Inner;

use crate::{ModelError, TokenizerError};

/// A Hugging Face tokenizer in which a user's text is only ever text.
///
/// `[SEP]` or `<|im_end|>` typed by a customer is encoded as the characters that it is made of. Special
/// tokens come from the tokenizer's own post-processor and from the chat template, never from the input.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: Inner,
    tokens: usize,
}

impl Tokenizer {
    /// Reads `tokenizer.json` in a model folder.
    ///
    /// Truncation and padding that the file may switch on are switched off: both are decided by the caller,
    /// who must know how many rows were cut.
    ///
    /// # Errors
    ///
    /// [`ModelError::Tokenizer`].
    pub fn read(folder: &Path) -> Result<Self, ModelError> {
        let path = folder.join("tokenizer.json");
        let loaded = fs::read(&path).map_err(|error| TokenizerError::Load(error.into()));
        loaded
            .and_then(|json| parse(&json))
            .and_then(Self::new)
            .map_err(|source| ModelError::Tokenizer { path, source })
    }

    /// Takes a tokenizer that is already in memory.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Load`] if it cannot be used without truncation.
    pub fn new(mut inner: Inner) -> Result<Self, TokenizerError> {
        inner.with_truncation(None).map_err(TokenizerError::Load)?;
        inner.with_padding(None);
        inner.set_encode_special_tokens(true);
        let tokens = inner
            .get_vocab(true)
            .values()
            .max()
            .map_or(0, |&id| id as usize + 1);
        Ok(Self { inner, tokens })
    }

    /// The highest token id plus one.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// The id of a token by its name.
    #[must_use]
    pub fn id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// The name of a token by its id.
    #[must_use]
    pub fn token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// The names of the special tokens, in the order of their ids.
    #[must_use]
    pub fn special_tokens(&self) -> Vec<(u32, String)> {
        let mut tokens: Vec<_> = self
            .inner
            .get_added_tokens_decoder()
            .into_iter()
            .filter(|(_, token)| token.special)
            .map(|(id, token)| (id, token.content))
            .collect();
        tokens.sort_unstable();
        tokens
    }

    /// The ids of a text with what the model puts around one (`[CLS]` and `[SEP]` for BERT); never cut.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Encode`].
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        self.ids(text, true)
    }

    /// The ids of a text and nothing around it.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Encode`].
    pub fn encode_bare(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        self.ids(text, false)
    }

    fn ids(&self, text: &str, add_special_tokens: bool) -> Result<Vec<u32>, TokenizerError> {
        let encoding = self
            .inner
            .encode_fast(text, add_special_tokens)
            .map_err(|source| TokenizerError::Encode {
                chars: text.chars().count(),
                source,
            })?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The text of some ids, special tokens left out.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Encode`] if the decoder fails.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        self.inner
            .decode(ids, true)
            .map_err(|source| TokenizerError::Encode {
                chars: ids.len(),
                source,
            })
    }
}

/// Reads a tokenizer from JSON.
///
/// The library panics on some files (a decoder that is not JSON, a normaliser's table that is none): what is no JSON
/// is refused before it sees it, and the rest is caught.
fn parse(json: &[u8]) -> Result<Inner, TokenizerError> {
    serde_json::from_slice::<IgnoredAny>(json).map_err(|error| TokenizerError::Load(error.into()))?;
    panic::catch_unwind(|| Inner::from_bytes(json))
        .map_err(|_| TokenizerError::Unreadable)?
        .map_err(TokenizerError::Load)
}
