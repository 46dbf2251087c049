use proptest::prelude::*;

use super::*;

/// Every pair compared in full.
fn brute_force(texts: &[String], threshold: f64) -> Vec<(usize, usize, f64)> {
    let sets: Vec<Vec<u64>> = texts
        .iter()
        .map(|text| {
            let mut keys = Vec::new();
            shingle_keys(&normalise(text), &mut keys);
            keys
        })
        .collect();
    let mut pairs = Vec::new();
    for left in 0..texts.len() {
        for right in left + 1..texts.len() {
            if let Some(jaccard) = jaccard_at_least(&sets[left], &sets[right], threshold) {
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
fn of_no_texts_and_of_one_there_are_no_pairs() {
    let none: [&str; 0] = [];
    assert!(near_pairs(&none, JaccardThreshold::default()).is_empty());
    assert!(near_pairs(&["where is my card"], JaccardThreshold::default()).is_empty());
    assert!(near_neighbours(&["where is my card"], &none, JaccardThreshold::default()).is_empty());
}

#[test]
fn distinct_short_texts_are_no_duplicates() {
    let texts = ["a", "b", "ab", "", "é"];
    assert!(near_pairs(&texts, JaccardThreshold::default()).is_empty());
}

/// Two thousand texts of which many are alike: enough that sets are cut.
fn many_texts() -> Vec<String> {
    let mut state = 26_u64;
    let mut below = |limit: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % limit
    };
    let mut texts: Vec<String> = Vec::new();
    for row in 0..2000 {
        let mut text: Vec<char> = match row {
            0..1500 => (0..40).map(|_| char::from(b'a' + below(20) as u8)).collect(),
            _ => texts[below(1500)].chars().collect(),
        };
        for _ in 0..below(5) {
            let at = below(text.len());
            text[at] = char::from(b'a' + below(20) as u8);
        }
        texts.push(text.into_iter().collect());
    }
    texts
}

#[test]
fn the_join_of_many_texts_is_brute_force_under_every_shuffle_and_number_of_threads() {
    let texts = many_texts();
    let expected = brute_force(&texts, 0.8);
    assert!(expected.len() > 200, "{}", expected.len());
    for (threads, step) in [(1, 1), (2, 1), (3, 7), (2, 1999)] {
        // A step that shares no factor with the number of texts visits each once.
        let order: Vec<usize> = (0..texts.len()).map(|i| i * step % texts.len()).collect();
        let shuffled: Vec<&str> = order.iter().map(|&i| texts[i].as_str()).collect();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let found = pool.install(|| near_pairs(&shuffled, JaccardThreshold::default()));
        let mut found: Vec<_> = found
            .iter()
            .map(|pair| (order[pair.left], order[pair.right], pair.jaccard))
            .map(|(a, b, jaccard)| (a.min(b), a.max(b), jaccard))
            .collect();
        found.sort_by_key(|pair| (pair.0, pair.1));
        assert_eq!(found, expected, "{threads} threads, step {step}");
    }
}

#[test]
fn most_pairs_of_many_texts_are_never_looked_at() {
    let texts = many_texts();
    let rows = Rows::of(&texts, None, 0.8);
    for (_, cut) in length_classes(&rows) {
        assert_ne!(cut, cut::Cut::none());
    }
}
