//! Tokens with their probabilities, as OpenAI's chat completions and responses have them.

use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct TokenLogprob {
    token: String,
    logprob: f64,
    /// UTF-8 bytes of the token, where the token alone is no whole character.
    bytes: Option<Vec<u8>>,
}

/// Each token as bytes, with its natural-log probability.
pub(super) fn tokens(logged: Option<Vec<TokenLogprob>>) -> impl Iterator<Item = (Vec<u8>, f64)> {
    let bytes = |token: TokenLogprob| {
        let spelt = token.bytes.unwrap_or_else(|| token.token.into_bytes());
        (spelt, token.logprob)
    };
    logged.unwrap_or_default().into_iter().map(bytes)
}
