use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// The set of 3-grams, or the text itself where it is shorter, and their similarity, by the definition.
fn naive(a: &str, b: &str) -> f64 {
    let grams = |text: &str| -> BTreeSet<String> {
        let chars: Vec<char> = text.chars().collect();
        match chars.len() {
            0..SHINGLE_CHARS => BTreeSet::from([text.to_owned()]),
            _ => chars
                .windows(SHINGLE_CHARS)
                .map(|gram| gram.iter().collect())
                .collect(),
        }
    };
    let (a, b) = (grams(a), grams(b));
    a.intersection(&b).count() as f64 / a.union(&b).count() as f64
}

fn keys(text: &str) -> Vec<u64> {
    let mut keys = Vec::new();
    shingle_keys(text, &mut keys);
    keys
}

#[test]
fn a_text_shorter_than_a_shingle_is_one_shingle_of_its_own() {
    let texts = ["", "a", "b", "ab", "ba", "\0a", "abc"];
    let sets = texts.map(keys);
    for (i, set) in sets.iter().enumerate() {
        assert_eq!(set.len(), 1);
        for earlier in &sets[..i] {
            assert_eq!(jaccard_at_least(set, earlier, 0.01), None, "{:?}", texts[i]);
        }
    }
}

#[test]
fn four_of_five_reach_a_threshold_of_0_8() {
    assert_eq!(jaccard_at_least(&[1, 2, 3, 4], &[1, 2, 3, 4, 5], 0.8), Some(0.8));
    assert_eq!(
        jaccard_at_least(&[1, 2, 3, 4], &[1, 2, 3, 4, 5], 0.800_000_1),
        None
    );
}

proptest! {
    #[test]
    fn similarity_is_that_of_the_definition(a in "[abñ ]{0,12}", b in "[abñ ]{0,12}") {
        let expected = naive(&a, &b);
        let found = jaccard_at_least(&keys(&a), &keys(&b), f64::MIN_POSITIVE).unwrap_or(0.0);
        prop_assert_eq!(found, expected);
    }
}
