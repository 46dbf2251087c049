//! Personal data, masked before anything else is done with a text.

use near_texts::{MASKING_RULES, PersonalDataMask};

use crate::{Damage, PersonalDataRecord, QuarantinedLine, RejectReason};

/// The mark of a text that was cut off, as [`excerpt`](crate::quarantine::excerpt) sets it.
const CUT: char = '…';
/// How many characters before a cut are masked whatever they are: no card number, IBAN or phone number is longer, so that none
/// shows of which the rest was cut off. An address reaches back to the white space before it.
const BEFORE_CUT: usize = 48;

/// What was masked of the questions; `None` if nothing is to be.
pub(super) fn record(mask: &PersonalDataMask) -> Option<PersonalDataRecord> {
    (!mask.is_off()).then(|| PersonalDataRecord {
        rules: MASKING_RULES.to_owned(),
        ..PersonalDataRecord::default()
    })
}

/// Masks a question and counts what was in it.
pub(super) fn mask_question(
    question: &mut String,
    mask: &PersonalDataMask,
    record: &mut Option<PersonalDataRecord>,
) {
    let Some(record) = record else { return };
    let masked = mask.mask(question);
    if masked.found.is_empty() {
        return;
    }
    record.questions += 1;
    for (kind, count) in masked.found {
        *record.found.entry(kind).or_default() += count;
    }
    *question = masked.text.into_owned();
}

/// A damaged line as it may be written. The excerpt may hold JSON escapes, in which an address would not be seen, and what
/// is no JSON has often been cut off by the producer.
pub(super) fn masked_line(line: QuarantinedLine, mask: &PersonalDataMask) -> QuarantinedLine {
    if mask.is_off() {
        return line;
    }
    QuarantinedLine {
        detail: masked_excerpt(&line.detail, mask, false),
        raw: masked_excerpt(
            &without_ascii_escapes(&line.raw),
            mask,
            line.reason == Damage::NotJson,
        ),
        ..line
    }
}

/// A reason with the words of the log in it as they may be written.
pub(super) fn masked_reason(mut reason: RejectReason, mask: &PersonalDataMask) -> RejectReason {
    let words = match &mut reason {
        RejectReason::FailedCall { detail: words }
        | RejectReason::Elsewhere { path: words }
        | RejectReason::NotRecorded { detail: words }
        | RejectReason::NotText { part: words }
        | RejectReason::Refusal { text: words }
        | RejectReason::Truncated { finish_reason: words }
        | RejectReason::UnreadableAnswer { answer: words }
        | RejectReason::UnknownLabel { answer: words } => words,
        RejectReason::NotForTraining
        | RejectReason::Disapproved
        | RejectReason::EmptyInput
        | RejectReason::LaterTurns
        | RejectReason::EmptyAnswer
        | RejectReason::LeaksGold { .. } => return reason,
    };
    if !mask.is_off() {
        *words = masked_excerpt(words, mask, false);
    }
    reason
}

/// A text as it may be written, of which more may have been cut off than it shows.
fn masked_excerpt(text: &str, mask: &PersonalDataMask, is_cut: bool) -> String {
    let masked = mask.mask(text).text;
    let (kept, mark) = match masked.strip_suffix(CUT) {
        Some(kept) => (kept, Some(CUT)),
        None if is_cut => (masked.as_ref(), None),
        None => return masked.into_owned(),
    };
    let chars: Vec<char> = kept.chars().collect();
    let near_cut = chars.len().saturating_sub(BEFORE_CUT);
    let start = chars[..near_cut]
        .iter()
        .rposition(|c| c.is_whitespace())
        .unwrap_or(0);
    let blank = chars[start..].iter().map(|&c| match c {
        c if c.is_numeric() => '9',
        c if c.is_alphabetic() => 'x',
        c => c,
    });
    chars[..start].iter().copied().chain(blank).chain(mark).collect()
}

/// JSON's `\u0040` as the character that it stands for, where that is ASCII; a line that is no JSON is not decoded further.
fn without_ascii_escapes(raw: &str) -> String {
    let mut pieces = raw.split("\\u00");
    let mut decoded = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let code = piece
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code.filter(|code| code.is_ascii_graphic()) {
            Some(code) => {
                decoded.push(char::from(code));
                decoded.push_str(&piece[2..]);
            }
            None => {
                decoded.push_str("\\u00");
                decoded.push_str(piece);
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests;
