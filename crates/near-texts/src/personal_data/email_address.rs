//! E-mail addresses: RFC 5321 without quoted local parts, and letters of all scripts (RFC 6531).

use std::ops::Range;

use super::characters::{Characters, is_alphanumeric, is_letter};

pub(super) fn find(text: &Characters) -> Vec<Range<usize>> {
    let plain = text.plain();
    let ats = (0..plain.len()).filter(|&at| plain[at] == b'@');
    ats.filter_map(|at| {
        let local = plain[..at]
            .iter()
            .rev()
            .take_while(|&&byte| is_local(byte))
            .count();
        // A full stop or an apostrophe before the address belongs to the sentence.
        let start = (at - local..at).find(|&start| is_alphanumeric(plain[start]) || plain[start] == b'_')?;
        Some(start..at + 1 + domain(&plain[at + 1..])?)
    })
    .collect()
}

/// The characters of an unquoted local part.
fn is_local(byte: u8) -> bool {
    is_alphanumeric(byte) || b".!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

/// The length of the domain at the beginning of some text: labels of letters, digits and dashes, the last of which begins
/// with two letters or more. What is glued to those is not part of it.
fn domain(plain: &[u8]) -> Option<usize> {
    let mut end = None;
    let mut start = 0;
    loop {
        let rest = &plain[start..];
        let length = rest
            .iter()
            .take_while(|&&byte| is_alphanumeric(byte) || byte == b'-')
            .count();
        let label = &rest[..length];
        let letters = label.iter().take_while(|&&byte| is_letter(byte)).count();
        if length == 0 || label[0] == b'-' {
            return end;
        }
        if start > 0 && label.starts_with(b"xn--") {
            end = Some(start + length);
        } else if start > 0 && letters >= 2 {
            end = Some(start + letters);
        }
        if rest.get(length) != Some(&b'.') {
            return end;
        }
        start += length + 1;
    }
}
