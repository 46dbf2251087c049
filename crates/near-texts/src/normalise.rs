//! One spelling for texts that a reader would call the same.

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// The name of the rules of [`normalise`]; it changes whenever a text could come out differently.
///
/// It goes into every row id, every hash of normalised texts and every manifest, so that results of different
/// rules are never compared by mistake.
pub const NORMALISER_VERSION: &str = "nfkc-casefold-1";

/// The text in the form in which texts are compared.
///
/// In order: invisible format characters go (soft hyphen, zero-width space, byte order mark); compatibility
/// case folding (the Unicode Standard, section 3.13, D146) and NFKC; punctuation, currency, mathematical and
/// modifier symbols and control characters become spaces; runs of white space become one space, none at the
/// ends. Letters, digits, marks and pictures stay: two emoji are two texts.
///
/// A text of punctuation alone keeps it, for otherwise `?` and `!` would be the same empty text. Only blank
/// text has an empty form. The function is idempotent.
///
/// ```
/// use near_texts::normalise;
///
/// assert_eq!(normalise("  Straße, ＡＢＣ №5! "), "strasse abc no5");
/// assert_eq!(normalise("SQ *BLUE-BOTTLE #1123"), "sq blue bottle 1123");
/// assert_eq!(normalise("?!"), "?!");
/// ```
#[must_use]
pub fn normalise(text: &str) -> String {
    let folded: String = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        text.chars()
            .filter(|c| c.general_category() != GeneralCategory::Format)
            .nfd()
            .default_case_fold()
            .nfkd()
            .default_case_fold()
            .nfkc()
            .collect()
    };
    let words = collapse(&folded, |c| c.is_whitespace() || separates(c));
    if words.is_empty() {
        return collapse(&folded, |c| c.is_whitespace() || c.is_control());
    }
    words
}

/// Whether a character only separates words.
fn separates(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_alphanumeric();
    }
    match c.general_category() {
        GeneralCategory::CurrencySymbol
        | GeneralCategory::MathSymbol
        | GeneralCategory::ModifierSymbol
        | GeneralCategory::Control => true,
        _ => c.general_category_group() == GeneralCategoryGroup::Punctuation,
    }
}

/// The pieces between separators, joined by one space.
fn collapse(text: &str, separator: impl Fn(char) -> bool) -> String {
    let mut words = String::with_capacity(text.len());
    for word in text.split(separator).filter(|word| !word.is_empty()) {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    words
}

#[cfg(test)]
mod tests;
