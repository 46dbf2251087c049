//! BLEU, chrF, chrF++ and ROUGE-L against sacrebleu and rouge-score.
//!
//! Made by `tests/oracle/overlap.py`, which states the versions; seed 20261126, float64. The tolerance of 1e-9 is what
//! two double-precision sums of the same terms agree to on a scale of 0 to 100.

use gold_eval::overlap::{Bleu, Chrf, OverlapMetric, rouge_l};
use serde::Deserialize;

#[derive(Deserialize)]
struct Fixture {
    sacrebleu: String,
    rows: Vec<Row>,
    corpora: Vec<Corpus>,
}

#[derive(Deserialize)]
struct Row {
    hypothesis: String,
    references: Vec<String>,
    bleu: f64,
    chrf: f64,
    chrf_plus_plus: f64,
    rouge_l: f64,
}

#[derive(Deserialize)]
struct Corpus {
    begin: usize,
    end: usize,
    bleu: f64,
    chrf: f64,
    chrf_plus_plus: f64,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../oracle/overlap.json")).unwrap()
}

fn close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() < 1e-9, "{what}: {found}, not {expected}");
}

#[test]
fn sentence_scores_equal_sacrebleu_and_rouge_score() {
    let fixture = fixture();
    assert_eq!((fixture.sacrebleu.as_str(), fixture.rows.len()), ("2.6.0", 300));
    for row in &fixture.rows {
        let references: Vec<&str> = row.references.iter().map(String::as_str).collect();
        for (metric, expected) in [
            (&Bleu::sentence() as &dyn OverlapMetric, row.bleu),
            (&Chrf::default(), row.chrf),
            (&Chrf::plus_plus(), row.chrf_plus_plus),
        ] {
            let found = metric.sentence_score(&row.hypothesis, &references);
            close(
                found,
                expected,
                &format!("{} of {:?}", metric.name(), row.hypothesis),
            );
        }
        close(rouge_l(&row.hypothesis, &references), row.rouge_l, "ROUGE-L");
    }
}

#[test]
fn corpus_scores_equal_sacrebleu_with_unequal_numbers_of_references() {
    let fixture = fixture();
    for corpus in &fixture.corpora {
        let rows = &fixture.rows[corpus.begin..corpus.end];
        let score = |metric: &dyn OverlapMetric| {
            let counts: Vec<Vec<u64>> = (rows.iter())
                .map(|row| {
                    let references: Vec<&str> = row.references.iter().map(String::as_str).collect();
                    metric.counts(&row.hypothesis, &references)
                })
                .collect();
            metric.corpus_score(&counts)
        };
        close(score(&Bleu::corpus()), corpus.bleu, "BLEU");
        close(score(&Chrf::default()), corpus.chrf, "chrF");
        close(score(&Chrf::plus_plus()), corpus.chrf_plus_plus, "chrF++");
    }
}
