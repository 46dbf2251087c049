//! How many words two texts have in common.

use std::collections::HashMap;

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// The F1 of the words that two texts share, as SQuAD 2.0 scores answers (Rajpurkar, Jia and Liang 2018,
/// arXiv:1806.03822, and its script `evaluate-v2.0.py`), in 0..1. Symmetric.
///
/// Texts are put into lower case, ASCII punctuation and the articles a, an, the are taken out, and what stands between
/// white space is a word. Two texts without words are equal; one without is unlike any other.
///
/// ```
/// use gold_eval::token_f1;
///
/// assert_eq!(token_f1("The Book Shop", "book shop!"), 1.0);
/// assert_eq!(token_f1("12 Long Street", "12 Short Street"), 2.0 / 3.0);
/// ```
#[must_use]
pub fn token_f1(a: &str, b: &str) -> f64 {
    let (a, b) = (words_text(a), words_text(b));
    let (a, b): (Vec<&str>, Vec<&str>) = (words(&a).collect(), words(&b).collect());
    if a.is_empty() || b.is_empty() {
        return if a == b { 1.0 } else { 0.0 };
    }
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in &a {
        *counts.entry(word).or_default() += 1;
    }
    let mut shared = 0;
    for word in &b {
        if let Some(left) = counts.get_mut(word).filter(|left| **left > 0) {
            *left -= 1;
            shared += 1;
        }
    }
    if shared == 0 {
        return 0.0;
    }
    // Of precision and recall as the script has them, so that the last digit is the same.
    let (precision, recall) = (shared as f64 / b.len() as f64, shared as f64 / a.len() as f64);
    2.0 * precision * recall / (precision + recall)
}

/// Lower case without ASCII punctuation and without articles.
fn words_text(text: &str) -> String {
    let text: String = (text.to_lowercase().chars())
        .filter(|c| !c.is_ascii_punctuation())
        .collect();
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        kept.push_str(if matches!(word, "a" | "an" | "the") {
            " "
        } else {
            word
        });
        let gap = after.find(is_word).unwrap_or(after.len());
        let (between, next) = after.split_at(gap);
        kept.push_str(between);
        rest = next;
    }
    kept
}

/// What Python's `\w` matches, so that an article ends where the script says that it does.
fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    let group = c.general_category_group();
    matches!(group, GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number)
}

/// What stands between white space, as Python's `split` has it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}'))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;
