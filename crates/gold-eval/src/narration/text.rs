//! A sentence as words with their places.

use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A piece of a sentence, in bytes; both ends lie between characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TextSpan {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
}

impl TextSpan {
    pub(super) fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    pub(super) fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// A word: letters, marks and digits, with apostrophes between letters and points and commas between digits.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) span: TextSpan,
    /// In lower case, without accents, apostrophes and a final `'s`.
    pub(super) lower: String,
    /// By which words are compared: `lower` without a plural ending, number words as digits.
    pub(super) key: String,
    pub(super) is_capital: bool,
    /// Whether a sentence begins with it.
    pub(super) is_first: bool,
    /// Whether nothing but white space or one hyphen stands before it.
    pub(super) is_joined: bool,
    pub(super) sentence: usize,
    /// Clauses end at signs other than hyphens, and at conjunctions other than "or" and "nor".
    pub(super) clause: usize,
}

const CONJUNCTIONS: &[&str] = &[
    "and", "but", "although", "though", "however", "while", "whereas", "yet", "because", "which",
];
/// Words behind whose point no sentence ends.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "st", "no", "vs", "approx", "ca", "inc", "ltd", "jr", "sr", "prof", "eg", "ie",
    "al", "fig",
];

/// The words of a text, in order.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut found: Vec<Word> = Vec::new();
    let (mut sentence, mut clause, mut gap) = (0, 0, 0);
    let mut chars = text.char_indices().peekable();
    while let Some((start, first)) = chars.next() {
        if !first.is_alphanumeric() {
            continue;
        }
        let mut end = start + first.len_utf8();
        let mut last = first;
        while let Some(&(at, c)) = chars.peek() {
            let next = text[at + c.len_utf8()..].chars().next();
            let joins = match c {
                '\'' | '\u{2019}' => last.is_alphabetic() && next.is_some_and(char::is_alphabetic),
                '.' | ',' => last.is_ascii_digit() && next.is_some_and(|c| c.is_ascii_digit()),
                _ => c.is_alphanumeric() || is_combining_mark(c),
            };
            if !joins {
                break;
            }
            last = c;
            end = at + c.len_utf8();
            chars.next();
        }
        let span = TextSpan { start, end };
        let between = &text[gap..start];
        let lower = folded(span.of(text));
        let is_first = match found.last() {
            None => true,
            Some(previous) => ends_sentence(between, previous, first),
        };
        sentence += usize::from(is_first && !found.is_empty());
        let is_joined = matches!(between.trim(), "" | "-" | "\u{2010}" | "\u{2011}");
        clause += usize::from(is_first || ends_clause(between) || CONJUNCTIONS.contains(&lower.as_str()));
        found.push(Word {
            span,
            key: key(&lower),
            is_capital: first.is_uppercase(),
            is_first,
            is_joined,
            sentence,
            clause,
            lower,
        });
        gap = end;
    }
    found
}

/// How many sentences words make up.
pub(super) fn sentences(words: &[Word]) -> usize {
    words.last().map_or(0, |word| word.sentence + 1)
}

fn ends_sentence(between: &str, previous: &Word, next: char) -> bool {
    let Some(mark) = between.find(['.', '!', '?', '\u{2026}', '\n']) else {
        return false;
    };
    if !between[mark..].contains(char::is_whitespace) {
        return false;
    }
    let is_point_only = !between.contains(['!', '?', '\n']);
    let is_abbreviation = ABBREVIATIONS.contains(&previous.lower.as_str())
        || (previous.lower.chars().count() == 1 && previous.lower.chars().all(char::is_alphabetic));
    !(is_point_only && (is_abbreviation || next.is_lowercase()))
}

fn ends_clause(between: &str) -> bool {
    let is_dash = between.trim() == "-" && between.starts_with(char::is_whitespace);
    is_dash || between.contains([',', ';', ':', '(', ')', '\u{2013}', '\u{2014}'])
}

/// In lower case, without accents, apostrophes and a final `'s`.
pub(super) fn folded(word: &str) -> String {
    let word = word
        .strip_suffix("'s")
        .or_else(|| word.strip_suffix("\u{2019}s"))
        .unwrap_or(word);
    word.nfkd()
        .filter(|c| !is_combining_mark(*c) && !matches!(c, '\'' | '\u{2019}'))
        .flat_map(char::to_lowercase)
        .collect()
}

fn key(lower: &str) -> String {
    if let Some(number) = SMALL_NUMBERS.iter().position(|word| *word == lower) {
        return number.to_string();
    }
    if lower.starts_with(|c: char| c.is_ascii_digit()) {
        return lower.replace(',', "");
    }
    singular(lower)
}

/// Number words that phrases and sentences may write as digits.
pub(super) const SMALL_NUMBERS: &[&str] = &[
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
];

/// Without a plural ending, or with what looks like one taken off: both sides of a comparison go through it.
fn singular(lower: &str) -> String {
    if lower.len() <= 3 {
        return lower.to_owned();
    }
    if let Some(stem) = lower.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let long = ["sses", "shes", "ches", "xes"]
        .iter()
        .any(|ending| lower.ends_with(ending));
    let short = lower.ends_with('s') && !["ss", "us", "is"].iter().any(|ending| lower.ends_with(ending));
    let cut = if long { 2 } else { usize::from(short) };
    lower[..lower.len() - cut].to_owned()
}
