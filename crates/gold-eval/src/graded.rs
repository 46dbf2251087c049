//! Graded answers before the gate: whole rows as the headline, their aspects in the place of categories.

mod aspects;
mod details;
mod markdown;
mod page;
mod report;
mod words;

use stage_files::ContentHash;

pub use aspects::AspectScore;
pub use details::{Column, Details, Section};
pub use report::{GradedGold, GradedModel, GradedReport};

use crate::{
    Comparison, Finding, Gate, Grades, History, Leakage, LookDiffers, PairedCounts, PartKind, RightRows,
    Share, Standing, Teacher, Verdict,
    evidence::{Evidence, Given},
    part::Part,
    standing::Judged,
};

/// Everything that a verdict on graded answers rests on.
#[derive(Debug, Clone)]
pub struct GradedCase<'a> {
    /// What the aspects are, for the words of the report.
    pub kind: PartKind,
    /// The gold set.
    pub gold: GradedGold,
    /// Whose answers are the line to beat.
    pub teacher: &'a Teacher,
    /// The grades of the line to beat.
    pub baseline: &'a Grades,
    /// The candidate's name.
    pub name: &'a str,
    /// The content hash of the candidate's model, where it was given.
    pub model_hash: Option<&'a ContentHash>,
    /// The content hash of the candidate's answers.
    pub answers_hash: &'a ContentHash,
    /// The grades that are judged.
    pub candidate: &'a Grades,
    /// Name and grades of the model that was shipped last.
    pub shipped: Option<(&'a str, &'a Grades)>,
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
    #[error("{part} has grades of {found} rows, the gold set has {expected}: grade every row once")]
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
    let (rows, candidate) = (case.gold.rows, case.candidate);
    if aspects.is_empty() {
        return Err(GradesError::Nothing);
    }
    let right = |grades: &Grades| (0..rows as usize).filter(|&row| grades.is_right(row)).count() as u64;
    let accuracy = |grades: &Grades| Share::new(right(grades), rows, confidence).ok_or(GradesError::Nothing);
    let compared = |name: &str, other: &Grades| {
        let mut table = PairedCounts::default();
        for row in 0..rows as usize {
            table.add(candidate.is_right(row), other.is_right(row));
        }
        Comparison::new(name, table, confidence)
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
        gold: case.gold.clone(),
        teacher: case.teacher.clone(),
        baseline: GradedModel {
            name: case.teacher.model.clone(),
            accuracy: accuracy(case.baseline)?,
        },
        candidate: GradedModel {
            name: case.name.to_owned(),
            accuracy: accuracy(candidate)?,
        },
        model_hash: case.model_hash.cloned(),
        answers_hash: case.answers_hash.clone(),
        against_baseline: compared(&case.teacher.model, case.baseline),
        against_shipped: case.shipped.map(|(name, grades)| compared(name, grades)),
        leakage: case.leakage.clone(),
        looks_before: case.history.map(|history| history.before(&case.gold.hash)),
        right: RightRows::new((0..rows as usize).map(|row| candidate.is_right(row))),
        standing: None,
        without_rows: aspects::without_rows(candidate, &aspects),
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
    report.verdict = Verdict::of(&report.rules, &report.leakage);
    report.summary = words::sentence(&report);
    report.notes = words::notes(&report);
    Ok(report)
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
            ..Given::default()
        },
    };
    gate.rules().iter().map(|rule| evidence.judge(rule)).collect()
}

fn belong_together(case: &GradedCase<'_>) -> Result<(), GradesError> {
    let parts = [
        ("the candidate", Some(case.candidate)),
        ("the baseline", Some(case.baseline)),
        ("the last shipped model", case.shipped.map(|(_, grades)| grades)),
    ];
    for (part, grades) in parts {
        let Some(grades) = grades else { continue };
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
