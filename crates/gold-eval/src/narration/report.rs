//! All sentences of a model, graded.

use serde::{Deserialize, Serialize};

use super::{checker::SentenceChecker, fault::Fault, row::SentenceSet};
use crate::{
    Grades, JoinError, Share,
    overlap::{Bleu, Chrf, OverlapMetric, rouge_l},
};

/// Examples that a report lists of each check.
pub const LISTED_FAULTS: usize = 5;
/// The confidence of the intervals of shares.
const CONFIDENCE: f64 = 0.95;

/// The sentences of one model with what is wrong with each.
#[derive(Debug, Clone)]
pub struct SentenceGrades {
    grades: Grades,
    sentences: Vec<String>,
    faults: Vec<Vec<Fault>>,
}

/// Checks every sentence of a model.
///
/// `answers` are pairs of id and sentence, in any order.
///
/// # Errors
///
/// [`JoinError`] if the answers do not match the rows one to one.
pub fn grade_sentences(
    checker: &SentenceChecker,
    set: &SentenceSet,
    answers: impl IntoIterator<Item = (String, String)>,
) -> Result<SentenceGrades, JoinError> {
    Ok(grade_in_order(checker, set, set.join(answers)?))
}

/// Checks the sentences of a model that are in the order of the set already.
pub(super) fn grade_in_order(
    checker: &SentenceChecker,
    set: &SentenceSet,
    sentences: Vec<String>,
) -> SentenceGrades {
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for (row, sentence) in set.rows().iter().zip(&sentences) {
        let check = checker.check(row, sentence);
        rows.push(check.grades);
        faults.push(check.faults);
    }
    let grades = Grades::new(checker.checks().to_vec(), rows).expect("a checker grades each of its checks");
    SentenceGrades {
        grades,
        sentences,
        faults,
    }
}

/// A model's sentences in figures: what passes, worst first, and how close they come to the references.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SentenceReport {
    /// Whose sentences.
    pub predictor: String,
    /// Sentences in which every check that applies passes.
    pub right: Share,
    /// Each check that applies to some row, worst first.
    pub checks: Vec<CheckScore>,
    /// Checks that apply to no row.
    pub without_rows: Vec<String>,
    /// How close they come to the references, over the rows that have some; `None` if none has.
    pub overlap: Option<OverlapScores>,
    /// The first faults of each check, in the order of the set, worst check first.
    pub examples: Vec<FaultExample>,
}

/// One check over all rows to which it applies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckScore {
    /// Its name.
    pub check: String,
    /// The rows that pass it.
    pub share: Share,
}

/// Closeness of a corpus to its references.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OverlapScores {
    /// Rows with references.
    pub rows: usize,
    /// References in all.
    pub references: usize,
    /// BLEU of the corpus, in 0..100.
    pub bleu: f64,
    /// chrF of the corpus, in 0..100.
    pub chrf: f64,
    /// chrF++ of the corpus, in 0..100.
    pub chrf_plus_plus: f64,
    /// The mean of the sentences' ROUGE-L, in 0..1.
    pub rouge_l: f64,
}

/// A fault with its sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultExample {
    /// The row.
    pub id: String,
    /// The sentence as it was answered.
    pub sentence: String,
    /// What is wrong with it.
    #[serde(flatten)]
    pub fault: Fault,
    /// What it comes to, in words.
    pub message: String,
}

impl SentenceGrades {
    /// Which checks each row passes.
    #[must_use]
    pub fn grades(&self) -> &Grades {
        &self.grades
    }

    /// The sentences in the order of the set.
    #[must_use]
    pub fn sentences(&self) -> &[String] {
        &self.sentences
    }

    /// What is wrong with each.
    #[must_use]
    pub fn faults(&self) -> &[Vec<Fault>] {
        &self.faults
    }

    /// The figures of these sentences, which are those of `set`.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "a set has at least one row")]
    pub fn report(&self, predictor: impl Into<String>, set: &SentenceSet) -> SentenceReport {
        let rows = self.grades.rows();
        let right = (0..rows.len()).filter(|&row| self.grades.is_right(row)).count();
        let (mut checks, mut without_rows) = (Vec::new(), Vec::new());
        for (place, check) in self.grades.aspects().iter().enumerate() {
            let applying = || rows.iter().filter_map(|grades| grades[place]);
            let passed = applying().filter(|is_right| *is_right).count();
            match Share::new(passed as u64, applying().count() as u64, CONFIDENCE) {
                Some(share) => checks.push(CheckScore {
                    check: check.clone(),
                    share,
                }),
                None => without_rows.push(check.clone()),
            }
        }
        checks.sort_by(|a, b| {
            a.share
                .value
                .total_cmp(&b.share.value)
                .then_with(|| a.check.cmp(&b.check))
        });
        let examples = checks
            .iter()
            .flat_map(|score| self.examples(&score.check, set))
            .collect();
        SentenceReport {
            predictor: predictor.into(),
            right: Share::new(right as u64, rows.len() as u64, CONFIDENCE)
                .expect("a set has at least one row"),
            checks,
            without_rows,
            overlap: self.overlap(set),
            examples,
        }
    }

    fn examples(&self, check: &str, set: &SentenceSet) -> Vec<FaultExample> {
        let rows = set.rows().iter().zip(&self.sentences).zip(&self.faults);
        let first = rows.filter_map(|((row, sentence), faults)| {
            let fault = faults.iter().find(|fault| fault.check == check)?;
            Some(FaultExample {
                id: row.id.clone(),
                sentence: sentence.clone(),
                message: fault.to_string(),
                fault: fault.clone(),
            })
        });
        first.take(LISTED_FAULTS).collect()
    }

    /// The counts of a metric, of each row that has references.
    #[must_use]
    pub fn counts(&self, metric: &dyn OverlapMetric, set: &SentenceSet) -> Vec<Vec<u64>> {
        let rows = set
            .rows()
            .iter()
            .zip(&self.sentences)
            .filter(|(row, _)| !row.references.is_empty());
        rows.map(|(row, sentence)| metric.counts(sentence, &row.references()))
            .collect()
    }

    fn overlap(&self, set: &SentenceSet) -> Option<OverlapScores> {
        let rows: Vec<_> = set
            .rows()
            .iter()
            .zip(&self.sentences)
            .filter(|(row, _)| !row.references.is_empty())
            .collect();
        if rows.is_empty() {
            return None;
        }
        let score = |metric: &dyn OverlapMetric| metric.corpus_score(&self.counts(metric, set));
        let rouge: f64 = rows
            .iter()
            .map(|(row, sentence)| rouge_l(sentence, &row.references()))
            .sum();
        Some(OverlapScores {
            rows: rows.len(),
            references: rows.iter().map(|(row, _)| row.references.len()).sum(),
            bleu: score(&Bleu::corpus()),
            chrf: score(&Chrf::default()),
            chrf_plus_plus: score(&Chrf::plus_plus()),
            rouge_l: rouge / rows.len() as f64,
        })
    }
}
