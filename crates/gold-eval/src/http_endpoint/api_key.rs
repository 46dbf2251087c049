//! A key that is sent and never shown.

use std::fmt;

/// A key for an API. It cannot be printed or written: `Debug` shows that there is one, and nothing else does.
#[derive(Clone)]
pub struct ApiKey(String);

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the API key is blank, or holds a space, a line end or a character that a header cannot: give the key alone"
)]
pub struct BadApiKey;

impl ApiKey {
    /// A key, without the white space around it.
    ///
    /// # Errors
    ///
    /// [`BadApiKey`] if it could not be sent in a header.
    pub fn new(key: &str) -> Result<Self, BadApiKey> {
        let key = key.trim();
        match !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(Self(key.to_owned())),
            false => Err(BadApiKey),
        }
    }

    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// A text without the key: some servers repeat a wrong one.
    pub(super) fn removed_from(&self, text: &str) -> String {
        text.replace(&self.0, "***")
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
}
