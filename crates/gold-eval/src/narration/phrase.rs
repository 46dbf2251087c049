//! Phrases that say something, found in a sentence, and whether they are denied there.

use std::ops::Range;

use super::text::{Word, words};

/// The most words for which `...` stands.
const GAP: usize = 4;
/// How many words before a phrase a negation may stand, in the same clause.
const NEGATION_REACH: usize = 3;
const NEGATIONS: &[&str] = &[
    "not", "no", "non", "never", "without", "neither", "nor", "isnt", "arent", "wasnt", "werent", "doesnt",
    "dont", "didnt", "cant", "cannot", "wont", "hardly",
];
/// Words that make a negation none: "not only cheap".
const NOT_A_NEGATION: &[&str] = &["only", "just", "merely", "simply"];

/// Words in order, with gaps where `...` stood.
#[derive(Debug, Clone)]
pub(super) struct Phrase {
    parts: Vec<Vec<String>>,
}

impl Phrase {
    /// The phrase of a text, or `None` of one without words.
    pub(super) fn new(text: &str) -> Option<Self> {
        let parts: Vec<Vec<String>> = text
            .replace('\u{2026}', "...")
            .split("...")
            .map(|part| words(part).into_iter().map(|word| word.key).collect())
            .filter(|part: &Vec<String>| !part.is_empty())
            .collect();
        (!parts.is_empty()).then_some(Self { parts })
    }

    /// A name, which a sentence may write with or without the article it begins with.
    pub(super) fn name(text: &str) -> Option<Self> {
        let mut words: Vec<String> = words(text).into_iter().map(|word| word.key).collect();
        if words.len() > 1 && matches!(words[0].as_str(), "the" | "a" | "an") {
            words.remove(0);
        }
        (!words.is_empty()).then(|| Self { parts: vec![words] })
    }

    /// The first word, by which phrases are looked up.
    pub(super) fn first(&self) -> &str {
        self.parts
            .first()
            .and_then(|part| part.first())
            .map_or("", String::as_str)
    }

    pub(super) fn is_one_word(&self) -> bool {
        self.parts.iter().map(Vec::len).sum::<usize>() == 1
    }

    /// The words that the phrase covers where it begins at word `at`, gaps included. Each gap is as short as can be.
    pub(super) fn found_at(&self, words: &[Word], at: usize) -> Option<Range<usize>> {
        let mut end = at;
        for (number, part) in self.parts.iter().enumerate() {
            let gaps = if number == 0 { 0..=0 } else { 0..=GAP };
            let begin = gaps.into_iter().map(|gap| end + gap).find(|&begin| {
                let found = words.get(begin..begin + part.len());
                found.is_some_and(|found| found.iter().zip(part).all(|(word, key)| word.key == *key))
            })?;
            end = begin + part.len();
        }
        // A phrase never reaches into the next sentence.
        (words[end - 1].sentence == words[at].sentence).then_some(at..end)
    }
}

/// The negations that may deny a phrase: those among the three words before it in the same clause, and those within its
/// gaps, unless "only" or "just" follows.
pub(super) fn negations(words: &[Word], found: &Range<usize>, phrase: &Phrase) -> Vec<usize> {
    let clause = words[found.start].clause;
    let before =
        (found.start.saturating_sub(NEGATION_REACH)..found.start).filter(|&at| words[at].clause == clause);
    let written = |word: &Word| phrase.parts.iter().flatten().any(|key| *key == word.key);
    let within = found.clone().filter(|&at| !written(&words[at]));
    let denies = |at: &usize| {
        let next = words.get(at + 1).map_or("", |word| word.lower.as_str());
        NEGATIONS.contains(&words[*at].lower.as_str()) && !NOT_A_NEGATION.contains(&next)
    };
    before.chain(within).filter(denies).collect()
}
