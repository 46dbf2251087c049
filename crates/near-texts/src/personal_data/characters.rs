//! A text as characters, each beside the ASCII character that it stands for.

use std::ops::Range;

/// Stands for a letter that is not ASCII.
pub(super) const OTHER_LETTER: u8 = 0x80;
/// Stands for everything else that is not ASCII.
const OTHER: u8 = 0xff;

/// A text that can be searched byte by byte: full-width and Arabic digits are digits, every space is a space, every
/// dash a dash. Places are counted in characters.
#[derive(Debug)]
pub(super) struct Characters {
    chars: Vec<char>,
    plain: Vec<u8>,
}

impl Characters {
    pub(super) fn of(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        Self {
            plain: chars.iter().map(|&c| plain(c)).collect(),
            chars,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    /// One byte for each character.
    pub(super) fn plain(&self) -> &[u8] {
        &self.plain
    }

    /// Digits to `9`, letters to `x`; whether that changes anything.
    pub(super) fn mask(&mut self, span: Range<usize>) -> bool {
        let mut is_changed = false;
        for at in span {
            let masked = match self.plain[at] {
                byte if byte.is_ascii_digit() => '9',
                byte if is_letter(byte) => 'x',
                _ => continue,
            };
            is_changed |= self.chars[at] != masked;
            self.chars[at] = masked;
            self.plain[at] = masked as u8;
        }
        is_changed
    }

    pub(super) fn into_text(self) -> String {
        self.chars.into_iter().collect()
    }
}

/// Whether a byte of [`Characters::plain`] is a letter.
pub(super) fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == OTHER_LETTER
}

/// Whether it is a letter or a digit.
pub(super) fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_digit() || is_letter(byte)
}

fn plain(c: char) -> u8 {
    let shifted = |first: char, ascii: u8| ascii + (c as u32 - first as u32) as u8;
    match c {
        '\0'..='\x7f' => c as u8,
        // Full-width forms are ASCII, moved.
        '\u{ff01}'..='\u{ff5e}' => shifted('\u{ff01}', b'!'),
        '\u{0660}'..='\u{0669}' => shifted('\u{0660}', b'0'),
        '\u{06f0}'..='\u{06f9}' => shifted('\u{06f0}', b'0'),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => b'-',
        // Invisible characters come from copied web pages and stand where a space would.
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => b' ',
        c if c.is_whitespace() => b' ',
        c if c.is_alphabetic() => OTHER_LETTER,
        _ => OTHER,
    }
}
