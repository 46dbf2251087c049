//! A candidate before the gate.

use std::collections::BTreeSet;

use stage_files::ContentHash;

use crate::{
    Baseline, Comparison, Gate, GoldSet, History, Leakage, LeakageCertificate, Outcome, PairedCounts,
    Predictions, Report, Score, Share, Verdict,
    calibration::calibration,
    categories::{Answered, category_table},
    confusion::confusions,
    coverage::coverage_curve,
    evidence::Evidence,
    report::{ApartFromNeighbours, BaselineFacts, CandidateFacts, GoldFacts},
    summary,
};

/// Everything that a verdict rests on.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The rows and their right answers.
    pub gold: &'a GoldSet,
    /// The line to beat.
    pub baseline: &'a Baseline,
    /// The answers to be judged.
    pub candidate: &'a Predictions,
    /// The answers of the model that was shipped last.
    pub shipped: Option<&'a Predictions>,
    /// The ids of the gold rows that have a near neighbour in the training log.
    pub near_in_training: Option<&'a BTreeSet<String>>,
    /// What curation found of gold rows in the training file.
    pub leakage: Option<&'a LeakageCertificate>,
    /// Earlier looks at the gold set.
    pub history: Option<&'a History>,
    /// When this is, in whatever form the reports shall state it: nothing here reads a clock.
    pub at: &'a str,
}

impl<'a> Case<'a> {
    /// A case of which nothing else is known.
    #[must_use]
    pub fn new(gold: &'a GoldSet, baseline: &'a Baseline, candidate: &'a Predictions, at: &'a str) -> Self {
        Self {
            gold,
            baseline,
            candidate,
            shipped: None,
            near_in_training: None,
            leakage: None,
            history: None,
            at,
        }
    }

    /// Adds the answers of the model that was shipped last.
    #[must_use]
    pub fn with_shipped(mut self, shipped: &'a Predictions) -> Self {
        self.shipped = Some(shipped);
        self
    }

    /// Adds the ids of gold rows that have a near neighbour in the training log.
    #[must_use]
    pub fn with_near_in_training(mut self, ids: &'a BTreeSet<String>) -> Self {
        self.near_in_training = Some(ids);
        self
    }

    /// Adds the leakage certificate.
    #[must_use]
    pub fn with_leakage(mut self, certificate: &'a LeakageCertificate) -> Self {
        self.leakage = Some(certificate);
        self
    }

    /// Adds the earlier looks.
    #[must_use]
    pub fn with_history(mut self, history: &'a History) -> Self {
        self.history = Some(history);
        self
    }
}

/// Why a case cannot be judged: its parts do not belong together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// A part was made for another gold set.
    #[error("{part} belongs to another gold set: expected {}, found {}; make it anew for this one", expected.short(), found.short())]
    OtherGold {
        /// Which part of the case.
        part: &'static str,
        /// The content hash of the gold set at hand.
        expected: ContentHash,
        /// The content hash that the part names.
        found: ContentHash,
    },
    /// A near neighbour is said of a row that is not in the gold set.
    #[error("{id:?}, named as having a near neighbour in training, is no row of the gold set")]
    UnknownNeighbour {
        /// The id.
        id: String,
    },
}

/// Judges a case by a gate. A candidate that fails is `Ok`: the verdict is in the report.
///
/// Writes nothing; see [`Report::write`] and [`History::append`].
///
/// # Errors
///
/// [`JudgeError`] if the parts of the case do not belong together.
pub fn judge(case: &Case<'_>, gate: &Gate) -> Result<Report, JudgeError> {
    belong_together(case)?;
    let (gold, confidence) = (case.gold, gate.confidence());
    let (candidate, baseline) = (case.candidate.labels(), case.baseline.labels());
    let against_baseline = Comparison::new(
        &case.baseline.teacher().model,
        paired(gold.truth(), candidate, baseline, |_| true),
        confidence,
    );
    let categories = category_table(
        &Answered {
            truth: gold.truth(),
            candidate,
            baseline,
            shipped: case.shipped.map(Predictions::labels),
        },
        gold.labels(),
        confidence,
        gate.category_alpha(),
    );
    let score = |name: &str, answers| Score::new(name, answers, gold, confidence);
    let candidate_score = score(case.candidate.predictor(), candidate);
    let without_rows = without_rows(gold);
    let evidence = Evidence {
        confidence,
        accuracy: candidate_score.accuracy,
        comparison: &against_baseline,
        categories: &categories,
        without_rows: &without_rows,
    };
    let rules: Vec<_> = gate.rules().iter().map(|rule| evidence.judge(rule)).collect();
    let leakage = Leakage::of(case.leakage);
    let verdict = match Verdict::of(&rules) {
        Verdict::Ship if matches!(leakage, Leakage::Leaking { .. }) => Verdict::CannotTell,
        verdict => verdict,
    };
    let with_confidence: Vec<(f64, bool)> = (case.candidate.confidences().iter())
        .zip(candidate.iter().zip(gold.truth()))
        .filter_map(|(confidence, (answer, truth))| Some(((*confidence)?, *answer == Some(*truth))))
        .collect();
    let mut report = Report {
        at: case.at.to_owned(),
        verdict,
        summary: String::new(),
        notes: Vec::new(),
        gate: gate.name().to_owned(),
        confidence,
        rules,
        gold: GoldFacts {
            task: gold.lock().task.clone(),
            version: gold.lock().version,
            hash: gold.lock().hash.clone(),
            rows: gold.lock().rows,
            categories: categories.len() as u64,
            without_rows,
        },
        baseline: BaselineFacts {
            teacher: case.baseline.teacher().clone(),
            score: score(&case.baseline.teacher().model, baseline),
        },
        candidate: CandidateFacts {
            model_hash: case.candidate.model_hash().cloned(),
            answers_hash: case.candidate.answers_hash().clone(),
            score: candidate_score,
        },
        against_shipped: case.shipped.map(|shipped| {
            Comparison::new(
                shipped.predictor(),
                paired(gold.truth(), candidate, shipped.labels(), |_| true),
                confidence,
            )
        }),
        apart_from_neighbours: case
            .near_in_training
            .map(|near| apart_from_neighbours(case, near, confidence)),
        leakage,
        looks_before: case.history.map(|history| history.before(&gold.lock().hash)),
        calibration: calibration(&with_confidence, confidence),
        coverage: coverage_curve(&with_confidence, gold.lock().rows, confidence),
        confusions: confusions(gold, candidate, baseline),
        against_baseline,
        categories,
    };
    report.summary = summary::sentence(&report);
    report.notes = summary::notes(&report);
    debug_assert!(report.verdict != Verdict::Ship || report.rules.iter().all(|r| r.outcome == Outcome::Pass));
    Ok(report)
}

fn belong_together(case: &Case<'_>) -> Result<(), JudgeError> {
    let expected = &case.gold.lock().hash;
    let parts = [
        ("the baseline", Some(case.baseline.gold_hash())),
        ("the candidate's answers", Some(case.candidate.gold_hash())),
        (
            "the last shipped model's answers",
            case.shipped.map(Predictions::gold_hash),
        ),
        (
            "the leakage certificate",
            case.leakage.map(|certificate| &certificate.gold),
        ),
    ];
    for (part, found) in parts {
        if let Some(found) = found.filter(|found| *found != expected) {
            return Err(JudgeError::OtherGold {
                part,
                expected: expected.clone(),
                found: found.clone(),
            });
        }
    }
    let ids: BTreeSet<&str> = case.gold.rows().iter().map(|row| row.id.as_str()).collect();
    let mut near = case.near_in_training.into_iter().flatten();
    match near.find(|id| !ids.contains(id.as_str())) {
        Some(id) => Err(JudgeError::UnknownNeighbour { id: id.clone() }),
        None => Ok(()),
    }
}

/// The 2x2 table of the rows that `counts`.
fn paired(
    truth: &[usize],
    candidate: &[Option<usize>],
    other: &[Option<usize>],
    counts: impl Fn(usize) -> bool,
) -> PairedCounts {
    let mut table = PairedCounts::default();
    for (row, &truth) in truth.iter().enumerate().filter(|(row, _)| counts(*row)) {
        table.add(candidate[row] == Some(truth), other[row] == Some(truth));
    }
    table
}

fn without_rows(gold: &GoldSet) -> Vec<String> {
    let counts = &gold.lock().labels;
    counts
        .iter()
        .filter(|(_, rows)| **rows == 0)
        .map(|(label, _)| label.clone())
        .collect()
}

fn apart_from_neighbours(case: &Case<'_>, near: &BTreeSet<String>, confidence: f64) -> ApartFromNeighbours {
    let gold = case.gold;
    let apart = |row: usize| !near.contains(&gold.rows()[row].id);
    let table = paired(
        gold.truth(),
        case.candidate.labels(),
        case.baseline.labels(),
        apart,
    );
    ApartFromNeighbours {
        near_rows: near.len() as u64,
        comparison: (table.rows() > 0)
            .then(|| Comparison::new(&case.baseline.teacher().model, table, confidence)),
        candidate: Share::new(table.both_right + table.gains, table.rows(), confidence),
        baseline: Share::new(table.both_right + table.losses, table.rows(), confidence),
    }
}
