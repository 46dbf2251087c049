//! What is read of an input: its words and its format.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

/// The version of [`words`] and [`skeleton`]; counts made by different versions cannot be compared.
pub const TEXT_VERSION: u32 = 1;

/// How much of an input is read, in characters; the rest of a longer one is counted as cut, not read.
pub const MAX_INPUT_CHARS: usize = 4096;

/// The longest word kept, in characters; a longer one is cut, so that no input can bloat a table.
const MAX_WORD_CHARS: usize = 40;

/// The longest skeleton kept, in characters.
const MAX_SKELETON_CHARS: usize = 64;

/// The distinct words of a text: compatibility forms composed (NFKC), lower case, split at everything that is
/// neither letter nor digit, every run of digits masked as one `9`.
///
/// Scripts that are written without spaces give long words that hardly repeat; for them read
/// [`skeleton`]s and labels instead.
///
/// ```
/// let words = drift_stats::words("UBER *Trip 8842, Uber-Eats");
/// assert_eq!(words.into_iter().collect::<Vec<_>>(), ["9", "eats", "trip", "uber"]);
/// ```
#[must_use]
pub fn words(text: &str) -> BTreeSet<String> {
    words_in_order(text).into_iter().collect()
}

/// The words in order, joined by spaces: two inputs with the same one differ in nothing that is counted but
/// their format.
pub(crate) fn normalised(text: &str) -> String {
    words_in_order(text).join(" ")
}

fn words_in_order(text: &str) -> Vec<String> {
    let (mut words, mut word, mut length) = (Vec::new(), String::new(), 0);
    for character in read(text).flat_map(char::to_lowercase) {
        if !character.is_alphanumeric() {
            if length > 0 {
                words.push(std::mem::take(&mut word));
                length = 0;
            }
        } else if length < MAX_WORD_CHARS {
            let masked = if character.is_numeric() { '9' } else { character };
            if masked != '9' || !word.ends_with('9') {
                word.push(masked);
                length += 1;
            }
        }
    }
    if length > 0 {
        words.push(word);
    }
    words
}

/// The format of a text: letters become `A`, digits `9`, white space one space; runs of the same sign become
/// one sign, and words that follow one another become one `A`, for how many there are is not a format.
///
/// ```
/// use drift_stats::skeleton;
///
/// assert_eq!(skeleton("SQ *COFFEE HOUSE 0412 SEATTLE"), "A *A 9 A");
/// assert_eq!(skeleton("2026-11-30"), "9-9-9");
/// ```
#[must_use]
pub fn skeleton(text: &str) -> String {
    let (mut skeleton, mut length) = (String::new(), 0);
    for character in read(text) {
        let sign = if character.is_alphabetic() {
            'A'
        } else if character.is_numeric() {
            '9'
        } else if character.is_whitespace() || character.is_control() {
            ' '
        } else {
            character
        };
        if skeleton.ends_with(sign) || (sign == ' ' && skeleton.is_empty()) {
            continue;
        }
        if sign == 'A' && ends_with_word_and_space(&skeleton) {
            skeleton.pop();
            length -= 1;
            continue;
        }
        if length == MAX_SKELETON_CHARS {
            break;
        }
        skeleton.push(sign);
        length += 1;
    }
    skeleton.truncate(skeleton.trim_end().len());
    skeleton
}

fn ends_with_word_and_space(skeleton: &str) -> bool {
    skeleton.ends_with("A ")
}

/// True if the text is longer than what is read of it.
pub(crate) fn is_cut(text: &str) -> bool {
    // The byte length decides for nearly every input without walking it.
    text.len() > MAX_INPUT_CHARS && text.chars().nth(MAX_INPUT_CHARS).is_some()
}

fn read(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().take(MAX_INPUT_CHARS).nfkc()
}

#[cfg(test)]
mod tests;
