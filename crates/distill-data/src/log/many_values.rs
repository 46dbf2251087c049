//! JSON bombs in width: a line whose text is small and whose values are not.
//!
//! An object with one field is 7 bytes of text and some 600 in memory, so that a line of 16 MiB could take more than a
//! gigabyte. Depth is serde_json's to refuse, from 128 on.

use crate::quarantine::{Damage, LineDamage};

/// The most JSON values on a line. An answer of a thousand tokens with twenty alternatives each has some 200,000.
const MOST_VALUES: usize = 1 << 20;

/// Refuses a line that may hold more values than are read.
///
/// What may stand before a value is counted in strings too, where formats hold further JSON: text of so many commas is no
/// question.
pub(super) fn check(line: &str) -> Result<(), LineDamage> {
    // A value is at least a digit and what stands before it.
    if line.len() <= 2 * MOST_VALUES {
        return Ok(());
    }
    let values = line
        .bytes()
        .filter(|byte| matches!(byte, b',' | b':' | b'['))
        .count();
    match values > MOST_VALUES {
        false => Ok(()),
        true => Err(LineDamage {
            damage: Damage::TooLong,
            detail: format!(
                "the line holds some {values} JSON values, more than the {MOST_VALUES} that are read"
            ),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_refused_from_one_value_too_many_on() {
        let list = |values: usize| format!("[{}0]", "0,".repeat(values - 1));
        assert!(check(&list(MOST_VALUES)).is_ok());
        let refused = check(&list(MOST_VALUES + 1)).unwrap_err();
        assert_eq!(refused.damage, Damage::TooLong);
        assert!(
            refused.detail.contains("1048577 JSON values"),
            "{}",
            refused.detail
        );
    }

    #[test]
    fn values_in_strings_count_and_long_texts_pass() {
        assert!(check(&format!("\"{}\"", "{\\\"a\\\":0},".repeat(MOST_VALUES))).is_err());
        let words = "a text of many words, as people write them. ".repeat(300_000);
        assert!(check(&words).is_ok());
    }
}
