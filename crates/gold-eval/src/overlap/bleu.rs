//! BLEU (Papineni et al. 2002) as sacrebleu computes it.

use std::collections::HashMap;

use super::{OverlapMetric, tokenizer_13a::tokenize};

/// The longest n-gram, in words.
const ORDER: usize = 4;

/// BLEU with the 13a tokeniser and exponential smoothing (method 3 of Chen and Cherry 2014).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bleu {
    /// Whether n-grams longer than the sentence are left out of the mean, which single sentences need.
    pub effective_order: bool,
}

impl Bleu {
    /// For a corpus: sacrebleu's `corpus_bleu`.
    #[must_use]
    pub fn corpus() -> Self {
        Self::default()
    }

    /// For single sentences: sacrebleu's `sentence_bleu`.
    #[must_use]
    pub fn sentence() -> Self {
        Self {
            effective_order: true,
        }
    }
}

impl OverlapMetric for Bleu {
    fn name(&self) -> &'static str {
        "BLEU"
    }

    /// Words of the sentence, words of the reference of the nearest length, then for each order the n-grams that a
    /// reference has, then for each order all n-grams.
    fn counts(&self, sentence: &str, references: &[&str]) -> Vec<u64> {
        let words = tokenize(sentence);
        let references: Vec<Vec<String>> = references.iter().map(|text| tokenize(text)).collect();
        // Of two that are equally near, the shorter.
        let nearest = references
            .iter()
            .map(Vec::len)
            .min_by_key(|&n| (n.abs_diff(words.len()), n));
        let mut counts = vec![words.len() as u64, nearest.unwrap_or(0) as u64];
        let mut totals = Vec::with_capacity(ORDER);
        for order in 1..=ORDER {
            let mut most: HashMap<&[String], u64> = HashMap::new();
            for reference in &references {
                for (ngram, count) in ngrams(reference, order) {
                    let known = most.entry(ngram).or_default();
                    *known = count.max(*known);
                }
            }
            let found = ngrams(&words, order);
            let matched = found
                .iter()
                .map(|(ngram, count)| most.get(ngram).copied().unwrap_or(0).min(*count));
            counts.push(matched.sum());
            totals.push(found.values().sum());
        }
        counts.append(&mut totals);
        counts
    }

    fn score(&self, counts: &[u64]) -> f64 {
        if counts.len() < 2 + 2 * ORDER {
            return 0.0;
        }
        let (length, reference) = (counts[0] as f64, counts[1] as f64);
        let (matched, totals) = counts[2..].split_at(ORDER);
        if matched.iter().all(|&count| count == 0) {
            return 0.0;
        }
        let mut smoothing = 1.0;
        let mut logs = 0.0;
        let mut orders = 0;
        for (&matched, &total) in matched.iter().zip(totals) {
            if total == 0 {
                break;
            }
            orders += 1;
            logs += if matched == 0 {
                smoothing *= 2.0;
                (100.0 / (smoothing * total as f64)).ln()
            } else {
                (100.0 * matched as f64 / total as f64).ln()
            };
        }
        if orders < ORDER && !self.effective_order {
            return 0.0;
        }
        let brevity = if length < reference {
            (1.0 - reference / length).exp()
        } else {
            1.0
        };
        brevity * (logs / orders as f64).exp()
    }
}

fn ngrams(words: &[String], order: usize) -> HashMap<&[String], u64> {
    let mut counts = HashMap::new();
    for ngram in words.windows(order) {
        *counts.entry(ngram).or_default() += 1;
    }
    counts
}
