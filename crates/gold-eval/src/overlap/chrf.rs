//! chrF and chrF++ (Popovic 2015, 2017) as sacrebleu computes them.

use std::{collections::HashMap, hash::Hash};

use super::{OverlapMetric, is_python_space, python_split};

/// The longest n-gram of characters.
const CHARACTER_ORDER: usize = 6;
/// Recall counts twice as much as precision.
const BETA: f64 = 2.0;

/// The F score of character n-grams, white space left out; with word n-grams it is chrF++.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chrf {
    /// The longest n-gram of words: 0 for chrF, 2 for chrF++.
    pub word_order: usize,
}

impl Chrf {
    /// chrF++: with words and pairs of words.
    #[must_use]
    pub fn plus_plus() -> Self {
        Self { word_order: 2 }
    }
}

impl OverlapMetric for Chrf {
    fn name(&self) -> &'static str {
        match self.word_order {
            0 => "chrF",
            1 => "chrF+",
            _ => "chrF++",
        }
    }

    /// For each order the n-grams of the sentence, of the reference, and of both; of that reference which scores best.
    fn counts(&self, sentence: &str, references: &[&str]) -> Vec<u64> {
        let sentence = Ngrams::of(sentence, self.word_order);
        let none = [""];
        let references = if references.is_empty() {
            &none[..]
        } else {
            references
        };
        let mut best: Option<(f64, Vec<u64>)> = None;
        for reference in references {
            let counts = sentence.against(&Ngrams::of(reference, self.word_order));
            let score = self.score(&counts);
            // The first of equals, as there.
            if best.as_ref().is_none_or(|(known, _)| score > *known) {
                best = Some((score, counts));
            }
        }
        best.map(|(_, counts)| counts).unwrap_or_default()
    }

    fn score(&self, counts: &[u64]) -> f64 {
        let (mut precision, mut recall, mut orders) = (0.0, 0.0, 0.0);
        for order in counts.chunks_exact(3) {
            let (of_sentence, of_reference, of_both) = (order[0] as f64, order[1] as f64, order[2] as f64);
            // Orders of which one side has no n-gram are left out.
            if of_sentence > 0.0 && of_reference > 0.0 {
                precision += of_both / of_sentence;
                recall += of_both / of_reference;
                orders += 1.0;
            }
        }
        if precision + recall == 0.0 {
            return 0.0;
        }
        let (precision, recall) = (precision / orders, recall / orders);
        let factor = BETA * BETA;
        100.0 * (1.0 + factor) * precision * recall / (factor * precision + recall)
    }
}

/// How often each n-gram occurs, by order.
struct Ngrams {
    characters: Vec<HashMap<u128, u64>>,
    words: Vec<HashMap<Vec<String>, u64>>,
}

impl Ngrams {
    fn of(text: &str, word_order: usize) -> Self {
        let characters: Vec<char> = text.chars().filter(|c| !is_python_space(*c)).collect();
        let words = words_and_signs(text);
        Self {
            characters: (1..=CHARACTER_ORDER)
                .map(|n| count(&characters, n, packed))
                .collect(),
            words: (1..=word_order)
                .map(|n| count(&words, n, <[String]>::to_vec))
                .collect(),
        }
    }

    fn against(&self, reference: &Self) -> Vec<u64> {
        let characters = self
            .characters
            .iter()
            .zip(&reference.characters)
            .flat_map(|(a, b)| compare(a, b));
        let words = self
            .words
            .iter()
            .zip(&reference.words)
            .flat_map(|(a, b)| compare(a, b));
        characters.chain(words).collect()
    }
}

/// Up to six characters of 21 bits each, which is what a `u128` has room for.
fn packed(ngram: &[char]) -> u128 {
    ngram
        .iter()
        .fold(0, |packed, &c| (packed << 21) | u128::from(u32::from(c)))
}

fn count<T, K: Eq + Hash>(items: &[T], order: usize, key: impl Fn(&[T]) -> K) -> HashMap<K, u64> {
    let mut counts = HashMap::new();
    for ngram in items.windows(order) {
        *counts.entry(key(ngram)).or_default() += 1;
    }
    counts
}

fn compare<T: Eq + Hash>(sentence: &HashMap<T, u64>, reference: &HashMap<T, u64>) -> [u64; 3] {
    let both = sentence
        .iter()
        .map(|(ngram, count)| reference.get(ngram).copied().unwrap_or(0).min(*count));
    // N-grams of the sentence do not count where the reference has none of that length.
    let of_sentence = if reference.is_empty() {
        0
    } else {
        sentence.values().sum()
    };
    [of_sentence, reference.values().sum(), both.sum()]
}

/// Words with one sign taken off the end, or else off the start: `(hi)` is `(hi` and `)`, as in the author's script.
fn words_and_signs(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in python_split(text) {
        let is_sign = |c: char| c.is_ascii_punctuation();
        let mut ends = word.chars();
        match (ends.next(), ends.next_back()) {
            (Some(_), Some(last)) if is_sign(last) => {
                words.push(word[..word.len() - 1].to_owned());
                words.push(last.to_string());
            }
            (Some(first), Some(_)) if is_sign(first) => {
                words.push(first.to_string());
                words.push(word[1..].to_owned());
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}
