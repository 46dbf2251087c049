//! How a sentence reads, as far as the style asks.

use regex::Regex;
use task_spec::SentenceStyle;
use unicode_normalization::char::is_combining_mark;

use super::{
    checker::SentenceChecker,
    fault::{Fault, FaultKind},
    number::numbers_among,
    phrase::Phrase,
    readability::Readability,
    row::SentenceRow,
    text::{TextSpan, Word, sentences},
};
use crate::overlap::{Chrf, OverlapMetric};

const FORBIDDEN: &str = "nothing forbidden";
const PATTERN: &str = "pattern";
const STOP: &str = "ends with a stop";
const SENTENCES: &str = "number of sentences";
const LENGTH: &str = "length";
const READING_LEVEL: &str = "reading level";
const DOUBLED: &str = "no doubled word";
const DECIMALS: &str = "consistent decimals";
const SCRIPT: &str = "one script";
/// Applies only to rows with references.
pub(super) const CHRF: &str = "close to a reference";

/// The checks that a style asks for.
pub(super) fn names(style: &SentenceStyle) -> impl Iterator<Item = &'static str> {
    let has_length = style.min_words.is_some() || style.max_words.is_some() || style.max_characters.is_some();
    let has_level = style.max_grade.is_some() || style.min_reading_ease.is_some();
    let asked = [
        (FORBIDDEN, !style.forbidden.is_empty()),
        (PATTERN, style.pattern.is_some()),
        (STOP, style.ends_with_stop),
        (SENTENCES, style.max_sentences.is_some()),
        (LENGTH, has_length),
        (READING_LEVEL, has_level),
        (DOUBLED, style.no_doubled_words),
        (DECIMALS, style.consistent_decimals),
        (SCRIPT, style.one_script),
        (CHRF, style.min_chrf.is_some()),
    ];
    asked
        .into_iter()
        .filter(|(_, is_asked)| *is_asked)
        .map(|(name, _)| name)
}

/// What is wrong with how a sentence reads.
pub(super) fn faults(
    checker: &SentenceChecker,
    row: &SentenceRow,
    sentence: &str,
    words: &[Word],
) -> Vec<Fault> {
    let style = &checker.style;
    let mut faults = forbidden(style, words);
    let mut add =
        |check: &str, span: Option<TextSpan>, kind: FaultKind| faults.push(fault(check, span, kind));
    if checker
        .pattern
        .as_ref()
        .is_some_and(|pattern: &Regex| !pattern.is_match(sentence))
    {
        add(PATTERN, None, FaultKind::Pattern);
    }
    if style.ends_with_stop && !ends_with_stop(sentence) {
        add(STOP, None, FaultKind::NoStop);
    }
    let found = sentences(words);
    if style.max_sentences.is_some_and(|most| found > most) {
        add(SENTENCES, None, FaultKind::TooManySentences { found });
    }
    let level = Readability::of(sentence);
    let is_short = style.min_words.is_some_and(|fewest| level.words < fewest);
    if is_short || style.max_words.is_some_and(|most| level.words > most) {
        add(LENGTH, None, FaultKind::Words { found: level.words });
    }
    let characters = sentence.chars().count();
    if style.max_characters.is_some_and(|most| characters > most) {
        add(LENGTH, None, FaultKind::Characters { found: characters });
    }
    if style
        .max_grade
        .is_some_and(|most| level.grade() > f64::from(most))
    {
        add(READING_LEVEL, None, FaultKind::Grade { found: level.grade() });
    }
    if style
        .min_reading_ease
        .is_some_and(|least| level.words > 0 && level.ease() < f64::from(least))
    {
        add(
            READING_LEVEL,
            None,
            FaultKind::ReadingEase { found: level.ease() },
        );
    }
    if style.no_doubled_words {
        let pairs = words
            .windows(2)
            .filter(|pair| is_doubled(&pair[0], &pair[1], sentence));
        pairs.for_each(|pair| add(DOUBLED, Some(pair[1].span), FaultKind::DoubledWord));
    }
    if style.one_script
        && let Some(span) = other_script(sentence)
    {
        add(SCRIPT, Some(span), FaultKind::Scripts);
    }
    if let Some(least) = style.min_chrf.filter(|_| !row.references.is_empty()) {
        let found = Chrf::default().sentence_score(sentence, &row.references());
        if found < f64::from(least) {
            add(CHRF, None, FaultKind::Chrf { found });
        }
    }
    if style.consistent_decimals {
        faults.extend(other_decimals(sentence, words, style.decimal_comma));
    }
    faults
}

fn fault(check: &str, span: Option<TextSpan>, kind: FaultKind) -> Fault {
    Fault {
        check: check.to_owned(),
        field: None,
        span,
        kind,
    }
}

fn forbidden(style: &SentenceStyle, words: &[Word]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for text in &style.forbidden {
        let Some(phrase) = Phrase::new(text) else {
            continue;
        };
        for found in (0..words.len()).filter_map(|at| phrase.found_at(words, at)) {
            let span = TextSpan {
                start: words[found.start].span.start,
                end: words[found.end - 1].span.end,
            };
            faults.push(fault(
                FORBIDDEN,
                Some(span),
                FaultKind::Forbidden { phrase: text.clone() },
            ));
        }
    }
    faults
}

/// `.`, `!` or `?` at the end, before closing quotes and brackets; no space before it, and not three points.
fn ends_with_stop(sentence: &str) -> bool {
    let closing = |c: char| matches!(c, '"' | '\'' | '\u{201d}' | '\u{2019}' | ')' | ']' | '\u{bb}');
    let inner = sentence.trim_end().trim_end_matches(closing);
    let before = inner.strip_suffix(['.', '!', '?']);
    before.is_some_and(|before| before.ends_with(|c: char| !c.is_whitespace() && c != '.'))
}

/// The same word twice with nothing but white space between; "that that" and "had had" are English.
fn is_doubled(first: &Word, second: &Word, sentence: &str) -> bool {
    let is_number = first.lower.starts_with(|c: char| c.is_numeric());
    let between = sentence.get(first.span.end..second.span.start).unwrap_or("?");
    first.lower == second.lower
        && !is_number
        && !matches!(first.lower.as_str(), "that" | "had")
        && between.chars().all(char::is_whitespace)
}

/// Numbers in digits whose unit a number with other decimals has before them. Whole numbers without a unit are counts and
/// may stand beside decimals.
fn other_decimals(sentence: &str, words: &[Word], decimal_comma: bool) -> Vec<Fault> {
    let mut known: Vec<(String, usize)> = Vec::new();
    let mut faults = Vec::new();
    for number in numbers_among(sentence, words, decimal_comma) {
        let Some(decimals) = number.decimals else {
            continue;
        };
        let unit = number.readings.first().and_then(|reading| reading.unit);
        if unit.is_none() && decimals == 0 {
            continue;
        }
        let unit = unit.map_or_else(String::new, |unit| {
            format!("{:?} {}", unit.dimension, unit.factor)
        });
        match known.iter().find(|(other, _)| *other == unit) {
            Some((_, first)) if *first != decimals => {
                faults.push(fault(DECIMALS, Some(number.span), FaultKind::Decimals));
            }
            Some(_) => {}
            None => known.push((unit, decimals)),
        }
    }
    faults
}

/// The scripts that are told apart; every other letter counts as none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
    Hebrew,
    Arabic,
    Devanagari,
    EastAsian,
}

fn script(c: char) -> Option<Script> {
    Some(match u32::from(c) {
        0x41..=0x24f | 0x1e00..=0x1eff if c.is_alphabetic() => Script::Latin,
        0x370..=0x3ff => Script::Greek,
        0x400..=0x52f => Script::Cyrillic,
        0x590..=0x5ff => Script::Hebrew,
        0x600..=0x6ff | 0x750..=0x77f => Script::Arabic,
        0x900..=0x97f => Script::Devanagari,
        0x3040..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7af => Script::EastAsian,
        _ => return None,
    })
}

/// The first letter of another script than the first one's; single Greek letters such as µ and π are symbols.
fn other_script(sentence: &str) -> Option<TextSpan> {
    let mut first = None;
    let letters = sentence
        .char_indices()
        .filter(|(_, c)| c.is_alphabetic() && !is_combining_mark(*c));
    for (start, c) in letters {
        let Some(found) = script(c) else {
            continue;
        };
        let rest = &sentence[start + c.len_utf8()..];
        let is_symbol = found == Script::Greek
            && !rest.starts_with(char::is_alphabetic)
            && !sentence[..start].ends_with(char::is_alphabetic);
        match first {
            _ if is_symbol => {}
            None => first = Some(found),
            Some(known) if known != found => {
                return Some(TextSpan {
                    start,
                    end: start + c.len_utf8(),
                });
            }
            Some(_) => {}
        }
    }
    None
}
