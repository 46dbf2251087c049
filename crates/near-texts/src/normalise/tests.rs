use proptest::prelude::*;

use super::*;

#[test]
fn normal_forms_match_python() {
    // Oracle and rules: tests/oracle/normaliser.py; equality is exact, both sides follow the same tables for
    // characters that Unicode 14 has.
    let oracle: serde_json::Value =
        serde_json::from_str(include_str!("../../tests/oracle/normaliser.json")).unwrap();
    let cases = oracle["cases"].as_array().unwrap();
    assert!(cases.len() > 20);
    for case in cases {
        let (text, expected) = (case[0].as_str().unwrap(), case[1].as_str().unwrap());
        assert_eq!(normalise(text), expected, "{text:?}");
    }
}

#[test]
fn texts_of_different_pictures_or_punctuation_stay_apart() {
    assert_ne!(normalise("great 👍"), normalise("great 👎"));
    assert_ne!(normalise("?"), normalise("!"));
    assert_eq!(normalise(" \t\u{a0}"), "");
}

proptest! {
    #[test]
    fn normalising_twice_changes_nothing(text in any::<String>()) {
        let once = normalise(&text);
        prop_assert_eq!(normalise(&once), once);
    }

    #[test]
    fn only_blank_text_has_an_empty_form(text in any::<String>()) {
        let is_blank = text
            .chars()
            .all(|c| c.is_whitespace() || c.is_control() || c.general_category() == GeneralCategory::Format);
        prop_assert_eq!(normalise(&text).is_empty(), is_blank);
    }

    #[test]
    fn case_and_spacing_of_ascii_do_not_matter(words in prop::collection::vec("[a-z0-9]{1,6}", 1..6)) {
        let loud = words.iter().map(|word| word.to_uppercase()).collect::<Vec<_>>().join(" -- ");
        prop_assert_eq!(normalise(&loud), words.join(" "));
    }
}
