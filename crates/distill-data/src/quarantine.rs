//! Lines that could not be read.

use std::error::Error;

use serde::{Deserialize, Serialize};
use stage_files::BadLine;

/// A line of `quarantine.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedLine {
    /// The log file.
    pub file: String,
    /// The line in it, from 1.
    pub line: u64,
    /// What kind of damage.
    pub reason: Damage,
    /// Where and what exactly, at most about [`RAW_CHARS`] characters.
    pub detail: String,
    /// The beginning of the line, at most [`RAW_CHARS`] characters; empty where the line is no text.
    pub raw: String,
}

/// How a line is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Damage {
    /// Longer than a line may be (16 MiB), of more JSON values, or with an input that its questions repeat too often: nothing
    /// that takes much more memory than its text.
    TooLong,
    /// Not UTF-8.
    NotUtf8,
    /// The file is packed, and could not be unpacked from here on.
    Packed,
    /// Not JSON.
    NotJson,
    /// JSON, but a field is missing or of another type.
    WrongShape,
}

impl Damage {
    /// The kind as it is called in files and counted in the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::NotUtf8 => "not_utf8",
            Self::Packed => "packed",
            Self::NotJson => "not_json",
            Self::WrongShape => "wrong_shape",
        }
    }
}

/// How much of a damaged line is kept, in characters.
pub const RAW_CHARS: usize = 400;

impl QuarantinedLine {
    pub(crate) fn new(file: &str, line: u64, found: LineDamage, raw: &str) -> Self {
        Self {
            file: file.to_owned(),
            line,
            reason: found.damage,
            detail: ends(found.detail, RAW_CHARS),
            raw: excerpt(raw, RAW_CHARS),
        }
    }
}

/// What a reader found wrong with a line.
#[derive(Debug)]
pub(crate) struct LineDamage {
    pub(crate) damage: Damage,
    pub(crate) detail: String,
}

impl LineDamage {
    pub(crate) fn not_json(error: &serde_json::Error) -> Self {
        Self {
            damage: Damage::NotJson,
            detail: error.to_string(),
        }
    }

    pub(crate) fn wrong_shape(detail: impl Into<String>) -> Self {
        Self {
            damage: Damage::WrongShape,
            detail: detail.into(),
        }
    }
}

impl From<&BadLine> for LineDamage {
    fn from(bad: &BadLine) -> Self {
        Self {
            damage: match bad {
                BadLine::TooLong { .. } => Damage::TooLong,
                BadLine::NotUtf8 { .. } => Damage::NotUtf8,
                BadLine::Packed(_) => Damage::Packed,
                _ => Damage::NotJson,
            },
            detail: match bad.source() {
                Some(cause) => format!("{bad}: {cause}"),
                None => bad.to_string(),
            },
        }
    }
}

/// The first and the last characters of a text, with a mark between them if there are more: an error may quote all of a line
/// and then say what was expected.
fn ends(text: String, chars: usize) -> String {
    let tail = (chars / 4).max(1);
    let head = chars.saturating_sub(tail);
    let Some((end, _)) = text.char_indices().nth(head) else {
        return text;
    };
    match text[end..].char_indices().nth_back(tail - 1) {
        Some((start, _)) => format!("{}…{}", &text[..end], &text[end + start..]),
        None => text,
    }
}

/// The first characters of a text, with a mark if there are more.
pub(crate) fn excerpt(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
