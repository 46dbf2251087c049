//! The name of a model, checked before it becomes part of a path or an address.

use std::{fmt, str::FromStr};

use super::HubError;

/// `org/name@revision`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ModelName {
    /// `org/name`.
    pub(super) repository: String,
    /// A branch, a tag or a commit.
    pub(super) revision: String,
}

impl FromStr for ModelName {
    type Err = HubError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (repository, revision) = text.split_once('@').unwrap_or((text, "main"));
        let sound = repository
            .split_once('/')
            .is_some_and(|(organisation, name)| is_plain(organisation) && is_plain(name))
            // The cache writes the slash so.
            && !repository.contains("--")
            && revision.len() <= 250
            && revision.split('/').all(is_plain);
        if !sound {
            return Err(HubError::Name {
                found: text.to_owned(),
            });
        }
        Ok(Self {
            repository: repository.to_owned(),
            revision: revision.to_owned(),
        })
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.repository, self.revision)
    }
}

/// Whether a text is one part of a path on every system, and stands for itself in an address.
pub(super) fn is_plain(part: &str) -> bool {
    (1..=96).contains(&part.len())
        && !part.starts_with(['.', '-'])
        && !part.ends_with('.')
        && !part.contains("..")
        && part
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}
