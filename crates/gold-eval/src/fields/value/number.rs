//! Decimal numbers as documents write them.

use task_spec::DecimalMark;

use crate::fields::value::currency::{Currency, take_currency};

/// A decimal number, exactly as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    /// Without zeros in front; `0` where there is nothing else.
    whole: String,
    /// Without zeros behind.
    fraction: String,
}

impl Decimal {
    fn new(negative: bool, whole: &str, fraction: &str) -> Self {
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        Self {
            // There is no negative zero.
            negative: negative && !(whole.is_empty() && fraction.is_empty()),
            whole: if whole.is_empty() { "0" } else { whole }.to_owned(),
            fraction: fraction.to_owned(),
        }
    }

    /// Whether two numbers are at most `tolerance` apart, but for the rounding of double precision; exactly equal where it
    /// is 0.
    pub(super) fn is_within(&self, other: &Self, tolerance: f64) -> bool {
        if self == other {
            return true;
        }
        let (a, b) = (self.approximate(), other.approximate());
        tolerance > 0.0 && (a - b).abs() <= tolerance + 1e-12 * (a.abs() + b.abs())
    }

    fn approximate(&self) -> f64 {
        // Digits with a point are always a number.
        self.written(DecimalMark::Point).parse().unwrap_or(f64::NAN)
    }

    pub(super) fn written(&self, mark: DecimalMark) -> String {
        let sign = if self.negative { "-" } else { "" };
        let mark = match mark {
            _ if self.fraction.is_empty() => "",
            DecimalMark::Point => ".",
            DecimalMark::Comma => ",",
        };
        format!("{sign}{}{mark}{}", self.whole, self.fraction)
    }
}

/// A number with a sign, parentheses or a percent sign.
pub(super) fn read_number(text: &str, mark: DecimalMark) -> Option<Decimal> {
    let (text, negative) = unsigned(text)?;
    let text = text.strip_suffix('%').unwrap_or(text).trim_end();
    digits(text, negative, mark)
}

/// An amount with a currency on either side, or without.
pub(super) fn read_money(text: &str, mark: DecimalMark) -> Option<(Decimal, Option<Currency>)> {
    let (text, outer) = unsigned(text)?;
    let (text, currency) = take_currency(text)?;
    // The sign may stand on either side of the currency, but only once.
    let (text, inner) = unsigned(text)?;
    if outer && inner {
        return None;
    }
    Some((digits(text, outer || inner, mark)?, currency))
}

/// The text without its sign, and whether that was negative; `None` where there are two.
fn unsigned(text: &str) -> Option<(&str, bool)> {
    let text = text.trim();
    let in_parentheses = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    let mut found = usize::from(in_parentheses.is_some());
    let mut negative = in_parentheses.is_some();
    let mut rest = in_parentheses.unwrap_or(text).trim();
    for sign in ['-', '+'] {
        let signed = (rest.strip_prefix(sign)).or_else(|| rest.strip_suffix(sign));
        if let Some(unsigned) = signed {
            rest = unsigned.trim();
            negative |= sign == '-';
            found += 1;
        }
    }
    (found <= 1).then_some((rest, negative))
}

/// Digits with their separators, and an exponent where there are none in groups.
fn digits(text: &str, negative: bool, mark: DecimalMark) -> Option<Decimal> {
    if let Some((mantissa, exponent)) = text.split_once(['e', 'E']) {
        return with_exponent(mantissa, exponent, negative);
    }
    let (whole, fraction) = split_at_decimal_mark(text, mark)?;
    let whole = ungrouped(whole)?;
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let any = !whole.is_empty() || !fraction.is_empty();
    (any && all_digits(&whole) && all_digits(fraction)).then(|| Decimal::new(negative, &whole, fraction))
}

/// The whole part, still in groups, and the fraction.
fn split_at_decimal_mark(text: &str, mark: DecimalMark) -> Option<(&str, &str)> {
    let (points, commas) = (text.matches('.').count(), text.matches(',').count());
    let at = |mark: char| text.rfind(mark);
    let decimal = match (points, commas) {
        (0, 0) => None,
        // The last of two kinds is decimal and stands once.
        (1, 1..) if at('.') > at(',') => Some('.'),
        (1.., 1) if at(',') > at('.') => Some(','),
        (1.., 1..) => return None,
        (1, 0) => single(text, '.', mark == DecimalMark::Point).then_some('.'),
        (0, 1) => single(text, ',', mark == DecimalMark::Comma).then_some(','),
        // Several of one kind are between groups.
        _ => None,
    };
    match decimal {
        Some(decimal) => text.rsplit_once(decimal),
        None => Some((text, "")),
    }
}

/// Whether the only point or comma is decimal.
fn single(text: &str, separator: char, is_mark: bool) -> bool {
    let Some((whole, fraction)) = text.split_once(separator) else {
        return false;
    };
    // Nobody writes groups after a zero, after more than three digits or with two separators.
    let could_be_group = fraction.len() == 3
        && (1..=3).contains(&whole.len())
        && !whole.starts_with('0')
        && whole.bytes().all(|b| b.is_ascii_digit());
    is_mark || !could_be_group
}

/// The digits of a whole part without what stands between its groups.
fn ungrouped(whole: &str) -> Option<String> {
    let Some(separator) = whole.chars().find(|c| !c.is_ascii_digit()) else {
        return Some(whole.to_owned());
    };
    if !matches!(separator, '.' | ',' | ' ' | '\'' | '_') {
        return None;
    }
    let groups: Vec<&str> = whole.split(separator).collect();
    let (first, rest) = groups.split_first()?;
    let (last, middle) = rest.split_last()?;
    let by_three = (1..=3).contains(&first.len()) && middle.iter().all(|group| group.len() == 3);
    let as_in_india = (1..=2).contains(&first.len()) && middle.iter().all(|group| group.len() == 2);
    (last.len() == 3 && (by_three || as_in_india)).then(|| groups.concat())
}

/// `1.5e3`, as programs write numbers.
fn with_exponent(mantissa: &str, exponent: &str, negative: bool) -> Option<Decimal> {
    const MOST: i32 = 40;
    let exponent: i32 = exponent.parse().ok().filter(|e: &i32| e.abs() <= MOST)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if whole.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let padding = "0".repeat(exponent.unsigned_abs() as usize);
    let (digits, point) = if exponent < 0 {
        (format!("{padding}{digits}"), whole.len())
    } else {
        (format!("{digits}{padding}"), whole.len() + exponent as usize)
    };
    Some(Decimal::new(negative, digits.get(..point)?, digits.get(point..)?))
}
