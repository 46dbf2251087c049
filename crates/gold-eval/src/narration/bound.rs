//! What the words around a number make of it: "about", "over", "at least".

use serde::{Deserialize, Serialize};

use super::text::{TextSpan, Word};

/// How a number bounds the value that it speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Bound {
    /// The value itself, rounded to the digits that are written.
    #[default]
    Exact,
    /// "about 5": on either side, not far.
    About,
    /// "nearly 5": below, not far.
    Nearly,
    /// "just over 5": above, not far.
    JustOver,
    /// "less than 5".
    Below,
    /// "at most 5".
    AtMost,
    /// "more than 5".
    Above,
    /// "at least 5".
    AtLeast,
}

/// What the words before a number, or "or more" behind it, make of it.
pub(super) fn bound(words: &[Word], span: TextSpan) -> Bound {
    let first = words.partition_point(|word| word.span.end <= span.start);
    let behind = words.partition_point(|word| word.span.start < span.end);
    let spoken = |range: std::ops::Range<usize>| {
        let lower: Vec<&str> = words[range].iter().map(|word| word.lower.as_str()).collect();
        lower.join(" ")
    };
    match spoken(behind.min(words.len())..(behind + 2).min(words.len())).as_str() {
        "or more" | "or over" => return Bound::AtLeast,
        "or less" | "or under" => return Bound::AtMost,
        "or so" => return Bound::About,
        _ => {}
    }
    let before = spoken(first.saturating_sub(3)..first);
    let said = |phrase: &str| {
        before
            .strip_suffix(phrase)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with(' '))
    };
    // The longest phrase that fits decides.
    let fitting = BOUNDS.iter().filter(|(phrase, _)| said(phrase));
    fitting
        .max_by_key(|(phrase, _)| phrase.len())
        .map_or(Bound::Exact, |(_, bound)| *bound)
}

const BOUNDS: &[(&str, Bound)] = &[
    ("about", Bound::About),
    ("around", Bound::About),
    ("roughly", Bound::About),
    ("approximately", Bound::About),
    ("approx", Bound::About),
    ("circa", Bound::About),
    ("some", Bound::About),
    ("close to", Bound::About),
    ("nearly", Bound::Nearly),
    ("almost", Bound::Nearly),
    ("just under", Bound::Nearly),
    ("just below", Bound::Nearly),
    ("a little under", Bound::Nearly),
    ("slightly less than", Bound::Nearly),
    ("just over", Bound::JustOver),
    ("just above", Bound::JustOver),
    ("a little over", Bound::JustOver),
    ("slightly more than", Bound::JustOver),
    ("under", Bound::Below),
    ("below", Bound::Below),
    ("less than", Bound::Below),
    ("fewer than", Bound::Below),
    ("up to", Bound::AtMost),
    ("at most", Bound::AtMost),
    ("no more than", Bound::AtMost),
    ("not more than", Bound::AtMost),
    ("over", Bound::Above),
    ("above", Bound::Above),
    ("more than", Bound::Above),
    ("exceeding", Bound::Above),
    ("upwards of", Bound::AtLeast),
    ("at least", Bound::AtLeast),
    ("no less than", Bound::AtLeast),
    ("not less than", Bound::AtLeast),
    ("no fewer than", Bound::AtLeast),
];
