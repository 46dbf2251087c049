//! Parts of a text that vary from call to call without changing what it is about.

use std::{collections::BTreeSet, sync::LazyLock};

use near_texts::normalise;
use regex::Regex;
use serde::{Deserialize, Serialize};

/// A part of a text that two duplicates may differ in, however similar they are otherwise.
///
/// `SHELL OIL 5744` and `SHELL OIL 12` are one merchant to whoever sorts bank lines, and no similarity of 3-grams says
/// so. What is a duplicate in this sense is for the task to say: in *raise my limit to 500* the number may be the point.
/// So nothing is masked that is not listed in [`CurateConfig::ignored_parts`](crate::CurateConfig::ignored_parts),
/// and rows of different labels are never merged by it.
///
/// The rules look at the text as it is written; where several are listed, dates go first, then card numbers, store
/// numbers and all other numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum VariablePart {
    /// Days and times of day: `2026-11-26`, `26.11.2026`, `11/26/26`, `11/26`, `26 Nov 2026`, `November 26th, 2026`,
    /// `14:05`, `2:05 pm`.
    Dates,
    /// `4111 1111 1111 1111`, `XXXX-1234`, `****1234`, `card 1234`, `ending in 1234`. The check digit is not looked at.
    CardNumbers,
    /// `#1123`, `store 1123`, `no. 12`, `T-1123`, and words of three to six digits that are not the first word.
    StoreNumbers,
    /// Every run of digits, with the separators and the sign in it: `1,250.00`, `-3`, `10-20`, `1123`.
    Numbers,
}

impl VariablePart {
    fn rule(self) -> &'static Regex {
        static DATES: LazyLock<Regex> = LazyLock::new(|| {
            let month = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*";
            rule(&format!(
                r"\b(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d{{2}})|\d{{1,2}}/\d{{1,2}}|\d{{1,2}}(?:st|nd|rd|th)?[ .-]?{month}(?:[ .,-]+(?:\d{{4}}|\d{{2}})\b)?|{month}[ .-]+\d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?|\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?: ?[ap]m)?)\b"
            ))
        });
        static CARDS: LazyLock<Regex> = LazyLock::new(|| {
            rule(
                r"(?:[x*•]{2,}[ -]?)+\d{2,4}\b|\b(?:card|acct|account|visa|mastercard|amex|ending(?: in)?)[ :#.]*\d{4}\b|\b\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}\b",
            )
        });
        static STORES: LazyLock<Regex> = LazyLock::new(|| {
            rule(
                r"#[ ]?\d+|\b(?:store|str|no|nr|number|unit|loc|location|terminal|branch)\b[ .:#]*\d+|\b[a-z]-?\d{3,6}\b|[ ]\d{3,6}\b",
            )
        });
        static NUMBERS: LazyLock<Regex> = LazyLock::new(|| rule(r"[-+]?\d+(?:[.,:/'-]\d+)*"));
        match self {
            Self::Dates => &DATES,
            Self::CardNumbers => &CARDS,
            Self::StoreNumbers => &STORES,
            Self::Numbers => &NUMBERS,
        }
    }

    /// What stands for the part: a character of the private use area, which the normaliser leaves alone and no text has.
    fn mark(self) -> &'static str {
        match self {
            Self::Dates => " \u{e001} ",
            Self::CardNumbers => " \u{e002} ",
            Self::StoreNumbers => " \u{e003} ",
            Self::Numbers => " \u{e004} ",
        }
    }
}

fn rule(pattern: &str) -> Regex {
    Regex::new(&format!("(?i){pattern}")).expect("the rules are regular expressions")
}

/// The normalised text with a mark in place of each of these parts.
pub(crate) fn without_parts(text: &str, parts: &BTreeSet<VariablePart>) -> String {
    let mut masked = text.to_owned();
    for part in parts {
        masked = part.rule().replace_all(&masked, part.mark()).into_owned();
    }
    normalise(&masked)
}

#[cfg(test)]
mod tests;
