use proptest::prelude::*;

use super::*;

/// Every pair compared in full.
fn brute_force(texts: &[String], threshold: f64) -> Vec<(usize, usize, f64)> {
    let normal: Vec<String> = texts.iter().map(|text| normalise(text)).collect();
    let sets = ShingleSets::of(normal.iter().map(String::as_str));
    let mut pairs = Vec::new();
    for left in 0..texts.len() {
        for right in left + 1..texts.len() {
            if let Some(jaccard) = jaccard_at_least(sets.set(left), sets.set(right), threshold) {
                pairs.push((left, right, jaccard));
            }
        }
    }
    pairs
}

fn triples(pairs: &[NearPair]) -> Vec<(usize, usize, f64)> {
    pairs
        .iter()
        .map(|pair| (pair.left, pair.right, pair.jaccard))
        .collect()
}

/// Texts of few letters, so that many are alike, and of very different lengths.
fn texts() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[ab]{0,4}|[abc ]{0,30}|(abcab|cabba|bcc){1,12}", 0..40)
}

proptest! {
    #[test]
    fn the_join_finds_what_brute_force_finds(texts in texts(), percent in 1..=100_u32) {
        let threshold = f64::from(percent) / 100.0;
        let found = near_pairs(&texts, JaccardThreshold::new(threshold).unwrap());
        prop_assert_eq!(triples(&found), brute_force(&texts, threshold));
    }

    #[test]
    fn the_join_of_two_sides_is_the_part_of_the_self_join_between_them(
        queries in texts(), texts in texts(), percent in 30..=100_u32,
    ) {
        let threshold = f64::from(percent) / 100.0;
        let both: Vec<String> = queries.iter().chain(&texts).cloned().collect();
        let expected: Vec<_> = brute_force(&both, threshold)
            .into_iter()
            .filter(|&(left, right, _)| left < queries.len() && right >= queries.len())
            .map(|(left, right, jaccard)| (left, right - queries.len(), jaccard))
            .collect();
        let found = near_neighbours(&queries, &texts, JaccardThreshold::new(threshold).unwrap());
        prop_assert_eq!(triples(&found), expected);
    }
}

#[test]
fn a_threshold_outside_its_range_is_refused() {
    for number in [0.0, -0.1, 1.000_001, f64::NAN] {
        assert!(JaccardThreshold::new(number).is_err(), "{number}");
    }
    assert!(serde_json::from_str::<JaccardThreshold>("1.5").is_err());
    assert_eq!(
        serde_json::from_str::<JaccardThreshold>("0.8").unwrap(),
        JaccardThreshold::default()
    );
}

#[test]
fn distinct_short_texts_are_no_duplicates() {
    let texts = ["a", "b", "ab", "", "é"];
    assert!(near_pairs(&texts, JaccardThreshold::default()).is_empty());
}
