//! Text to token ids and back.

mod added;

use std::{collections::HashSet, fs, ops::Range, panic, path::Path};

use serde::de::IgnoredAny;
use tokenizers::{
    Model, Normalizer, OffsetType, PreTokenizedString, PreTokenizer, Token, Tokenizer as Inner,
};

use self::added::{AddedTokens, is_blank};
use crate::{ModelError, TokenizerError};

/// A Hugging Face tokenizer in which a user's text is only ever text.
///
/// `[SEP]` or `<|im_end|>` typed by a customer is encoded as the characters that it is made of. Special tokens come
/// from the tokenizer's own post-processor and from the chat template, never from the input.
///
/// The same holds for added tokens that are not flagged special: `<think>`, `<tool_call>` or `<｜User｜>` steer a model
/// as much as its special tokens do, and the flag only says what a decoder leaves out. Which of them a template can
/// write cannot be read off the template, because it may put them together from parts. So the rule is: **in a user's
/// text no added token is recognised unless it is nothing but white space.** A run of spaces with an id of its own is
/// still white space, whoever writes it. The price: a word that somebody added to the vocabulary is spelled out in a
/// user's text, in training as in serving.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    inner: Inner,
    added: AddedTokens,
    /// Ids that no text that is encoded as text may become.
    names: HashSet<u32>,
    tokens: usize,
}

/// A name of one character, which cannot be taken apart.
#[derive(Debug, thiserror::Error)]
#[error("{token} cannot be spelled")]
struct Unspellable {
    token: String,
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
        let tokens = inner
            .get_vocab(true)
            .values()
            .max()
            .map_or(0, |&id| id as usize + 1);
        // What the model makes of a character that no vocabulary holds may be a special token, [UNK]. It says nothing
        // but that.
        let unknown: HashSet<u32> = inner
            .get_model()
            .tokenize("\u{10FFFF}")
            .map(|tokens| tokens.iter().map(|token| token.id).collect())
            .unwrap_or_default();
        let names = inner
            .get_added_tokens_decoder()
            .into_iter()
            .filter(|(id, token)| !is_blank(token) && !unknown.contains(id))
            .map(|(id, _)| id)
            .collect();
        Ok(Self {
            added: AddedTokens::of(&inner)?,
            inner,
            names,
            tokens,
        })
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

    /// Whether a token is flagged special.
    #[must_use]
    pub fn is_special(&self, id: u32) -> bool {
        let added = self.inner.get_added_vocabulary().get_added_tokens_decoder();
        added.get(&id).is_some_and(|token| token.special)
    }

    /// The ids of a text with what the model puts around one (`[CLS]` and `[SEP]` for BERT); never cut.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Encode`], [`TokenizerError::Name`].
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        self.ids(text, &[], true)
    }

    /// The ids of a text and nothing around it.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Encode`], [`TokenizerError::Name`].
    pub fn encode_bare(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        self.ids(text, &[], false)
    }

    /// The ids of a text of which a template wrote the parts in `written` (bytes, in order): there, and nowhere else,
    /// added tokens are recognised.
    pub(crate) fn encode_written(
        &self,
        text: &str,
        written: &[Range<usize>],
    ) -> Result<Vec<u32>, TokenizerError> {
        self.ids(text, written, false)
    }

    fn ids(
        &self,
        text: &str,
        written: &[Range<usize>],
        add_special_tokens: bool,
    ) -> Result<Vec<u32>, TokenizerError> {
        guarded(|| self.step_by_step(text, written, add_special_tokens))
    }

    /// Encodes as the tokenizers library does, step by step, because the library itself recognises added tokens
    /// everywhere or nowhere.
    fn step_by_step(
        &self,
        text: &str,
        written: &[Range<usize>],
        add_special_tokens: bool,
    ) -> Result<Vec<u32>, TokenizerError> {
        let fail = |source| TokenizerError::Encode {
            chars: text.chars().count(),
            source,
        };
        let mut pieces = PreTokenizedString::from(text);
        pieces
            .split(|_, piece| Ok(self.added.split_plain(&piece, written)))
            .map_err(fail)?;
        pieces
            .split(|_, mut piece| {
                if let Some(normalizer) = self.inner.get_normalizer() {
                    normalizer.normalize(&mut piece)?;
                }
                Ok(self.added.split_normalized(&piece, written))
            })
            .map_err(fail)?;
        if let Some(pre_tokenizer) = self.inner.get_pre_tokenizer() {
            pre_tokenizer.pre_tokenize(&mut pieces).map_err(fail)?;
        }
        pieces
            .tokenize(|piece| self.spell(piece.get()))
            .map_err(|source| match source.downcast::<Unspellable>() {
                Ok(name) => TokenizerError::Name { token: name.token },
                Err(source) => fail(source),
            })?;
        let encoding = pieces.into_encoding(None, 0, OffsetType::None).map_err(fail)?;
        let encoding = self
            .inner
            .post_process(encoding, None, add_special_tokens)
            .map_err(fail)?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The tokens of a piece of plain text, none of which is an added token.
    ///
    /// A model that has the name of a special token in its own vocabulary (Unigram's `</s>`, a word list's `[SEP]`)
    /// makes the token of the name alone. Then the name is taken apart after its first character.
    fn spell(&self, text: &str) -> tokenizers::Result<Vec<Token>> {
        let tokens = self.inner.get_model().tokenize(text)?;
        if !tokens.iter().any(|token| self.names.contains(&token.id)) {
            return Ok(tokens);
        }
        let mut spelled = Vec::with_capacity(tokens.len() + 1);
        for token in tokens {
            if !self.names.contains(&token.id) {
                spelled.push(token);
                continue;
            }
            let part = text.get(token.offsets.0..token.offsets.1).unwrap_or_default();
            let first = part.chars().next().map_or(0, char::len_utf8);
            if first == part.len() {
                return Err(Unspellable { token: token.value }.into());
            }
            spelled.extend(self.spell(&part[..first])?);
            spelled.extend(self.spell(&part[first..])?);
        }
        Ok(spelled)
    }

    /// The text of some ids, special tokens left out.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Encode`] if the decoder fails.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        guarded(|| {
            let decoded = self.inner.decode(ids, true);
            decoded.map_err(|source| TokenizerError::Encode {
                chars: ids.len(),
                source,
            })
        })
    }
}

/// What is computed with a tokenizer: the library panics on some that it has read without a word (a template of a token
/// that is not there, a decoder that strips more than there is).
fn guarded<T>(compute: impl FnOnce() -> Result<T, TokenizerError>) -> Result<T, TokenizerError> {
    panic::catch_unwind(panic::AssertUnwindSafe(compute)).unwrap_or(Err(TokenizerError::Unreadable))
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

#[cfg(test)]
mod tests;
