//! Numbers and names as people read them, for pages that stand beside a report.

use crate::Interval;

/// A share as a percentage with one decimal; 100 and 0 only where they are exact.
#[must_use]
pub fn percent(share: f64) -> String {
    let shown = format!("{:.1}%", 100.0 * share);
    match shown.as_str() {
        "100.0%" if share < 1.0 => "> 99.9%".to_owned(),
        "100.0%" => "100%".to_owned(),
        "0.0%" if share > 0.0 => "< 0.1%".to_owned(),
        "0.0%" => "0%".to_owned(),
        _ => shown,
    }
}

/// A confidence level as a percentage, without decimals that are 0.
pub(crate) fn level(confidence: f64) -> String {
    format!("{}%", (confidence * 1000.0).round() / 10.0)
}

/// Both ends of an interval as percentages.
#[must_use]
pub fn percent_range(interval: Interval) -> String {
    format!("{:.1} to {:.1}%", 100.0 * interval.low, 100.0 * interval.high)
}

/// A difference of shares in percentage points, with its sign.
pub(crate) fn points(difference: f64) -> String {
    let shown = format!("{:+.1}", 100.0 * difference);
    // A proper minus sign is as wide as the plus; a rounded zero has no sign.
    match shown.as_str() {
        "+0.0" | "-0.0" => "0.0".to_owned(),
        _ => shown.replace('-', "\u{2212}"),
    }
}

/// An interval of a difference, in percentage points.
pub(crate) fn points_range(interval: Interval) -> String {
    format!("{} to {} points", points(interval.low), points(interval.high))
}

/// A p-value.
pub(crate) fn p_value(p: f64) -> String {
    match p {
        _ if p < 0.0001 => "< 0.0001".to_owned(),
        _ if p < 0.001 => format!("{p:.4}"),
        _ if p < 0.1 => format!("{p:.3}"),
        _ => format!("{p:.2}"),
    }
}

/// A count with commas.
#[must_use]
pub fn count(number: u64) -> String {
    with_commas(&number.to_string())
}

/// Digits, with a fraction or without, with a comma before every third of the whole part.
#[must_use]
pub fn with_commas(digits: &str) -> String {
    let whole = digits.find('.').unwrap_or(digits.len());
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place < whole && (whole - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// In how many categories two models have the same rows right, as a sentence.
pub(crate) fn same_right(categories: u64) -> String {
    let have = if categories == 1 { "has" } else { "have" };
    format!(
        "{} {have} the same rows right as before.",
        counted(categories, "category")
    )
}

/// "1 row", "2 rows", "3 categories", "4 days".
#[must_use]
pub fn counted(number: u64, noun: &str) -> String {
    let vowel_before = |stem: &str| stem.ends_with(['a', 'e', 'i', 'o', 'u']);
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) if !vowel_before(stem) => format!("{} {stem}ies", count(number)),
        _ => format!("{} {noun}s", count(number)),
    }
}

/// Text from outside as one line of at most `most` characters, without characters that steer the display.
#[must_use]
pub fn one_line(text: &str, most: usize) -> String {
    let steers = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let mut characters = text
        .chars()
        .filter(|&c| !steers(c))
        .map(|c| if c.is_control() { ' ' } else { c });
    let mut line: String = characters.by_ref().take(most).collect();
    if characters.next().is_some() {
        line.pop();
        line.push('…');
    }
    line
}

/// A number without decimals that are 0: `95`, `99.9`, `0.25`.
pub(crate) fn decimal(value: f64) -> String {
    let digits = format!("{value:.6}");
    with_commas(digits.trim_end_matches('0').trim_end_matches('.'))
}

/// A sum in US dollars: with cents, or with two digits that are not 0 where it is below ten cents.
pub(crate) fn usd(value: f64) -> String {
    let below_cents =
        (value > 0.0 && value < 0.1).then(|| (1.0 - value.log10().floor()).clamp(2.0, 12.0) as usize);
    format!(
        "${}",
        with_commas(&format!("{value:.0$}", below_cents.unwrap_or(2)))
    )
}

/// Milliseconds, with three digits that are not 0 below 100.
pub(crate) fn milliseconds(value: f64) -> String {
    let places = match value {
        _ if value >= 100.0 => 0,
        _ if value >= 10.0 => 1,
        _ => 2,
    };
    format!("{} ms", with_commas(&format!("{value:.places$}")))
}

/// The first few names in quotation marks, and how many there are besides.
pub(crate) fn names<'a>(all: impl ExactSizeIterator<Item = &'a str>, most: usize) -> String {
    let rest = all.len().saturating_sub(most);
    let mut listed: Vec<String> = all.take(most).map(quoted).collect();
    if rest > 0 {
        listed.push(format!("{} more", count(rest as u64)));
    }
    listed.join(", ")
}

/// The word with which a sentence begins.
pub(crate) fn capitalised(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

/// A label as it stands in a sentence.
pub(crate) fn quoted(label: &str) -> String {
    format!("“{}”", one_line(label, 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_never_claims_perfection() {
        assert_eq!(percent(0.99999), "> 99.9%");
        assert_eq!(
            (percent(0.0001).as_str(), percent(0.0).as_str()),
            ("< 0.1%", "0%")
        );
        assert_eq!((percent(1.0).as_str(), percent(0.5).as_str()), ("100%", "50.0%"));
    }

    #[test]
    fn differences_have_signs_and_zero_has_none() {
        assert_eq!(points(-0.0123), "\u{2212}1.2");
        assert_eq!((points(0.05).as_str(), points(-0.0001).as_str()), ("+5.0", "0.0"));
    }

    #[test]
    fn counts_have_commas_and_plurals() {
        assert_eq!(
            (
                count(1_234_567).as_str(),
                count(999).as_str(),
                count(1000).as_str()
            ),
            ("1,234,567", "999", "1,000")
        );
        assert_eq!(
            (counted(1, "row").as_str(), counted(2, "category").as_str()),
            ("1 row", "2 categories")
        );
        assert_eq!(counted(4, "day"), "4 days");
    }

    #[test]
    fn limits_are_shown_as_they_were_written() {
        assert_eq!(
            [95.0, 99.9, 0.25, 1500.0].map(decimal),
            ["95", "99.9", "0.25", "1,500"]
        );
        assert_eq!(
            [0.0, 12.5, 1234.5, 0.05, 0.000_123, 0.0999].map(usd),
            ["$0.00", "$12.50", "$1,234.50", "$0.050", "$0.00012", "$0.100"]
        );
        assert_eq!(
            [1.474, 41.62, 1234.4].map(milliseconds),
            ["1.47 ms", "41.6 ms", "1,234 ms"]
        );
    }

    #[test]
    fn text_from_outside_becomes_one_short_line() {
        assert_eq!(one_line("a\nb\u{202e}c", 10), "a bc");
        assert_eq!(one_line("abcdef", 4), "abc…");
        assert_eq!(one_line("abcd", 4), "abcd");
    }
}
