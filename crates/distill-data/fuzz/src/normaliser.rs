//! The normaliser.

use distill_data::normalise;

/// The form is its own, has words apart by single spaces, and is empty of a blank text alone.
pub fn holds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let form = normalise(&text);
    assert_eq!(normalise(&form), form, "{text:?}");
    assert!(!form.contains("  ") && form.trim() == form, "{form:?}");
    assert_eq!(normalise(&format!(" {text}\t")), form, "{text:?}");
    if text.is_ascii() {
        assert_eq!(normalise(&text.to_ascii_uppercase()), form);
    }
}
