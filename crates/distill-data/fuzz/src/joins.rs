//! The joins: a byte for the threshold, then a text a line.

use std::collections::BTreeSet;

use distill_data::{JaccardThreshold, near_neighbours, near_pairs, normalise};

/// The most texts: all pairs are counted out.
const MOST_TEXTS: usize = 40;

/// The joins find the pairs that counting out all finds, and no others.
pub fn holds(data: &[u8]) {
    let Some((&byte, rest)) = data.split_first() else {
        return;
    };
    let threshold = JaccardThreshold::new(f64::from(byte % 20 + 1) / 20.0).expect("it is in (0, 1]");
    let text = String::from_utf8_lossy(rest);
    let texts: Vec<&str> = text.lines().take(MOST_TEXTS).collect();
    let sets: Vec<BTreeSet<String>> = texts.iter().map(|text| shingles(text)).collect();

    let mut expected = Vec::new();
    for left in 0..texts.len() {
        for right in left + 1..texts.len() {
            let jaccard = jaccard(&sets[left], &sets[right]);
            if jaccard >= threshold.get() {
                expected.push((left, right, jaccard));
            }
        }
    }
    let pairs = near_pairs(&texts, threshold);
    let found: Vec<_> = pairs
        .iter()
        .map(|pair| (pair.left, pair.right, pair.jaccard))
        .collect();
    assert_eq!(found, expected);

    let (queries, others) = texts.split_at(texts.len() / 2);
    let mut expected = Vec::new();
    for left in 0..queries.len() {
        for right in 0..others.len() {
            let jaccard = jaccard(&sets[left], &sets[queries.len() + right]);
            if jaccard >= threshold.get() {
                expected.push((left, right, jaccard));
            }
        }
    }
    let pairs = near_neighbours(queries, others, threshold);
    let found: Vec<_> = pairs
        .iter()
        .map(|pair| (pair.left, pair.right, pair.jaccard))
        .collect();
    assert_eq!(found, expected);
}

/// The character 3-grams of the form; a shorter one is a shingle as a whole.
fn shingles(text: &str) -> BTreeSet<String> {
    let characters: Vec<char> = normalise(text).chars().collect();
    match characters.len() {
        0..3 => BTreeSet::from([characters.into_iter().collect()]),
        _ => characters
            .windows(3)
            .map(|shingle| shingle.iter().collect())
            .collect(),
    }
}

fn jaccard(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    let shared = a.intersection(b).count();
    shared as f64 / (a.len() + b.len() - shared) as f64
}
