//! International bank account numbers: ISO 13616, checked by ISO 7064.

use std::ops::Range;

use super::characters::{Characters, is_alphanumeric};

/// How many characters an IBAN of a country has: SWIFT's IBAN registry, release 101.
const LENGTHS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
];

pub(super) fn find(text: &Characters) -> Vec<Range<usize>> {
    let plain = text.plain();
    let mut found = Vec::new();
    let mut at = 0;
    while at + 4 <= plain.len() {
        match at_place(plain, at) {
            Some(end) => {
                found.push(at..end);
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// Where the IBAN that begins at a place ends.
fn at_place(plain: &[u8], start: usize) -> Option<usize> {
    let head = &plain[start..start + 4];
    let begins_word = start == 0 || !is_alphanumeric(plain[start - 1]);
    if !begins_word || !head[2..].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let length = length_of([head[0].to_ascii_uppercase(), head[1].to_ascii_uppercase()])?;
    let mut characters = Vec::with_capacity(length);
    let mut at = start;
    while characters.len() < length {
        match *plain.get(at)? {
            byte if byte.is_ascii_alphanumeric() => characters.push(byte.to_ascii_uppercase()),
            // One separator, and only between characters.
            b' ' | b'-' if plain[at - 1].is_ascii_alphanumeric() => {}
            _ => return None,
        }
        at += 1;
    }
    let ends_word = plain.get(at).is_none_or(|&byte| !is_alphanumeric(byte));
    (ends_word && remainder(&characters) == 1).then_some(at)
}

pub(super) fn length_of(country: [u8; 2]) -> Option<usize> {
    let at = LENGTHS.binary_search_by(|(code, _)| (*code).cmp(&country)).ok()?;
    Some(LENGTHS[at].1)
}

/// The number modulo 97: the first four characters go to the end, letters count 10 to 35.
fn remainder(characters: &[u8]) -> u32 {
    let (head, rest) = characters.split_at(4.min(characters.len()));
    rest.iter().chain(head).fold(0, |remainder, &byte| match byte {
        b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
        _ => (remainder * 100 + u32::from(byte.saturating_sub(b'A')) + 10) % 97,
    })
}
