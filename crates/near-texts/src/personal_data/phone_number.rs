//! Phone numbers, as far as they can be told from other numbers.

use std::{ops::Range, sync::LazyLock};

use regex::bytes::Regex;

use super::characters::{Characters, is_alphanumeric};

/// A way of writing phone numbers, and how many digits such a number has.
struct Form {
    pattern: LazyLock<Regex>,
    digits: std::ops::RangeInclusive<usize>,
}

macro_rules! form {
    ($pattern:literal, $digits:expr) => {
        Form {
            pattern: LazyLock::new(|| Regex::new($pattern).expect("the pattern is one")),
            digits: $digits,
        }
    };
}

/// In the order in which they are tried at a place.
static FORMS: [Form; 6] = [
    // International: a country code after `+`, at most two separators between digits, as in `+44 (0)20 7946 0958`.
    form!(r"(?-u)\+[1-9](?:[ \-./()]{0,2}[0-9]){7,14}", 8..=15),
    // The same after `00`, where groups tell it from a reference number.
    form!(
        r"(?-u)00[1-9][0-9]{0,2}[ \-/][0-9]{1,5}(?:[ \-/]?[0-9]{2,8}){1,4}",
        12..=17
    ),
    // North America.
    form!(
        r"(?-u)(?:1[-. ])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-.])[2-9][0-9]{2}[-.][0-9]{4}",
        10..=11
    ),
    // France and others: five pairs.
    form!(
        r"(?-u)0[1-9](?: [0-9]{2}){4}|0[1-9](?:\.[0-9]{2}){4}|0[1-9](?:-[0-9]{2}){4}",
        10..=10
    ),
    // An area code of two digits, as in Japan, Malaysia and Australia: only with a dash and seven or eight digits after it.
    form!(r"(?-u)0[1-9]- ?(?:[0-9]{7,8}|[0-9]{3,4}[ \-][0-9]{4})", 9..=10),
    // National, in groups: the area code has three digits or more, which a day or a month has not.
    form!(
        r"(?-u)(?:\(0[1-9][0-9]{0,4}\) ?|0[1-9][0-9]{1,4}[ /\-])[0-9]{2,8}(?:[ \-][0-9]{2,8}){0,3}",
        9..=12
    ),
];

pub(super) fn find(text: &Characters) -> Vec<Range<usize>> {
    let plain = text.plain();
    let mut found: Vec<Range<usize>> = Vec::new();
    for form in &FORMS {
        let mut from = 0;
        while let Some(span) = form.pattern.find_at(plain, from).map(|found| found.range()) {
            let is_number = stands_alone(plain, &span)
                && form.digits.contains(&digits(&plain[span.clone()]))
                && !is_other_number(&plain[span.clone()])
                && !found
                    .iter()
                    .any(|other| other.start < span.end && span.start < other.end);
            from = match is_number {
                true => span.end,
                false => span.start + 1,
            };
            if is_number {
                found.push(span);
            }
        }
    }
    found
}

/// Whether no letter or digit is glued to the number, and it is no part of a longer number.
fn stands_alone(plain: &[u8], span: &Range<usize>) -> bool {
    let before = span.start.checked_sub(1).map(|at| plain[at]);
    let after = plain.get(span.end).copied();
    let goes_on = matches!(after, Some(b'.' | b',' | b'-' | b'/' | b':'))
        && plain.get(span.end + 1).is_some_and(u8::is_ascii_digit);
    // Of a number that begins with 0, a group before it is the beginning: accounts and orders are written so.
    let began = (matches!(before, Some(b'.' | b',' | b'-' | b'/' | b'+'))
        || before == Some(b' ') && plain[span.start] == b'0')
        && span.start >= 2
        && plain[span.start - 2].is_ascii_digit();
    !before.is_some_and(is_alphanumeric) && !after.is_some_and(is_alphanumeric) && !goes_on && !began
}

/// Whether a number has a date in it, or is three groups of four digits after zeros: tax numbers are written so.
fn is_other_number(plain: &[u8]) -> bool {
    static OTHER: LazyLock<Regex> = LazyLock::new(|| {
        let pattern =
            r"(?-u)(?:19|20)[0-9]{2}[-/.](?:0[1-9]|1[0-2])[-/.][0-3][0-9]|^00[0-9]{2} [0-9]{4} [0-9]{4}$";
        Regex::new(pattern).expect("the pattern is one")
    });
    OTHER.is_match(plain)
}

fn digits(plain: &[u8]) -> usize {
    plain.iter().filter(|byte| byte.is_ascii_digit()).count()
}
