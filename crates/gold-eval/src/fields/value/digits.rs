//! Digits, signs and spaces of any script as those of ASCII.

/// Where the decimal digits of each script begin (general category Nd of Unicode 14), but for ASCII's.
const ZEROS: &[u32] = &[
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0de6,
    0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0,
    0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30,
    0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0,
    0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec,
    0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

/// Trimmed text with its digits, full-width forms, signs and spaces as ASCII; `None` if it is blank or longer than `most`
/// characters.
pub(super) fn folded(text: &str, most: usize) -> Option<String> {
    let text = text.trim();
    // A character is at most four bytes: what is longer need not be counted.
    if text.is_empty() || text.len() > 4 * most || text.chars().count() > most {
        return None;
    }
    let mut folded = String::with_capacity(text.len());
    // Marks of direction and zero-width spaces are not seen.
    let seen = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    for c in text.chars().filter(seen) {
        folded.push(as_ascii(c));
    }
    Some(folded.trim().to_owned()).filter(|text| !text.is_empty())
}

fn as_ascii(c: char) -> char {
    match c {
        _ if c.is_ascii() => c,
        '\u{ff01}'..='\u{ff5e}' if !('０'..='９').contains(&c) => {
            char::from_u32(c as u32 - 0xfee0).unwrap_or(c)
        }
        '\u{2212}' | '\u{2010}'..='\u{2015}' | '\u{fe63}' => '-',
        '\u{2018}' | '\u{2019}' | '\u{02bc}' => '\'',
        // The marks of Arabic numbers are decimal and thousands whatever the field says, but are as rare as they are plain.
        '\u{066b}' => '.',
        '\u{066c}' => ',',
        '\u{066a}' => '%',
        '\u{ffe1}' => '£',
        '\u{ffe5}' => '¥',
        '\u{ffe6}' => '₩',
        _ if c.is_whitespace() => ' ',
        _ => digit(c).unwrap_or(c),
    }
}

fn digit(c: char) -> Option<char> {
    let after = ZEROS.partition_point(|&zero| zero <= c as u32);
    let zero = *ZEROS.get(after.checked_sub(1)?)?;
    char::from_digit(c as u32 - zero, 10)
}
