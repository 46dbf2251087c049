use proptest::prelude::*;

use super::*;

#[test]
fn words_count_as_often_as_they_stand() {
    assert!((token_f1("x x y", "x y y") - 2.0 / 3.0).abs() < 1e-15);
    assert!((token_f1("x x x x", "x") - 0.4).abs() < 1e-15);
}

#[test]
fn texts_without_words_are_equal_to_each_other_alone() {
    assert!((token_f1("", "the !") - 1.0).abs() < 1e-15);
    assert!(token_f1("the", "book").abs() < 1e-15);
}

#[test]
fn an_article_is_a_whole_word_only() {
    assert!((token_f1("another theatre", "another theatre a the an") - 1.0).abs() < 1e-15);
    // Punctuation is gone before articles are looked for, so that these two are one word.
    assert!(token_f1("the-book", "book").abs() < 1e-15);
}

proptest! {
    #[test]
    fn it_is_symmetric_between_0_and_1_and_1_for_the_same(a in "\\PC{0,40}|[a-d .]{0,20}", b in "\\PC{0,40}|[a-d .]{0,20}") {
        let f1 = token_f1(&a, &b);
        prop_assert!((0.0..=1.0).contains(&f1));
        prop_assert!((f1 - token_f1(&b, &a)).abs() < 1e-15);
        prop_assert!((token_f1(&a, &a) - 1.0).abs() < 1e-15);
    }
}
