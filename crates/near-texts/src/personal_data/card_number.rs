//! Payment card numbers: ISO/IEC 7812.

use std::ops::Range;

use super::characters::Characters;

/// The fewest and most digits that a card number has.
const DIGITS: std::ops::RangeInclusive<usize> = 12..=19;
/// The first groups of a number that is written in groups have at least this many digits (4-4-4-4, 4-6-5, 6-13), those of
/// dates and phone numbers have fewer.
const LEAST_GROUP: usize = 4;

/// An issuer's range of first digits, and the lengths of its numbers.
struct Issuer {
    /// First and last prefix, of the same number of digits.
    prefixes: (u32, u32),
    lengths: &'static [usize],
}

const fn issuer(first: u32, last: u32, lengths: &'static [usize]) -> Issuer {
    Issuer {
        prefixes: (first, last),
        lengths,
    }
}

const SIXTEEN: &[usize] = &[16];
const SIXTEEN_TO_NINETEEN: &[usize] = &[16, 17, 18, 19];
const FOURTEEN_TO_NINETEEN: &[usize] = &[14, 15, 16, 17, 18, 19];
const TWELVE_TO_NINETEEN: &[usize] = &[12, 13, 14, 15, 16, 17, 18, 19];

/// The networks that issue cards for consumers, by the ranges that they publish. Networks of air travel and fuel alone
/// (UATP, prefix 1) are left out: their range is that of every timestamp.
const ISSUERS: &[Issuer] = &[
    // Visa, with Dankort, Elo and Visa Electron within it.
    issuer(4, 4, &[13, 16, 19]),
    // Mastercard.
    issuer(51, 55, SIXTEEN),
    issuer(2221, 2720, SIXTEEN),
    // American Express.
    issuer(34, 34, &[15]),
    issuer(37, 37, &[15]),
    // Diners Club.
    issuer(300, 305, FOURTEEN_TO_NINETEEN),
    issuer(3095, 3095, FOURTEEN_TO_NINETEEN),
    issuer(36, 36, FOURTEEN_TO_NINETEEN),
    issuer(38, 39, FOURTEEN_TO_NINETEEN),
    // JCB.
    issuer(3528, 3589, SIXTEEN_TO_NINETEEN),
    // Discover, and RuPay within 60 and 65.
    issuer(60, 60, SIXTEEN_TO_NINETEEN),
    issuer(644, 649, SIXTEEN_TO_NINETEEN),
    issuer(65, 65, SIXTEEN_TO_NINETEEN),
    issuer(81, 82, SIXTEEN),
    // UnionPay.
    issuer(62, 62, SIXTEEN_TO_NINETEEN),
    // Maestro, and Elo and Verve within 50.
    issuer(50, 50, TWELVE_TO_NINETEEN),
    issuer(56, 59, TWELVE_TO_NINETEEN),
    issuer(6304, 6304, TWELVE_TO_NINETEEN),
    issuer(67, 67, TWELVE_TO_NINETEEN),
    // InterPayment, InstaPayment and Elo.
    issuer(636, 639, SIXTEEN_TO_NINETEEN),
    // Mir.
    issuer(2200, 2204, SIXTEEN_TO_NINETEEN),
    // Troy, Uzcard and Humo.
    issuer(9792, 9792, SIXTEEN),
    issuer(8600, 8600, SIXTEEN),
    issuer(9860, 9860, SIXTEEN),
];

pub(super) fn find(text: &Characters) -> Vec<Range<usize>> {
    let plain = text.plain();
    let mut found = Vec::new();
    for chain in chains(plain) {
        let mut first = 0;
        while first < chain.len() {
            // The longest number that begins here, for a group after it may belong to it.
            let last = (first..chain.len())
                .rev()
                .find(|&last| is_card(plain, &chain[first..=last]));
            match last {
                Some(last) => {
                    found.push(chain[first].start..chain[last].end);
                    first = last + 1;
                }
                None => first += 1,
            }
        }
    }
    found
}

/// Groups of digits with one space or dash between them. Digits after a decimal point begin none.
fn chains(plain: &[u8]) -> Vec<Vec<Range<usize>>> {
    let mut chains: Vec<Vec<Range<usize>>> = Vec::new();
    let mut at = 0;
    while at < plain.len() {
        if !plain[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while at < plain.len() && plain[at].is_ascii_digit() {
            at += 1;
        }
        let is_fraction = start >= 2 && plain[start - 1] == b'.' && plain[start - 2].is_ascii_digit();
        if is_fraction {
            continue;
        }
        let is_next = start >= 2 && matches!(plain[start - 1], b' ' | b'-');
        match chains.last_mut() {
            Some(chain) if is_next && chain.last().is_some_and(|group| group.end + 1 == start) => {
                chain.push(start..at);
            }
            _ => chains.push(std::iter::once(start..at).collect()),
        }
    }
    chains
}

fn is_card(plain: &[u8], groups: &[Range<usize>]) -> bool {
    let digits: usize = groups.iter().map(ExactSizeIterator::len).sum();
    if !DIGITS.contains(&digits) {
        return false;
    }
    let (last, others) = match groups.split_last() {
        Some((last, others)) => (last, others),
        None => return false,
    };
    let separators: Vec<u8> = others.iter().map(|group| plain[group.end]).collect();
    if separators.windows(2).any(|pair| pair[0] != pair[1])
        || others.iter().any(|group| group.len() < LEAST_GROUP)
    {
        return false;
    }
    let number: Vec<u8> = plain[groups[0].start..last.end]
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .map(|byte| byte - b'0')
        .collect();
    is_issued(&number) && passes_luhn(&number)
}

fn is_issued(number: &[u8]) -> bool {
    let prefix = |digits: u32| {
        let first = number.iter().take(digits as usize);
        first.fold(0, |prefix, &digit| prefix * 10 + u32::from(digit))
    };
    ISSUERS.iter().any(|issuer| {
        let (first, last) = issuer.prefixes;
        issuer.lengths.contains(&number.len()) && (first..=last).contains(&prefix(first.ilog10() + 1))
    })
}

/// ISO/IEC 7812-1, annex B: from the right, every second digit doubled; the digits of all add up to a multiple of 10.
pub(super) fn passes_luhn(number: &[u8]) -> bool {
    let sum: u32 = number
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match (place % 2, u32::from(digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => 2 * digit - 9,
            (_, digit) => 2 * digit,
        })
        .sum();
    sum.is_multiple_of(10)
}
