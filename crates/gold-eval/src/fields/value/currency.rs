//! Currencies by symbol and by code.

use std::fmt;

use task_spec::CurrencyRule;

/// A currency as it was written: one of the spellings below, by its first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Currency(usize);

/// Spellings of one currency, the first of which is its name here. A name that is a symbol alone could be any of the
/// currencies that [`READINGS`] lists.
const SPELLINGS: &[&[&str]] = &[
    &["$"],
    &["¥", "円", "元"],
    &["kr", "kr."],
    &["Rs", "Rs.", "₨"],
    &["USD", "US$", "US $", "$US"],
    &["AUD", "A$", "AU$", "$AU"],
    &["CAD", "C$", "CA$", "$CA"],
    &["SGD", "S$", "SG$", "$SG"],
    &["HKD", "HK$"],
    &["NZD", "NZ$", "$NZ"],
    &["TWD", "NT$"],
    &["MXN", "MX$", "$MX"],
    &["BRL", "R$", "BR$"],
    &["EUR", "€"],
    &["GBP", "£", "£GB"],
    &["JPY", "JP¥"],
    &["CNY", "RMB", "CN¥"],
    &["INR", "₹"],
    &["PKR"],
    &["LKR"],
    &["NPR"],
    &["MYR", "RM"],
    &["IDR", "Rp", "Rp."],
    &["THB", "฿"],
    &["VND", "₫"],
    &["PHP", "₱"],
    &["KRW", "₩"],
    &["CHF", "Fr.", "SFr."],
    &["SEK", "Skr"],
    &["NOK", "Nkr"],
    &["DKK", "Dkr"],
    &["ISK"],
    &["PLN", "zł"],
    &["CZK", "Kč"],
    &["HUF", "Ft"],
    &["RON", "lei"],
    &["BGN", "лв"],
    &["UAH", "₴"],
    &["RUB", "₽"],
    &["TRY", "₺", "TL"],
    &["ILS", "₪"],
    &["AED"],
    &["SAR"],
    &["EGP"],
    &["ZAR", "R"],
    &["NGN", "₦"],
    &["KES"],
    &["GHS", "₵"],
];

/// What a symbol that several currencies share may mean.
const READINGS: &[(&str, &[&str])] = &[
    ("$", &["USD", "AUD", "CAD", "SGD", "HKD", "NZD", "TWD", "MXN"]),
    ("¥", &["JPY", "CNY"]),
    ("kr", &["SEK", "NOK", "DKK", "ISK"]),
    ("Rs", &["INR", "PKR", "LKR", "NPR"]),
];

impl Currency {
    fn name(self) -> &'static str {
        SPELLINGS[self.0][0]
    }

    fn may_be(self, other: Self) -> bool {
        let readings = READINGS.iter().find(|(symbol, _)| *symbol == self.name());
        readings.is_some_and(|(_, codes)| codes.contains(&other.name()))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether two amounts are of the same currency, as far as they say.
pub(super) fn same_currency(a: Option<Currency>, b: Option<Currency>, rule: CurrencyRule) -> bool {
    match (a, b, rule) {
        (_, _, CurrencyRule::Ignored) => true,
        (Some(a), Some(b), _) => a == b || a.may_be(b) || b.may_be(a),
        (None, None, _) => true,
        (_, _, rule) => rule == CurrencyRule::Optional,
    }
}

/// The text without a currency at one end or the same one at both; `None` if the two differ.
pub(super) fn take_currency(text: &str) -> Option<(&str, Option<Currency>)> {
    let is_digit = |c: char| c.is_ascii_digit();
    if text.starts_with(is_digit) && text.ends_with(is_digit) {
        return Some((text, None));
    }
    let (text, before) = longest(text, |text, spelling| {
        let (head, rest) = text.split_at_checked(spelling.len())?;
        let apart = |rest: &str| !rest.starts_with(char::is_alphabetic) || !ends_in_letter(spelling);
        (same_letters(head, spelling) && apart(rest)).then_some(rest)
    });
    let (text, behind) = longest(text, |text, spelling| {
        let (rest, tail) = text.split_at_checked(text.len().checked_sub(spelling.len())?)?;
        let apart = !rest.ends_with(char::is_alphabetic) || !spelling.starts_with(char::is_alphabetic);
        (same_letters(tail, spelling) && apart).then_some(rest)
    });
    match (before, behind) {
        (Some(before), Some(behind)) if before != behind => None,
        (before, behind) => Some((text.trim(), before.or(behind))),
    }
}

fn ends_in_letter(spelling: &str) -> bool {
    spelling.ends_with(char::is_alphabetic)
}

fn same_letters(a: &str, b: &str) -> bool {
    a == b || a.eq_ignore_ascii_case(b)
}

/// What is left by the longest spelling that `takes`, and whose it is.
fn longest<'a>(
    text: &'a str,
    takes: impl Fn(&'a str, &str) -> Option<&'a str>,
) -> (&'a str, Option<Currency>) {
    let spellings = SPELLINGS
        .iter()
        .enumerate()
        .flat_map(|(at, all)| all.iter().map(move |s| (at, *s)));
    let found = spellings.filter_map(|(at, spelling)| Some((takes(text, spelling)?, at)));
    match found.min_by_key(|(rest, _)| rest.len()) {
        Some((rest, at)) => (rest.trim(), Some(Currency(at))),
        None => (text, None),
    }
}
