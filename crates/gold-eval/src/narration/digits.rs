//! Digits with separators, decimals and an exponent.

/// A number in digits, without its sign.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Digits {
    pub(super) value: f64,
    /// Decimals as written.
    pub(super) decimals: usize,
    /// What one unit of the last written digit is worth.
    pub(super) place: f64,
    /// The same of the last digit that is not 0.
    pub(super) round_place: f64,
    /// The character behind it.
    pub(super) end: usize,
}

/// The zeros of the scripts whose digits are read.
const ZEROS: &[char] = &['0', '\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{ff10}'];

/// The value of a digit, in 0..=9.
fn digit(c: char) -> Option<u8> {
    ZEROS.iter().find_map(|&zero| {
        let value = (c as u32).checked_sub(zero as u32)?;
        u8::try_from(value).ok().filter(|value| *value <= 9)
    })
}

pub(super) fn is_digit(c: char) -> bool {
    digit(c).is_some()
}

impl Digits {
    /// The number whose first digit is character `start`; `None` if there is none or it is too large for a double.
    pub(super) fn read(chars: &[(usize, char)], start: usize, decimal_comma: bool) -> Option<Self> {
        let char = |at: usize| chars.get(at).map(|(_, c)| *c);
        let (group, point) = if decimal_comma { ('.', ',') } else { (',', '.') };
        let mut plain = String::new();
        let read = |from: usize, plain: &mut String| {
            let mut at = from;
            while let Some(value) = char(at).and_then(digit) {
                plain.push(char::from(b'0' + value));
                at += 1;
            }
            at
        };
        let mut end = read(start, &mut plain);
        if end == start {
            return None;
        }
        if end - start <= 3 {
            end = groups(chars, end, group, &mut plain);
        }
        let mut decimals = 0;
        if char(end) == Some(point) && char(end + 1).is_some_and(is_digit) {
            plain.push('.');
            let behind = read(end + 1, &mut plain);
            decimals = behind - end - 1;
            end = behind;
        }
        let mut exponent = 0;
        if let Some((value, behind)) = exponent_at(chars, end) {
            exponent = value;
            end = behind;
        }
        let value: f64 = format!("{plain}e{exponent}")
            .parse()
            .ok()
            .filter(|value: &f64| value.is_finite())?;
        let power = |places: usize| 10_f64.powi(exponent - i32::try_from(places).unwrap_or(i32::MAX / 2));
        let place = power(decimals);
        let zeros = plain.len() - plain.trim_end_matches('0').len();
        let round_place = if decimals == 0 && zeros < plain.len() {
            place * 10_f64.powi(i32::try_from(zeros).unwrap_or(0))
        } else {
            place
        };
        Some(Self {
            value,
            decimals,
            place,
            round_place,
            end,
        })
    }
}

/// Reads groups of three digits behind their separators (the last of two-digit groups too, as in 1,00,000); nothing if
/// they do not come out even.
fn groups(chars: &[(usize, char)], start: usize, comma: char, plain: &mut String) -> usize {
    let char = |at: usize| chars.get(at).map(|(_, c)| *c);
    let Some(separator) = char(start)
        .filter(|c| *c == comma || matches!(c, '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '\u{2019}'))
    else {
        return start;
    };
    let mut at = start;
    let mut lengths = Vec::new();
    let mut read = String::new();
    while char(at) == Some(separator) {
        let length = (at + 1..).map_while(char).take_while(|c| is_digit(*c)).count();
        if length == 0 {
            break;
        }
        read.extend(
            (at + 1..=at + length)
                .filter_map(char)
                .filter_map(digit)
                .map(|d| char::from(b'0' + d)),
        );
        lengths.push(length);
        at += 1 + length;
    }
    let is_even = lengths.split_last().is_some_and(|(last, others)| {
        *last == 3 && (others.iter().all(|n| *n == 3) || others.iter().all(|n| *n == 2))
    });
    if !is_even {
        return start;
    }
    plain.push_str(&read);
    at
}

/// `e-3` directly behind digits, if no letter follows; no more than three digits.
fn exponent_at(chars: &[(usize, char)], at: usize) -> Option<(i32, usize)> {
    let char = |at: usize| chars.get(at).map(|(_, c)| *c);
    if !matches!(char(at), Some('e' | 'E')) {
        return None;
    }
    let is_negative = char(at + 1) == Some('-');
    let start = at + 1 + usize::from(matches!(char(at + 1), Some('-' | '+')));
    let digits: Vec<u8> = (start..).map_while(char).map_while(digit).take(4).collect();
    let end = start + digits.len();
    if digits.is_empty() || digits.len() > 3 || char(end).is_some_and(char::is_alphanumeric) {
        return None;
    }
    let value = digits.iter().fold(0, |sum, digit| sum * 10 + i32::from(*digit));
    Some((if is_negative { -value } else { value }, end))
}
