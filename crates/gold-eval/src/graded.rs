//! Graded answers before the gate: whole rows as the headline, their aspects in the place of categories.

mod aspects;
mod details;
mod markdown;
mod page;
mod report;
mod sections;
mod words;

use std::collections::BTreeSet;

use stage_files::ContentHash;

pub use aspects::AspectScore;
pub use details::{Column, Details, Section};
pub use report::{GradedGold, GradedModel, GradedReport};

use crate::{
    Case, Comparison, Finding, Gate, GoldKind, GoldLock, Grades, History, JudgeError, Leakage, LookDiffers,
    PartKind, Repeats, RightRows, Settlement, Share, Standing, Teacher, Usage, Verdict,
    evidence::{Evidence, Given},
    nearness::RightByRow,
    part::Part,
    repeats::repeats,
    standing::Judged,
};

/// Everything that a verdict on graded answers rests on.
#[derive(Debug, Clone)]
pub struct GradedCase<'a> {
    /// What the aspects are, for the words of the report.
    pub kind: PartKind,
    /// The gold set.
    pub gold: GradedGold,
    /// The ids of its rows, in the order of the grades.
    pub ids: &'a [&'a str],
    /// Its lock, by which looks at earlier versions are counted.
    pub lock: Option<&'a GoldLock>,
    /// Whose answers are the line to beat.
    pub teacher: &'a Teacher,
    /// The grades of the line to beat.
    pub baseline: &'a Grades,
    /// What these answers took.
    pub baseline_usage: Option<&'a Usage>,
    /// The candidate's name.
    pub name: &'a str,
    /// The content hash of the candidate's model, where it was given.
    pub model_hash: Option<&'a ContentHash>,
    /// The content hash of the candidate's answers.
    pub answers_hash: &'a ContentHash,
    /// The grades that are judged.
    pub candidate: &'a Grades,
    /// What the candidate's answers took.
    pub usage: Option<&'a Usage>,
    /// Further runs of the candidate over the same rows.
    pub repeats: &'a [Grades],
    /// Name and grades of the model that was shipped last.
    pub shipped: Option<(&'a str, &'a Grades)>,
    /// The ids of gold rows that have a near neighbour in the training log, beside those of which the training texts
    /// show it.
    pub near_in_training: Option<&'a BTreeSet<String>>,
    /// Whether the candidate has seen gold rows.
    pub leakage: Leakage,
    /// Earlier looks at the gold set.
    pub history: Option<&'a History>,
    /// When this is, in whatever form the reports shall state it: nothing here reads a clock.
    pub at: &'a str,
}

/// Why grades cannot be judged: they are not of the same rows and aspects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GradesError {
    /// There is no row, or no aspect that applies to any.
    #[error(
        "no gold row has anything that could be right or wrong: add rows, or annotate the ones there are"
    )]
    Nothing,
    /// One of the models is graded in other aspects than the candidate.
    #[error("{part} is graded in {found:?}, the candidate in {expected:?}: grade both by the same task")]
    OtherAspects {
        /// Whose grades.
        part: &'static str,
        /// The candidate's aspects.
        expected: Vec<String>,
        /// Those of the part.
        found: Vec<String>,
    },
    /// There are more or fewer grades than gold rows.
    #[error("{part} is of {found} rows, the gold set has {expected}: grade every row once")]
    OtherRows {
        /// Whose grades.
        part: &'static str,
        /// Rows of the gold set.
        expected: u64,
        /// Rows with grades.
        found: u64,
    },
    /// The history does not fit the gold set.
    #[error(transparent)]
    Look(#[from] LookDiffers),
}

/// Judges grades by a gate; `details` are the figures of the kind of task, which the report shows beside the verdict.
///
/// A row is right where nothing in it is wrong, and the rules on all rows are about that. The rules on categories are about
/// aspects. These lie on the same rows and are not independent of each other; Holm's procedure holds under any dependence.
///
/// An aspect may apply to a row by the answer of one model and not by that of the other (a sentence without numbers has none
/// that could be wrong). Such a row counts for it, and the model to which it does not apply has it right.
///
/// # Errors
///
/// [`GradesError`] if the grades are not of the same rows and aspects. A candidate that fails is `Ok`.
pub fn judge_grades<D: Details>(
    case: &GradedCase<'_>,
    gate: &Gate,
    details: D,
) -> Result<GradedReport<D>, GradesError> {
    belong_together(case)?;
    let confidence = gate.confidence();
    let aspects = aspects::table(case, confidence, gate.category_alpha());
    if aspects.is_empty() {
        return Err(GradesError::Nothing);
    }
    let (candidate, baseline) = (case.candidate.right_rows(), case.baseline.right_rows());
    let compared = |name: &str, other: &RightRows| Comparison::new(name, candidate.table(other), confidence);
    let model = |name: &str, right: &RightRows, usage: Option<&Usage>| -> Result<_, GradesError> {
        Ok(GradedModel {
            name: name.to_owned(),
            accuracy: Share::new(right.right(), right.rows(), confidence).ok_or(GradesError::Nothing)?,
            usage: usage.and_then(Usage::facts),
        })
    };
    let against = case.teacher.model.as_str();
    let by_row = RightByRow {
        ids: case.ids,
        candidate: &candidate,
        baseline: &baseline,
        against,
        confidence,
    };
    let mut report = GradedReport {
        at: case.at.to_owned(),
        // The verdict and its words follow below from the figures.
        verdict: Verdict::CannotTell,
        summary: String::new(),
        notes: Vec::new(),
        kind: case.kind,
        gate: gate.name().to_owned(),
        confidence,
        rules: Vec::new(),
        settlement: Settlement::default(),
        gold: case.gold.clone(),
        teacher: case.teacher.clone(),
        baseline: model(against, &baseline, case.baseline_usage)?,
        candidate: model(case.name, &candidate, case.usage)?,
        model_hash: case.model_hash.cloned(),
        answers_hash: case.answers_hash.clone(),
        against_baseline: compared(against, &baseline),
        against_shipped: (case.shipped).map(|(name, grades)| compared(name, &grades.right_rows())),
        apart_from_neighbours: by_row.apart(case.near_in_training, &case.leakage),
        by_nearness: by_row.bands(&case.leakage),
        leakage: case.leakage.clone(),
        looks_before: case.history.map(|history| match case.lock {
            Some(lock) => history.before_version(lock),
            None => history.before(&case.gold.hash),
        }),
        repeats: runs(case, &candidate, &baseline, confidence),
        right: candidate,
        standing: None,
        without_rows: aspects::without_rows(case.candidate, &aspects),
        aspects,
        details,
    };
    if let Some(history) = case.history {
        let judged = Judged {
            gold_hash: &report.gold.hash,
            answers_hash: &report.answers_hash,
            right: &report.right,
            accuracy: report.candidate.accuracy,
            comparison: &report.against_baseline,
            confidence,
        };
        report.standing = Some(Standing::of(history, &judged, gate.ladder())?);
    }
    report.rules = findings(&report, case, gate);
    report.settlement = Settlement::of_kind(&report.rules, case.kind);
    report.verdict = Verdict::of(&report.rules, &report.leakage);
    report.summary = words::sentence(&report);
    report.notes = words::notes(&report);
    Ok(report)
}

/// The grades of every model of a case.
pub(crate) struct CaseGrades {
    pub(crate) candidate: Grades,
    pub(crate) baseline: Grades,
    pub(crate) shipped: Option<Grades>,
    pub(crate) repeats: Vec<Grades>,
}

/// Judges a case by the grades of its answers.
pub(crate) fn judge_case<K: GoldKind, D: Details>(
    case: &Case<'_, K>,
    kind: PartKind,
    grades: &CaseGrades,
    gate: &Gate,
    details: D,
) -> Result<GradedReport<D>, JudgeError> {
    let known = grades.candidate.aspects();
    if let Some((rule, name)) = gate.unknown_category(|name| known.iter().any(|known| known == name)) {
        return Err(JudgeError::UnknownCategory {
            rule,
            name: name.to_owned(),
            meant: None,
        });
    }
    let lock = case.gold.lock();
    let ids: Vec<&str> = case.gold.ids().collect();
    let graded = GradedCase {
        kind,
        gold: GradedGold {
            task: lock.task.clone(),
            version: lock.version,
            hash: lock.hash.clone(),
            rows: lock.rows,
        },
        ids: &ids,
        lock: Some(lock),
        teacher: case.baseline.teacher(),
        baseline: &grades.baseline,
        baseline_usage: case.baseline.usage(),
        name: case.candidate.predictor(),
        model_hash: case.candidate.model_hash(),
        answers_hash: case.candidate.answers_hash(),
        candidate: &grades.candidate,
        usage: case.usage,
        repeats: &grades.repeats,
        shipped: (case.shipped.zip(grades.shipped.as_ref()))
            .map(|(shipped, grades)| (shipped.predictor(), grades)),
        near_in_training: case.near_in_training,
        leakage: Leakage::of(case.training, case.gold),
        history: case.history,
        at: case.at,
    };
    Ok(judge_grades(&graded, gate, details)?)
}

/// How several runs differ. Of an answer no more is looked at than whether it is right: two runs that are wrong in
/// different ways count as the same.
fn runs(
    case: &GradedCase<'_>,
    candidate: &RightRows,
    baseline: &RightRows,
    confidence: f64,
) -> Option<Repeats> {
    if case.repeats.is_empty() {
        return None;
    }
    let answers = |right: &RightRows| -> Vec<Option<usize>> {
        right.iter().map(|right| Some(usize::from(right))).collect()
    };
    let others = (case.repeats.iter()).map(|grades| answers(&grades.right_rows()));
    let runs: Vec<Vec<Option<usize>>> = std::iter::once(answers(candidate)).chain(others).collect();
    let other = (case.teacher.model.as_str(), answers(baseline));
    let truth = vec![1; case.ids.len()];
    // The runs have grades of every row, which was looked at before, so that they fit.
    repeats(&truth, &runs, (other.0, &other.1), 2, confidence).ok()
}

/// What each rule of the gate makes of the figures.
fn findings<D>(report: &GradedReport<D>, case: &GradedCase<'_>, gate: &Gate) -> Vec<Finding> {
    let parts: Vec<Part> = report.aspects.iter().map(Part::from).collect();
    let shipped_parts: Option<Vec<Part>> = case.shipped.map(|(_, shipped)| {
        let against_shipped = GradedCase {
            baseline: shipped,
            ..case.clone()
        };
        let table = aspects::table(&against_shipped, report.confidence, gate.category_alpha());
        table.iter().map(Part::from).collect()
    });
    let evidence = Evidence {
        kind: case.kind,
        confidence: report.confidence,
        accuracy: report.candidate.accuracy,
        comparison: &report.against_baseline,
        categories: &parts,
        without_rows: &report.without_rows,
        standing: report.standing.as_ref(),
        given: Given {
            shipped: report.against_shipped.as_ref().zip(shipped_parts.as_deref()),
            usage: case.usage,
            baseline_usage: case.baseline_usage,
            ..Given::default()
        },
    };
    gate.rules().iter().map(|rule| evidence.judge(rule)).collect()
}

fn belong_together(case: &GradedCase<'_>) -> Result<(), GradesError> {
    if case.ids.len() as u64 != case.gold.rows {
        return Err(GradesError::OtherRows {
            part: "the list of ids",
            expected: case.gold.rows,
            found: case.ids.len() as u64,
        });
    }
    let parts = [("the candidate", case.candidate), ("the baseline", case.baseline)];
    let shipped = case.shipped.map(|(_, grades)| ("the last shipped model", grades));
    let repeats = case.repeats.iter().map(|grades| ("a further run", grades));
    for (part, grades) in parts.into_iter().chain(shipped).chain(repeats) {
        if grades.aspects() != case.candidate.aspects() {
            return Err(GradesError::OtherAspects {
                part,
                expected: case.candidate.aspects().to_vec(),
                found: grades.aspects().to_vec(),
            });
        }
        if grades.rows().len() as u64 != case.gold.rows {
            return Err(GradesError::OtherRows {
                part,
                expected: case.gold.rows,
                found: grades.rows().len() as u64,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
