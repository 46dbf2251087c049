use proptest::prelude::*;

use super::*;

#[test]
fn words_are_folded_masked_and_distinct() {
    let found: Vec<_> = words("ＣＡＦÉ cafe\u{301} A1B22 #0042 77").into_iter().collect();
    assert_eq!(found, ["9", "a9b9", "café"]);
}

#[test]
fn a_blank_text_has_no_words_and_a_blank_format() {
    assert!(words(" \t*#").is_empty());
    assert_eq!(skeleton(" \n "), "");
}

#[test]
fn skeletons_keep_the_signs_and_lose_the_lengths() {
    assert_eq!(skeleton("PAYPAL *SPOTIFY  35314369001"), "A *A 9");
    assert_eq!(skeleton("how do I top up?"), "A?");
    assert_eq!(skeleton("TST**  a b 9 c d"), "A* A 9 A");
    assert_eq!(skeleton("Ünïcode ٣٤"), "A 9");
}

#[test]
fn a_huge_input_is_bounded() {
    let text = "word1,".repeat(1_000_000);
    assert!(is_cut(&text));
    assert!(words(&text).len() <= 2);
    assert!(skeleton(&text).chars().count() <= MAX_SKELETON_CHARS);
    let long = words(&"x".repeat(10_000));
    assert_eq!(
        long.iter().map(|word| word.chars().count()).collect::<Vec<_>>(),
        [MAX_WORD_CHARS]
    );
}

proptest! {
    #[test]
    fn any_text_gives_bounded_words_and_a_skeleton_without_runs(text in "\\PC{0,200}") {
        for word in words(&text) {
            prop_assert!(!word.is_empty() && word.chars().count() <= MAX_WORD_CHARS);
            prop_assert!(!word.contains("99"));
        }
        let skeleton = skeleton(&text);
        let signs: Vec<char> = skeleton.chars().collect();
        prop_assert!(signs.windows(2).all(|pair| pair[0] != pair[1]), "{skeleton}");
        prop_assert!(!skeleton.contains("A A"), "{skeleton}");
    }

    #[test]
    fn words_of_the_normalised_text_are_the_words(text in "\\PC{0,200}") {
        prop_assert_eq!(words(&normalised(&text)), words(&text));
    }
}
