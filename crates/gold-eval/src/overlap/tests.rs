use proptest::prelude::*;

use super::{tokenizer_13a::tokenize, *};

#[test]
fn tokens_are_those_of_mteval() {
    // sacrebleu 2.6.0, Tokenizer13a.
    for (text, tokens) in [
        ("It's $1,234.50, ok?", "It's $ 1,234.50 , ok ?"),
        ("20-25 a-b 3.", "20 - 25 a-b 3 ."),
        ("a &amp;lt; b <skipped>c", "a < b c"),
        (".5 5. x.y", ". 5 5 . x . y"),
        (" \u{1c}a\u{85}b ", "a b"),
    ] {
        assert_eq!(tokenize(text).join(" "), tokens, "{text:?}");
    }
}

#[test]
fn nothing_scores_zero_and_a_reference_scores_all() {
    for metric in [
        &Bleu::sentence() as &dyn OverlapMetric,
        &Chrf::default(),
        &Chrf::plus_plus(),
    ] {
        assert_eq!(metric.sentence_score("", &["a reference"]), 0.0);
        assert_eq!(metric.sentence_score("a sentence", &[]), 0.0);
        assert_eq!(metric.corpus_score(&[]), 0.0);
        let same = metric.sentence_score("one two three four five", &["other", "one two three four five"]);
        assert!((same - 100.0).abs() < 1e-9, "{} {same}", metric.name());
    }
    assert_eq!(rouge_l("", &["a"]), 0.0);
    assert_eq!(rouge_l("A, b!", &["a b"]), 1.0);
}

fn corpus(sentences: &[&str]) -> Vec<Vec<u64>> {
    sentences
        .iter()
        .map(|s| Bleu::corpus().counts(s, &["the cat sat on the mat today"]))
        .collect()
}

#[test]
fn a_system_does_not_differ_from_itself_and_a_ruined_one_does() {
    let good: Vec<&str> = vec!["the cat sat on the mat"; 30];
    let bad: Vec<&str> = vec!["a dog sat on the mat then"; 30];
    let same = approximate_randomisation(&Bleu::corpus(), &corpus(&good), &corpus(&good), 200, 1);
    assert_eq!(same.p, 1.0);
    let found = approximate_randomisation(&Bleu::corpus(), &corpus(&good), &corpus(&bad), 2000, 1);
    assert!(found.score > found.other && found.p < 0.01, "{found:?}");
    let again = approximate_randomisation(&Bleu::corpus(), &corpus(&good), &corpus(&bad), 2000, 1);
    assert_eq!(found, again);
}

#[test]
fn one_row_cannot_show_a_difference() {
    // With one row both exchanges have the real difference: p is 1, whatever the difference.
    let found = approximate_randomisation(
        &Bleu::corpus(),
        &corpus(&["the cat sat on the mat"]),
        &corpus(&["cat the sat on the mat"]),
        500,
        7,
    );
    assert_eq!(found.p, 1.0);
}

proptest! {
    #[test]
    fn scores_stay_in_range_whatever_the_text(
        sentence in any::<String>(),
        references in prop::collection::vec(any::<String>(), 0..4),
    ) {
        let references: Vec<&str> = references.iter().map(String::as_str).collect();
        for metric in [&Bleu::sentence() as &dyn OverlapMetric, &Bleu::corpus(), &Chrf::default(), &Chrf::plus_plus()] {
            let score = metric.sentence_score(&sentence, &references);
            prop_assert!((0.0..=100.0 + 1e-9).contains(&score), "{} {score}", metric.name());
        }
        prop_assert!((0.0..=1.0 + 1e-9).contains(&rouge_l(&sentence, &references)));
    }

    #[test]
    fn more_references_never_lower_a_sentence(words in "[a-d ]{0,30}", a in "[a-d ]{0,30}", b in "[a-d ]{0,30}") {
        let chrf = Chrf::default();
        let both = chrf.sentence_score(&words, &[&a, &b]);
        prop_assert!(both + 1e-9 >= chrf.sentence_score(&words, &[&a]));
        prop_assert_eq!(both, chrf.sentence_score(&words, &[&b, &a]));
    }
}
