//! How close sentences are to references: BLEU, chrF, chrF++ and ROUGE-L, and whether two systems differ.
//!
//! A score says how alike the words are, not whether the sentence is true: [`narration`](crate::narration) asks that.
//! BLEU and chrF equal sacrebleu 2.6.0 with its defaults (13a tokeniser, mixed case, exponential smoothing; six
//! characters, beta 2), with any number of references for each row.
//!
//! ```
//! use gold_eval::overlap::{Bleu, Chrf, OverlapMetric};
//!
//! let references: &[&str] = &["The Mill is a cheap pub.", "The Mill is a pub with low prices."];
//! assert!(Bleu::sentence().sentence_score("The Mill is a cheap pub.", references) > 99.9);
//! assert!(Chrf::default().sentence_score("The Mill is an expensive pub.", references) < 90.0);
//! ```
//!
//! References:
//!
//! - Papineni et al. 2002, ACL (BLEU); Post 2018, arXiv:1804.08771 (sacrebleu); Chen and Cherry 2014, WMT (smoothing).
//! - Popovic 2015 and 2017, WMT (chrF and chrF++).
//! - Lin 2004, Text Summarization Branches Out (ROUGE-L).
//! - Riezler and Maxwell 2005, ACL workshop on evaluation measures (approximate randomisation).

mod bleu;
mod chrf;
mod randomisation;
mod rouge;
mod tokenizer_13a;

pub use bleu::Bleu;
pub use chrf::Chrf;
pub use randomisation::{RANDOMISATION_TRIALS, Randomisation, approximate_randomisation};
pub use rouge::rouge_l;

#[cfg(test)]
mod tests;

/// A score that is computed from counts, which can be summed over sentences: what a corpus score and a test by
/// randomisation need.
pub trait OverlapMetric {
    /// The name as papers write it.
    #[must_use]
    fn name(&self) -> &'static str;

    /// The counts of one sentence against its references; of the same length for every sentence. No reference counts as
    /// an empty one.
    #[must_use]
    fn counts(&self, sentence: &str, references: &[&str]) -> Vec<u64>;

    /// The score of counts, in 0..100.
    #[must_use]
    fn score(&self, counts: &[u64]) -> f64;

    /// The score of one sentence, in 0..100.
    #[must_use]
    fn sentence_score(&self, sentence: &str, references: &[&str]) -> f64 {
        self.score(&self.counts(sentence, references))
    }

    /// The score of many sentences together, in 0..100: that of the sums of their counts, not the mean of their scores.
    #[must_use]
    fn corpus_score(&self, counts: &[Vec<u64>]) -> f64 {
        self.score(&sum(counts.iter()))
    }
}

fn sum<'a>(counts: impl Iterator<Item = &'a Vec<u64>>) -> Vec<u64> {
    let mut total = Vec::new();
    for row in counts {
        total.resize(row.len().max(total.len()), 0);
        for (sum, count) in total.iter_mut().zip(row) {
            *sum += count;
        }
    }
    total
}

/// The words of a text as Python's `str.split` sees them, which also splits at four control characters.
fn python_split(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_python_space).filter(|word| !word.is_empty())
}

fn is_python_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}
