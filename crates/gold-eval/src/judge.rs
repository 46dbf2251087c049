//! A candidate before the gate.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use stage_files::ContentHash;
use task_spec::LabelSet;

use crate::{
    Baseline, CategoryScore, Comparison, Finding, Gate, GoldSet, GradesError, History, Leakage, LookDiffers,
    Metrics, PairedCounts, Predictions, Report, RightRows, Score, Settlement, Share, Standing,
    TrainingRecord, Usage, Verdict,
    calibration::calibration,
    categories::{Answered, category_table, visible_drops},
    confusion::confusions,
    coverage::coverage_curve,
    evidence::{Evidence, Given},
    nearness,
    part::Part,
    power_plan::power_plan,
    report::{ApartFromNeighbours, BaselineFacts, CandidateFacts, GoldFacts, REPORT_SCHEMA_VERSION},
    standing::Judged,
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
    /// The ids of gold rows that have a near neighbour in the training log, beside those of which the training texts
    /// show it.
    pub near_in_training: Option<&'a BTreeSet<String>>,
    /// What the candidate was trained on, and the leakage certificate that came with it.
    pub training: Option<&'a TrainingRecord>,
    /// Earlier looks at the gold set.
    pub history: Option<&'a History>,
    /// Further runs of the candidate over the same rows, of a model that does not always give the same answer.
    pub repeats: &'a [Predictions],
    /// What the candidate's answers took, for rules on latency and cost; the baseline's is pinned with its answers.
    pub usage: Option<&'a Usage>,
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
            training: None,
            history: None,
            repeats: &[],
            usage: None,
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

    /// Adds what the candidate was trained on; its leakage certificate is computed again from that.
    #[must_use]
    pub fn with_training(mut self, training: &'a TrainingRecord) -> Self {
        self.training = Some(training);
        self
    }

    /// Adds what the candidate's answers took.
    #[must_use]
    pub fn with_usage(mut self, usage: &'a Usage) -> Self {
        self.usage = Some(usage);
        self
    }

    /// Adds the earlier looks.
    #[must_use]
    pub fn with_history(mut self, history: &'a History) -> Self {
        self.history = Some(history);
        self
    }

    /// Adds further runs of the candidate over the same rows. The verdict rests on the candidate's own answers, the
    /// first run; how far the runs differ is reported beside it.
    #[must_use]
    pub fn with_repeats(mut self, repeats: &'a [Predictions]) -> Self {
        self.repeats = repeats;
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
    /// Grades are not of the same rows and aspects.
    #[error("the answers cannot be compared")]
    Grades(#[from] GradesError),
    /// A near neighbour is said of a row that is not in the gold set.
    #[error("{id:?}, named as having a near neighbour in training, is no row of the gold set")]
    UnknownNeighbour {
        /// The id.
        id: String,
    },
    /// The history does not fit the gold set.
    #[error(transparent)]
    Look(#[from] LookDiffers),
    /// A rule names a category that the task does not have.
    #[error(
        "the rule {rule} names the category {name:?}, which is no label of the task{}",
        meant.as_ref().map_or_else(String::new, |meant| format!(": write {meant:?}"))
    )]
    UnknownCategory {
        /// The rule's name.
        rule: &'static str,
        /// The category as the rule names it.
        name: String,
        /// The label that is meant, where the task has one by another spelling or by this alias.
        meant: Option<String>,
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
    known_categories(case.gold, gate)?;
    let (gold, confidence) = (case.gold, gate.confidence());
    let (candidate, baseline) = (case.candidate.labels(gold), case.baseline.labels(gold));
    let shipped = case
        .shipped
        .map(|shipped| (shipped.predictor(), shipped.labels(gold)));
    let compared = |name: &str, other: &[Option<usize>]| {
        Comparison::new(
            name,
            paired(gold.truth(), &candidate, other, |_| true),
            confidence,
        )
    };
    let score = |name: &str, answers: &[Option<usize>]| Score::new(name, answers, gold, confidence);
    let answered = Answered {
        truth: gold.truth(),
        candidate: &candidate,
        baseline: &baseline,
        shipped: shipped.as_ref().map(|(_, labels)| labels.as_slice()),
    };
    let visible = visible_drops(gold.truth(), gold.labels().len(), gate.category_alpha());
    let categories = category_table(&answered, gold.labels(), confidence, &visible);
    let with_confidence = with_confidence(case, &candidate);
    let teacher = case.baseline.teacher();
    let leakage = Leakage::of(case.training, gold);
    let near = near_rows(case, &leakage);
    let both = (candidate.as_slice(), baseline.as_slice());
    let mut report = Report {
        schema_version: REPORT_SCHEMA_VERSION,
        at: case.at.to_owned(),
        // The verdict and its words follow below from the figures, as does where it stands among earlier ones.
        verdict: Verdict::CannotTell,
        summary: String::new(),
        notes: Vec::new(),
        rules: Vec::new(),
        settlement: Settlement::default(),
        gate: gate.name().to_owned(),
        confidence,
        gold: GoldFacts::of(gold),
        baseline: BaselineFacts {
            teacher: teacher.clone(),
            score: score(&teacher.model, &baseline),
            usage: case.baseline.usage().and_then(Usage::facts),
        },
        candidate: CandidateFacts {
            model_hash: case.candidate.model_hash().cloned(),
            answers_hash: case.candidate.answers_hash().clone(),
            right: RightRows::of_answers(gold.truth(), &candidate),
            score: score(case.candidate.predictor(), &candidate),
            usage: case.usage.and_then(Usage::facts),
        },
        against_baseline: compared(&teacher.model, &baseline),
        against_shipped: shipped.as_ref().map(|(name, labels)| compared(name, labels)),
        apart_from_neighbours: near.map(|near| apart_from_neighbours(case, &near, both, confidence)),
        by_nearness: (leakage.computed())
            .map(|found| nearness::bands(gold, found, both, confidence))
            .unwrap_or_default(),
        leakage,
        looks_before: case.history.map(|history| history.before_version(gold.lock())),
        standing: None,
        calibration: calibration(&with_confidence, confidence),
        coverage: coverage_curve(&with_confidence, gold.lock().rows, confidence),
        confusions: confusions(gold, &candidate, &baseline),
        metrics: Metrics::of(case, both, &with_confidence, confidence),
        power: power_plan(gold, gate),
        categories,
    };
    if let Some(history) = case.history {
        report.standing = Some(Standing::of(history, &judged(&report), gate.ladder())?);
    }
    let against_shipped = against_shipped(&answered, gold.labels(), confidence, &visible);
    report.rules = findings(&report, case, gate, against_shipped.as_deref(), &with_confidence);
    report.settlement = Settlement::of(&report.rules);
    report.verdict = Verdict::of(&report.rules, &report.leakage);
    report.summary = summary::sentence(&report);
    report.notes = summary::notes(&report);
    Ok(report)
}

/// The candidate, as its standing is asked.
fn judged(report: &Report) -> Judged<'_> {
    Judged {
        gold_hash: &report.gold.hash,
        answers_hash: &report.candidate.answers_hash,
        right: &report.candidate.right,
        accuracy: report.candidate.score.accuracy,
        comparison: &report.against_baseline,
        confidence: report.confidence,
    }
}

/// What each rule of the gate makes of the figures and of what the case brings along.
fn findings(
    report: &Report,
    case: &Case<'_>,
    gate: &Gate,
    against_shipped: Option<&[Part]>,
    confident: &[(f64, bool)],
) -> Vec<Finding> {
    let categories = parts(&report.categories);
    let evidence = Evidence {
        given: Given {
            shipped: report.against_shipped.as_ref().zip(against_shipped),
            usage: case.usage,
            baseline_usage: case.baseline.usage(),
            calibration: report.calibration.as_ref(),
            confident,
            outside: Some(report.candidate.score.outside),
        },
        ..Evidence::of(report, &categories)
    };
    gate.rules().iter().map(|rule| evidence.judge(rule)).collect()
}

/// The categories against the last shipped model, for rules on it.
fn against_shipped(
    answered: &Answered<'_>,
    labels: &LabelSet,
    confidence: f64,
    visible: &BTreeMap<u64, Option<f64>>,
) -> Option<Vec<Part>> {
    let answered = Answered {
        baseline: answered.shipped?,
        ..*answered
    };
    Some(parts(&category_table(&answered, labels, confidence, visible)))
}

fn parts(categories: &[CategoryScore]) -> Vec<Part> {
    categories.iter().map(Part::from).collect()
}

/// (confidence, right) of the rows that have a confidence.
fn with_confidence(case: &Case<'_>, candidate: &[Option<usize>]) -> Vec<(f64, bool)> {
    (case.candidate.confidences(case.gold).into_iter())
        .zip(candidate.iter().zip(case.gold.truth()))
        .filter_map(|(confidence, (answer, truth))| Some((confidence?, *answer == Some(*truth))))
        .collect()
}

fn belong_together(case: &Case<'_>) -> Result<(), JudgeError> {
    let expected = &case.gold.lock().hash;
    let repeats = (case.repeats.iter()).map(|run| ("a further run's answers", Some(run.gold_hash())));
    let parts = [
        ("the baseline", Some(case.baseline.gold_hash())),
        ("the candidate's answers", Some(case.candidate.gold_hash())),
        (
            "the last shipped model's answers",
            case.shipped.map(Predictions::gold_hash),
        ),
    ];
    for (part, found) in parts.into_iter().chain(repeats) {
        if let Some(found) = found.filter(|found| *found != expected) {
            return Err(JudgeError::OtherGold {
                part,
                expected: expected.clone(),
                found: found.clone(),
            });
        }
    }
    let Some(near) = case.near_in_training else {
        return Ok(());
    };
    let ids: HashSet<&str> = case.gold.rows().iter().map(|row| row.id.as_str()).collect();
    match near.iter().find(|id| !ids.contains(id.as_str())) {
        Some(id) => Err(JudgeError::UnknownNeighbour { id: id.clone() }),
        None => Ok(()),
    }
}

/// Refuses a rule that names a category of another task: it would watch nothing.
fn known_categories(gold: &GoldSet, gate: &Gate) -> Result<(), JudgeError> {
    let labels = gold.labels();
    match gate.unknown_category(|name| {
        labels
            .index_of(name)
            .is_some_and(|label| labels.name(label) == Some(name))
    }) {
        None => Ok(()),
        Some((rule, name)) => Err(JudgeError::UnknownCategory {
            rule,
            name: name.to_owned(),
            meant: labels
                .resolve(name)
                .and_then(|label| labels.name(label))
                .map(str::to_owned),
        }),
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

/// The gold rows that the caller or the training texts say are near training; `None` if neither says anything.
fn near_rows<'a>(case: &Case<'a>, leakage: &'a Leakage) -> Option<BTreeSet<&'a str>> {
    let said = case.near_in_training;
    let found = leakage.computed();
    (said.is_some() || found.is_some()).then(|| {
        let said = said.into_iter().flatten().map(String::as_str);
        said.chain(found.into_iter().flat_map(|found| found.gold_at(nearness::NEAR)))
            .collect()
    })
}

fn apart_from_neighbours(
    case: &Case<'_>,
    near: &BTreeSet<&str>,
    (candidate, baseline): (&[Option<usize>], &[Option<usize>]),
    confidence: f64,
) -> ApartFromNeighbours {
    let gold = case.gold;
    let is_near = |row: usize| near.contains(gold.rows()[row].id.as_str());
    let table = paired(gold.truth(), candidate, baseline, |row| !is_near(row));
    let of_near = paired(gold.truth(), candidate, baseline, is_near);
    let ours = |table: &PairedCounts| Share::new(table.both_right + table.gains, table.rows(), confidence);
    let theirs = |table: &PairedCounts| Share::new(table.both_right + table.losses, table.rows(), confidence);
    ApartFromNeighbours {
        near_rows: near.len() as u64,
        candidate: ours(&table),
        baseline: theirs(&table),
        near_candidate: ours(&of_near),
        near_baseline: theirs(&of_near),
        comparison: (table.rows() > 0)
            .then(|| Comparison::new(&case.baseline.teacher().model, table, confidence)),
    }
}
