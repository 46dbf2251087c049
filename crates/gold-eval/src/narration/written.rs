//! English number words: "twenty-one", "two and a half million", "two thirds", "half a dozen", "the twenty-first".

use super::{
    number::{NumberMention, Reading, fraction_reading, mention},
    text::{SMALL_NUMBERS, TextSpan, Word},
    unit::scale,
};

const TENS: &[&str] = &[
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];
/// Ordinals from the first on.
const ORDINALS: &[&str] = &[
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
];
const TENTHS: &[&str] = &[
    "twentieth",
    "thirtieth",
    "fortieth",
    "fiftieth",
    "sixtieth",
    "seventieth",
    "eightieth",
    "ninetieth",
];

/// The numbers that words say, each with the byte behind its last word. Units are left to the caller.
pub(super) fn numbers(words: &[Word]) -> Vec<(NumberMention, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let Some(spoken) = spoken_at(words, at) else {
            at += 1;
            continue;
        };
        let span = TextSpan {
            start: words[at].span.start,
            end: words[spoken.end - 1].span.end,
        };
        let reading = if spoken.is_fraction {
            fraction_reading(spoken.value)
        } else {
            Reading {
                value: spoken.value,
                place: spoken.place,
                round_place: spoken.place,
                scale: 1.0,
                unit: None,
            }
        };
        let mut number = mention(span, vec![reading]);
        let only = words[at].lower.as_str();
        number.is_soft = spoken.end == at + 1 && matches!(only, "one" | "first" | "second");
        found.push((number, span.end));
        at = spoken.end;
    }
    found
}

struct Spoken {
    value: f64,
    place: f64,
    is_fraction: bool,
    end: usize,
}

/// The number that begins at a word, as long as it can be.
fn spoken_at(words: &[Word], at: usize) -> Option<Spoken> {
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let joined = |at: usize| words.get(at).is_some_and(|word| word.is_joined);
    let exact = |value: f64, end: usize| Spoken {
        value,
        place: 1.0,
        is_fraction: false,
        end,
    };
    // "half a dozen", "half a million", "half".
    if lower(at) == "half" {
        if lower(at + 1) == "a" && joined(at + 1) && joined(at + 2) {
            if lower(at + 2) == "dozen" {
                return Some(exact(6.0, at + 3));
            }
            if let Some(factor) = scale(lower(at + 2)).filter(|_| lower(at + 2) != "k") {
                return Some(Spoken {
                    place: factor / 10.0,
                    ..exact(factor / 2.0, at + 3)
                });
            }
        }
        return Some(Spoken {
            is_fraction: true,
            ..exact(0.5, at + 1)
        });
    }
    if matches!(lower(at), "a" | "an") && joined(at + 1) {
        if lower(at + 1) == "dozen" {
            return Some(exact(12.0, at + 2));
        }
        if let Some(parts) = denominator(lower(at + 1), false) {
            return Some(Spoken {
                is_fraction: true,
                ..exact(1.0 / parts, at + 2)
            });
        }
        let is_scale = matches!(lower(at + 1), "hundred" | "thousand" | "million" | "billion");
        return is_scale
            .then(|| cardinal(words, at))
            .flatten()
            .map(|(value, place, end)| Spoken {
                place,
                ..exact(value, end)
            });
    }
    if let Some(ordinal) = ordinal(words, at) {
        return Some(exact(ordinal.0, ordinal.1));
    }
    let (value, place, end) = cardinal(words, at)?;
    if lower(end) == "dozen" && joined(end) {
        return Some(exact(value * 12.0, end + 1));
    }
    if joined(end)
        && let Some(parts) = denominator(lower(end), value > 1.0)
    {
        return Some(Spoken {
            is_fraction: true,
            ..exact(value / parts, end + 1)
        });
    }
    if lower(end) == "and" && lower(end + 1) == "a" && lower(end + 2) == "half" {
        let half = Spoken {
            place: 0.1,
            ..exact(value + 0.5, end + 3)
        };
        // "two and a half million"
        return Some(match scale(lower(end + 3)).filter(|_| joined(end + 3)) {
            Some(factor) => Spoken {
                place: factor / 10.0,
                ..exact(half.value * factor, end + 4)
            },
            None => half,
        });
    }
    Some(Spoken {
        place,
        ..exact(value, end)
    })
}

/// Into how many parts "third", "quarters" and "tenths" divide.
fn denominator(word: &str, is_plural: bool) -> Option<f64> {
    let singular = match word.strip_suffix('s') {
        Some(singular) if is_plural => singular,
        _ if is_plural => return None,
        _ => word,
    };
    match singular {
        "quarter" => Some(4.0),
        "hundredth" => Some(100.0),
        _ => {
            let place = ORDINALS.iter().position(|ordinal| *ordinal == singular)?;
            // A "second" is no half.
            (place >= 2).then_some(place as f64 + 1.0)
        }
    }
}

fn ordinal(words: &[Word], at: usize) -> Option<(f64, usize)> {
    let lower = words[at].lower.as_str();
    if let Some(place) = ORDINALS.iter().position(|ordinal| *ordinal == lower) {
        return Some((place as f64 + 1.0, at + 1));
    }
    if let Some(place) = TENTHS.iter().position(|ordinal| *ordinal == lower) {
        return Some((20.0 + 10.0 * place as f64, at + 1));
    }
    let tens = TENS.iter().position(|tens| *tens == lower)?;
    let next = words.get(at + 1).filter(|word| word.is_joined)?;
    let unit = ORDINALS[..9].iter().position(|ordinal| *ordinal == next.lower)?;
    Some((20.0 + 10.0 * tens as f64 + unit as f64 + 1.0, at + 2))
}

/// A whole number, or one with decimals ("three point five"): its value, the worth of its last place, and the word behind.
fn cardinal(words: &[Word], start: usize) -> Option<(f64, f64, usize)> {
    let lower = |at: usize| words.get(at).map_or("", |word| word.lower.as_str());
    let (mut total, mut current, mut at) = (0.0, 0.0, start);
    // What the last word may be followed by: below this, units still fit.
    let mut room = f64::INFINITY;
    let mut smallest_scale = f64::INFINITY;
    while let Some(word) = words.get(at) {
        if at > start && !word.is_joined {
            break;
        }
        let small = SMALL_NUMBERS
            .iter()
            .position(|small| *small == word.lower)
            .map(|n| n as f64);
        let tens = TENS
            .iter()
            .position(|tens| *tens == word.lower)
            .map(|n| 20.0 + 10.0 * n as f64);
        if let Some(value) = small.filter(|value| *value < 20.0).or(tens) {
            if value >= room || (value == 0.0 && at > start) {
                break;
            }
            current += value;
            // "twenty" leaves room for nine, "five" for nothing.
            room = if tens.is_some() { 10.0 } else { 0.0 };
        } else if word.lower == "hundred" && (current > 0.0 || at == start + 1) && current < 100.0 {
            current = current.max(1.0) * 100.0;
            room = 100.0;
        } else if let Some(factor) = thousands(&word.lower)
            && at > start
            && factor < smallest_scale
        {
            total += current.max(1.0) * factor;
            (current, room, smallest_scale) = (0.0, 1000.0, factor);
        } else if word.lower == "and" && room >= 100.0 && at > start && is_number_word(lower(at + 1)) {
            // "a hundred and five"; "two and three" are two numbers.
            if !room.is_finite() {
                break;
            }
        } else if at == start && matches!(word.lower.as_str(), "a" | "an") {
            room = f64::INFINITY;
        } else {
            break;
        }
        at += 1;
    }
    if at == start || (at == start + 1 && matches!(lower(start), "a" | "an")) {
        return None;
    }
    if lower(at) == "point" && SMALL_NUMBERS[..10].contains(&lower(at + 1)) {
        let mut place = 1.0;
        let mut value = total + current;
        at += 1;
        while let Some(digit) = SMALL_NUMBERS[..10].iter().position(|digit| *digit == lower(at)) {
            place /= 10.0;
            value += digit as f64 * place;
            at += 1;
        }
        return Some((value, place, at));
    }
    // "two million" is written to the million, as "2 million" is.
    let place = if current == 0.0 && smallest_scale.is_finite() {
        smallest_scale
    } else {
        1.0
    };
    Some((total + current, place, at))
}

fn thousands(word: &str) -> Option<f64> {
    scale(word).filter(|factor| *factor >= 1000.0 && word.len() > 2)
}

fn is_number_word(word: &str) -> bool {
    SMALL_NUMBERS.contains(&word) || TENS.contains(&word)
}
